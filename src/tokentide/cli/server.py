"""server: takes a team's telemetry in, keeps it, and shows it."""

from __future__ import annotations

import argparse
import os
import re

from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.serve_access import LOOPBACK, host_option, name_option, port_option
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.server.folder import STORE_VARIABLE

PORT, HTTP_PORT, GRPC_PORT = 8378, 4318, 4317
RECORD_DAYS, SIGHTING_DAYS, LOG_MIB = 180, 800, 4096
_ADDRESS = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]+)?")
_SIGNAL = re.compile(r"/v1(/\w+)?$")
EXAMPLES = f"""\
examples:
  tokentide server                                  on this machine alone: telemetry on {HTTP_PORT} and {GRPC_PORT},
                                                    pages on http://{LOOPBACK}:{PORT}
  tokentide server --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
                                                    for a team; who sends and who looks needs a token
  tokentide server --announce https://telemetry.example.org
                                                    behind a proxy: what machines are told to send to
  tokentide server token create --kind ingest --team core
                                                    a token to send with, for the team's managed settings
  tokentide server token create --kind viewer --role admin --label ada
                                                    one to look with
  tokentide server status                           what comes in, what waits, how the store is
  tokentide server --store clickhouse://user@db1:8123,db2:8123/tokentide?cluster=main
                                                    shards by commas, replicas of one by |
  tokentide server migrate clickhouse://user@db1:8123/tokentide
                                                    move there while the server goes on

A DSN with a password goes into the variable {STORE_VARIABLE}, where no list of processes shows it.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of server."""
    parser.formatter_class = help_with_examples
    parser.epilog = EXAMPLES
    parser.add_argument("--data", metavar="DIR", help="where the log, the embedded store and the tokens are kept")
    _listening(parser)
    _access(parser)
    _keeping(parser)


def _listening(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where it listens")
    group.add_argument(
        "--host", type=host_option, default=LOOPBACK, metavar="ADDRESS", help=f"default {LOOPBACK}: this machine alone"
    )
    group.add_argument(
        "--port",
        type=port_option,
        default=PORT,
        metavar="N",
        help=f"pages and API (default {PORT}); 0 takes a free one",
    )
    group.add_argument(
        "--http-port", type=port_option, default=HTTP_PORT, metavar="N", help=f"OTLP over HTTP (default {HTTP_PORT})"
    )
    group.add_argument(
        "--grpc-port", type=port_option, default=GRPC_PORT, metavar="N", help=f"OTLP over gRPC (default {GRPC_PORT})"
    )
    group.add_argument(
        "--announce", type=_announced, metavar="URL",
        help="the address that machines send to, where it is another than the one listened on, as of a proxy",
    )  # fmt: skip
    group.add_argument("--no-grpc", action="store_true", help="no OTLP over gRPC")
    group.add_argument(
        "--receivers", type=_count, default=1, metavar="N", help="processes that take telemetry in (default 1)"
    )


def _access(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("who may come in")
    group.add_argument("--tls-cert", metavar="FILE", help="certificate in PEM, with its chain; for all ports")
    group.add_argument("--tls-key", metavar="FILE", help="its key in PEM, without a password")
    group.add_argument("--plain-http", action="store_true", help="other machines may come without encryption")
    group.add_argument(
        "--allow-host", type=name_option, action="append", default=[], metavar="NAME",
        help="another name by which the pages are reached, as of a proxy (repeatable)",
    )  # fmt: skip
    group.add_argument(
        "--proxy-header", metavar="NAME", help="header in which a proxy names who looks, such as X-Forwarded-User"
    )
    group.add_argument(
        "--proxy-from", action="append", default=[], metavar="NETWORK",
        help="addresses from which that header counts: 10.0.0.0/8 (repeatable)",
    )  # fmt: skip
    group.add_argument("--metrics-users", action="store_true", help="name users in /metrics, not only teams")


def _keeping(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is kept, where")
    group.add_argument("--store", metavar="DSN", help="duckdb (default), or clickhouse://… as in the examples")
    group.add_argument(
        "--mapping", metavar="FILE", help="users, teams, projects, viewers: see docs/how-to/team-mapping.md"
    )
    group.add_argument(
        "--allow-content", action="append", default=[], metavar="NAME",
        help="keep this attribute that holds content, such as prompt; none is kept otherwise (repeatable)",
    )  # fmt: skip
    group.add_argument(
        "--keep-events", type=_days, default=RECORD_DAYS, metavar="DAYS",
        help=f"single events and data points (default {RECORD_DAYS}); totals are kept for good",
    )  # fmt: skip
    group.add_argument(
        "--keep-usage", type=_days, default=SIGHTING_DAYS, metavar="DAYS",
        help=f"single responses (default {SIGHTING_DAYS})",
    )  # fmt: skip
    group.add_argument(
        "--log-limit", type=_count, default=LOG_MIB, metavar="MIB",
        help=f"so much may wait for the store before senders are told to come later (default {LOG_MIB})",
    )  # fmt: skip


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Serve until Ctrl+C."""
    from tokentide.cli.server_run import run_server

    run_server(options, terminal, os.environ)
    return ExitCode.OK


def _announced(text: str) -> str:
    """The address of a proxy, without a slash at its end."""
    from tokentide.doctor.telemetry import is_address

    address = text.rstrip("/")
    if not _ADDRESS.fullmatch(address) or not is_address(address):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address that machines can send to: give it as https://telemetry.example.org, with a port "
            "or a path only where the proxy wants one"
        )
    if found := _SIGNAL.search(address):
        raise argparse.ArgumentTypeError(f"{text!r}: leave {found[0]} out, since clients add it themselves")
    return address


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 36500")
    return int(text)
