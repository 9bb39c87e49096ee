"""Reads another program's SQLite file and leaves no trace: no write, no lock that lasts, no file beside it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

BUSY_SECONDS = 0.25
"""So long a writer is waited for."""
Value = None | int | float | str | bytes
Row = dict[str, Value]
_WAL_MARK = b"\x02\x02"
"""Bytes 18 and 19 of a file whose changes go through a write-ahead log. Source: sqlite.org/fileformat.html, 1.3."""


class Database:
    """One open file. Tables and columns that are not there give nothing; a damaged file raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.row_factory = sqlite3.Row
        connection.text_factory = _text

    def rows(self, table: str, columns: Sequence[str], rest: str = "", values: Sequence[float] = ()) -> Iterator[Row]:
        """The named columns of a table, None for those it lacks; `rest` is what follows `FROM table`.

        Only names that the caller spells out are asked for. Empty where the table, or a column of `rest`, is absent.
        """
        there = self._columns(table)
        known = [column for column in columns if column in there]
        if not known:
            return
        try:
            found = self._connection.execute(f"SELECT {', '.join(known)} FROM {table} {rest}", values)
        except sqlite3.OperationalError as error:
            if "no such column" in str(error):
                return
            raise
        for row in found:
            yield {column: row[column] if column in known else None for column in columns}

    def row(self, table: str, columns: Sequence[str], rest: str = "") -> Row | None:
        """The first of these rows; None where there is none."""
        return next(self.rows(table, columns, rest), None)

    def _columns(self, table: str) -> set[str]:
        """The columns that the table has; none where there is no such table."""
        found = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        return {str(row[0]) for row in found}


@contextmanager
def opened(path: str) -> Iterator[Database]:
    """The file, for reading alone. Raises sqlite3.Error where it cannot be opened or read."""
    try:
        connection = _connect(path, immutable=_is_at_rest(path))
    except sqlite3.OperationalError:
        # A write-ahead log in a folder that may not be written: no reader can take part, so look at the file as it is.
        if not os.path.exists(f"{path}-wal"):
            raise
        connection = _connect(path, immutable=True)
    with closing(connection):
        yield Database(connection)


def _is_at_rest(path: str) -> bool:
    """True for a file with a write-ahead log that nobody has open: reading it the usual way would leave two files."""
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return False
    return head[18:20] == _WAL_MARK and not os.path.exists(f"{path}-wal")


def _connect(path: str, *, immutable: bool) -> sqlite3.Connection:
    """A connection that has proved that it can read."""
    address = f"{Path(path).absolute().as_uri()}?mode=ro{'&immutable=1' if immutable else ''}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _text(data: bytes) -> str:
    """Text of another program, whatever its bytes are."""
    return data.decode("utf-8", "replace")
