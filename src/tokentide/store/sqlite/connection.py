"""Opening the ledger file: settings of the engine, format check, and errors in our own words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tokentide.errors import LedgerDamagedError, LedgerError, LedgerTooNewError, LedgerUnwritableError
from tokentide.locations import ensure_private_dir
from tokentide.store.sqlite.format import FORMAT

BUSY_SECONDS = 30
"""How long a process waits for another one's write to end."""
PAGE_BYTES = 8192
"""Of a new file: the whole schema stands on its first page, so that no other page's damage hides every table."""
SWITCH_ATTEMPTS = 20
MEMORY = ":memory:"
Row = tuple[Any, ...]
"""A row as the engine gives it; its columns are typed by what is made of it."""
_DAMAGE = ("malformed", "no such table", "no such column", "Could not decode to UTF-8")
"""What the engine says of a damaged file by the same class as of a full disk."""


def connect(path: str, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the ledger, made if it is absent, brought to the present format if it is older.

    Raises LedgerTooNewError, LedgerDamagedError, LedgerUnwritableError.
    """
    with translated(path):
        connection = _open(path, busy_seconds)
        try:
            prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _open(path: str, busy_seconds: float) -> sqlite3.Connection:
    """The bare connection; the file is its owner's alone."""
    if path != MEMORY and not os.path.exists(path):
        ensure_private_dir(os.path.dirname(path))
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, cached_statements=64)


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Check the format; lay out a new file in one transaction, so that two processes may start at once."""
    found = _format(connection)
    if found > FORMAT:
        raise LedgerTooNewError(path, found, FORMAT)
    if found < FORMAT:
        from tokentide.store.sqlite import layout

        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        keep_a_log(connection)
        with transaction(connection):
            found = _format(connection)
            if found == 0:
                layout.create(connection)
            elif found < FORMAT:
                layout.migrate(connection, found)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -16384")


def keep_a_log(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; the engine does not wait by itself for others who lay out the same new file."""
    for _ in range(SWITCH_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            with transaction(connection):  # this waits
                pass
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _format(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction: all or nothing, also when the process is killed."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn the engine's errors into ours: damaged, or not writable."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _unwritable_or_damaged(path, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise LedgerDamagedError(path, str(error)) from error
    except OSError as error:
        raise LedgerUnwritableError(path, error.strerror or str(error)) from error


class Part:
    """A part of the ledger: what is asked and kept over one connection."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def _ask(self, statement: str, *values: str | int) -> Iterator[Row]:
        with translated(self._path):
            yield from self._connection.execute(statement, values)


def _unwritable_or_damaged(path: str, reason: str) -> LedgerError:
    """The engine reports full disks, missing rights and some damage by one class; its words tell them apart."""
    if any(sign in reason for sign in _DAMAGE):
        return LedgerDamagedError(path, reason)
    return LedgerUnwritableError(path, reason)
