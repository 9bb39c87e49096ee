"""Which store a server opens: the one that the team is in, wherever it has moved to, and never one that it has left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokentide.errors import StoreError
from tokentide.server.engines import place_of, stored_dsn
from tokentide.server.folder import TeamFolder
from tokentide.server.moving.move import COPYING, DONE, FAILED, MoveFile, MoveState

FIRST = "clickhouse://tide:hush@one:8123|two:8123/tokentide"
SECOND = "clickhouse://tide:hush@three:8123/tokentide"


@pytest.fixture
def folder(tmp_path: Path) -> TeamFolder:
    return TeamFolder(str(tmp_path))


def told(folder: TeamFolder, stage: str, source: str, target: str, *days: str) -> None:
    MoveFile(folder.move).write(MoveState(target, 0, stage, source, list(days)))


def test_without_a_move_it_is_the_one_asked_for_or_the_embedded_one(folder: TeamFolder) -> None:
    assert stored_dsn(folder, "") == "duckdb"
    assert stored_dsn(folder, FIRST) == FIRST


@pytest.mark.parametrize(
    ("stage", "source", "target", "home"),
    [
        (DONE, "duckdb", FIRST, FIRST),
        (DONE, FIRST, "duckdb", "duckdb"),
        (COPYING, FIRST, SECOND, FIRST),
        (FAILED, FIRST, SECOND, FIRST),
        (FAILED, "", FIRST, "duckdb"),
    ],
)
def test_a_restart_finds_the_store_that_the_team_is_in(
    folder: TeamFolder, stage: str, source: str, target: str, home: str
) -> None:
    told(folder, stage, source, target, "2026-11-01")
    assert stored_dsn(folder, "") == home
    assert stored_dsn(folder, home) == home


@pytest.mark.parametrize(
    ("source", "target", "left"),
    [
        ("", FIRST, "duckdb"),
        ("duckdb", FIRST, "duckdb"),
        (FIRST, SECOND, FIRST),
        (FIRST, SECOND, FIRST.replace("tide:hush", "admin:other")),
        (SECOND, "duckdb", SECOND),
    ],
)
def test_a_store_that_was_left_is_not_opened(folder: TeamFolder, source: str, target: str, left: str) -> None:
    told(folder, DONE, source, target)
    with pytest.raises(StoreError, match="what came since is not in the store that it left") as caught:
        stored_dsn(folder, left)
    assert "hush" not in str(caught.value)


def test_a_store_that_is_not_full_yet_is_not_opened(folder: TeamFolder) -> None:
    told(folder, COPYING, "duckdb", FIRST, "2026-11-01")
    with pytest.raises(StoreError, match="has not everything yet"):
        stored_dsn(folder, FIRST)
    told(folder, COPYING, "duckdb", FIRST)
    assert stored_dsn(folder, FIRST) == FIRST, "a move that has copied nothing binds nobody"


def test_a_damaged_dsn_of_a_move_that_failed_keeps_nobody_out(folder: TeamFolder) -> None:
    told(folder, FAILED, "duckdb", "clickhouse://")
    assert stored_dsn(folder, "duckdb") == "duckdb"


def test_two_stores_never_share_what_waits_for_shards() -> None:
    assert place_of(FIRST) != place_of(SECOND)
    assert place_of(FIRST) == place_of(FIRST.replace("hush", "changed"))
    assert place_of(FIRST) != place_of(FIRST.replace("/tokentide", "/other"))
