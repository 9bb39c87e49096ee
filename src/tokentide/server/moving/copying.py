"""Moves a team from one engine to another while the server goes on: both are written to, and what was there is copied.

Rows have ids, so that copying twice, or copying what came meanwhile, changes nothing; a move that was cut off goes on
with the day it had come to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from tokentide.errors import StoreError
from tokentide.model.telemetry import Row, Sighting, TelemetryRecord
from tokentide.store.team.dialect import Dialect, Value
from tokentide.store.team.engine import Answer, Engine, Quarter
from tokentide.store.team.rollups import summed
from tokentide.store.team.tables import CUBES, ROWS, SIGHTINGS, TELEMETRY, Cube, Table

STRUCTS: dict[str, type[Row]] = {TELEMETRY.name: TelemetryRecord, SIGHTINGS.name: Sighting}
DIGITS = "0123456789abcdef"
MOST_ROWS = 50_000
"""A day with more rows is copied in parts, by the beginning of their ids."""


class DoubleEngine:
    """An engine that writes into two: questions go to the first, which is the one that counts."""

    def __init__(self, first: Engine, second: Engine) -> None:
        self.first, self.second = first, second

    @property
    def name(self) -> str:
        """The first one's."""
        return self.first.name

    @property
    def dialect(self) -> Dialect:
        """The first one's."""
        return self.first.dialect

    @property
    def missing(self) -> tuple[str, ...]:
        """The first one's."""
        return self.first.missing

    @property
    def waiting_bytes(self) -> int:
        """Both."""
        return self.first.waiting_bytes + self.second.waiting_bytes

    def prepare(self) -> None:
        """Both."""
        self.first.prepare()
        self.second.prepare()

    def ask(self, statement: str, values: Sequence[Value] = ()) -> list[Answer]:
        """The first one's answer."""
        return self.first.ask(statement, values)

    def put(self, table: Table, rows: Sequence[Row], token: str) -> None:
        """Into both: the log forgets it only when both have it.

        The first comes last, as it is what increases of cumulative streams are reckoned from: what only the second has
        got comes again with the same increase.
        """
        self.second.put(table, rows, token)
        self.first.put(table, rows, token)

    def refresh(self, quarters: Iterable[Quarter]) -> None:
        """Both."""
        every = list(quarters)
        self.first.refresh(every)
        self.second.refresh(every)

    def carry(self, cube: Cube, tenant: str, quarters: Sequence[int], totals: Sequence[Answer]) -> None:
        """Into both."""
        self.second.carry(cube, tenant, quarters, totals)
        self.first.carry(cube, tenant, quarters, totals)

    def settle(self, now: int) -> None:
        """Both."""
        self.first.settle(now)
        self.second.settle(now)

    def forget(self, tenant: str, table: Table, before: str) -> None:
        """Both."""
        self.first.forget(tenant, table, before)
        self.second.forget(tenant, table, before)

    def close(self) -> None:
        """Both."""
        self.first.close()
        self.second.close()


@dataclass(frozen=True, slots=True, order=True)
class Portion:
    """What is copied at once: a table's rows of a tenant's day."""

    day: str
    tenant: str
    table: str
    rows: int


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A total of a day of which two engines do not say the same."""

    day: str
    tenant: str
    cube: str
    measure: str
    """Of several that differ the first."""
    here: int
    """0 also where there is none at all."""
    there: int


def portions(engine: Engine) -> list[Portion]:
    """All that there is to copy, by day. Raises StoreError."""
    found = []
    for table in ROWS:
        statement = f"SELECT tenant, day, count(*) FROM {engine.dialect.everywhere(table.name)} GROUP BY tenant, day"
        found += [Portion(str(day), str(tenant), table.name, int(rows)) for tenant, day, rows in engine.ask(statement)]
    return sorted(found)


def tenants_of(engine: Engine) -> list[str]:
    """Those that have totals. Raises StoreError."""
    named = {
        str(row[0])
        for cube in CUBES
        for row in engine.ask(f"SELECT DISTINCT tenant FROM {engine.dialect.everywhere(cube.day.name)}")
    }
    return sorted(named)


def copy(portion: Portion, source: Engine, target: Engine, copied: Callable[[int], None]) -> set[Quarter]:
    """Copy a portion; returns the quarter hours to be refreshed. `copied` is told of each part. Raises StoreError."""
    table = next(table for table in ROWS if table.name == portion.table)
    quarters: set[Quarter] = set()
    for beginning in _beginnings(portion.rows):
        rows = _rows(source, table, portion, beginning)
        target.put(table, rows, f"move:{portion.table}:{portion.tenant}:{portion.day}:{beginning}")
        quarters |= {(row.tenant, row.quarter) for row in rows}
        copied(len(rows))
    return quarters


def differences(source: Engine, target: Engine, before: str) -> list[Difference]:
    """The tenants' days before this one on which a cube's totals are not the same. Raises StoreError."""
    found = []
    for cube in CUBES:
        here, there = _daily(source, cube, before), _daily(target, cube, before)
        none = (0,) * len(cube.day.measures)
        for day, tenant in here.keys() | there.keys():
            pair = here.get((day, tenant), none), there.get((day, tenant), none)
            if pair[0] != pair[1]:
                number = next(number for number in range(len(none)) if pair[0][number] != pair[1][number])
                told = cube.day.name, cube.day.measures[number], pair[0][number], pair[1][number]
                found.append(Difference(day, tenant, *told))
    return sorted(found)


def _rows(engine: Engine, table: Table, portion: Portion, beginning: str) -> list[Row]:
    unique = engine.dialect.unique(
        engine.dialect.everywhere(table.name), "tenant = ? AND day = ? AND id >= ? AND id < ?"
    )
    values: list[Value] = [portion.tenant, portion.day, beginning, f"{beginning}g" if beginning else "g"]
    kind = STRUCTS[table.name]
    answers = engine.ask(f"SELECT {', '.join(table.names)} FROM {unique}", values)
    return [_struct(kind, table, answer) for answer in answers]


def _struct(kind: type[Row], table: Table, answer: Answer) -> Row:
    values = {
        column.name: str(value) if column.kind == "day" else bool(value) if column.kind == "flag" else value
        for column, value in zip(table.columns, answer, strict=True)
    }
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise StoreError(f"a row of {table.name} does not hold what it should: {error}") from error


def _beginnings(rows: int) -> Iterator[str]:
    """Beginnings of ids that part so many rows into what is held at once."""
    digits = 0
    while rows > MOST_ROWS * len(DIGITS) ** digits:
        digits += 1
    for number in range(len(DIGITS) ** digits):
        yield f"{number:0{digits}x}" if digits else ""


def _daily(engine: Engine, cube: Cube, before: str) -> dict[tuple[str, str], tuple[int, ...]]:
    """What each tenant's days say: every measure, of all groups together; by day and tenant."""
    table, dialect, own = cube.day.name, engine.dialect, "tenant = ? AND day < ?"
    current = dialect.current(table, own)
    statement = (
        f"SELECT day, {', '.join(summed(cube.day))} FROM {dialect.everywhere(table)} "
        f"WHERE {own}{f' AND {current}' if current else ''} GROUP BY day"
    )
    return {
        (str(row[0]), tenant): tuple(_wrapped(int(value)) for value in row[1:])
        for tenant in tenants_of(engine)
        for row in engine.ask(statement, [tenant, before, *([tenant, before] if current else [])])
    }


def _wrapped(value: int) -> int:
    """A sum as 64 bits hold it: one engine adds beyond them, another does not."""
    return (value + 2**63) % 2**64 - 2**63
