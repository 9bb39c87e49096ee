"""Totals outlive rows; what metrics tell without a session counts on days on which nothing else tells of the person."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from tests.team_engines import ENGINES, OpenEngine
from tests.team_rows import NOON, day_of, record, sighting
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, QUARTER_US
from tokentide.model.telemetry import BY_METRICS, Sighting
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.query import Period
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.rollups import days_of
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import LATENCY, TALLY, TELEMETRY, USAGE

MIDNIGHT = NOON // DAY_US * DAY_US + DAY_US
EVENT = sighting(NOON, "request:1", session_id="s1", reported_cost=5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TeamStore]:
    engine = DuckEngine(str(tmp_path / "team.duckdb"))
    engine.prepare()
    yield TeamStore(engine)
    engine.close()


def point(at: int, cost: int = 5, **fields: str) -> Sighting:
    return sighting(at, f"otlp:{at}:{fields}", BY_METRICS, responses=0, reported_cost=cost, **fields)


def test_times_beyond_the_calendar_are_its_ends() -> None:
    assert days_of([-(2**62), NOON, 2**62]) == ["0001-01-01", "2026-11-22", "9999-12-31"]


def cost(store: TeamStore, *batches: list[Sighting]) -> int:
    for number, batch in enumerate(batches):
        store.take([], batch, f"batch {number}")
    return store.totals(Scope("acme"), TeamQuery(USAGE, ("auto_cost",))).value()


def test_metrics_without_a_session_count_where_nothing_else_tells(store: TeamStore) -> None:
    assert cost(store, [point(NOON), point(NOON + DAY_US, 7)]) == 12


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_they_do_not_count_beside_events_of_the_person(store: TeamStore, order: tuple[int, ...]) -> None:
    batches = [[EVENT], [point(NOON + 3 * QUARTER_US)]]
    assert cost(store, *(batches[number] for number in order)) == 5


def test_the_last_ones_of_a_day_arrive_on_the_next(store: TeamStore) -> None:
    late = sighting(MIDNIGHT - MINUTE_US, "request:late", session_id="s1", reported_cost=5)
    assert cost(store, [point(MIDNIGHT + MINUTE_US)], [late]) == 5


def test_they_count_beside_another_person_and_on_another_day(store: TeamStore) -> None:
    others = point(NOON, 7, user_id="bob@example.org")
    assert cost(store, [others, point(NOON + DAY_US, 9)], [EVENT]) == 5 + 7 + 9


def test_metrics_with_a_session_count_beside_another_session_of_the_person(store: TeamStore) -> None:
    assert cost(store, [point(NOON + HOUR_US, 7, session_id="s2"), EVENT]) == 5 + 7


@pytest.mark.parametrize("name", ENGINES)
def test_totals_of_forgotten_events_stay_whatever_comes_later(open_engine: OpenEngine, name: str) -> None:
    engine = open_engine(name)
    store = TeamStore(engine)
    store.take([record(NOON, duration_ms=40), record(NOON + DAY_US, duration_ms=40)], [EVENT], "then")
    engine.forget("acme", TELEMETRY, day_of(NOON + DAY_US))
    store.take([], [sighting(NOON + MINUTE_US, "request:pushed", "claude_code")], "a push of the same quarter hour")
    store.take([record(NOON + DAY_US + MINUTE_US)], [], "an event of the next day")
    noon = (Period("noon", NOON, NOON + QUARTER_US),)
    day = (Period("day", NOON // DAY_US * DAY_US, MIDNIGHT),)
    for periods in (noon, day):
        for cube, measure, count in ((TALLY, "records", 1), (LATENCY, "records", 1), (USAGE, "responses", 2)):
            assert store.totals(Scope("acme"), TeamQuery(cube, (measure,), (), periods)).value() == count
    assert store.totals(Scope("acme"), TeamQuery(TALLY, ("records",))).value() == 3
