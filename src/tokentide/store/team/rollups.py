"""How totals are reckoned from rows: the one place that merges the sightings of a response, in SQL.

The rules are those of `tokentide.model.merging`: the largest counters, at the first place it was spent. Every aggregate
is commutative, associative and idempotent, so that no order, no repetition and no division of the rows changes a total.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokentide.clock import DAY_US, HOUR_US, QUARTER_US
from tokentide.model.billing import TOKEN_COUNTERS
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, NOT_TOLD
from tokentide.store.team.dialect import Dialect, Statement
from tokentide.store.team.tables import (
    COUNTERS,
    LATENCY,
    SENIOR,
    SIGHTINGS,
    TALLY,
    TELEMETRY,
    USAGE,
    WHEN,
    Cube,
    Rollup,
)

APART_US = DAY_US
"""Sightings of one response are no further apart: machines push responses that are merged already."""
SESSION_US = 7 * DAY_US
"""So far around are events of a session looked for, beside which its metrics do not count."""
MOST_QUARTERS = 672
"""So many quarter hours, a week of them, are reckoned by one statement."""
UNNAMED_US = HOUR_US
"""So long after the end of a UTC day metrics without a session may still tell of it."""
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, in days since 1970."""
START = "start_"
"""The column of the start of a day in what `folded` answers."""
_TOLD = f"source <> '{BY_EVENTS}' AND source <> '{BY_METRICS}'"


def portions(quarters: Iterable[tuple[str, int]]) -> Iterable[tuple[str, list[int]]]:
    """Quarter hours by tenant, in the order of time, so many as one statement takes."""
    by_tenant: dict[str, set[int]] = {}
    for tenant, quarter in quarters:
        by_tenant.setdefault(tenant, set()).add(quarter)
    for tenant, starts in sorted(by_tenant.items()):
        ordered = sorted(starts)
        for first in range(0, len(ordered), MOST_QUARTERS):
            yield tenant, ordered[first : first + MOST_QUARTERS]


