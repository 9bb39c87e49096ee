"""Runs a team server: the station that takes telemetry in, and the pages over what it holds."""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tokentide import clock, locations
from tokentide.cli.error_log import log_error
from tokentide.cli.lasting import leave, stay
from tokentide.cli.serve_access import LOOPBACK, Entrance, bound_at, tls_option
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.server.folder import STORE_VARIABLE, TeamFolder

if TYPE_CHECKING:
    from tokentide.server.station import Station, StationPlan
    from tokentide.web.team.access import TeamAccess

NEEDED = ("fastapi", "uvicorn", "jinja2", "plotly", "prometheus_client", "duckdb")


def run_server(options: argparse.Namespace, terminal: Terminal, environ: MutableMapping[str, str]) -> None:
    """Serve until Ctrl+C, SIGTERM or SIGHUP. Raises UsageError and whatever keeps it from starting."""
    _check(options)
    entrance = _entrance(options)
    workspace = Workspace(terminal)
    from tokentide.server.station import Station
    from tokentide.server.vendor import vendor_costs
    from tokentide.web.serving import run_server as run_pages
    from tokentide.web.serving import server_of
    from tokentide.web.team.app import TeamPlan, create_team_app

    plan = _station_plan(options, workspace, environ, terminal)
    with _private_files(), ExitStack() as running:
        listener = running.enter_context(bound_at(entrance.host, options.port, "server"))
        port = listener.getsockname()[1]
        station = running.enter_context(Station(replace(plan, pages=entrance.address(port))))
        team = TeamPlan(
            station.store,
            clock.now_us,
            entrance.doorway(port),
            _access(options, station, entrance, port),
            station.status,
            workspace.settings,
            station.version,
            station.directory,
            price=workspace.book.cost_nano_usd,
            vendor=partial(vendor_costs, locations.ledger_path()),
            endpoint=station.addresses()["http"],
            metrics_users=options.metrics_users,
            is_sample=locations.SAMPLE in environ,
            failed=plan.failed,
        )
        stay()
        ready = partial(_say_ready, options, terminal, station, entrance.address(port))
        run_pages(server_of(create_team_app(team), ready, entrance.tls), listener, plan.failed)
    leave()


@contextmanager
def _private_files() -> Iterator[None]:
    """What is made in here is its owner's alone, also what DuckDB makes, and in a folder that others may enter."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _check(options: argparse.Namespace) -> None:
    """Raises UsageError for what does not go together, or is not installed."""
    check_packages()
    if bool(options.proxy_header) != bool(options.proxy_from):
        raise UsageError("--proxy-header and --proxy-from go together: a header counts from those addresses alone")
    if options.mapping and not os.path.isfile(options.mapping):
        raise UsageError(f"--mapping {options.mapping}: there is no such file; docs/how-to/team-mapping.md shows one")
    if options.receivers > 1 and not hasattr(socket, "SO_REUSEPORT"):
        raise UsageError("--receivers: this system lets one process have a port; a load balancer spreads over servers")


def check_packages() -> None:
    """Raises UsageError where what the server is made of is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the team server needs packages that are not here ({', '.join(missing)}): "
            "`pip install 'tokentide[server,grpc]'` brings them"
        )


def _entrance(options: argparse.Namespace) -> Entrance:
    """How the pages are reached. Raises UsageError."""
    host = LOOPBACK if options.host == "localhost" else options.host
    tls = tls_option(options.tls_cert, options.tls_key)
    if not _is_loopback(host) and tls is None and not options.plain_http:
        raise UsageError(
            f"on {host} others on the network can come, and could read along: "
            f"`tokentide server --host {host} --tls-cert FILE --tls-key FILE` encrypts; "
            f"`tokentide server --host {host} --plain-http` does not, and says so"
        )
    return Entrance(host, "", False, tls, tuple(options.allow_host))


