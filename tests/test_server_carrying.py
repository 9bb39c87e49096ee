"""Totals outlive a move to another engine: to the nano-dollar, whatever rows are gone, however often it is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.team_engines import OpenEngine
from tests.team_rows import NOON, day_of, record, sighting
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.errors import StoreUnreachableError
from tokentide.model.telemetry import BY_METRICS
from tokentide.server.moving import carrying
from tokentide.server.moving.carrying import NEAR_DAYS, loads
from tokentide.server.moving.move import DONE, Move, MoveFile, MoveState
from tokentide.store.team.engine import Engine
from tokentide.store.team.rollups import kept
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import CUBES, SIGHTINGS, TELEMETRY, USAGE

DAYS = 24
RECORDS_FROM, SIGHTINGS_FROM = 22, 4
"""The first days of which rows are left."""
TENANTS = {"acme": range(DAYS), "other": range(DAYS - 3, DAYS)}
ROUTES = [
    ("duckdb", "chdb"),
    ("duckdb", "cluster"),
    ("cluster", "duckdb"),
    ("server", "cluster"),
]


def filled(engine: Engine) -> TeamStore:
    """Days of a session that never ends, told of by events, metrics and pushes, much of it forgotten since."""
    store = TeamStore(engine)
    for tenant, days in TENANTS.items():
        records = [
            record(NOON + day * DAY_US, tenant=tenant, duration_ms=day + 1, session_id=f"s{day}", detail="Bash")
            for day in days
        ]
        store.take(records, [row for day in days for row in seen(day, tenant)], f"all of {tenant}")
        engine.forget(tenant, TELEMETRY, day_of(NOON + RECORDS_FROM * DAY_US))
        engine.forget(tenant, SIGHTINGS, day_of(NOON + SIGHTINGS_FROM * DAY_US))
    return store


def seen(day: int, tenant: str) -> Iterator[Any]:
    """An hour's two responses, one of them seen again a day later, and what metrics tell of the same session."""
    at = NOON + day * DAY_US
    told: dict[str, Any] = {"tenant": tenant, "session_id": "long", "reported_cost": 1_000_001 + day}
    yield sighting(at, f"request:{day}", output_tokens=day, **told)
    yield sighting(at + 23 * HOUR_US, f"request:{day}", "claude_code", output_tokens=day + 5, **told)
    yield sighting(at + MINUTE_US, f"request:{day}b", output_tokens=3, branch="main", **{**told, "session_id": "b"})
    yield sighting(at + HOUR_US, f"otlp:{day}", BY_METRICS, responses=0, **told)


