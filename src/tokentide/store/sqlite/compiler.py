"""From a query to SQL for SQLite. Values are bound, never written into the text."""

from __future__ import annotations

from tokentide.store.query import MAIN_AGENT, UNNAMED_AGENT, CostMode, Filters, Query
from tokentide.store.sqlite.format import COUNTERS, RECORD_COST, RECORD_COUNTERS

_EXPRESSIONS = {
    "period": "p.name",
    "model": "r.model",
    "project": "s.project",
    "session": "s.source || char(9) || s.session_id",
    "branch": "s.branch",
    "agent": f"CASE WHEN s.is_sidechain OR s.agent_id <> '' THEN COALESCE(a.agent_type, '{UNNAMED_AGENT}') "
    f"ELSE '{MAIN_AGENT}' END",
    "source": "s.source",
    "account": "s.account",
    "served_model": "r.model || CASE r.speed WHEN 'fast' THEN '-fast' ELSE '' END",
}

Compiled = tuple[str, list[str | int]]
"""A statement and the values bound to it."""


def totals_statement(query: Query) -> Compiled:
    """Totals by the query's dimensions: the keys, then the columns of `Sums` in order.

    Periods are expected in the temporary table `periods (name, start, end)`.
    """
    keys = [_EXPRESSIONS[dimension] for dimension in query.dimensions]
    condition, values = _conditions(query.filters)
    columns = ", ".join([*keys, *summed(query.mode)])
    grouping = f" GROUP BY {', '.join(str(n) for n in range(1, len(keys) + 1))}" if keys else ""
    return (
        f"SELECT {columns} FROM periods p CROSS JOIN rollup r ON r.quarter >= p.start AND r.quarter < p.end "
        f"{_joins(query.dimensions, query.filters)}{condition}{grouping}"
    ), values


def moments_statement(filters: Filters, mode: CostMode, start: int) -> Compiled:
    """Single responses from an instant on, in the order of time.

    Columns: instant, model, served model, tokens, cost or NULL, finality.
    """
    condition, values = _conditions(filters)
    return (
        f"SELECT r.at, r.model, {_EXPRESSIONS['served_model']}, {RECORD_COUNTERS}, {RECORD_COST[mode]}, "
        "r.output_is_final FROM records r "
        f"{_joins((), filters)}{condition} {'AND' if condition else 'WHERE'} r.at >= ? ORDER BY r.at, r.id"
    ), [*values, start]


def last_pause_statement(filters: Filters, start: int, end: int, length: int) -> Compiled:
    """The first response after the last pause longer than `length`, both responses from `start` up to `end`."""
    condition, values = _conditions(filters)
    return (
        "SELECT MAX(at) FROM (SELECT r.at AS at, r.at - LAG(r.at) OVER (ORDER BY r.at) AS pause "
        f"FROM records r {_joins((), filters)}{condition} {'AND' if condition else 'WHERE'} r.at >= ? AND r.at <= ?) "
        "WHERE pause > ?"
    ), [*values, start, end, length]


def responses_statement(filters: Filters, mode: CostMode, start: int, end: int) -> Compiled:
    """Single responses from `start` to before `end`, in the order of time, with whose and where they were.

    Columns: instant, source, session id, project, title, agent, model, tokens, cost or NULL, finality.
    """
    condition, values = _conditions(filters)
    return (
        "SELECT r.at, s.source, s.session_id, s.project, COALESCE(t.title, ''), "
        f"{_EXPRESSIONS['agent']}, r.model, {RECORD_COUNTERS}, {RECORD_COST[mode]}, r.output_is_final "
        "FROM records r JOIN places s ON s.id = r.place LEFT JOIN agents a ON a.agent_id = s.agent_id "
        "LEFT JOIN titles t ON t.session_id = s.session_id "
        f"{condition} {'AND' if condition else 'WHERE'} r.at >= ? AND r.at < ? ORDER BY r.at, r.id"
    ), [*values, start, end]


def stretches_statement(filters: Filters, mode: CostMode, start: int, length: int) -> Compiled:
    """What each session cost in each stretch of that length in which it had a response, from an instant on."""
    condition, values = _conditions(filters)
    return (
        f"SELECT SUM({RECORD_COST[mode]}) FROM records r JOIN places s ON s.id = r.place "
        f"{condition} {'AND' if condition else 'WHERE'} r.at >= ? GROUP BY s.source, s.session_id, r.at / ?"
    ), [*values, start, length]


def priced_statement(filters: Filters, start: int, end: int) -> Compiled:
    """Single responses from `start` to before `end`, in the order of time.

    Columns: identity, list cost or NULL, instant, place, model, tokens, speed, service tier, inference geography.
    """
    condition, values = _conditions(filters)
    return (
        f"SELECT r.identity, r.list_cost, r.at, r.place, r.model, {RECORD_COUNTERS}, r.speed, r.service_tier, "
        f"r.inference_geo FROM records r {_joins((), filters)}{condition} {'AND' if condition else 'WHERE'} "
        "r.at >= ? AND r.at < ? ORDER BY r.at, r.id"
    ), [*values, start, end]


def expression_of(dimension: str) -> str:
    """What a dimension is in SQL, of responses `r` at places `s` with agents `a`."""
    return _EXPRESSIONS[dimension]


def response_conditions(filters: Filters, start: int | None, end: int | None, column: str = "r.at") -> Compiled:
    """The WHERE clause for responses `r` at places `s`, from `start` to before `end`; None leaves that end open.

    Totals by quarter hour have their time in the column `r.quarter`.
    """
    condition, values = _conditions(filters)
    parts = [condition.removeprefix("WHERE ")] if condition else []
    for comparison, bound in ((f"{column} >= ?", start), (f"{column} < ?", end)):
        if bound is not None:
            parts.append(comparison)
            values.append(bound)
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


def summed(mode: CostMode) -> list[str]:
    """The columns of `Sums`, in order."""
    sums = ["responses", *COUNTERS, f"{mode.value}_cost", f"{mode.value}_unpriced", "lower_bound_responses"]
    return [f"SUM(r.{name})" for name in sums] + ["MIN(r.first_at)", "MAX(r.last_at)"]


def _joins(dimensions: tuple[str, ...], filters: Filters) -> str:
    """Only the tables that are needed."""
    placed = filters.projects or filters.sources or filters.accounts or filters.sessions or filters.branches
    needs_place = placed or any(_EXPRESSIONS[name].find("s.") >= 0 for name in dimensions)
    joins = "JOIN places s ON s.id = r.place " if needs_place else ""
    return joins + ("LEFT JOIN agents a ON a.agent_id = s.agent_id " if "agent" in dimensions else "")


def _conditions(filters: Filters) -> Compiled:
    """The WHERE clause; empty without filters."""
    parts: list[str] = []
    values: list[str | int] = []
    for column, wanted in (
        ("r.model", filters.models),
        ("s.project", filters.projects),
        ("s.source", filters.sources),
        ("s.account", filters.accounts),
        ("s.session_id", filters.sessions),
        ("s.branch", filters.branches),
    ):
        if wanted:
            parts.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values += wanted
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values
