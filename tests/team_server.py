"""A team server as processes of its own: started, killed, started again, and its store read when it has ended."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.fleet_sums import TOKENS, USAGE, Sums

from tokentide.server.board import posted_in
from tokentide.server.folder import TeamFolder
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team import tables
from tokentide.store.team.pending import PendingQuarters
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.store import TeamStore

SCOPE = Scope("default")
"""The tenant of a server that is open to its own machine."""
START_SECONDS = 60.0


class ServerNotReadyError(Exception):
    """The server did not do in time what it should."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class TeamServer:
    """One folder of a team server, and the processes that run on it, if any."""

    root: Path
    options: tuple[str, ...] = ()
    ports: list[int] = field(default_factory=lambda: free_ports(3))
    process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> TeamFolder:
        """Where everything is."""
        return TeamFolder(str(self.root / "team"))

    @property
    def http(self) -> str:
        """Where OTLP over HTTP goes to."""
        return f"http://127.0.0.1:{self.ports[1]}"

    @property
    def grpc(self) -> str:
        """Where OTLP over gRPC goes to."""
        return f"127.0.0.1:{self.ports[2]}"

    @property
    def pages(self) -> str:
        """Where pages and API are."""
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def errors(self) -> str:
        """What it said, over all starts."""
        return (self.root / "server.err").read_text(encoding="utf-8")

    def start(self) -> None:
        """Start it; it need not answer yet."""
        port, http_port, grpc_port = map(str, self.ports)
        where = ["--port", port, "--http-port", http_port, "--grpc-port", grpc_port, "--data", self.folder.path]
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "server.err").open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tokentide", "server", *where, *self.options],
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )

    def wait_until_ready(self) -> None:
        """Wait until it takes telemetry. Raises ServerNotReadyError."""
        self._wait(self._answers, "answer")

    def wait_until_taken(self) -> None:
        """Wait until the store has all that was acknowledged, and its totals are true. Raises ServerNotReadyError."""
        asked_at = time.time() * 1e6
        self._wait(lambda: self._is_idle(asked_at), "take what waits")

    def receivers(self) -> list[int]:
        """The processes that take telemetry in."""
        if self.process is None:
            return []
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [int(child) for child in children if b"spawn_main" in _command_of(int(child))]

    def kill_receivers(self) -> None:
        """As the kernel does it that lacks memory."""
        for pid in self.receivers():
            _kill(pid)

    def kill(self, *, with_receivers: bool) -> None:
        """The main process, in which the writer is; its receivers notice, or go with it."""
        if self.process is None:
            return
        pids = self.receivers() if with_receivers else []
        self.process.kill()
        for pid in pids:
            _kill(pid)
        self.process.wait()
        self.process = None

    def stop(self, seconds: float = 60) -> int:
        """End it as a service manager does; its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.process.kill()
            self.process = None

    def sums(self) -> Sums:
        """What its store answers; only where it has ended."""
        engine = DuckEngine(self.folder.duckdb)
        try:
            return sums_in(TeamStore(engine))
        finally:
            engine.close()

    def _is_idle(self, asked_at: float) -> bool:
        """Whether it has told so since that instant, µs UTC."""
        posted = posted_in(self.folder)
        if posted is None or posted.at <= asked_at:
            return False
        status = posted.status
        return not (status.waiting_bytes or status.missing) and not PendingQuarters(self.folder.dirty)

    def _answers(self) -> bool:
        """Whether the receiver says that it takes telemetry."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[1], timeout=2)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        return False

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_so():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                seen = (posted_in(self.folder), PendingQuarters(self.folder.dirty).all())
                raise ServerNotReadyError(f"the server did not {what}: {seen}\n{self.errors[-3000:]}")
            time.sleep(0.05)

    def _environ(self) -> dict[str, str]:
        own = {"TOKENTIDE_DATA_DIR": str(self.root / "data"), "TOKENTIDE_CONFIG_DIR": str(self.root / "config")}
        return {"PATH": os.environ["PATH"], "HOME": str(self.root), "TZ": "UTC", "LC_ALL": "C.UTF-8", **own}


@contextmanager
def team_server(root: Path, *options: str) -> Iterator[TeamServer]:
    """A server that takes telemetry; ended at the end."""
    server = TeamServer(root, options)
    server.start()
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.kill(with_receivers=True)


def sums_in(store: TeamStore) -> Sums:
    """What the totals of a store say, as a fleet adds it up; cost and counts of what events told alone."""
    sums = Sums()
    measures = ("responses", *(f"{name}_tokens" for name in TOKENS), "display_cost")
    answer = store.totals(SCOPE, TeamQuery(tables.USAGE, measures, ("team", "source", "user_id", "session_id")))
    for group in answer.groups:
        team, source, user, session = group.keys
        if source == "otlp":
            *counts, nano = group.values
            assert nano % 1_000 == 0, "a client's cost is whole micro-dollars"
            sums.respond(team, [*counts, nano // 1_000])
            sums.users.add(user)
            sums.sessions.add(session)
    tallies = store.totals(SCOPE, TeamQuery(tables.TALLY, ("records", "amount"), ("kind", "name", "detail")))
    for group in tallies.groups:
        kind, name, detail = group.keys
        if kind == "event":
            sums.events[name] += group.values[0]
        elif kind == "point":
            sums.points[_told_as(name, detail)] += group.values[1]
    return sums


def beyond_bounds(found: Sums, least: Sums, most: Sums) -> list[str]:
    """Where a store answers less than was acknowledged, or more than was sent."""
    wrong: list[str] = []
    for team in sorted({*found.usage, *most.usage}):
        none = [0] * len(USAGE)
        sides = (least.usage.get(team, none), found.usage.get(team, none), most.usage.get(team, none))
        wrong += [
            f"{team} {name}: {low} <= {now} <= {high}"
            for name, low, now, high in zip(USAGE, *sides, strict=True)
            if not low <= now <= high
        ]
    return wrong + _beyond(found.events, least.events, most.events) + _beyond(found.points, least.points, most.points)


def together(*parts: Sums) -> Sums:
    """All of them."""
    whole = Sums()
    for part in parts:
        whole.add(part)
    return whole


def _beyond(found: Counter[str], least: Counter[str], most: Counter[str]) -> list[str]:
    return [
        f"{name}: {least[name]} <= {found[name]} <= {most[name]}"
        for name in sorted({*found, *most})
        if not least[name] <= found[name] <= most[name]
    ]


def _told_as(metric: str, detail: str) -> str:
    """The name under which a fleet adds up points: by type, where there is one."""
    return (
        f"{metric}:{detail}"
        if metric.split(".", maxsplit=1)[0] in {"token", "lines_of_code", "active_time"}
        else metric
    )


def _command_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
