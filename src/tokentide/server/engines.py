"""Opens the engine that a DSN names."""

from __future__ import annotations

import hashlib
import os

from tokentide.errors import StoreError, UsageError
from tokentide.server.folder import STORE_VARIABLE, TeamFolder
from tokentide.server.moving.move import COPYING, DONE, MoveFile
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

    return ClickHouseEngine(dsn, os.path.join(folder.spool, place_of(dsn)))


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


def place_of(dsn: str) -> str:
    """What tells one store from another, whoever signs in: a name for files. Raises UsageError for no DSN."""
    from tokentide.store.clickhouse.address import parsed

    if dsn == DUCKDB:
        return DUCKDB
    at = parsed(dsn)
    hosts = ",".join("|".join(map(str, shard)) for shard in at.shards)
    return f"{at.database}-{hashlib.blake2b(hosts.encode(), digest_size=6).hexdigest()}"


def stored_dsn(folder: TeamFolder, asked: str) -> str:
    """The DSN asked for, else the one that the team moved to, else the embedded store.

    Raises UsageError for a DSN that is none, StoreError for a store that the team has left, or has not come to yet.
    """
    state = MoveFile(folder.move).read()
    if state is None or not asked:
        return asked or (state.home if state is not None else "") or DUCKDB
    is_left = state.stage == DONE
    if not is_left and not (state.stage == COPYING and state.has_begun):
        return asked
    place, before, behind = place_of(asked), place_of(state.source or DUCKDB), place_of(state.target)
    mend = f"Start without --store and without {STORE_VARIABLE}"
    if is_left and place == before != behind:
        raise StoreError(
            f"this team has moved to {kind_of(state.target)}: what came since is not in the store that it left. "
            f"{mend}, or remove {folder.move} to begin again from what was there before the move"
        )
    if not is_left and place == behind != before:
        raise StoreError(
            f"this team is moving to {kind_of(state.target)}, which has not everything yet. {mend}: the move goes on; "
            "`tokentide server migrate --cancel` ends it"
        )
    return asked
