"""Cumulative streams: every reading counts its increase once, whatever comes twice, late, or after a restart."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.team_rows import NOON, record, sighting
from tokentide.clock import MINUTE_US
from tokentide.errors import StoreUnreachableError
from tokentide.model.telemetry import BY_METRICS, MICRO, Row, TelemetryRecord
from tokentide.server.cumulative import with_increases
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, USAGE, Table


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamStore]:
    engine = DuckEngine(str(tmp_path_factory.mktemp("store") / "team.duckdb"))
    engine.prepare()
    yield TeamStore(engine)
    engine.close()


def reading(minute: int, value: int, *, series: str = "lines-of-one-process", tenant: str = "acme") -> TelemetryRecord:
    return record(
        NOON + minute * MINUTE_US,
        "lines_of_code.count",
        kind="point",
        detail="added",
        tenant=tenant,
        series=series,
        reading=value * MICRO,
        id=f"{tenant}-{series}-{minute}",
    )


def taken(store: TeamStore, *readings: TelemetryRecord) -> None:
    store.take(with_increases(store, readings), [], "token")


def total(store: TeamStore, tenant: str) -> int:
    return store.totals(Scope(tenant), TeamQuery(TALLY, ("amount",))).value() // MICRO


def test_each_reading_adds_what_it_is_above_the_last(store: TeamStore) -> None:
    taken(store, reading(0, 5, tenant="one"))
    taken(store, reading(1, 5, tenant="one"), reading(2, 9, tenant="one"))
    taken(store, reading(3, 9, tenant="one"))
    assert total(store, "one") == 9


def test_a_reading_that_did_not_grow_is_no_row(store: TeamStore) -> None:
    taken(store, reading(0, 5, tenant="still"))
    assert with_increases(store, [reading(1, 5, tenant="still"), reading(2, 0, tenant="still")]) == []


def test_a_new_process_begins_at_nothing(store: TeamStore) -> None:
    taken(store, reading(0, 5, tenant="new"), reading(1, 2, series="lines-of-another-process", tenant="new"))
    assert total(store, "new") == 7


def test_tenants_with_the_same_series_know_nothing_of_each_other(store: TeamStore) -> None:
    taken(store, reading(0, 50, tenant="here"))
    taken(store, reading(1, 60, tenant="there"))
    assert (total(store, "here"), total(store, "there")) == (50, 60)


def test_what_is_not_cumulative_passes(store: TeamStore) -> None:
    delta = record(NOON, "commit.count", kind="point", amount=3 * MICRO)
    assert with_increases(store, [delta]) == [delta]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_order_repetition_and_batches_do_not_change_the_sum(
    store: TeamStore, steps: list[int], chance: random.Random
) -> None:
    tenant = uuid4().hex
    values = [sum(steps[: count + 1]) for count in range(len(steps))]
    sent = [(minute, value) for minute, value in enumerate(values)] * 2
    chance.shuffle(sent)
    while sent:
        size = chance.randint(1, len(sent))
        taken(store, *(reading(minute, value, tenant=tenant) for minute, value in sent[:size]))
        del sent[:size]
    assert total(store, tenant) == values[-1]


def test_a_store_that_was_closed_remembers(tmp_path: Path) -> None:
    for minute, value in ((0, 5), (1, 8), (2, 8), (3, 20)):
        engine = DuckEngine(str(tmp_path / "team.duckdb"))
        engine.prepare()
        store = TeamStore(engine)
        taken(store, reading(minute, value))
        found = total(store, "acme")
        engine.close()
    assert found == 20


def test_a_crash_before_the_readings_are_there_loses_no_usage(
    store: TeamStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put() -> None:
        records = with_increases(store, [reading(0, 5, tenant="cut off")])
        told = [
            sighting(
                NOON, "otlp:cut off", BY_METRICS, tenant="cut off", responses=0, output_tokens=each.amount // MICRO
            )
            for each in records
        ]
        store.take(records, told, "token")

    with monkeypatch.context() as crash:
        first, puts = store.engine.put, count()

        def killed(table: Table, rows: Sequence[Row], token: str) -> None:
            if next(puts):
                raise StoreUnreachableError("killed")
            first(table, rows, token)

        crash.setattr(store.engine, "put", killed)
        with pytest.raises(StoreUnreachableError):
            put()
    put()
    assert store.totals(Scope("cut off"), TeamQuery(USAGE, ("output_tokens",))).value() == 5
    assert total(store, "cut off") == 5
