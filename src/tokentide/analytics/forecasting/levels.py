"""How much busier or calmer than usual the next days will be: crunch lasts, and so does a holiday."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentide.analytics.forecasting.demand import Demand
    from tokentide.analytics.forecasting.habits import Habits

BEFORE_DAYS = 5
"""Days whose level tells of the next ones."""
USUAL_PULL, PULL_WEIGHT = 0.4, 0.25
"""How far a level goes with the one before where little is known; the weight is in squared logarithms."""
USUAL_SPREAD, SPREAD_WEIGHT = 0.12, 2.0
"""Of the logarithm of the level; the weight is in independent stretches."""
LEAST_SPREAD = 0.04


@dataclass(frozen=True, slots=True)
class Level:
    """A factor on what is usual, as a logarithm."""

    mean: float
    spread: float


def level_of_work(demand: Demand, habits: Habits, days_ahead: int) -> Level:
    """The level of the next days: drawn from that of the last ones as far as the two went together before."""
    pairs = list(_pairs(habits, days_ahead))
    weights = [0.5 ** (age / 42) for age, _, _ in pairs]
    count = sum(weights) / days_ahead
    square = sum(w * x * x for w, (_, x, _) in zip(weights, pairs, strict=True)) / days_ahead
    product = sum(w * x * y for w, (_, x, y) in zip(weights, pairs, strict=True)) / days_ahead
    pull = min(max((product + USUAL_PULL * PULL_WEIGHT) / (square + PULL_WEIGHT), 0.0), 1.0)
    error = sum(w * (y - pull * x) ** 2 for w, (_, x, y) in zip(weights, pairs, strict=True)) / days_ahead
    total = (error + SPREAD_WEIGHT * USUAL_SPREAD**2) / (count + SPREAD_WEIGHT)
    rest = max(total - _by_days_alone(habits, days_ahead), LEAST_SPREAD**2)
    return Level(pull * _level_now(demand, habits), math.sqrt(rest))


def _pairs(habits: Habits, days_ahead: int) -> Iterator[tuple[int, float, float]]:
    """For each past day: its age, the level of the days before it, and of as many from it on as lie ahead."""
    totals, means = habits.totals, habits.means
    for day in habits.past:
        before = [day - timedelta(days=back) for back in range(1, BEFORE_DAYS + 1)]
        after = [day + timedelta(days=step) for step in range(days_ahead)]
        if all(each in totals for each in (*before, *after)):
            old = _ratio(sum(totals[each] for each in before), sum(means[each.weekday()] for each in before))
            new = _ratio(sum(totals[each] for each in after), sum(means[each.weekday()] for each in after))
            yield habits.age(day), old, new


def _level_now(demand: Demand, habits: Habits) -> float:
    """The level of the last days with today as far as it has gone."""
    usual = habits.usual_until(demand.now) or 0.0
    so_far = demand.between(habits.start_of(habits.today), demand.now)
    for back in range(1, BEFORE_DAYS + 1):
        day = habits.today - timedelta(days=back)
        if day in habits.totals:
            usual += habits.means[day.weekday()]
            so_far += habits.totals[day]
    return _ratio(so_far, usual)


def _by_days_alone(habits: Habits, days_ahead: int) -> float:
    """The variance that the level of so many days has if each is drawn by itself."""
    means = habits.means
    spread = [(total - means[day.weekday()]) ** 2 for day, total in habits.totals.items()]
    average = sum(means) / 7
    if not spread or average <= 0:
        return 0.0
    return sum(spread) / len(spread) / (days_ahead * average**2)


def _ratio(total: float, usual: float) -> float:
    """The logarithm of a level, with a fifth of a usual day added to both sides; a single quiet day is no holiday."""
    floor = 0.2 * usual + 5.0
    return math.log((total + floor) / (usual + floor))