def _station_plan(
    options: argparse.Namespace, workspace: Workspace, environ: MutableMapping[str, str], terminal: Terminal
) -> StationPlan:
    """What runs; a DSN is taken out of the environment, which other programs inherit."""
    from tokentide.server.keeping import Keeping
    from tokentide.server.log.limits import LogLimits
    from tokentide.server.receiver.plan import Tls
    from tokentide.server.station import StationPlan

    named = environ.pop(STORE_VARIABLE, "")
    host = LOOPBACK if options.host == "localhost" else options.host
    return StationPlan(
        TeamFolder(options.data) if options.data else TeamFolder.usual(),
        workspace.book.cost_nano_usd,
        options.store or named,
        host,
        options.http_port,
        None if options.no_grpc else options.grpc_port,
        options.receivers,
        tls=Tls(options.tls_cert, options.tls_key) if options.tls_cert else None,
        announced=options.announce or "",
        is_open=_is_open(options),
        mapping=options.mapping or "",
        allowed_content=tuple(options.allow_content),
        keeping=Keeping(options.keep_events, options.keep_usage),
        limits=LogLimits(most_waiting_bytes=options.log_limit << 20),
        failed=lambda error: _failed(error, terminal),
    )


def _access(options: argparse.Namespace, station: Station, entrance: Entrance, port: int) -> TeamAccess:
    from tokentide.model.telemetry import Entrance as Sender
    from tokentide.server.tenants.viewers import MappedViewers
    from tokentide.web.team.access import Doors, ProxyTrust, TeamAccess, networks_of

    def renaming(tenant: str, user: str) -> str:
        return station.parties.party(Sender(tenant), {"user.email": user}).user_id

    proxy = None
    if options.proxy_header:
        viewers = MappedViewers(options.mapping or "")
        proxy = ProxyTrust(options.proxy_header, networks_of(options.proxy_from), viewers)
    doors = Doors(proxy, _is_open(options), renaming)
    return TeamAccess(station.directory, entrance.doorway(port), doors)


def _say_ready(options: argparse.Namespace, terminal: Terminal, station: Station, address: str) -> None:
    """Say where it is, and what is to be done next."""
    terminal.say(f"{address}  (Ctrl+C ends it)")
    ways = ", ".join(f"{address} ({way})" for way, address in station.addresses().items())
    terminal.say(f"telemetry is taken at {ways}; {_hint(station.addresses()['http'])}")
    for note in station.notes:
        terminal.say(note)
    if not _is_open(options):
        _say_tokens(terminal, station, is_proxied=bool(options.proxy_header), has_mapping=bool(options.mapping))
    if not _is_loopback(options.host) and options.tls_cert is None:
        terminal.say("without encryption: tokens and all figures can be read along on the network")
    terminal.err.flush()


def _hint(address: str) -> str:
    """How to have the settings for machines that send there."""
    return f"`tokentide doctor telemetry --sample-settings {address}` shows the settings"


def _say_tokens(terminal: Terminal, station: Station, *, is_proxied: bool, has_mapping: bool) -> None:
    kinds = {token.kind for token in station.directory.tokens() if token.is_good(terminal.now)}
    if "ingest" not in kinds:
        terminal.say("nobody can send yet: `tokentide server token create --kind ingest --team NAME` makes a token")
    if is_proxied and not has_mapping:
        terminal.say("nobody can look by the proxy yet: --mapping FILE with [viewers] says who may see what")
    if "viewer" not in kinds and not is_proxied:
        terminal.say("nobody can look yet: `tokentide server token create --kind viewer --role admin` makes a token")


def _failed(error: BaseException, terminal: Terminal) -> None:
    log_error(error, clock.now_us())
    terminal.say(f"something went wrong, and was noted: {type(error).__name__}")


def _is_open(options: argparse.Namespace) -> bool:
    """Whether nobody but this machine can come: neither by the address nor by a proxy."""
    return _is_loopback(options.host) and not options.proxy_header and not options.allow_host


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
