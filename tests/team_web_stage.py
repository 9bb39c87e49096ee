"""The team's dashboard over a made-up team, served on loopback; by hand: `python -m tests.team_web_stage 8379 2000`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.ledgers import BOOK
from tests.team_stage import NOW, fill_team
from tests.web_stage import Dashboard
from tokentide.clock import MINUTE_US, SECOND_US
from tokentide.server.status import ReceiverStatus, ServerStatus
from tokentide.server.tenants.directory import Directory
from tokentide.server.tenants.tokens import Grant
from tokentide.settings import Settings
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.store import TeamStore
from tokentide.web.gate import Doorway
from tokentide.web.serving import bound, server_of
from tokentide.web.team.access import Doors, TeamAccess
from tokentide.web.team.app import create_team_app
from tokentide.web.team.desk import TeamPlan

STATUS = ServerStatus(
    "1.0",
    NOW - 90 * MINUTE_US,
    ReceiverStatus(
        is_running=True,
        requests={("http", "logs", 200): 48_211, ("http", "metrics", 200): 3_912, ("grpc", "logs", 503): 4},
        received_bytes=91_000_000,
        connections=12,
        acknowledge_ms=((30, 900), (60, 90), (90, 3)),
    ),
    waiting_bytes=12_000,
    lag_us=2 * SECOND_US,
    taken_records=1_204_552,
    refused_records=3,
    store_bytes=210_000_000,
    free_bytes=40_000_000_000,
    last_received_at=NOW - 3 * SECOND_US,
    last_taken_at=NOW - 5 * SECOND_US,
)
SETTINGS = Settings(timezone="UTC")


def team_store(folder: Path) -> TeamStore:
    """An empty store in a file."""
    engine = DuckEngine(str(folder / "store.duckdb"))
    engine.prepare()
    return TeamStore(engine)


@dataclass
class TeamSite:
    """A running team's dashboard; what it tells of itself may be moved."""

    folder: Path
    store: TeamStore
    doors: Callable[[], Doors] = lambda: Doors(is_open=True)
    names: tuple[str, ...] = ("127.0.0.1", "localhost")
    now: int = NOW
    status: ServerStatus = STATUS
    version: int = 1
    seconds: float = 0.0
    is_sample: bool = False
    faults: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.directory = Directory(str(self.folder / "team.sqlite3"), lambda: self.now)

    def token(self, grant: Grant) -> str:
        """A new token."""
        return self.directory.create(grant)[0]

    @contextmanager
    def serving(self, machine: object = None, port: int = 0) -> Iterator[Dashboard]:
        """Serve until the end of the block."""
        listener = bound("127.0.0.1", port)
        doorway = Doorway.of(listener.getsockname()[1], self.names)
        access = TeamAccess(self.directory, doorway, self.doors(), lambda: self.seconds)
        plan = TeamPlan(
            self.store,
            lambda: self.now,
            doorway,
            access,
            lambda: self.status,
            SETTINGS,
            version=lambda: self.version,
            directory=self.directory,
            price=BOOK.cost_nano_usd,
            is_sample=self.is_sample,
            failed=self.faults.append,
        )
        ready = threading.Event()
        server = server_of(create_team_app(plan), ready.set)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        try:
            assert ready.wait(20), "the server did not start"
            yield Dashboard(machine, f"http://127.0.0.1:{listener.getsockname()[1]}")  # type: ignore[arg-type]
        finally:
            server.should_exit = True
            thread.join(20)
            listener.close()


def main(port: int, developers: int) -> None:
    """Serve until Ctrl+C."""
    with tempfile.TemporaryDirectory() as folder:
        store = team_store(Path(folder))
        if developers:
            fill_team(store, developers=developers, days=30 if developers < 500 else 10)
        site = TeamSite(Path(folder), store)
        with site.serving(port=port) as dashboard:
            sys.stderr.write(f"{dashboard.address}\n")
            while True:
                threading.Event().wait(5)
                site.status = replace(site.status, taken_records=site.status.taken_records + 17)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
