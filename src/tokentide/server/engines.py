"""Opens the engine that a DSN names."""

from __future__ import annotations

from tokentide.errors import StoreError, UsageError
from tokentide.server.folder import TeamFolder
from tokentide.server.move import DONE, MoveFile
from tokentide.store.team.engine import Engine

DUCKDB = "duckdb"
CLICKHOUSE = ("clickhouse", "clickhouses")


def open_engine(dsn: str, folder: TeamFolder) -> Engine:
    """The engine: `duckdb` for the embedded one in the folder, or `clickhouse://host:8123/database`.

    Raises UsageError for any other DSN; StoreError where it cannot be opened.
    """
    if dsn == DUCKDB:
        from tokentide.store.duckdb.engine import DuckEngine

        return DuckEngine(folder.duckdb)
    check_dsn(dsn)
    from tokentide.store.clickhouse.engine import ClickHouseEngine

    return ClickHouseEngine(dsn, folder.spool)


def check_dsn(dsn: str) -> None:
    """Raises UsageError for what names no engine, or not how to reach it."""
    from tokentide.store.clickhouse.address import parsed

    if dsn == DUCKDB:
        return
    if kind_of(dsn) != CLICKHOUSE[0]:
        raise UsageError(
            f"{kind_of(dsn)!r} is no store: give duckdb, or clickhouse://user:password@host:8123/database "
            "(see docs/how-to/team-server.md for clusters)"
        )
    parsed(dsn)


def kind_of(dsn: str) -> str:
    """The engine's name, without anything that a DSN may hold beside it."""
    scheme = dsn.partition(":")[0]
    return "clickhouse" if scheme in CLICKHOUSE else scheme


def stored_dsn(folder: TeamFolder, asked: str) -> str:
    """The DSN asked for, else the one that the team moved to, else the embedded store.

    Raises StoreError where the embedded store is asked for that the team has left.
    """
    state = MoveFile(folder.move).read()
    moved = state.target if state is not None and state.stage == DONE else ""
    if asked == DUCKDB and moved:
        raise StoreError(
            f"this team has moved to {kind_of(moved)}: what came since is not in the embedded store. Start without "
            f"--store, or remove {folder.move} to begin again from what was there before the move"
        )
    return asked or moved or DUCKDB
