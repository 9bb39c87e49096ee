"""Where a month's cost heads, if the days left are like the last ones. An estimate."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from tokentide.analytics.team.asking import Span
from tokentide.analytics.team.desk import Desk
from tokentide.store.team.query import PERIOD
from tokentide.store.team.tables import USAGE

HISTORY_DAYS = 28
"""Four of each weekday."""
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Projection:
    """The month in which the last day of the report lies, to its end. An estimate."""

    month: str
    """2026-11, of the calendar."""
    cost_to_date: int
    """Nano-USD, from the month's first day to the report's last one, or to now."""
    projected: int | None
    """Nano-USD: to date, and for each day left the mean of its kind (working day, weekend) in the full days of
    HISTORY_DAYS; a day that is not over counts with its mean, or with what it has cost already if that is more.
    None without a full day of history."""
    working_day_mean: int | None
    weekend_day_mean: int | None
    """Nano-USD a day; None where the history has no such day."""
    days_left: int
    """After the last day."""
    history_days: int
    """Full days that the means rest on, from the first one on which anything was spent."""


def projected(desk: Desk) -> Projection:
    """Reckon it from the days before; of nothing where the cost cannot be narrowed as asked."""
    last = min(desk.span.until, desk.calendar.date_of(desk.now))
    is_over = desk.calendar.end_of(last) <= desk.now
    first = last.replace(day=1)
    costs = _costs(desk, min(first, last - timedelta(days=HISTORY_DAYS)), last)
    to_date = sum(cost for day, cost in costs.items() if day >= first)
    full = last if is_over else last - timedelta(days=1)
    history = _history(costs, full)
    working, weekend = (
        _mean([cost for day, cost in history.items() if _is_weekend(day) is kind]) for kind in (False, True)
    )
    left = [last + timedelta(days=number) for number in range(1, _length(last) - last.day + 1)]
    whole = None
    if history:
        mean = sum(history.values()) // len(history)

        def usual(day: date) -> int:
            kind = weekend if _is_weekend(day) else working
            return mean if kind is None else kind

        today = 0 if is_over else max(0, usual(last) - costs.get(last, 0))
        whole = to_date + today + sum(usual(day) for day in left)
    return Projection(f"{last:%Y-%m}", to_date, whole, working, weekend, len(left), len(history))


def _costs(desk: Desk, since: date, until: date) -> dict[date, int]:
    """Nano-USD by day, of the days on which anything was spent."""
    periods = Span(since, until).each_day(desk.calendar)
    groups = desk.groups("projection", USAGE, desk.cost[:1], (PERIOD,), (), periods)
    return {date.fromisoformat(day): cost for (day,), (cost,) in groups.items()}


def _history(costs: dict[date, int], full: date) -> dict[date, int]:
    """The full days that count, also those without any cost."""
    days = [full - timedelta(days=back) for back in range(HISTORY_DAYS)]
    begun = min((day for day in days if day in costs), default=None)
    return {day: costs.get(day, 0) for day in days if begun and day >= begun}


def _mean(costs: list[int]) -> int | None:
    return sum(costs) // len(costs) if costs else None


def _is_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY


def _length(day: date) -> int:
    """How many days the month has."""
    return calendar.monthrange(day.year, day.month)[1]
