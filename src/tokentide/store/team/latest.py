"""Single telemetry rows, for the few questions that totals do not answer: the last events, and clocks not believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tokentide.clock import DAY_US
from tokentide.errors import UsageError
from tokentide.store.query import Period
from tokentide.store.team.compiler import fulfilled
from tokentide.store.team.dialect import Dialect, Statement
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.rollups import days_of
from tokentide.store.team.tables import TELEMETRY

MOST_DAYS = 7
MOST_ROWS = 1000


class LatestRow(NamedTuple):
    """One telemetry record as people look at it; the fields are those of TelemetryRecord."""

    happened_at: int
    name: str
    user_id: str
    team: str
    project: str
    session_id: str
    detail: str
    outcome: str
    extra: str
    model: str
    duration_ms: int
    """NOT_TOLD where it was not."""
    ttft_ms: int
    amount: int
    """Millionths."""
    version: str
    terminal: str
    request_id: str
    tool_use_id: str
    prompt_id: str


COLUMNS = LatestRow._fields


@dataclass(frozen=True, slots=True)
class LatestQuery:
    """The newest rows of some events within a stretch of at most MOST_DAYS."""

    names: tuple[str, ...]
    period: Period
    conditions: tuple[Condition, ...] = ()
    """On columns of TELEMETRY."""
    most: int = 100


def latest(dialect: Dialect, query: LatestQuery, scope: Scope) -> Statement:
    """Rows of COLUMNS, the newest first.

    Raises UsageError for more days or rows than these are for, and for a column that telemetry has not.
    """
    if query.period.end - query.period.start > MOST_DAYS * DAY_US + DAY_US // 24:
        raise UsageError(f"single events are shown for at most {MOST_DAYS} days: choose fewer")
    if not 0 < query.most <= MOST_ROWS:
        raise UsageError(f"single events are shown {MOST_ROWS} at a time: ask for fewer")
    where, values = _where(query.period, (Condition("name", query.names), *query.conditions), scope)
    rows = dialect.unique(dialect.everywhere(TELEMETRY.name), where)
    return f"SELECT {', '.join(COLUMNS)} FROM {rows} ORDER BY happened_at DESC, id LIMIT {int(query.most)}", values


def skewed(dialect: Dialect, period: Period, conditions: Sequence[Condition], scope: Scope) -> Statement:
    """User id, how many records bear the time of their arrival, and when the last of them happened."""
    where, values = _where(period, conditions, scope)
    own = f"id IN (SELECT id FROM {dialect.rows(TELEMETRY.name)} WHERE {where} AND is_skewed)"
    rows = dialect.unique(dialect.everywhere(TELEMETRY.name), f"{where} AND {own}")
    return f"SELECT user_id, count(*), max(happened_at) FROM {rows} WHERE is_skewed GROUP BY user_id", values * 2


def _where(period: Period, conditions: Sequence[Condition], scope: Scope) -> Statement:
    """The rows of a stretch of time that a viewer may see: the tenant first, always."""
    days = days_of([period.start, period.end])
    where = "tenant = ? AND day >= ? AND day <= ? AND happened_at >= ? AND happened_at < ?"
    text, values = fulfilled((*scope.conditions(), *conditions), TELEMETRY.names)
    return where + text, [scope.tenant, days[0], days[-1], period.start, period.end, *values]
