"""When somebody works: like and unlike days, working days, and what is usual by the hour."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tokentide.clock import DAY_US, QUARTER_US

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.demand import Demand

WORKING_SHARE = 0.35
"""A weekday is a working day from so much of the busiest weekday's use on."""
SAME, LIKE, UNLIKE = 1.0, 0.55, 0.04
"""Weights of the same weekday, of one of the same kind, and of the others."""
HALF_LIFE_DAYS = 28.0
ACTIVE_POINTS = 3.0
"""A day with less demand was no day of work."""
USUAL_WEIGHT = 0.5
"""Days of the average that a weekday's mean is drawn towards."""
MOST_DAYS = 91
"""Older days say little of the next ones."""


class Habits:
    """Days of one account, as of an instant."""

    def __init__(self, demand: Demand, calendar: Calendar) -> None:
        self._demand = demand
        self.calendar = calendar
        self.today = calendar.date_of(demand.now)
        begun = max(calendar.date_of(demand.begin), self.today - timedelta(days=MOST_DAYS))
        self.starts: dict[date, int] = {}
        """The first instants of all days from the first one known until tomorrow."""
        day = begun
        while day <= self.today + timedelta(days=1):
            self.starts[day] = calendar.start_of(day)
            day += timedelta(days=1)
        self.past = [day for day in self.starts if day < self.today and not self._is_shut(day)]
        """The days before today that no weekly limit cut."""
        self.totals = {day: self.between(self.starts[day], self.start_of(day + timedelta(days=1))) for day in self.past}
        """Points by day."""
        self.means = self._means()
        """Points by weekday, Monday first."""
        top = max(self.means)
        self.working = tuple(mean > WORKING_SHARE * top and top > 0 for mean in self.means)

    def start_of(self, day: date) -> int:
        """The first instant of a day."""
        return self.starts[day] if day in self.starts else self.calendar.start_of(day)

    def between(self, since: int, until: int) -> float:
        """Points of a stretch of the past."""
        return self._demand.between(since, until)

    @property
    def active_days(self) -> int:
        """How many past days had work on them."""
        return sum(total >= ACTIVE_POINTS for total in self.totals.values())

    def age(self, day: date) -> int:
        """Days before today."""
        return (self.today - day).days

    def recency(self, day: date) -> float:
        """How much a day tells by its age."""
        return math.exp2(-self.age(day) / HALF_LIFE_DAYS)

    def likeness(self, one: int, other: int) -> float:
        """How much a weekday tells of another."""
        if one == other:
            return SAME
        return LIKE if self.working[one] == self.working[other] else UNLIKE

    def days_back(self, now: int, first: int) -> Iterator[tuple[int, int, float]]:
        """Past days from `first` days ago: how long ago, quarter hours that the clock was moved since, likeness."""
        here = self.calendar.local(now)
        offset = here.utcoffset() or timedelta()
        for days in range(first, min((now - self._demand.begin) // DAY_US, MOST_DAYS) + 1):
            then = self.calendar.local(now - days * DAY_US)
            moved = offset - (then.utcoffset() or timedelta())
            shift = int(moved.total_seconds()) * 1_000_000 // QUARTER_US
            yield days, shift, self.likeness(here.weekday(), then.weekday())

    def usual_until(self, now: int) -> float | None:
        """Points that such a day usually had by this hour; None without such days."""
        into = now - self.start_of(self.today)
        found = [(self.recency(day) * self.likeness(self.today.weekday(), day.weekday()), day) for day in self.past]
        total = sum(weight for weight, _ in found)
        if total <= 0:
            return None
        points: float = sum(weight * self.between(self.starts[day], self.starts[day] + into) for weight, day in found)
        return points / total

    def _is_shut(self, day: date) -> bool:
        """True where the week was full for a part of the day: how much would have been asked is unknown."""
        demand, end = self._demand, self.starts[day + timedelta(days=1)] if day < self.today else self._demand.now
        first, last = demand.place(self.starts[day]), demand.place(end)
        last = min(last, len(demand.shut_totals) - 1)
        return demand.shut_totals[last] > demand.shut_totals[max(first, 0)]

    def _means(self) -> tuple[float, ...]:
        sums, weights = [0.0] * 7, [0.0] * 7
        for day, total in self.totals.items():
            weight = self.recency(day)
            sums[day.weekday()] += weight * total
            weights[day.weekday()] += weight
        overall = sum(sums) / sum(weights) if sum(weights) else 0.0
        return tuple(
            (total + USUAL_WEIGHT * overall) / (weight + USUAL_WEIGHT)
            for total, weight in zip(sums, weights, strict=True)
        )
