"""Carries totals that rows do not tell any more from one engine to another: what was forgotten by age moves with them.

Near forgotten responses totals are carried even where rows are left. Reckoned anew they would lack what was merged with
those rows, and metrics would count beside events that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tokentide.clock import DAY_US, QUARTER_US
from tokentide.server.moving.copying import tenants_of
from tokentide.store.team.dialect import Value
from tokentide.store.team.engine import Answer, Engine
from tokentide.store.team.rollups import APART_US, SESSION_US, days_of, kept
from tokentide.store.team.tables import CUBES, LATENCY, TALLY, USAGE, Cube, Table

NEAR_DAYS = (2 * SESSION_US + APART_US) // DAY_US
"""So far from forgotten responses nothing looks at them: not what is reckoned, nor what that touches."""
MOST_TOTALS = 50_000
"""About so many are held at once."""
MOST = 9_223_372_036_854_775_807
Day = tuple[str, int]
"""A tenant and a UTC day, in days since 1970."""


@dataclass(frozen=True, slots=True)
class Load:
    """What of a tenant's day is carried."""

    day: int
    """In days since 1970."""
    tenant: str
    usage: tuple[int, ...]
    """Quarter hours of the cube of responses."""
    records: tuple[int, ...]
    """Quarter hours of the cubes of telemetry records."""

    @property
    def date(self) -> str:
        """As 2026-11-22."""
        return days_of([self.day * DAY_US])[0]


def loads(engine: Engine) -> list[Load]:
    """All that is to be carried, by day. Raises StoreError."""
    found = [load for tenant in tenants_of(engine) for load in _loads_of(engine, tenant)]
    return sorted(found, key=lambda load: (load.day, load.tenant))


def near_forgotten(engine: Engine) -> set[Day]:
    """The days of which everything is carried, so that nothing is reckoned. Raises StoreError."""
    return {(tenant, day) for tenant in tenants_of(engine) for day in _near(_bare(engine, USAGE, tenant))}


def carry(load: Load, source: Engine, target: Engine) -> None:
    """Carry it. Raises StoreError."""
    for cube in CUBES:
        quarters = load.usage if cube is USAGE else load.records
        for some in _portions(source, cube, load, quarters):
            answers = source.ask(*kept(source.dialect, cube, load.tenant, some))
            target.carry(cube, load.tenant, some, [_row(cube.quarter.table, answer) for answer in answers])


def _loads_of(engine: Engine, tenant: str) -> Iterator[Load]:
    near = _near(_bare(engine, USAGE, tenant))
    bare = _bare(engine, TALLY, tenant) | _bare(engine, LATENCY, tenant)
    told = {quarter // DAY_US for cube in CUBES for quarter in _with_totals(engine, cube, tenant)}
    there = {quarter // DAY_US for cube in (USAGE, TALLY) for quarter in _with_rows(engine, cube.rows, tenant)}
    by_day: dict[int, list[int]] = {}
    for quarter in sorted(bare):
        by_day.setdefault(quarter // DAY_US, []).append(quarter)
    for day in sorted(near & (told | there)):
        every = tuple(range(day * DAY_US, (day + 1) * DAY_US, QUARTER_US))
        yield Load(day, tenant, every, every)
    for day in by_day.keys() - near:
        yield Load(day, tenant, (), tuple(by_day[day]))


def _near(bare: Iterable[int]) -> set[int]:
    days = {quarter // DAY_US for quarter in bare}
    return {near for day in days for near in range(day - NEAR_DAYS, day + NEAR_DAYS + 1)}


def _bare(engine: Engine, cube: Cube, tenant: str) -> set[int]:
    """The quarter hours with totals whose rows are gone."""
    return _with_totals(engine, cube, tenant) - _with_rows(engine, cube.rows, tenant)


def _with_totals(engine: Engine, cube: Cube, tenant: str) -> set[int]:
    dialect, own = engine.dialect, "tenant = ?"
    current = dialect.current(cube.quarter.name, own)
    text = f"SELECT DISTINCT quarter FROM {dialect.everywhere(cube.quarter.name)} WHERE {own}"
    values: list[Value] = [tenant, tenant] if current else [tenant]
    return {int(row[0]) for row in engine.ask(f"{text} AND {current}" if current else text, values)}


def _with_rows(engine: Engine, table: Table, tenant: str) -> set[int]:
    text = f"SELECT DISTINCT quarter FROM {engine.dialect.everywhere(table.name)} WHERE tenant = ?"
    return {int(row[0]) for row in engine.ask(text, [tenant])}


def _portions(engine: Engine, cube: Cube, load: Load, quarters: Sequence[int]) -> Iterator[list[int]]:
    """Quarter hours, as many as are held at once."""
    if not quarters:
        return
    counted = f"SELECT quarter, count(*) FROM {engine.dialect.everywhere(cube.quarter.name)}"
    answers = engine.ask(f"{counted} WHERE tenant = ? AND day = ? GROUP BY quarter", [load.tenant, load.date])
    counts = {int(row[0]): int(row[1]) for row in answers}
    some, total = list[int](), 0
    for quarter in quarters:
        if some and total + counts.get(quarter, 0) > MOST_TOTALS:
            yield some
            some, total = [], 0
        some.append(quarter)
        total += counts.get(quarter, 0)
    yield some


def _row(table: Table, answer: Answer) -> Answer:
    """A total as every engine takes it: the day a text, no sum beyond 64 bits."""
    pairs = zip(table.columns, answer, strict=True)
    return tuple(max(min(int(v), MOST), -MOST) if column.kind == "integer" else str(v) for column, v in pairs)
