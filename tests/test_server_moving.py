"""A move to another engine: everything is there, whatever came meanwhile, and nothing is switched that differs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.team_rows import NOON, record, sighting
from tokentide.clock import DAY_US, MINUTE_US
from tokentide.errors import StoreUnreachableError
from tokentide.server.cumulative import with_increases
from tokentide.server.moving import copying
from tokentide.server.moving.move import COPYING, DONE, FAILED, Move, MoveFile, MoveState
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.query import Condition, Scope, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, USAGE

DAYS = 5
NOW = NOON + (DAYS + 2) * DAY_US
COMMITS = Condition("name", ("commit.count",))
COUNTED = ("responses", "output_tokens", "auto_cost")


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[DuckEngine, DuckEngine]]:
    pair = DuckEngine(str(tmp_path / "old.duckdb")), DuckEngine(str(tmp_path / "new.duckdb"))
    pair[0].prepare()
    yield pair
    for engine in pair:
        engine.close()


@pytest.fixture
def file(tmp_path: Path) -> MoveFile:
    return MoveFile(str(tmp_path / "move.json"))


def filled(engine: DuckEngine) -> TeamStore:
    store = TeamStore(engine)
    for day in range(DAYS):
        at = NOON + day * DAY_US
        records = [record(at + n * MINUTE_US, tenant=tenant) for n in range(20) for tenant in ("acme", "other")]
        seen = [
            sighting(at + n * MINUTE_US, f"request:{day}-{n}", reported_cost=n * 1_000, output_tokens=n)
            for n in range(10)
        ]
        store.take(records, seen, f"day {day}")
    return store


def totals(store: TeamStore, tenant: str = "acme") -> tuple[tuple[int, ...], int]:
    usage = store.totals(Scope(tenant), TeamQuery(USAGE, COUNTED)).groups[0].values
    return usage, store.totals(Scope(tenant), TeamQuery(TALLY, ("records",))).value()


def ended(move: Move) -> None:
    for _ in range(50):
        if move.step(NOW):
            return
    pytest.fail("the move does not end")


def test_everything_is_there_when_it_ends(engines: tuple[DuckEngine, DuckEngine], file: MoveFile) -> None:
    store = filled(engines[0])
    before = totals(store), totals(store, "other")
    ended(Move(store, engines[1], file, MoveState("clickhouse://new", NOW)))
    assert store.engine is engines[1]
    assert (totals(store), totals(store, "other")) == before
    state = file.read()
    assert state is not None
    assert (state.stage, state.copied, state.total, len(state.days)) == (DONE, 250, 250, DAYS)


def test_what_comes_meanwhile_is_in_both_and_counts_once(
    engines: tuple[DuckEngine, DuckEngine], file: MoveFile
) -> None:
    store = filled(engines[0])
    move = Move(store, engines[1], file, MoveState("clickhouse://new", NOW))
    move.step(NOW)
    late = NOON + 2 * DAY_US
    store.take([record(late, name="compaction")], [sighting(late, "request:late", reported_cost=7)], "late")
    expected = totals(store)
    ended(move)
    assert totals(store) == expected
    state = file.read()
    assert state is not None
    assert state.copied == state.total == 252, "never more than all"


def test_a_move_that_was_cut_off_goes_on_with_the_next_day(
    engines: tuple[DuckEngine, DuckEngine], file: MoveFile
) -> None:
    store = filled(engines[0])
    move = Move(store, engines[1], file, MoveState("clickhouse://new", NOW))
    move.step(NOW)
    move.step(NOW)
    state = file.read()
    assert state is not None
    assert (state.stage, len(state.days)) == (COPYING, 2)
    again = TeamStore(engines[0])
    ended(Move(again, engines[1], file, state))
    assert totals(again) == totals(TeamStore(engines[0]))


def test_what_differs_is_not_switched_to(engines: tuple[DuckEngine, DuckEngine], file: MoveFile) -> None:
    store = filled(engines[0])
    engines[1].prepare()
    TeamStore(engines[1]).take([], [sighting(NOON, "request:foreign", output_tokens=1)], "foreign")
    ended(Move(store, engines[1], file, MoveState("clickhouse://new", NOW)))
    assert store.engine is engines[0]
    state = file.read()
    assert state is not None
    assert state.stage == FAILED
    assert "differ" in state.fault


def test_an_engine_that_is_away_is_waited_for(
    engines: tuple[DuckEngine, DuckEngine], file: MoveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(engines[0])
    move = Move(store, engines[1], file, MoveState("clickhouse://new", NOW))
    with monkeypatch.context() as away:

        def refuse(*_: object) -> None:
            raise StoreUnreachableError("the other side is away")

        away.setattr(engines[1], "put", refuse)
        assert not move.step(NOW)
    state = file.read()
    assert state is not None
    assert state.fault == "the other side is away"
    ended(move)
    assert store.engine is engines[1]


def test_a_day_with_many_rows_is_copied_in_parts(
    engines: tuple[DuckEngine, DuckEngine], file: MoveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "MOST_ROWS", 3)
    store = filled(engines[0])
    expected = totals(store)
    ended(Move(store, engines[1], file, MoveState("clickhouse://new", NOW)))
    assert totals(store) == expected


def test_readings_that_only_one_engine_got_come_again_with_their_increase(
    engines: tuple[DuckEngine, DuckEngine], file: MoveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(engines[0])
    Move(store, engines[1], file, MoveState("clickhouse://new", NOW))

    def put() -> None:
        point = record(NOON, "commit.count", kind="point", series="stream", reading=5, id="point")
        store.take(with_increases(store, [point]), [], "reading")

    with monkeypatch.context() as away:

        def refuse(*_: object) -> None:
            raise StoreUnreachableError("the other side is away")

        away.setattr(engines[1], "put", refuse)
        with pytest.raises(StoreUnreachableError):
            put()
    put()
    amounts = [
        TeamStore(engine).totals(Scope("acme"), TeamQuery(TALLY, ("amount",), (), (), (COMMITS,))).value()
        for engine in engines
    ]
    assert amounts == [5, 5]
