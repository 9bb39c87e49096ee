"""The ledger as the rest of the program sees it: put batches in, ask for totals."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tokentide.clock import DAY_US
from tokentide.errors import LedgerError, LedgerTooNewError
from tokentide.model.files import FileStamp, FileState
from tokentide.model.problems import Problem
from tokentide.store.query import CostMode, Filters, Group, Moment, Query, Response, SessionFacts, Sums
from tokentide.store.sqlite.compiler import (
    last_pause_statement,
    moments_statement,
    responses_statement,
    stretches_statement,
    totals_statement,
)
from tokentide.store.sqlite.connection import BUSY_SECONDS, MEMORY, Row, connect, prepare, transaction, translated
from tokentide.store.sqlite.format import FORMAT
from tokentide.store.sqlite.stores import Stores

if TYPE_CHECKING:
    from tokentide.store.sqlite.intake import Intake
    from tokentide.store.sqlite.rollup import Price

_VALUES = {
    "model": "SELECT DISTINCT model FROM rollup",
    "project": "SELECT DISTINCT project FROM places",
    "source": "SELECT DISTINCT source FROM places",
    "account": "SELECT DISTINCT account FROM places",
    "session": "SELECT DISTINCT session_id FROM places",
    "branch": "SELECT DISTINCT branch FROM places",
}
_MARK = """
    SELECT (SELECT TOTAL(size) FROM files), (SELECT MAX(id) FROM records), (SELECT TOTAL(size) FROM detail_files),
           (SELECT value FROM meta WHERE key = 'price_version'), (SELECT COUNT(*) FROM limit_readings),
           (SELECT TOTAL(good_at + failures) FROM polls),
           (SELECT TOTAL(at + cleared_at + LENGTH(state) + LENGTH(deliveries)) FROM alerts),
           (SELECT TOTAL(until) FROM snoozes), (SELECT TOTAL(fetched_at) FROM bucket_fetches),
           (SELECT MAX(at) FROM session_states)
