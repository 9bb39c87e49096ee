"""A move that the file asks for: one that cannot begin stops nothing, says why, and can be called off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.team_rows import NOON, record
from tokentide.clock import SECOND_US
from tokentide.errors import StoreUnreachableError, UsageError
from tokentide.server.chores import RETRY_US, Chores
from tokentide.server.engines import check_dsn, open_engine
from tokentide.server.folder import TeamFolder
from tokentide.server.keeping import Keeping
from tokentide.server.moving.copying import DoubleEngine
from tokentide.server.moving.move import COPYING, DONE, FAILED, MoveFile, MoveState
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.engine import Engine
from tokentide.store.team.store import TeamStore

TARGET = "clickhouse://tokentide:hush@127.0.0.1:1/tokentide"
"""Nothing listens there."""


class Stage:
    """A store, a file that may ask for a move, and the engine to move to once it is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = TeamFolder(str(folder))
        self.file = MoveFile(self.folder.move)
        self.store = TeamStore(DuckEngine(self.folder.duckdb))
        self.store.engine.prepare()
        self.target = DuckEngine(str(folder / "new.duckdb"))
        self.is_there = False
        self.chores = Chores(self.store, Keeping(), self.file, self.opened)

    def opened(self, dsn: str) -> Engine:
        return self.target if self.is_there else open_engine(dsn, self.folder)

    def asked(self, *copied: str) -> None:
        self.file.write(MoveState(TARGET, NOON, days=list(copied)))

    def state(self) -> MoveState:
        found = self.file.read()
        assert found is not None
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.store.engine.close()
    made.target.close()


def test_an_engine_that_cannot_be_reached_stops_nothing_and_is_tried_again(stage: Stage) -> None:
    stage.asked()
    assert not stage.chores.do(NOON)
    assert stage.state().stage == COPYING
    assert "127.0.0.1:1" in stage.state().fault
    assert "hush" not in stage.state().fault
    stage.store.take([record(NOON)], [], "meanwhile")
    stage.is_there = True
    assert not stage.chores.do(NOON + SECOND_US)
    assert stage.chores.do(NOON + RETRY_US)
    assert isinstance(stage.store.engine, DoubleEngine)


def test_a_move_that_has_copied_days_takes_nothing_into_one_engine_alone(stage: Stage) -> None:
    stage.asked("2026-11-01")
    with pytest.raises(StoreUnreachableError):
        stage.chores.do(NOON)
    assert stage.state().days == ["2026-11-01"]
    state = stage.state()
    state.days, state.carried = [], ["2026-11-01"]
    stage.file.write(state)
    with pytest.raises(StoreUnreachableError):
        stage.chores.do(NOON + RETRY_US)


def test_a_move_to_an_engine_that_is_away_can_be_cancelled(stage: Stage) -> None:
    stage.asked()
    stage.chores.do(NOON)
    stage.file.cancel()
    stage.chores.do(NOON + RETRY_US)
    assert (stage.state().stage, stage.state().fault) == (FAILED, "cancelled")


def test_what_is_no_address_ends_the_move_and_not_the_writer(stage: Stage) -> None:
    stage.file.write(MoveState("clickhouse://", NOON))
    assert not stage.chores.do(NOON)
    assert stage.state().stage == FAILED
    assert "not the address" in stage.state().fault


def test_a_move_ends_with_the_new_engine(stage: Stage) -> None:
    stage.store.take([record(NOON)], [], "before")
    stage.asked()
    stage.is_there = True
    for _ in range(5):
        stage.chores.do(NOON)
    assert stage.state().stage == DONE
    assert stage.store.engine is stage.target


def test_the_store_that_is_left_is_noted_for_the_next_start(stage: Stage) -> None:
    stage.chores = Chores(stage.store, Keeping(), stage.file, stage.opened, "clickhouse://was:8123/here")
    stage.store.take([record(NOON)], [], "before")
    stage.asked()
    stage.is_there = True
    stage.chores.do(NOON)
    assert stage.state().home == "clickhouse://was:8123/here"
    for _ in range(5):
        stage.chores.do(NOON)
    assert stage.state().home == TARGET


@pytest.mark.parametrize("dsn", ["clickhouse://", "clickhouse:/x", "postgres://a:hush@b/c", "clickhouse://a@b:x/c"])
def test_an_address_is_looked_at_before_it_is_written_down(dsn: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_dsn(dsn)
    assert "hush" not in str(caught.value)
