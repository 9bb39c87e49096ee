"""A personal ledger, the same usage in a team store, and a team server between the two: real code over real HTTP."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ledgers import BOOK, ledger_from
from tests.loopback import Answer, Request, answering
from tokentide.clock import DAY_US, SECOND_US
from tokentide.errors import StoreError, UsageError
from tokentide.model.batch import Batch
from tokentide.model.telemetry import Entrance
from tokentide.model.usage import Place, UsageRecord
from tokentide.server.asking import answer
from tokentide.server.parties import Parties
from tokentide.server.pushed import pushed
from tokentide.sources.otlp.unpacking import unpacked
from tokentide.store.remote import wire
from tokentide.store.remote.ledger import RemoteLedger
from tokentide.store.sqlite.ledger import Ledger
from tokentide.store.team.engine import Engine
from tokentide.store.team.ledger import TeamLedger
from tokentide.store.team.query import Scope
from tokentide.store.team.store import TeamStore
from tokentide.sync.push import PATH as PUSH_PATH
from tokentide.sync.push import Outcome, Pusher
from tokentide.sync.push_resource import Resource
from tokentide.sync.servers import ServerAccess
from tokentide.transport import Secret

NOW = 1_774_000_000 * SECOND_US
"""In March 2026."""
FIRST = NOW // DAY_US * DAY_US - 40 * DAY_US
MODELS = ("claude-opus-4-8", "claude-sonnet-4-20250514", "claude-haiku-4-5", "a-model-without-a-price", "")
PLACES = (
    ("claude_code", "ann@example.org", "s1", "/w/alpha", "main", "", False),
    ("claude_code", "ann@example.org", "s1", "/w/alpha", "fix", "a1", True),
    ("claude_code", "ann@example.org", "s2", "/w/beta/", "main", "", False),
    ("claude_code", "bob@example.org", "s3", "/w/beta/", "", "a2", False),
    ("claude_desktop", "~/.claude", "s3", "", "feature/x y", "", True),
    ("claude_desktop", "~/.claude", "s\N{GREEK SMALL LETTER PI}'4", "C:\\w\\gamma", "ünï'", "", False),
)
RESOURCES: dict[str, Resource] = {
    "ann@example.org": {"user.email": "ann@example.org", "user.id": "i1", "team.id": "core"},
    "bob@example.org": {"user.email": "bob@example.org", "user.id": "i1"},
}
TOKEN = "ttide_" + "t" * 43


def generated(seed: int = 7, most: int = 600) -> Ledger:
    """A ledger in memory with every kind of response."""
    dice = random.Random(seed)
    places = [
        Place(source, account, session, FIRST, project, branch, agent, is_sidechain, f"2.1.{number}")
        for number, (source, account, session, project, branch, agent, is_sidechain) in enumerate(PLACES)
    ]
    records = [_record(dice, number, len(places)) for number in range(most)]
    return ledger_from([[Batch(places=places, records=records, agent_types={"a1": "Explore"})]])


def _record(dice: random.Random, number: int, places: int) -> UsageRecord:
    at = FIRST + dice.choice((dice.randrange(35 * DAY_US), dice.randrange(35) * DAY_US + dice.randrange(DAY_US // 40)))
    shape = dice.randrange(8)
    name = f"msg_{number}" + ("#1" if shape == 0 else "")
    return UsageRecord(
        identity=f"anonymous:{number}" if shape == 1 else name,
        request_id="" if shape < 3 else f"req_{number}",
        at=at,
        place=dice.randrange(places),
        model=dice.choice(MODELS),
        input_tokens=dice.randrange(5_000),
        output_tokens=dice.randrange(3_000),
        cache_creation_5m_tokens=dice.choice((0, dice.randrange(90_000))),
        cache_creation_1h_tokens=dice.choice((0, dice.randrange(90_000))),
        cache_read_tokens=dice.choice((0, dice.randrange(300_000))),
        web_search_requests=dice.choice((0, 0, 2)),
        speed=dice.choice(("", "standard", "fast")),
        service_tier=dice.choice(("", "standard", "batch")),
        inference_geo=dice.choice(("", "us")),
        output_is_final=dice.random() > 0.2,
        reported_cost=dice.choice((-1, -1, 0, dice.randrange(10**9))),
    )


@dataclass
class TeamServer:
    """One tenant's server; what reaches it stands in a store at once."""

    store: TeamStore
    scope: Scope
    parties: Parties = field(default_factory=Parties)
    url: str = ""
    statuses: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    """Refusals to give first, one a request."""
    tokens: list[str] = field(default_factory=list)
    """What came as authorization."""
    bodies: list[bytes] = field(default_factory=list)
    """Pushes that were taken, unpacked."""
    rejected: int = 0
    received_at: int = NOW
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ledger(self) -> TeamLedger:
        """What the viewer sees."""
        return TeamLedger(self.store, self.scope)

    def answer(self, came: Request) -> Answer:
        """One request."""
        with self.lock:
            self.tokens.append(came.headers.get("authorization", ""))
            if self.statuses:
                return self.statuses.pop(0)
            if came.target == PUSH_PATH:
                return self._take(came)
            if came.target != wire.PATH:
                return 404, {}, b"{}"
            try:
                return 200, {"content-type": "application/json"}, answer(came.body, self.ledger)
            except UsageError as error:
                return 400, {}, _fault(error)
            except StoreError as error:
                return 503, {}, _fault(error)

    def _take(self, came: Request) -> Answer:
        body = unpacked(came.body, came.headers.get("content-encoding", ""))
        reading = pushed(body, Entrance(self.scope.tenant), self.parties, BOOK.cost_nano_usd, self.received_at)
        self.bodies.append(body)
        self.rejected += reading.rejected
        self.store.take([], reading.sightings, str(len(self.bodies)))
        return 200, {}, b"{}"


def _fault(error: Exception) -> bytes:
    import json

    return json.dumps({"error": str(error)}).encode()


@contextmanager
def team_server(engine: Engine, tenant: str = "acme") -> Iterator[TeamServer]:
    """A server over an engine, on loopback."""
    server = TeamServer(TeamStore(engine), Scope(tenant))
    with answering(server.answer) as server.url:
        yield server


def push(ledger: Ledger, server: TeamServer, *, now: int = NOW, kept: Path | None = None) -> Outcome:
    """Send a ledger to the server, projects by their whole folders."""
    access = ServerAccess(server.url, Secret(TOKEN))
    if ledger.is_kept:
        return Pusher(ledger, access, RESOURCES, now, full_paths=True).push(at_once=True)
    assert kept is not None
    ledger.copy_to(str(kept))
    with Ledger.open(str(kept)) as copy:
        return Pusher(copy, access, RESOURCES, now, full_paths=True).push(at_once=True)


def remote(server: TeamServer) -> RemoteLedger:
    """What a viewer's machine asks."""
    return RemoteLedger(server.url, {"authorization": Secret(f"Bearer {TOKEN}")})