def everything(engine: Engine) -> dict[str, list[tuple[str, ...]]]:
    """All totals of all tenants, by quarter hour and by day."""
    found = {}
    for cube in CUBES:
        quarters = range(NOON - DAY_US // 2, NOON + (DAYS + 1) * DAY_US, DAY_US // 96)
        rows = [
            tuple(str(value) for value in row)
            for tenant in TENANTS
            for row in engine.ask(*kept(engine.dialect, cube, tenant, list(quarters)))
        ]
        found[cube.quarter.name] = sorted(rows)
        current = engine.dialect.current(cube.day.name, "tenant = ?")
        names = (*cube.day.dimensions, *(f"sum({name})" for name in cube.day.measures))
        statement = (
            f"SELECT tenant, day, {', '.join(names)} FROM {engine.dialect.everywhere(cube.day.name)} WHERE tenant = ? "
            f"{f'AND {current}' if current else ''} GROUP BY tenant, day, {', '.join(cube.day.dimensions)}"
        )
        answer = [row for tenant in TENANTS for row in engine.ask(statement, [tenant, tenant] if current else [tenant])]
        # The sum over shards of instants says nothing: only of one store alone would it be an instant.
        found[cube.day.name] = sorted(
            tuple(str(value) for value in row[: -2 if cube is not CUBES[2] else None]) for row in answer
        )
    return found


def ended(move: Move, file: MoveFile) -> MoveState:
    for _ in range(200):
        if move.step(NOON + (DAYS + 3) * DAY_US):
            break
    state = file.read()
    assert state is not None
    return state


@pytest.fixture
def file(tmp_path: Path) -> MoveFile:
    return MoveFile(str(tmp_path / "move.json"))


def test_only_what_rows_cannot_tell_is_carried(open_engine: OpenEngine) -> None:
    engine = open_engine("duckdb")
    store = TeamStore(engine)
    store.take([record(NOON)], [sighting(NOON)], "then")
    assert loads(engine) == []
    engine.forget("acme", TELEMETRY, day_of(NOON + DAY_US))
    (load,) = loads(engine)
    assert (load.date, load.usage, load.records) == (day_of(NOON), (), (NOON,))
    store.take([], [sighting(NOON + day * DAY_US, f"request:{day}") for day in (NEAR_DAYS, NEAR_DAYS + 1)], "later")
    engine.forget("acme", SIGHTINGS, day_of(NOON + DAY_US))
    whole = [day_of(NOON), day_of(NOON + NEAR_DAYS * DAY_US)]
    assert [(load.date, len(load.usage), len(load.records)) for load in loads(engine)] == [
        (day, 96, 96) for day in whole
    ]


@pytest.mark.parametrize(("origin", "goal"), ROUTES)
def test_all_totals_are_the_same_before_and_after(
    open_engine: OpenEngine, file: MoveFile, origin: str, goal: str
) -> None:
    source, target = open_engine(origin), open_engine(goal)
    store = filled(source)
    before = everything(source)
    assert len(before["usage_day"]) >= DAYS
    state = ended(Move(store, target, file, MoveState("there", NOON)), file)
    assert (state.stage, state.fault) == (DONE, "")
    assert store.engine is target
    assert everything(target) == before == everything(source)
    assert len(state.carried) == state.to_carry == RECORDS_FROM
    target.settle(NOON + (DAYS + 3) * DAY_US)
    target.settle(NOON + (DAYS + 4) * DAY_US)
    assert everything(target) == before, "what is reckoned once more says the same"


@pytest.mark.parametrize("goal", ["duckdb", "chdb"])
def test_a_move_that_is_cut_off_carries_the_rest(open_engine: OpenEngine, file: MoveFile, goal: str) -> None:
    source, target = open_engine("duckdb"), open_engine(goal)
    store = filled(source)
    before, steps = everything(source), 0
    state: MoveState | None = MoveState("there", NOON)
    while store.engine is not target:
        assert state is not None
        move = Move(TeamStore(source), target, file, state)
        for _ in range(17):  # then the process is killed
            steps += 1
            if move.step(NOON + (DAYS + 3) * DAY_US):
                store.engine = target
                break
        state = file.read()
    assert steps > 2 * RECORDS_FROM
    assert everything(target) == before


@pytest.mark.parametrize("goal", ["duckdb", "cluster"])
def test_carrying_twice_changes_nothing_and_takes_the_place_of_what_was_there(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch, goal: str
) -> None:
    monkeypatch.setattr(carrying, "MOST_TOTALS", 3)
    source, target = open_engine("duckdb"), open_engine(goal)
    filled(source)
    near = NOON + (SIGHTINGS_FROM + 1) * DAY_US
    TeamStore(target).take([], [sighting(near, "request:alone", reported_cost=99)], "reckoned before")
    for load in loads(source) * 2:
        carrying.carry(load, source, target)
    totals = everything(source)["usage_quarter"]
    carried = {str(quarter) for load in loads(source) for quarter in load.usage}
    assert everything(target)["usage_quarter"] == [row for row in totals if row[2] in carried]


def test_rows_of_a_quarter_hour_take_the_place_of_totals_that_were_carried_to_another_shard(
    open_engine: OpenEngine,
) -> None:
    source, target = open_engine("duckdb"), open_engine("cluster")
    rows = [sighting(NOON, f"request:{number}", reported_cost=7) for number in range(6)]
    TeamStore(source).take([], rows, "then")
    for each in rows:  # their shards differ, that of the total is one
        (total,) = source.ask(*kept(source.dialect, USAGE, "acme", [NOON]))
        target.carry(USAGE, "acme", [NOON], [tuple(str(v) if n == 1 else v for n, v in enumerate(total))])
        TeamStore(target).take([], [each], each.id)
        (found,) = target.ask(*kept(target.dialect, USAGE, "acme", [NOON]))
        assert found[USAGE.quarter.table.names.index("responses")] == rows.index(each) + 1


def test_a_target_that_goes_away_while_totals_are_carried_is_waited_for(
    open_engine: OpenEngine, file: MoveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = open_engine("duckdb"), open_engine("duckdb")
    store = filled(source)
    before = everything(source)
    move = Move(store, target, file, MoveState("there", NOON))
    with monkeypatch.context() as away:

        def refuse(*_: object) -> None:
            raise StoreUnreachableError("the other side is away")

        away.setattr(target, "carry", refuse)
        state = ended(move, file)
        assert (state.fault, state.carried) == ("the other side is away", [])
        assert state.stage != DONE
    assert ended(move, file).stage == DONE
    assert everything(target) == before
