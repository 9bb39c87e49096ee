"""Reads what can still be read of a damaged ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from tokentide.model.batch import Batch
from tokentide.model.merging import moved
from tokentide.store.sqlite.rows import PLACE_COLUMNS, RECORD_COLUMNS, Row, place_of, record_of

STEP = 500
"""Rows that are given up together when a page among them is broken."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was readable."""

    batch: Batch
    lost_rows: int | None
    """Responses that were not; None where not even their number is."""


def salvage(path: str) -> Salvaged:
    """Every response, place, title and agent that the file still gives up. A hopeless file gives none."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    except sqlite3.Error:
        return Salvaged(Batch(), None)
    try:
        return _read(connection)
    finally:
        connection.close()


def _read(connection: sqlite3.Connection) -> Salvaged:
    places = {int(row[0]): place_of(row[1:]) for row in _rows(connection, f"id, {PLACE_COLUMNS}", "places")}
    numbers = {number: index for index, number in enumerate(places)}
    records = [record_of(row) for row in _rows(connection, RECORD_COLUMNS, "records")]
    kept = [moved(record, numbers[record.place]) for record in records if record.place in numbers]
    batch = Batch(places=list(places.values()), records=kept)
    batch.titles = {row[0]: (row[1], row[2]) for row in _plain(connection, "session_id, rank, title", "titles")}
    batch.agent_types = dict(_plain(connection, "agent_id, agent_type", "agents"))
    total = _count(connection)
    return Salvaged(batch, None if total is None else total - len(kept))


def _rows(connection: sqlite3.Connection, columns: str, table: str) -> Iterator[Row]:
    """Rows by number; where a page is broken, the rest of its portion is tried one by one."""
    last = _highest(connection, table)
    for start in range(0, last + 1, STEP):
        try:
            yield from connection.execute(
                f"SELECT {columns} FROM {table} WHERE id >= ? AND id < ?", (start, start + STEP)
            ).fetchall()
        except sqlite3.Error:
            yield from _one_by_one(connection, columns, table, range(start, start + STEP))


def _one_by_one(connection: sqlite3.Connection, columns: str, table: str, numbers: range) -> Iterator[Row]:
    for number in numbers:
        try:
            yield from connection.execute(f"SELECT {columns} FROM {table} WHERE id = ?", (number,)).fetchall()
        except sqlite3.Error:
            continue


def _plain(connection: sqlite3.Connection, columns: str, table: str) -> list[Row]:
    try:
        return connection.execute(f"SELECT {columns} FROM {table}").fetchall()
    except sqlite3.Error:
        return []


def _highest(connection: sqlite3.Connection, table: str) -> int:
    try:
        return connection.execute(f"SELECT MAX(id) FROM {table}").fetchone()[0] or 0
    except sqlite3.Error:
        return -1


def _count(connection: sqlite3.Connection) -> int | None:
    """How many responses the file says it has."""
    for question in ("SELECT SUM(responses) FROM rollup", "SELECT COUNT(*) FROM records"):
        try:
            return connection.execute(question).fetchone()[0] or 0
        except sqlite3.Error:
            continue
    return None