"""
_COUNTED = ("files", "records", "places", "problems", "rollup")


class Ledger(Stores):
    """One open ledger. Use it as a context manager; one thread at a time."""

    @classmethod
    def open(cls, path: str, *, busy_seconds: float = BUSY_SECONDS) -> Ledger:
        """Open or make the ledger, waiting so long for another process's write to end.

        Raises LedgerTooNewError, LedgerDamagedError, LedgerUnwritableError.
        """
        return cls(connect(path, busy_seconds), path)

    def in_memory(self) -> Ledger:
        """A copy that is kept nowhere, for when the file cannot be written."""
        copy = sqlite3.connect(MEMORY, isolation_level=None)
        self._connection.backup(copy)
        prepare(copy, MEMORY)
        return Ledger(copy, MEMORY)

    def copy_to(self, path: str) -> None:
        """Put a copy into a file that is not there yet; its owner's alone. Raises LedgerUnwritableError."""
        with translated(path):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                self._connection.backup(copy)

    @property
    def is_kept(self) -> bool:
        """False for a ledger that ends with the process."""
        return self.path != MEMORY

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def intake(self, price: Price, *, relocating: bool = False) -> Iterator[Intake]:
        """What puts batches in. Raises LedgerDamagedError, LedgerUnwritableError."""
        from tokentide.store.sqlite.intake import Intake

        with translated(self.path):
            yield Intake(self._connection, price, relocating=relocating)

    def reprice(self, price: Price, version: str) -> None:
        """Reckon all costs and totals anew. Raises LedgerDamagedError, LedgerUnwritableError."""
        from tokentide.store.sqlite.rollup import reprice

        with translated(self.path), transaction(self._connection):
            reprice(self._connection, price)
            self._connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('price_version', ?)", (version,))

    def restore(self, observations: Mapping[str, Sequence[Row]]) -> None:
        """Put rows of OBSERVED_TABLES back that another ledger held; those that are known stay as they are."""
        with translated(self.path), transaction(self._connection):
            for table, rows in observations.items():
                width = len(self._connection.execute(f"PRAGMA table_info({table})").fetchall())
                whole = [row for row in rows if len(row) == width]
                self._connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * width)})", whole)

    def files(self) -> dict[str, FileState]:
        """Every file that was ever read, by path."""
        from tokentide.store.sqlite.rows import FILE_COLUMNS, file_of

        return {row[0]: file_of(row) for row in self._ask(f"SELECT {FILE_COLUMNS} FROM files")}

    def stamps(self) -> dict[str, tuple[FileStamp, int]]:
        """Of every file ever read, by path: what `stat` told then, and how many of its lines could not be read."""
        statement = "SELECT path, size, mtime_ns, inode, device, problem_lines FROM files"
        return {row[0]: (FileStamp._make(row[1:5]), row[5]) for row in self._ask(statement)}

    def problems(self) -> list[Problem]:
        """The lines that could not be read, by file and line; at most a hundred of a file."""
        return [Problem(*row) for row in self._ask("SELECT path, line, reason FROM problems ORDER BY path, line")]

    def totals(self, query: Query) -> list[Group]:
        """The groups of a query that hold any response, in no order."""
        if not query.periods:
            return []
        self._set_periods(query)
        width = len(query.dimensions)
        rows = self._ask(*totals_statement(query))
        return [Group(row[:width], Sums(*row[width:])) for row in rows if row[width]]

    def moments(self, filters: Filters, mode: CostMode, start: int = 0) -> Iterator[Moment]:
        """Every response from an instant on, in the order of time."""
        for at, model, served, *counters, cost, final in self._ask(*moments_statement(filters, mode, start)):
            yield Moment(at, model, served, Sums.of_response(at, counters, cost, is_final=final))

    def last_pause_end(self, filters: Filters, start: int, end: int, length: int) -> int | None:
        """The instant of the first response after the last pause longer than `length` µs; None if there was none.

        Only responses from `start` up to `end` count.
        """
        found: int | None = next(self._ask(*last_pause_statement(filters, start, end, length)))[0]
        return found

    def responses(self, filters: Filters, mode: CostMode, start: int, end: int) -> Iterator[Response]:
        """Every response from `start` to before `end`, in the order of time, with whose and where it was."""
        for row in self._ask(*responses_statement(filters, mode, start, end)):
            at, source, session, project, title, agent, model, *counters, cost, final = row
            sums = Sums.of_response(at, counters, cost, is_final=final)
            yield Response(at, source, session, project, title, agent, model, sums)

    def used(self, filters: Filters, mode: CostMode, start: int, end: int) -> Sums:
        """What was used from `start` to before `end`, to the response."""
        from tokentide.store.reading import used_between

        return used_between(self, filters, mode, start, end)

    def stretch_costs(self, filters: Filters, mode: CostMode, start: int, length: int) -> list[int]:
        """What each session cost in each stretch of that length that it was at work in, nano-USD; in no order."""
        return [row[0] for row in self._ask(*stretches_statement(filters, mode, start, length)) if row[0] is not None]

    def session_facts(self, session_id: str = "") -> dict[str, SessionFacts]:
        """Title, project and branch of every session, or of one, by `source<TAB>session id`."""
        from tokentide.store.reading import PlaceFacts

        statement = (
            "SELECT s.source || char(9) || s.session_id, s.project, s.branch, MIN(r.first_at), MAX(r.last_at), t.title "
            "FROM rollup r JOIN places s ON s.id = r.place LEFT JOIN titles t ON t.session_id = s.session_id "
            f"{'WHERE r.place IN (SELECT id FROM places WHERE session_id = ?) ' if session_id else ''}GROUP BY r.place"
        )
        wanted = (session_id,) if session_id else ()
        places = PlaceFacts()
        for key, project, branch, first, last, title in self._ask(statement, wanted):
            places.add(key, project, branch, (first, last), title or "")
        return dict(places.facts())

    def days(self) -> list[int]:
        """The UTC days that hold any usage, as days since 1970, ascending; one seek a day, however many rows."""
        statement = (
            f"WITH RECURSIVE d (day) AS (SELECT MIN(quarter) / {DAY_US} FROM rollup UNION ALL "
            f"SELECT (SELECT MIN(quarter) / {DAY_US} FROM rollup WHERE quarter >= (d.day + 1) * {DAY_US}) FROM d "
            "WHERE d.day IS NOT NULL) SELECT day FROM d WHERE day IS NOT NULL"
        )
        return [row[0] for row in self._ask(statement)]

    def newest_at(self) -> int | None:
        """The instant of the newest response, µs UTC; None for an empty ledger."""
        newest: int | None = next(self._ask("SELECT MAX(at) FROM records"))[0]
        return newest

    def values(self, dimension: str) -> list[str]:
        """All values that usage has in model, project, source, account, session or branch, sorted."""
        return sorted(row[0] for row in self._ask(_VALUES[dimension]))

    def client_version(self) -> str:
        """The version of Claude Code that was seen last; empty if none was."""
        statement = "SELECT version FROM places WHERE source = 'claude_code' AND version <> '' ORDER BY id DESC LIMIT 1"
        return next((row[0] for row in self._ask(statement)), "")

    def price_version(self) -> str:
        """The prices that the costs were reckoned with; empty for a new ledger."""
        return next((row[0] for row in self._ask("SELECT value FROM meta WHERE key = 'price_version'")), "")

    def verify_format(self) -> None:
        """Raises LedgerTooNewError where a newer program has brought the file to its own format meanwhile."""
        found: int = next(self._ask("PRAGMA user_version"))[0]
        if found > FORMAT:
            raise LedgerTooNewError(self.path, found, FORMAT)

    def changes_elsewhere(self) -> int:
        """A number that is another one when another connection has written since; what this one writes leaves it."""
        number: int = next(self._ask("PRAGMA data_version"))[0]
        return number

    def mark(self) -> tuple[int | str, ...]:
        """What is another value when reports would be another: usage, prices, limits, details, alerts, buckets."""
        return next(self._ask(_MARK))

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {table: next(self._ask(f"SELECT COUNT(*) FROM {table}"))[0] for table in _COUNTED}

    def health(self) -> str:
        """`ok`, or what the engine's own check of the file, or a look at every row, finds."""
        from tokentide.store.sqlite.schema import TABLES

        found = ", ".join(str(row[0]) for row in self._ask("PRAGMA quick_check(3)"))
        try:
            for table in TABLES:
                for _ in self._ask(f"SELECT * FROM {table}"):
                    pass
        except LedgerError as error:
            return str(error)
        return found

    @property
    def format(self) -> int:
        """The number of the ledger's format."""
        return FORMAT

    def _set_periods(self, query: Query) -> None:
        """Hand the periods to the engine, in a table of this connection alone."""
        with translated(self.path):
            self._connection.execute("CREATE TEMP TABLE IF NOT EXISTS periods (name TEXT, start INTEGER, end INTEGER)")
            self._connection.execute("DELETE FROM temp.periods")
            rows = [(period.name, period.start, period.end) for period in query.periods]
            self._connection.executemany("INSERT INTO temp.periods VALUES (?, ?, ?)", rows)

    def _ask(self, statement: str, values: Iterable[str | int] = ()) -> Iterator[Row]:
        with translated(self.path):
            yield from self._connection.execute(statement, tuple(values))
