"""The reports of a person are the same, to the nano-dollar, on every store: SQLite, the team's engines, and over HTTP."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from tests.ledgers import synced
from tests.team_engines import ENGINES, OpenEngine
from tests.team_ledgers import FIRST, NOW, TeamServer, generated, push, remote, team_server
from tokentide.analytics.block_report import BlockWishes, build_blocks
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import BREAKDOWNS, KINDS, Ask, build_report
from tokentide.analytics.selection import Selection, Wishes, select
from tokentide.clock import DAY_US, HOUR_US
from tokentide.render.block_views import blocks_json
from tokentide.render.report_json import report_json
from tokentide.store.query import CostMode, Filters
from tokentide.store.reading import UsageReading
from tokentide.store.sqlite.ledger import Ledger

ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns")
WISHES = (
    Wishes(),
    Wishes(last="9d", projects=("alpha",), models=("opus", "haiku")),
    Wishes(since="2026-02-20", until="2026-03-05", accounts=("ann",), sessions=("s",)),
    Wishes(sources=("claude-desktop",)),
    Wishes(projects=("nowhere",)),
)


@pytest.fixture(params=ENGINES)
def server(request: pytest.FixtureRequest, open_engine: OpenEngine) -> Iterator[TeamServer]:
    """A team server over each engine in turn."""
    with team_server(open_engine(request.param)) as server:
        yield server


def test_every_report_is_the_same_on_every_store(server: TeamServer, tmp_path: Path) -> None:
    own = generated()
    assert push(own, server, kept=tmp_path / "own.sqlite3").sent == 600
    for told in (server.ledger, remote(server)):
        assert_same(own, told)


def test_every_answer_is_the_same_on_every_store(server: TeamServer, tmp_path: Path) -> None:
    own = generated(seed=8, most=300)
    push(own, server, kept=tmp_path / "own.sqlite3")
    for told in (server.ledger, remote(server)):
        assert_same_answers(own, told)


@pytest.mark.corpus
def test_real_transcripts_are_told_the_same(corpus: Path, open_engine: OpenEngine, tmp_path: Path) -> None:
    with team_server(open_engine("duckdb")) as server:
        for number, root in enumerate(sorted((corpus / "claude").iterdir())):
            home = tmp_path / str(number)
            expand(root, home / ".claude")
            own = synced(home)
            server.scope = type(server.scope)(f"tenant{number}")
            server.received_at = NOW + 400 * DAY_US
            push(own, server, kept=tmp_path / f"{number}.sqlite3")
            assert server.rejected == 0
            for told in (server.ledger, remote(server)):
                for kind, by in (("daily", "model"), ("session", ""), ("branch", "agent"), ("project", "session")):
                    assert one(told, kind, by) == one(own, kind, by), (root.name, kind)


def expand(source: Path, target: Path) -> None:
    """The files of a folder of the corpus, as the client left them."""
    for path in source.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            whole = gzip.decompress(data) if path.suffix == ".gz" else data
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.with_name(place.name.removesuffix(".gz")).write_bytes(whole)


def one(ledger: UsageReading, kind: str, by: str) -> str:
    """One report as JSON, without titles, which are never sent."""
    ask = Ask(Selection(None, None, Filters()), Calendar("Europe/Berlin"), by=by)
    report = report_json(build_report(ledger, KINDS[kind], ask, now=NOW))
    return "\n".join(line for line in report.splitlines() if not line.lstrip().startswith('"title":'))


def assert_same(own: UsageReading, told: UsageReading) -> None:
    """All kinds of reports, in modes, zones, breakdowns and with filters; then blocks."""
    for kind, wishes in product(KINDS, WISHES):
        for zone, mode in zip(ZONES if kind == "daily" else ZONES[:1], CostMode, strict=False):
            assert of_wishes(told, kind, wishes, zone, mode) == of_wishes(own, kind, wishes, zone, mode)
    for by in (*BREAKDOWNS, "served_model"):
        assert of_wishes(told, "weekly", WISHES[1], by=by) == of_wishes(own, "weekly", WISHES[1], by=by)
    for hours, since in product((Fraction(5), Fraction(1, 2)), (None, date(2026, 3, 1))):
        assert of_blocks(told, hours, since) == of_blocks(own, hours, since)


def of_wishes(
    ledger: UsageReading,
    kind: str,
    wishes: Wishes,
    zone: str = "UTC",
    mode: CostMode = CostMode.CALCULATE,
    by: str = "",
) -> str:
    """A report as a person asks for it, as JSON."""
    calendar = Calendar(zone)
    ask = Ask(select(wishes, ledger, calendar, date(2026, 3, 20)), calendar, mode, by)
    return report_json(build_report(ledger, KINDS[kind], ask, now=NOW))


def of_blocks(ledger: UsageReading, hours: Fraction, since: date | None) -> str:
    """The report of blocks as JSON."""
    ask = Ask(Selection(since, None, Filters()), Calendar("UTC"))
    wishes = BlockWishes(hours=hours, token_limit="" if since else "max")
    return blocks_json(build_blocks(ledger, ask, wishes, now=NOW))


def assert_same_answers(own: Ledger, told: UsageReading) -> None:
    """Every question that a report may ask."""
    narrow = Filters(models=("claude-opus-4-8", "claude-haiku-4-5"), projects=("/w/alpha", "/w/beta/"))
    middle = FIRST + 17 * DAY_US + 12_345_678
    assert told.days() == own.days()
    assert told.newest_at() == own.newest_at()
    assert told.session_facts() == own.session_facts()
    assert told.session_facts("s3") == own.session_facts("s3")
    for name in ("model", "project", "source", "account", "session", "branch"):
        assert told.values(name) == own.values(name)
    for filters, mode in product((Filters(), narrow, Filters(branches=("ünï'",))), CostMode):
        assert in_order(told.moments(filters, mode, middle)) == in_order(own.moments(filters, mode, middle))
        assert in_order(told.responses(filters, mode, FIRST, middle)) == in_order(
            own.responses(filters, mode, FIRST, middle)
        )
        assert told.used(filters, mode, middle - 3 * DAY_US, middle) == own.used(
            filters, mode, middle - 3 * DAY_US, middle
        )
        assert sorted(told.stretch_costs(filters, mode, FIRST, 5 * HOUR_US)) == sorted(
            own.stretch_costs(filters, mode, FIRST, 5 * HOUR_US)
        )
        for length in (HOUR_US, 5 * HOUR_US, 400 * DAY_US):
            assert told.last_pause_end(filters, FIRST, middle, length) == own.last_pause_end(
                filters, FIRST, middle, length
            )


def in_order(found: Iterator[object]) -> list[str]:
    """All of them; those of one instant are in no order."""
    return sorted(map(repr, found))
