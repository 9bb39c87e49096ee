"""Reckoning totals on one shard: a new generation of rows beside the old ones, which reading then passes over."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tokentide.clock import DAY_US
from tokentide.store.clickhouse.dialect import ClickHouseDialect
from tokentide.store.clickhouse.layout import OWN
from tokentide.store.clickhouse.literals import bound, literal
from tokentide.store.clickhouse.node import NetworkError
from tokentide.store.clickhouse.shard import READING, Shard
from tokentide.store.team.dialect import Statement, Value
from tokentide.store.team.engine import Answer
from tokentide.store.team.rollups import START, days_of, filled, folded, held, portions, touched
from tokentide.store.team.tables import CUBES, TALLY, Cube, Rollup

WRITER_BITS = 10
"""The last bits of a generation are random, so that two writers at the same instant do not make the same one."""

_LINES = msgspec.json.Encoder()
_WRITING = {name: value for name, value in READING.items() if not name.startswith("output")}


@dataclass(frozen=True, slots=True)
class Carried:
    """Totals of another engine that take the place of those of a tenant's quarter hours, in columns of the rollup."""

    cube: Cube
    tenant: str
    quarters: Sequence[int]
    totals: Sequence[Answer]


class Totals:
    """Refreshes totals of one shard from what it holds; which sessions are told of is asked of all shards."""

    def __init__(self, shard: Shard, *, is_sharded: bool) -> None:
        """Without `is_sharded` only the shard itself is asked, since others hang or are down."""
        self._shard = shard
        self._dialect = ClickHouseDialect(shard.database, is_sharded=is_sharded)
        self._alone = ClickHouseDialect(shard.database, is_sharded=False)
        self.is_whole = True
        """False where other shards could not be asked: what metrics tell may be counted beside events."""

    def touched(self, tenant: str, quarters: Sequence[int], found: set[int]) -> None:
        """Add the quarter hours of a tenant that change with these by what this shard holds. Raises StoreError."""

        def look() -> None:
            found.update(int(row[0]) for row in self._shard.ask(bound(*touched(self._dialect, tenant, quarters))))

        self._with_others(look)

    def refresh(self, tenant: str, quarters: Sequence[int], now: int) -> None:
        """Reckon these quarter hours of a tenant, and their days. Raises StoreError.

        Every shard is told the same ones: totals that were carried may lie elsewhere than their rows.
        """

        def reckon() -> None:
            for _, some in portions((tenant, start) for start in quarters):
                self._replace(tenant, some, now)

        self._with_others(reckon)

    def carry(self, carried: Carried, now: int, settings: Mapping[str, str]) -> None:
        """Put totals in the place of those that this shard has, and reckon their days from them. Raises StoreError."""
        cube, tenant, quarters = carried.cube, carried.tenant, carried.quarters
        days = days_of(quarters)
        starts = sorted({quarter // DAY_US * DAY_US for quarter in quarters})
        generation = self._generation(tenant, starts, now, cube.day)
        names = (*cube.quarter.table.names, *(name for name, _ in OWN))
        rows = [dict(zip(names, row, strict=True)) for row in _with_markers(carried, generation)]
        target = f"INSERT INTO {self._dialect.rows(cube.quarter.name)} ({', '.join(names)}) FORMAT JSONEachRow"
        self._shard.run(target, _LINES.encode_lines(rows), settings)
        self._insert(cube.day, tenant, starts, generation, folded(self._dialect, cube, tenant, days))

    def _with_others(self, step: Callable[[], None]) -> None:
        """Do it with what all shards hold, or with this one's where others cannot be asked."""
        try:
            step()
        except NetworkError:
            self._dialect, self.is_whole = self._alone, False
            step()

    def _replace(self, tenant: str, quarters: Sequence[int], now: int) -> None:
        days = days_of(quarters)
        starts = sorted({quarter // DAY_US * DAY_US for quarter in quarters})
        generation = self._generation(tenant, starts, now, TALLY.day)
        for cube in CUBES:
            some = [int(row[0]) for row in self._shard.ask(bound(*held(self._dialect, cube, tenant, quarters)))]
            if not some:
                continue
            self._insert(cube.quarter, tenant, some, generation, filled(self._dialect, cube, tenant, some))
            self._insert(cube.day, tenant, starts, generation, folded(self._dialect, cube, tenant, days))

    def _generation(self, tenant: str, days: Sequence[int], now: int, rollup: Rollup) -> int:
        """One above all that these days have, whatever the clocks of writers say."""
        table = self._dialect.rows(rollup.name)
        marks = ", ".join("?" * len(days))
        values: list[Value] = [tenant, *days_of(days), *days]
        where = f"tenant = ? AND day IN ({marks}) AND quarter IN ({marks})"
        statement = f"SELECT max(generation) FROM {table} WHERE {where}"
        newest = max((int(row[0]) for row in self._shard.ask(bound(statement, values))), default=0)
        return (max(now, (newest >> WRITER_BITS) + 1) << WRITER_BITS) | secrets.randbits(WRITER_BITS)

    def _insert(self, rollup: Rollup, tenant: str, times: Sequence[int], generation: int, content: Statement) -> None:
        """Totals and their markers in one block: a reader sees all of it or nothing."""
        names = ", ".join((*rollup.table.names, *(name for name, _ in OWN)))
        target = f"INSERT INTO {self._dialect.rows(rollup.name)} ({names})"
        text, values = content
        shown = ", ".join(_shown(rollup))
        totals = f"SELECT {shown}, toInt64({generation}), toUInt8(0) FROM ({bound(text, values)}) AS totals"
        statement = f"{target} {totals} UNION ALL {_markers(rollup, tenant, times, generation)}"
        self._shard.run(statement, settings=_WRITING)


def _shown(rollup: Rollup) -> Iterable[str]:
    """The columns of totals as the table has them: signed, whatever a server counts in."""
    time = "quarter" if rollup.grain == "quarter" else START
    yield from ("tenant", "day", f"toInt64({time})")
    yield from ("toInt64(bucket)" if name == "bucket" else name for name in rollup.dimensions)
    yield from (f"toInt64(m{number})" for number in range(len(rollup.measures)))


def _with_markers(carried: Carried, generation: int) -> Iterator[tuple[Value, ...]]:
    """Totals with their generation, then the marker of each quarter hour."""
    for each in carried.totals:
        yield *each, generation, 0
    empty = tuple(0 if column.kind == "integer" else "" for column in carried.cube.quarter.table.columns[3:])
    for quarter in carried.quarters:
        yield carried.tenant, days_of([quarter])[0], quarter, *empty, generation, 1


def _markers(rollup: Rollup, tenant: str, times: Iterable[int], generation: int) -> str:
    """A row for each time that says only that it was reckoned, so that what has vanished is passed over."""
    listed = ", ".join(literal(time) for time in times)
    day = f"toDate('1970-01-01') + intDiv(time, {DAY_US})"
    empty = ("toInt64(0)" if column.kind == "integer" else "''" for column in rollup.table.columns[3:])
    return (
        f"SELECT {literal(tenant)}, {day}, time, {', '.join(empty)}, toInt64({generation}), toUInt8(1) "
        f"FROM (SELECT toInt64(arrayJoin([{listed}])) AS time)"
    )
