"""Reads what can still be read of a damaged ledger."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from tokentide.model.batch import Batch
from tokentide.model.merging import moved
from tokentide.model.usage import Place
from tokentide.store.sqlite.connection import Row
from tokentide.store.sqlite.rows import PLACE_COLUMNS, RECORD_COLUMNS, place_of, record_of
from tokentide.store.sqlite.schema import FETCHES, OBSERVED_TABLES

STEP = 500
"""Rows that are read together; where a page among them is broken, ever smaller portions are tried."""
LEAST_ROW_BYTES = 40
"""A row takes more; bounds the row numbers where the highest cannot be read."""
T = TypeVar("T")
HEADER_BYTES = 100
MOST_IMAGE_BYTES = 1 << 30
LOST_PLACE = Place(source="claude_code", account="", session_id="", opened_at=0, project="")
"""Where a response was spent whose place cannot be read."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was readable."""

    batch: Batch
    observations: dict[str, list[Row]]
    """By table what no transcript tells: limits, polls, what the vendor reported. Rows as they are stored."""
    lost_rows: int | None
    """Responses that were not; None where not even their number is."""


def salvage(path: str) -> Salvaged:
    """Every response, place, name and observation that the file still gives up; a hopeless file gives none."""
    found = [_salvaged(path, connection) for connection in _ways_in(path)]
    return max(found, key=lambda each: len(each.batch.records), default=Salvaged(Batch(), {}, None))


def _ways_in(path: str) -> Iterator[sqlite3.Connection]:
    """Ways to open a damaged file: as it is, without its log, and as an image whose missing pages are made up for."""
    for mode in ("mode=ro", "immutable=1"):
        try:
            yield sqlite3.connect(f"file:{quoted(path)}?{mode}", uri=True)
        except sqlite3.Error:
            continue
    image = _whole_image(path)
    if image:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(image)
        yield connection


def _whole_image(path: str) -> bytes:
    """The file with zeros for the pages that its header counts and that are not there; empty if it has no header.

    Source: the SQLite file format, "The Database Header": page size at 16, journal mode at 18, pages at 28.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_IMAGE_BYTES)
    except OSError:
        return b""
    if len(data) < HEADER_BYTES or not data.startswith(b"SQLite format 3\0"):
        return b""
    page_bytes = int.from_bytes(data[16:18]) or 1
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    size = min(int.from_bytes(data[28:32]) * page_bytes, MOST_IMAGE_BYTES)
    return (data[:18] + b"\1\1" + data[20:]).ljust(size, b"\0")


def _salvaged(path: str, connection: sqlite3.Connection) -> Salvaged:
    """What one way in gives; closes it."""
    connection.text_factory = _text
    try:
        return _Salvage(connection, os.path.getsize(path)).read()
    finally:
        connection.close()


def quoted(path: str) -> str:
    """A path as part of a database address."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _converted(convert: Callable[[Row], T], rows: Iterable[Row]) -> Iterator[T]:
    """What the rows stand for; one whose columns are of the wrong kind is lost."""
    for row in rows:
        try:
            yield convert(row)
        except (sqlite3.DatabaseError, msgspec.MsgspecError, TypeError, ValueError):
            continue


def _numbered_place(row: Row) -> tuple[int, Place]:
    return int(row[0]), place_of(row[1:])


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class _Salvage:
    """One reading of a damaged file."""

    def __init__(self, connection: sqlite3.Connection, size: int) -> None:
        self._connection = connection
        self._most_rows = size // LEAST_ROW_BYTES

    def read(self) -> Salvaged:
        """All tables that cannot be made anew from others."""
        places = dict(_converted(_numbered_place, self._rows(f"id, {PLACE_COLUMNS}", "places")))
        numbers = {number: index for index, number in enumerate(places, 1)}
        records = list(_converted(record_of, self._rows(RECORD_COLUMNS, "records")))
        batch = Batch(places=[LOST_PLACE, *places.values()])
        batch.records = [moved(record, numbers.get(record.place, 0)) for record in records]
        batch.titles = {
            row[0]: (row[1], row[2]) for row in self._ask("SELECT session_id, rank, title FROM titles") or ()
        }
        batch.agent_types = {row[0]: row[1] for row in self._ask("SELECT agent_id, agent_type FROM agents") or ()}
        total = self._count()
        observations = {table: self._from_both_ends(table) for table in OBSERVED_TABLES if table != FETCHES}
        return Salvaged(batch, observations, None if total is None else max(total - len(records), 0))

    def _from_both_ends(self, table: str) -> list[Row]:
        """The rows of a table up to where it is broken, from its beginning and from its end."""
        found: dict[Row, None] = {}
        for direction in ("ASC", "DESC"):
            try:
                for row in self._connection.execute(f"SELECT * FROM {table} ORDER BY 1 {direction}"):
                    found[row] = None
                break
            except sqlite3.Error:
                continue
        return [*found]

    def _rows(self, columns: str, table: str) -> Iterator[Row]:
        """Rows by number, as many as can be read."""
        highest = self._ask(f"SELECT MAX(id) FROM {table}")
        last = (highest[0][0] or 0) if highest else self._most_rows
        for start in range(0, min(last, self._most_rows) + 1, STEP):
            yield from self._portion(f"SELECT {columns} FROM {table} WHERE id >= ? AND id < ?", start, start + STEP)

    def _portion(self, statement: str, start: int, end: int) -> Iterator[Row]:
        """The rows from `start` on; where that fails, each half for itself."""
        rows = self._ask(statement, start, end)
        if rows is not None:
            yield from rows
        elif end - start > 1:
            middle = (start + end) // 2
            yield from self._portion(statement, start, middle)
            yield from self._portion(statement, middle, end)

    def _count(self) -> int | None:
        """How many responses the file says it has."""
        for question in ("SELECT SUM(responses) FROM rollup", "SELECT COUNT(*) FROM records"):
            answer = self._ask(question)
            if answer:
                return int(answer[0][0] or 0)
        return None

    def _ask(self, statement: str, *values: int) -> list[Row] | None:
        """All rows; None where the file cannot tell."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error:
            return None