def days_of(quarters: Iterable[int]) -> list[str]:
    """The UTC days that quarter hours are in, as 2026-11-22; beyond the calendar its first or its last one."""
    from datetime import datetime, timezone

    starts = sorted({min(max(quarter // DAY_US, _FIRST_DAY), _LAST_DAY) for quarter in quarters})
    return [datetime.fromtimestamp(day * 86_400, timezone.utc).date().isoformat() for day in starts]


def touched(dialect: Dialect, tenant: str, quarters: Sequence[int]) -> Statement:
    """Which quarter hours these change too: with other sightings of their responses, with metrics of their sessions."""
    table, every = dialect.rows(SIGHTINGS.name), dialect.everywhere(SIGHTINGS.name)
    low, high = min(quarters), max(quarters) + QUARTER_US
    near, near_values = _between(tenant, low - APART_US, high + APART_US)
    around, around_values = _between(tenant, low - SESSION_US, high + SESSION_US)
    own, own_values = _during(tenant, quarters)
    told = f"FROM {every} WHERE {own} AND source <> '{BY_METRICS}'"
    return (
        f"SELECT DISTINCT quarter FROM {table} WHERE {near} AND key IN (SELECT key FROM {table} WHERE {own}) "
        f"UNION ALL SELECT DISTINCT quarter FROM {table} WHERE {around} AND source = '{BY_METRICS}' "
        f"AND session_id IN (SELECT DISTINCT session_id {told}) "
        f"UNION ALL SELECT DISTINCT quarter FROM {table} WHERE {near} AND source = '{BY_METRICS}' "
        f"AND session_id = '' AND user_id IN (SELECT DISTINCT user_id {told})"
    ), [*near_values, *own_values, *around_values, *own_values, *near_values, *own_values]


def held(dialect: Dialect, cube: Cube, tenant: str, quarters: Sequence[int]) -> Statement:
    """Which of these quarter hours have rows that a cube counts.

    The totals of the others stay as they are: rows are never taken back, only forgotten by age, and totals stay. Rows
    that another shard holds count too, since totals that were carried here do not know which shard their rows went to.
    """
    own, values = _during(tenant, quarters)
    table = dialect.everywhere(cube.rows.name)
    return f"SELECT DISTINCT quarter FROM {table} WHERE {own}", values


def filled(dialect: Dialect, cube: Cube, tenant: str, quarters: Sequence[int]) -> Statement:
    """The totals of a tenant's quarter hours, as rows of the cube's rollup by quarter hour.

    Columns are named as there, measures m0, m1, … by their number.
    """
    if cube is USAGE:
        return _usage(dialect, tenant, quarters)
    return _tally(dialect, tenant, quarters) if cube is TALLY else _latency(dialect, tenant, quarters)


def kept(dialect: Dialect, cube: Cube, tenant: str, quarters: Sequence[int]) -> Statement:
    """The totals of a tenant's quarter hours as they are, those of all shards together; named as by `filled`."""
    rollup = cube.quarter
    own, values = _during(tenant, quarters)
    current = dialect.current(rollup.name, own)
    keys = ", ".join((*WHEN, *rollup.dimensions))
    return (
        f"SELECT {keys}, {_numbered(summed(rollup))} FROM {dialect.everywhere(rollup.name)} "
        f"WHERE {own}{f' AND {current}' if current else ''} GROUP BY {keys}"
    ), [*values, *(values if current else ())]


def folded(dialect: Dialect, cube: Cube, tenant: str, days: Sequence[str]) -> Statement:
    """The totals of a tenant's days, from those by quarter hour; named so too, the start of the day START."""
    fine, coarse = cube.quarter, cube.day
    marks = ", ".join("?" * len(days))
    condition = f"tenant = ? AND day IN ({marks})"
    current = dialect.current(fine.name, condition)
    keys = ", ".join(("tenant", "day", *coarse.dimensions))
    start = f"{dialect.whole('min(quarter)', str(DAY_US))} * {DAY_US} AS {START}"
    shown = ", ".join(("tenant", "day", start, *coarse.dimensions))
    return (
        f"SELECT {shown}, {_numbered(summed(coarse))} FROM {dialect.rows(fine.name)} WHERE {condition}"
        f"{f' AND {current}' if current else ''} GROUP BY {keys}"
    ), [tenant, *days, *((tenant, *days) if current else ())]


def _usage(dialect: Dialect, tenant: str, quarters: Sequence[int]) -> Statement:
    merged, values = merged_responses(dialect, tenant, quarters)
    keys = ", ".join((*WHEN, *USAGE.quarter.dimensions))
    auto = "CASE WHEN reported >= 0 THEN reported ELSE listed END"
    measures = (
        "sum(responses_)",
        *(f"sum({name}_)" for name in COUNTERS),
        *(_cost(mode) for mode in (auto, "listed", "reported")),
        *(_unpriced(mode) for mode in (auto, "listed", "reported")),
        "sum(CASE WHEN final_ = 0 THEN responses_ ELSE 0 END)",
        "sum(by_telemetry)",
        "sum(by_transcript)",
        _cost(auto, "by_telemetry"),
        _cost(auto, "by_transcript"),
        _tokens("by_telemetry"),
        "min(at_)",
        "max(at_)",
    )
    return f"SELECT {keys}, {_numbered(measures)} FROM ({merged}) m GROUP BY {keys}", values


def merged_responses(dialect: Dialect, tenant: str, quarters: Sequence[int]) -> Statement:
    """One row a response of these quarter hours, with the columns of `merged_rows`."""
    table, every = dialect.rows(SIGHTINGS.name), dialect.everywhere(SIGHTINGS.name)
    low, high = min(quarters), max(quarters) + QUARTER_US
    near, near_values = _between(tenant, low - APART_US, high + APART_US)
    around, around_values = _between(tenant, low - SESSION_US, high + SESSION_US)
    own, own_values = _during(tenant, quarters)
    told = f"FROM {every} WHERE {{}} AND source <> '{BY_METRICS}'"
    sessions = f"session_id NOT IN (SELECT DISTINCT session_id {told.format(around)})"
    days = [_person_day(dialect, later) for later in (0, UNNAMED_US)]
    people = " AND ".join(f"({days[0]}) NOT IN (SELECT DISTINCT {day} {told.format(near)})" for day in days)
    counted = (
        f"{near} AND key IN (SELECT key FROM {table} WHERE {own}) AND (source <> '{BY_METRICS}' "
        f"OR (session_id <> '' AND {sessions}) OR (session_id = '' AND {people}))"
    )
    return merged_rows(dialect, table, counted, f"quarter_ IN ({', '.join('?' * len(quarters))})"), [
        *near_values,
        *own_values,
        *around_values,
        *near_values,
        *near_values,
        *quarters,
    ]


def _person_day(dialect: Dialect, later: int) -> str:
    """Whose, and on which UTC day, so many µs later.

    What is known without a session (OTEL_METRICS_INCLUDE_SESSION_ID) counts on days on which nothing else tells of
    the person.
    """
    return f"user_id, {dialect.whole(f'(happened_at + {later})', str(DAY_US))}"


def responses_between(dialect: Dialect, tenant: str, start: int, end: int) -> Statement:
    """One row a response from `start` to before `end` wherever it is kept, with the columns of `merged_rows`.

    What metrics alone tell of is left out: they know no responses.
    """
    near, values = _between(tenant, start - APART_US, end + APART_US)
    counted = f"{near} AND source <> '{BY_METRICS}'"
    statement = merged_rows(dialect, dialect.everywhere(SIGHTINGS.name), counted, "at_ >= ? AND at_ < ?")
    return statement, [*values, start, end]


def _between(tenant: str, start: int, end: int) -> Statement:
    """A tenant's rows of a stretch of time; the days beside it let engines skip what they do not hold."""
    days = days_of([start, end])
    return "tenant = ? AND day >= ? AND day <= ? AND happened_at >= ? AND happened_at < ?", [
        tenant,
        days[0],
        days[-1],
        start,
        end,
    ]


def _during(tenant: str, quarters: Sequence[int]) -> Statement:
    """A tenant's rows of some quarter hours."""
    days = days_of(quarters)
    marks = ", ".join("?" * len(quarters))
    return f"tenant = ? AND day >= ? AND day <= ? AND quarter IN ({marks})", [tenant, days[0], days[-1], *quarters]


def merged_rows(dialect: Dialect, table: str, counted: str, shown: str) -> str:
    """The statement that merges the sightings that count: one row a response, of those that are shown.

    Columns: tenant, day, quarter, those of SENIOR, source, then with `_` behind their names at, responses, the
    counters and final; reported and listed (costs, NOT_TOLD for none), by_telemetry, by_transcript (0 or 1), key_.
    """
    start = dialect.whole("min(happened_at)", str(QUARTER_US)) + f" * {QUARTER_US}"
    first = ", ".join(f"{dialect.first(name, 'seniority')} AS {name}_" for name in SENIOR)
    written = "max(cache_creation_5m_tokens + cache_creation_1h_tokens) - max(cache_creation_1h_tokens)"
    pushed = dialect.first(f"CASE WHEN {_TOLD} THEN source ELSE '' END", "seniority")
    outer = ", ".join(f"{name}_ AS {name}" for name in SENIOR)
    return (
        f"SELECT tenant, day_ AS day, quarter_ AS quarter, {outer}, source_ AS source, at_, responses_, "
        f"{', '.join(f'{name}_' for name in COUNTERS)}, final_, reported, listed, by_telemetry, "
        "by_transcript, key_ FROM ("
        f"SELECT tenant, key AS key_, min(day) AS day_, {start} AS quarter_, {first}, "
        f"CASE WHEN {_any(_TOLD)} > 0 THEN {pushed} "
        f"ELSE min(source) END AS source_, min(happened_at) AS at_, max(responses) AS responses_, "
        f"max(input_tokens) AS input_tokens_, max(output_tokens) AS output_tokens_, {written} AS "
        "cache_creation_5m_tokens_, max(cache_creation_1h_tokens) AS cache_creation_1h_tokens_, "
        "max(cache_read_tokens) AS cache_read_tokens_, max(web_search_requests) AS web_search_requests_, "
        f"max(CASE WHEN output_is_final THEN 1 ELSE 0 END) AS final_, max(reported_cost) AS reported, "
        f"max(list_cost) AS listed, {_any(_BY_EVENTS)} AS by_telemetry, {_any(_TOLD)} AS by_transcript "
        f"FROM {table} WHERE {counted} GROUP BY tenant, key) k WHERE {shown}"
    )


_BY_EVENTS = f"source = '{BY_EVENTS}'"


def _any(condition: str) -> str:
    """Aggregate: 1 where the condition holds for any row."""
    return f"max(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def _cost(cost: str, factor: str = "1") -> str:
    return f"sum(CASE WHEN ({cost}) >= 0 THEN ({cost}) ELSE 0 END * {factor})"


def _tokens(factor: str) -> str:
    counted = " + ".join(f"{name}_" for name in TOKEN_COUNTERS)
    return f"sum(({counted}) * {factor})"


def _unpriced(cost: str) -> str:
    return f"sum(CASE WHEN ({cost}) = {NOT_TOLD} THEN responses_ ELSE 0 END)"


def _tally(dialect: Dialect, tenant: str, quarters: Sequence[int]) -> Statement:
    table, values = _records(dialect, tenant, quarters)
    keys = ", ".join((*WHEN, *TALLY.quarter.dimensions))
    lasted = "sum(CASE WHEN duration_ms >= 0 THEN duration_ms ELSE 0 END)"
    measures = ("count(*)", "sum(amount)", lasted, "min(happened_at)", "max(happened_at)")
    return f"SELECT {keys}, {_numbered(measures)} FROM {table} GROUP BY {keys}", values


def _latency(dialect: Dialect, tenant: str, quarters: Sequence[int]) -> Statement:
    table, values = _records(dialect, tenant, quarters)
    dimensions = [name for name in LATENCY.quarter.dimensions if name not in ("clock", "bucket")]
    keys = ", ".join((*WHEN, *dimensions))
    halves = [
        f"SELECT {keys}, '{clock}' AS clock, {clock}_bucket AS bucket, {_numbered(('count(*)',))} FROM {table} "
        f"WHERE {clock}_bucket >= 0 GROUP BY {keys}, {clock}_bucket"
        for clock in ("duration", "ttft")
    ]
    return " UNION ALL ".join(halves), [*values, *values]


def _records(dialect: Dialect, tenant: str, quarters: Sequence[int]) -> Statement:
    condition, values = _during(tenant, quarters)
    return dialect.unique(dialect.rows(TELEMETRY.name), condition), values


def _numbered(measures: Sequence[str]) -> str:
    return ", ".join(f"{measure} AS m{number}" for number, measure in enumerate(measures))


def summed(rollup: Rollup) -> list[str]:
    """The measures of a rollup, brought together."""
    extremes = {"first_at": "min", "last_at": "max"}
    return [f"{extremes.get(name, 'sum')}({name})" for name in rollup.measures]
