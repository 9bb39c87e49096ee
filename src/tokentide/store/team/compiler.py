"""From a query to SQL of a dialect. Names are checked against the cube's columns, values are bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokentide.clock import DAY_US
from tokentide.errors import UsageError
from tokentide.store.query import Period
from tokentide.store.team.dialect import Dialect, Statement, Value
from tokentide.store.team.query import MOST_BITS, PERIOD, PERIODS, SESSIONS, USERS, Condition, Scope, TeamQuery
from tokentide.store.team.rollups import days_of
from tokentide.store.team.tables import Rollup

NOWHERE = -1
"""The number of no period."""
_EXTREMES = {"first_at": "min", "last_at": "max"}
_DISTINCT = {USERS: "user_id", SESSIONS: "session_id"}


def compiled(dialect: Dialect, query: TeamQuery, scope: Scope) -> Statement:
    """The totals: a column a dimension, PERIOD as its number from 0, then a column a measure.

    Raises UsageError for a name that the cube does not have.
    """
    rollup = _rollup(query, scope)
    period, period_values = _period(dialect, query.periods)
    keys = [period if name == PERIOD else _checked(name, rollup) for name in query.dimensions]
    measures = [
        _bits(dialect, query, period) if name == PERIODS else _measure(dialect, name, rollup) for name in query.measures
    ]
    shown = [f"{key} AS k{number}" for number, key in enumerate(keys)]
    shown += [f"{measure} AS m{number}" for number, measure in enumerate(measures)]
    condition, values = _conditions(dialect, rollup, query, scope)
    names = ", ".join(f"k{number}" for number in range(len(keys)))
    ending = f" GROUP BY {names}" if keys else ""
    if query.most:
        ending += f" ORDER BY {', '.join(('m0 DESC', *([names] if keys else ())))} LIMIT {int(query.most)}"
    return (f"SELECT {', '.join(shown)} FROM {dialect.everywhere(rollup.name)} WHERE {condition}{ending}"), [
        *(period_values * (query.dimensions.count(PERIOD) + query.measures.count(PERIODS))),
        *values,
    ]


def _rollup(query: TeamQuery, scope: Scope) -> Rollup:
    """The coarse totals where they know all that is asked and periods are whole UTC days, else the fine ones."""
    names = {*query.dimensions, *(condition.column for condition in (*query.conditions, *scope.conditions()))}
    names |= {_DISTINCT[name] for name in query.measures if name in _DISTINCT}
    whole = all(period.start % DAY_US == 0 and period.end % DAY_US == 0 for period in query.periods)
    coarse = query.cube.day
    return coarse if whole and names - {PERIOD} <= set(coarse.dimensions) else query.cube.quarter


def _checked(name: str, rollup: Rollup) -> str:
    if name not in rollup.dimensions:
        raise UsageError(f"{rollup.name} cannot be asked by {name}")
    return name


def _measure(dialect: Dialect, name: str, rollup: Rollup) -> str:
    if name in _DISTINCT:
        return dialect.distinct(_checked(_DISTINCT[name], rollup))
    if name not in rollup.measures:
        raise UsageError(f"{rollup.name} does not tell {name}")
    return f"{_EXTREMES.get(name, 'sum')}({name})"


def _bits(dialect: Dialect, query: TeamQuery, period: str) -> str:
    if not 0 < len(query.periods) <= MOST_BITS:
        raise UsageError(f"{PERIODS} can be asked for of 1 to {MOST_BITS} periods, not of {len(query.periods)}")
    return dialect.bits(period)


def _period(dialect: Dialect, periods: Sequence[Period]) -> Statement:
    """The number of the period that the time is in, as SQL: one case for each run of periods of the same length.

    Where one run is all there is, the conditions leave no other time.
    """
    cases: list[str] = []
    values: list[Value] = []
    runs = list(runs_of(periods))
    if len(runs) == 1:
        return dialect.whole("(quarter - ?)", str(int(runs[0][1]))), [runs[0][0]]
    for start, length, number, count in runs:
        cases.append(
            f"WHEN quarter >= ? AND quarter < ? THEN {int(number)} + {dialect.whole('(quarter - ?)', str(int(length)))}"
        )
        values += [start, start + length * count, start]
    return f"CASE {' '.join(cases)} ELSE {NOWHERE} END" if cases else str(NOWHERE), values


def runs_of(periods: Sequence[Period]) -> Iterable[tuple[int, int, int, int]]:
    """Periods that follow one another with the same length: start, length, number of the first, how many."""
    run: tuple[int, int, int, int] | None = None
    for number, period in enumerate(periods):
        length = period.end - period.start
        if run and run[1] == length and run[0] + run[1] * run[3] == period.start:
            run = (*run[:3], run[3] + 1)
            continue
        if run:
            yield run
        run = (period.start, length, number, 1)
    if run:
        yield run


def _conditions(dialect: Dialect, rollup: Rollup, query: TeamQuery, scope: Scope) -> Statement:
    """What of the totals counts: the tenant first, always."""
    timed, values = _when(query.periods)
    where = f"tenant = ?{timed}"
    bound: list[Value] = [scope.tenant, *values]
    current = dialect.current(rollup.name, where)
    parts, all_values = ([where, current], [*bound, *bound]) if current else ([where], [*bound])
    text, more = fulfilled((*scope.conditions(), *query.conditions), rollup.dimensions)
    return " AND ".join(parts) + text, [*all_values, *more]


def fulfilled(conditions: Iterable[Condition], columns: Sequence[str]) -> Statement:
    """Each condition with AND before it. Raises UsageError for a column that is none of these."""
    text, values = "", list[Value]()
    for condition in conditions:
        if condition.column not in columns:
            raise UsageError(f"nothing can be asked by {condition.column}")
        one, more = _one(condition)
        text += f" AND {one}"
        values += more
    return text, values


def _one(condition: Condition) -> Statement:
    column = condition.column
    if not condition.values:
        return "1 = 1" if condition.is_not else "1 = 0", []
    word = "NOT IN" if condition.is_not else "IN"
    return f"{column} {word} ({', '.join('?' * len(condition.values))})", [*condition.values]


def _when(periods: Sequence[Period]) -> Statement:
    """The stretches that the periods fill; the days beside them let engines skip what they do not hold.

    Where they are whole UTC days in a row, the days say it all.
    """
    spans: list[tuple[int, int]] = []
    for period in periods:
        joins = spans and spans[-1][1] == period.start
        spans[-1:] = [(spans[-1][0], period.end)] if joins else [*spans[-1:], (period.start, period.end)]
    if not spans:
        return "", []
    days = days_of([spans[0][0], spans[-1][1]])
    if len(spans) == 1 and not any(edge % DAY_US for edge in spans[0]):
        return " AND day >= ? AND day < ?", [days[0], days[-1]]
    stretches = " OR ".join(["quarter >= ? AND quarter < ?"] * len(spans))
    edges = [edge for span in spans for edge in span]
    return f" AND day >= ? AND day <= ? AND ({stretches})", [days[0], days[-1], *edges]
