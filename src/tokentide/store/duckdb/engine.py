"""The embedded engine: one file, one process, rows loaded in bulk, totals replaced in the same transaction."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.locations import ensure_private_dir
from tokentide.model.telemetry import Row
from tokentide.store.duckdb.dialect import DuckDialect
from tokentide.store.team.dialect import Statement, Value
from tokentide.store.team.engine import Answer, Quarter
from tokentide.store.team.rollups import days_of, filled, folded, held, portions, touched
from tokentide.store.team.tables import CUBES, TABLES, Cube, Rollup, Table

if TYPE_CHECKING:
    import duckdb

TYPES = {"text": "VARCHAR", "integer": "BIGINT", "flag": "BOOLEAN", "day": "DATE"}
MEMORY = "1GB"
"""So much may the engine hold; what needs more goes to a temporary file."""
LOG = "64MB"
"""So much is committed beside the file before it is written into it, which packs the newest rows anew each time."""
THREADS = 2
MOST = 9_223_372_036_854_775_807


class DuckEngine:
    """See tokentide.store.team.engine.Engine."""

    name = "duckdb"
    dialect = DuckDialect()
    missing: tuple[str, ...] = ()
    waiting_bytes = 0

    def __init__(self, path: str) -> None:
        """Open or make the file. Raises StoreError where another process has it or it is no DuckDB file."""
        import duckdb

        self.path = path
        self._folder = os.path.dirname(os.path.abspath(path))
        ensure_private_dir(self._folder)
        self._own = threading.local()
        self._encoder = msgspec.json.Encoder()
        with _translated():
            self._connection = duckdb.connect(path)
            self._connection.execute(f"SET memory_limit = '{MEMORY}'; SET threads = {THREADS}")
            self._connection.execute("SET preserve_insertion_order = false; SET autoinstall_known_extensions = false")
            self._connection.execute(f"SET checkpoint_threshold = '{LOG}'")
        if os.path.exists(path):
            os.chmod(path, 0o600)

    def prepare(self) -> None:
        """Make the tables that are not there."""
        with _translated():
            for table in TABLES:
                columns = ", ".join(f"{column.name} {TYPES[column.kind]} NOT NULL" for column in table.columns)
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})")

    def ask(self, statement: str, values: Sequence[Value] = ()) -> list[Answer]:
        """The rows of an answer; any thread may ask."""
        with _translated():
            return self._cursor().execute(statement, list(values)).fetchall()

    def put(self, table: Table, rows: Sequence[Row], token: str) -> None:  # noqa: ARG002 -- ids suffice
        """Add those rows whose id is not there, in one statement."""
        rows = _distinct(rows)
        if not rows:
            return
        days = sorted({row.day for row in rows})
        same = "t.day >= ? AND t.day <= ? AND t.tenant = n.tenant AND t.id = n.id"
        with _translated(), self._lines(rows) as path:
            self._connection.execute(
                f"INSERT INTO {table.name} ({', '.join(table.names)}) SELECT "
                f"{', '.join(table.names)} FROM {_lines_of(table)} n WHERE NOT EXISTS "
                f"(SELECT 1 FROM {table.name} t WHERE {same})",
                [path, days[0], days[-1]],
            )

    def refresh(self, quarters: Iterable[Quarter]) -> None:
        """Reckon totals anew, a week of a tenant in a transaction."""
        for tenant, starts in portions(quarters):
            also = {int(row[0]) for row in self.ask(*touched(self.dialect, tenant, starts))}
            for _, every in portions((tenant, start) for start in also.union(starts)):
                self._replace(tenant, every)

    def carry(self, cube: Cube, tenant: str, quarters: Sequence[int], totals: Sequence[Answer]) -> None:
        """Put totals in the place of those that are there, in one transaction."""
        table, days = cube.quarter.table, days_of(quarters)
        rows = [dict(zip(table.names, each, strict=True)) for each in totals]
        marks = ", ".join("?" * len(quarters))
        own = f"FROM {table.name} WHERE tenant = ? AND quarter IN ({marks})"
        with _translated(), self._lines(rows) as path, self._transaction():
            self._connection.execute(f"DELETE {own}", [tenant, *quarters])
            if rows:
                self._connection.execute(
                    f"INSERT INTO {table.name} SELECT {', '.join(table.names)} FROM {_lines_of(table)}", [path]
                )
            self._fill(cube.day, "day", tenant, days, folded(self.dialect, cube, tenant, days))

    def settle(self, now: int) -> None:
        """Nobody else writes into the file."""

    def forget(self, tenant: str, table: Table, before: str) -> None:
        """Delete a tenant's rows of days before this one."""
        with _translated():
            self._connection.execute(f"DELETE FROM {table.name} WHERE tenant = ? AND day < ?", [tenant, before])

    def close(self) -> None:
        """Write everything into the file and let go of it."""
        with _translated():
            self._connection.close()

    def _replace(self, tenant: str, quarters: Sequence[int]) -> None:
        days = days_of(quarters)
        with _translated(), self._transaction():
            for cube in CUBES:
                answer = self._connection.execute(*held(self.dialect, cube, tenant, quarters)).fetchall()
                if not answer:
                    continue
                some = [int(row[0]) for row in answer]
                self._fill(cube.quarter, "quarter", tenant, some, filled(self.dialect, cube, tenant, some))
                self._fill(cube.day, "day", tenant, days, folded(self.dialect, cube, tenant, days))

    def _fill(self, rollup: Rollup, column: str, tenant: str, times: Sequence[Value], content: Statement) -> None:
        """Put totals in the place of those of these times; a sum that no 64 bits hold becomes the largest they do."""
        name, marks = rollup.name, ", ".join("?" * len(times))
        self._connection.execute(f"DELETE FROM {name} WHERE tenant = ? AND {column} IN ({marks})", [tenant, *times])
        bounded = (
            f"greatest(least(m{number}, {MOST}), -{MOST}) AS m{number}" for number in range(len(rollup.measures))
        )
        self._connection.execute(
            f"INSERT INTO {name} SELECT * REPLACE ({', '.join(bounded)}) FROM ({content[0]}) c", content[1]
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _lines(self, rows: Sequence[object]) -> Iterator[str]:
        """The rows in a file of JSON lines, which the engine reads an order faster than bound values."""
        handle, path = tempfile.mkstemp(suffix=".ndjson", dir=self._folder)
        try:
            with open(handle, "wb") as file:
                file.write(self._encoder.encode_lines(rows))
            yield path
        except OSError as error:
            raise StoreUnreachableError(f"{self._folder}: {error.strerror}") from error
        finally:
            os.unlink(path)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of this thread's own to the same file."""
        cursor = getattr(self._own, "cursor", None)
        if cursor is None:
            cursor = self._own.cursor = self._connection.cursor()
        return cursor


def _lines_of(table: Table) -> str:
    """A file of JSON lines in a FROM clause, its path bound; columns as the table has them."""
    columns = ", ".join(f"'{column.name}': '{TYPES[column.kind]}'" for column in table.columns)
    return f"read_ndjson(?, columns = {{{columns}}})"


def _distinct(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows, one of each id of a tenant. DISTINCT in the statement would cost a microsecond a row."""
    one_each = {(row.tenant, row.id): row for row in rows}
    return rows if len(one_each) == len(rows) else list(one_each.values())


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the engine as ours."""
    import duckdb

    try:
        yield
    except RuntimeError as error:  # so DuckDB tells of Ctrl+C
        if "interrupt" in str(error).lower():
            raise KeyboardInterrupt from error
        raise
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StoreUnreachableError(_sentence(error)) from error
    except duckdb.Error as error:
        raise StoreError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    return f"the team store: {str(error).strip().splitlines()[0]}"
