"""Puts portions of what was read into the ledger: new responses are inserted, known ones merged, each stays one row.

Taking the same portion twice, or two portions in either order, leaves the same ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from tokentide.clock import QUARTER_US
from tokentide.model.merging import Gathering, Portion, moved, names_of
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.sqlite.connection import transaction
from tokentide.store.sqlite.limits import take_readings
from tokentide.store.sqlite.rollup import Price, refresh_rollup
from tokentide.store.sqlite.rows import (
    FILE_COLUMNS,
    PLACE_COLUMNS,
    RECORD_COLUMNS,
    Value,
    file_row,
    marks,
    place_of,
    place_row,
    record_of,
    record_row,
)
from tokentide.store.sqlite.schema import INDEXES

LOOKUP = 500
"""Keys asked for in one statement."""


class Intake:
    """Writes portions over one connection."""

    def __init__(self, connection: sqlite3.Connection, price: Price, *, relocating: bool = False) -> None:
        """With `relocating`, a response belongs where it is read now, unless it is known from an earlier place."""
        self._connection = connection
        self._price = price
        self._relocated: set[str] | None = set() if relocating else None

    def take(self, portion: Portion) -> None:
        """Put a portion in, and bring the totals up to date; all or nothing."""
        with transaction(self._connection):
            numbers = [self._place_number(place) for place in portion.places]
            records = [moved(record, numbers[record.place]) for record in portion.records()]
            changed = self._fill(records) if self._is_empty() else self._merge(records)
            refresh_rollup(self._connection, {record.at - record.at % QUARTER_US for record in changed})
            self._take_names(portion)
            self._take_files(portion)
            take_readings(self._connection, portion.refusals)

    def _is_empty(self) -> bool:
        return self._connection.execute("SELECT 1 FROM records LIMIT 1").fetchone() is None

    def _fill(self, records: list[UsageRecord]) -> list[UsageRecord]:
        """Insert into the empty table in the order of time; its indexes are built afterwards, in half the time."""
        if len(records) < LOOKUP:
            self._insert(records)
            return records
        for name in INDEXES:
            self._connection.execute(f"DROP INDEX {name}")
        self._insert(sorted(records, key=lambda record: record.at))
        for statement in INDEXES.values():
            self._connection.execute(statement)
        return records

    def _merge(self, records: list[UsageRecord]) -> list[UsageRecord]:
        """Bring the records together with the known ones; returns all rows that came or went."""
        known = self._known(records)
        places = self._places({record.place for record in (*records, *known)})
        gathering = Gathering(places)
        for old in known:
            gathering.settle(old, yields=self._relocated is not None and old.identity not in self._relocated)
        for record in records:
            gathering.add(record)
        if self._relocated is not None:
            self._relocated |= gathering.records.keys()
        gone = [old for old in known if gathering.records.get(old.identity) != old]
        before = {old.identity: old for old in known}
        come = [new for new in gathering.records.values() if before.get(new.identity) != new]
        self._delete(gone)
        self._insert(come)
        return gone + come

    def _insert(self, records: Sequence[UsageRecord]) -> None:
        rows = ((*record_row(record), self._price(record)) for record in records)
        self._connection.executemany(
            f"INSERT INTO records ({RECORD_COLUMNS}, list_cost) VALUES ({marks(RECORD_COLUMNS)}, ?)", rows
        )
        aliases = [(alias, record.identity) for record in records for alias in record.aliases]
        self._connection.executemany("INSERT OR REPLACE INTO aliases (name, identity) VALUES (?, ?)", aliases)

    def _delete(self, records: Sequence[UsageRecord]) -> None:
        identities = [(record.identity,) for record in records]
        self._connection.executemany("DELETE FROM records WHERE identity = ?", identities)
        self._connection.executemany("DELETE FROM aliases WHERE identity = ?", identities)

    def _known(self, records: Sequence[UsageRecord]) -> list[UsageRecord]:
        """The rows that share an id with any of these records."""
        names = {name for record in records for name in names_of(record)}
        aliased = {str(row[1]) for row in self._select("SELECT name, identity FROM aliases WHERE name IN", names)}
        requests = {name.removeprefix("request:") for name in names if name.startswith("request:")}
        rows = [
            *self._select(f"SELECT {RECORD_COLUMNS} FROM records WHERE identity IN", names | aliased),
            *self._select(f"SELECT {RECORD_COLUMNS} FROM records WHERE request_id <> '' AND request_id IN", requests),
        ]
        return [record_of(row) for row in dict.fromkeys(rows)]

    def _select(self, question: str, keys: Iterable[str | int]) -> Iterator[tuple[Value, ...]]:
        """Ask in portions; `question` ends with `IN`."""
        rest = sorted(keys, key=str)
        for start in range(0, len(rest), LOOKUP):
            part = rest[start : start + LOOKUP]
            yield from self._connection.execute(f"{question} ({', '.join('?' * len(part))})", part)

    def _places(self, numbers: set[int]) -> dict[int, Place]:
        rows = self._select(f"SELECT id, {PLACE_COLUMNS} FROM places WHERE id IN", numbers)
        return {int(row[0] or 0): place_of(row[1:]) for row in rows}

    def _place_number(self, place: Place) -> int:
        """The ledger's number of a place, given at its first mention."""
        row = place_row(place)
        find = f"SELECT id FROM places WHERE ({PLACE_COLUMNS}) = ({marks(PLACE_COLUMNS)})"
        known = self._connection.execute(find, row).fetchone()
        if known is not None:
            return int(known[0])
        add = f"INSERT INTO places ({PLACE_COLUMNS}) VALUES ({marks(PLACE_COLUMNS)})"
        return self._connection.execute(add, row).lastrowid or 0

    def _take_names(self, portion: Portion) -> None:
        """Titles of sessions and kinds of sub-agents."""
        self._connection.executemany(
            "INSERT INTO titles (session_id, rank, title) VALUES (?, ?, ?) ON CONFLICT (session_id) "
            "DO UPDATE SET rank = excluded.rank, title = excluded.title WHERE excluded.rank >= titles.rank",
            [(session, rank, title) for session, (rank, title) in portion.titles.items()],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO agents (agent_id, agent_type) VALUES (?, ?)", portion.agent_types.items()
        )

    def _take_files(self, portion: Portion) -> None:
        """How far the files were read, and what could not be."""
        generations = {state.path: state.generation for state in portion.files}
        self._connection.executemany(
            f"INSERT OR REPLACE INTO files ({FILE_COLUMNS}) VALUES ({marks(FILE_COLUMNS)})",
            [file_row(state) for state in portion.files],
        )
        self._connection.executemany("DELETE FROM problems WHERE path = ? AND generation < ?", generations.items())
        self._connection.executemany(
            "INSERT OR REPLACE INTO problems (path, line, reason, generation) VALUES (?, ?, ?, ?)",
            [
                (note.path, note.line, note.reason, generations[note.path])
                for note in portion.problems
                if note.path in generations
            ],
        )
