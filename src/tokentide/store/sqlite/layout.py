"""Lays out a new ledger, and brings an older one to the present format."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from tokentide.store.sqlite.format import FORMAT
from tokentide.store.sqlite.schema import (
    ALERT_TABLES,
    BUCKET_TABLES,
    FORECAST_TABLES,
    INDEXES,
    LIMIT_TABLES,
    SCHEMA,
)
from tokentide.store.sqlite.schema_details import DETAIL_TABLES

Migration = Callable[[sqlite3.Connection], None]


def create(connection: sqlite3.Connection) -> None:
    """Lay out an empty database, inside the caller's transaction."""
    _execute(connection, SCHEMA)
    for statement in INDEXES.values():
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def migrate(connection: sqlite3.Connection, found: int) -> None:
    """Bring a ledger of an older format to the present one, inside the caller's transaction."""
    for step in MIGRATIONS[found - 1 :]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _add_limits(connection: sqlite3.Connection) -> None:
    """Format 2: official limits, and what the organisation's Admin API says."""
    _execute(connection, LIMIT_TABLES + BUCKET_TABLES)


def _add_forecasts(connection: sqlite3.Connection) -> None:
    """Format 3: forecasts as they were issued, and alerts that were raised."""
    _execute(connection, FORECAST_TABLES + ALERT_TABLES)


def _add_details(connection: sqlite3.Connection) -> None:
    """Format 4: what happened around responses; transcripts that are still there fill it at the next reading."""
    _execute(connection, DETAIL_TABLES)


MIGRATIONS: tuple[Migration, ...] = (_add_limits, _add_forecasts, _add_details)
"""Step n brings a ledger of format n to format n + 1; each runs in a transaction of its own."""


def _execute(connection: sqlite3.Connection, script: str) -> None:
    """Run a script's statements, bare: SQLite keeps their text, which has to be read at each start.

    `executescript` would commit the transaction around it.
    """
    bare = re.sub(r"\s+", " ", re.sub(r"--.*", "", script))
    for part in bare.split(";"):
        if part.strip():
            connection.execute(part.strip())
