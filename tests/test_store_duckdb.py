"""The embedded engine: what only it has to hold."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.team_rows import NOON, record, sighting
from tests.team_stage import duck_store
from tokentide.clock import QUARTER_US
from tokentide.errors import StoreError
from tokentide.store.duckdb.engine import MOST, DuckEngine
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.tables import TALLY, USAGE


def test_sums_that_64_bits_do_not_hold_stop_nothing(tmp_path: Path) -> None:
    with duck_store(tmp_path) as store:
        rows = [record(NOON + number, amount=MOST // 3) for number in range(9)]
        store.take(rows, [sighting(NOON, reported_cost=MOST - number, key=f"k{number}") for number in range(4)], "huge")
        assert store.totals(Scope("acme"), TeamQuery(TALLY, ("amount", "records"))).groups[0].values == (MOST, 9)
        assert store.totals(Scope("acme"), TeamQuery(USAGE, ("auto_cost",))).value() == MOST


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    with duck_store(tmp_path) as store:
        store.take([record()], [], "one")
        path = str(tmp_path / "team.duckdb")
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_what_is_no_store_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(StoreError, match="the team store: "):
        DuckEngine(str(path))


def test_rows_of_one_batch_with_the_same_id_are_one(tmp_path: Path) -> None:
    with duck_store(tmp_path) as store:
        store.take([record(), record(), record(NOON + QUARTER_US)], [], "twice")
        assert store.totals(Scope("acme"), TeamQuery(TALLY, ("records",))).value() == 2


def test_totals_that_cannot_be_replaced_stay_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with duck_store(tmp_path) as store:
        store.take([record()], [], "first")
        with monkeypatch.context() as broken:
            broken.setattr("tokentide.store.duckdb.engine.folded", lambda *_: ("SELECT nonsense FROM nowhere", []))
            with pytest.raises(StoreError):
                store.take([record(NOON + 1)], [], "second")
        assert store.totals(Scope("acme"), TeamQuery(TALLY, ("records",))).value() == 1
        store.refresh({("acme", NOON // QUARTER_US * QUARTER_US)})
        assert store.totals(Scope("acme"), TeamQuery(TALLY, ("records",))).value() == 2
