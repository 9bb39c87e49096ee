"""The hours ahead, by what followed when it was much like now: same hour, like day, like use in the last hours.

Each past quarter hour with enough known after it may serve; its real continuation is one way in which it could go on.
What followed is corrected for the difference that remains in recent use, by how strongly the one goes with the other
among these moments. Nothing is drawn at random.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from tokentide.analytics.forecasting.chances import effective_count
from tokentide.analytics.forecasting.habits import HALF_LIFE_DAYS
from tokentide.clock import DAY_US, QUARTER_US

if TYPE_CHECKING:
    from tokentide.analytics.forecasting.demand import Demand
    from tokentide.analytics.forecasting.habits import Habits

REACH = 10
"""Quarter hours before and after the same time of day that are looked at."""
STEP = 2
HOUR_WIDTH = 3.0
"""Quarter hours."""
QUARTER, HOUR, HOURS = 1, 4, 20
"""Quarter hours that recent use is measured over: the last one, the rest of the hour, the four hours before it."""
FLOOR = 1.0
"""Points an hour that are added before a logarithm is taken."""
WIDTHS = (0.9, 0.9, 1.0)
"""Of the logarithms, from near to far."""
WIDER = 1.6
ENOUGH_DAYS = 4.0
LEAST_WEIGHT = 1e-4
WIDEST = 6.0
SOON, LATER = (0.5, 0.3, 0.2), (0.25, 0.25, 0.5)
"""How much recent use, from near to far, tells of the next hour, and of those after it."""
USUAL_PULL, PULL_WEIGHT, MOST_PULL = 1.0, 3.0, 1.2
"""How far what follows goes with what was before, where little is known."""
MOST_FACTOR = 3.0


Recent = tuple[float, float, float]
"""Logarithms of points an hour, from near to far."""


class Moment(NamedTuple):
    """A past moment that may serve, before it is weighed."""

    place: int
    days: int
    weight: float
    recent: Recent


@dataclass(frozen=True, slots=True)
class Analog:
    """A past moment whose continuation stands for what may follow."""

    place: int
    """Quarter hour that it lies in."""
    weight: float
    soon: float
    """What its next hour is multiplied by."""
    later: float
    """What all that follows is multiplied by."""


class Analogs:
    """Moments like `demand.now`, for as far ahead as `horizon`, µs."""

    def __init__(self, demand: Demand, habits: Habits, horizon: int) -> None:
        self._demand = demand
        self._start = demand.place(demand.now)
        rest = (demand.now - demand.begin) % QUARTER_US
        self._share = rest / QUARTER_US
        self._end = (rest + horizon) // QUARTER_US, (rest + horizon) % QUARTER_US / QUARTER_US
        self._soon_end = min((HOUR, self._share), self._end)
        backs = (0, QUARTER, HOUR, HOURS)
        self._recent = _recent(*(demand.until(demand.now - back * QUARTER_US) for back in backs))
        weighed, self.count = self._weighed(list(self._moments(habits, horizon)))
        self.found = self._corrected(weighed)

    def used_by(self, place: int) -> float:
        """Running total of demand at a moment as far into its quarter hour as now."""
        return self._demand.totals[place] + self._demand.points[place] * self._share

    def parts(self, place: int) -> tuple[float, float]:
        """What followed within the hour, and after it until the horizon, as it was."""
        begun, soon = self.used_by(place), self._after(place, self._soon_end)
        return max(soon - begun, 0.0), max(self._after(place, self._end) - soon, 0.0)

    def total(self, analog: Analog) -> float:
        """What followed until the horizon, corrected."""
        soon, later = self.parts(analog.place)
        return soon * analog.soon + later * analog.later

    def reached(self, analog: Analog, points: float) -> int:
        """How long after the moment so much had been asked for, µs; meaningful where `total` is no less."""
        totals, place = self._demand.totals, analog.place
        soon, _ = self.parts(place)
        if points <= soon * analog.soon:
            goal = self.used_by(place) + points / analog.soon
        else:
            goal = self.used_by(place) + soon + (points - soon * analog.soon) / analog.later
        number = max(bisect_left(totals, goal, place, place + self._end[0] + 2) - 1, place)
        amount = self._demand.points[number] if number < len(self._demand.points) else 0.0
        share = (goal - totals[number]) / amount if amount > 0 else 0.0
        return round((number - place + min(max(share, 0.0), 1.0) - self._share) * QUARTER_US)

    def _after(self, place: int, end: tuple[int, float]) -> float:
        """Running total so many quarter hours after the beginning of one."""
        number = place + end[0]
        return self._demand.totals[number] + self._demand.points[number] * end[1]

    def _moments(self, habits: Habits, horizon: int) -> Iterator[Moment]:
        demand, totals, points, share = self._demand, self._demand.totals, self._demand.points, self._share
        ahead = self._end[0]
        first_day = max(1, -(-(horizon + REACH * QUARTER_US) // DAY_US))
        for days, shift, likeness in habits.days_back(demand.now, first_day):
            centre = self._start - 96 * days + shift
            weight = 0.5 ** (days / HALF_LIFE_DAYS) * likeness
            for place in range(centre - REACH, centre + REACH + 1, STEP):
                if place < HOURS or place + ahead >= self._start or demand.is_full[place]:
                    continue
                if demand.shut_totals[place + ahead] > demand.shut_totals[place]:
                    continue
                away = (place - centre) / HOUR_WIDTH
                recent = _recent(
                    totals[place] + points[place] * share,
                    totals[place - QUARTER] + points[place - QUARTER] * share,
                    totals[place - HOUR] + points[place - HOUR] * share,
                    totals[place - HOURS] + points[place - HOURS] * share,
                )
                yield Moment(place, days, weight * math.exp(-away * away / 2), recent)

    def _weighed(self, moments: Sequence[Moment]) -> tuple[list[tuple[Moment, float]], float]:
        """The moments that are like now, with weights; likeness is taken less strictly until enough days count."""
        width = 1.0
        while True:
            weighed = [(moment, weight) for moment in moments if (weight := self._weight(moment, width)) > LEAST_WEIGHT]
            days: dict[int, float] = {}
            for moment, weight in weighed:
                days[moment.days] = days.get(moment.days, 0.0) + weight
            count = effective_count(days.values())
            if count >= ENOUGH_DAYS or width > WIDEST:
                return weighed, count
            width *= WIDER

    def _weight(self, moment: Moment, width: float) -> float:
        last, hour, hours = moment.recent
        here = self._recent
        one = (last - here[0]) / WIDTHS[0]
        two = (hour - here[1]) / WIDTHS[1]
        three = (hours - here[2]) / WIDTHS[2]
        return moment.weight * math.exp(-(one * one + two * two + three * three) / (2 * width * width))

    def _corrected(self, weighed: Sequence[tuple[Moment, float]]) -> list[Analog]:
        """The moments with factors for what still tells them from now."""
        total = sum(weight for _, weight in weighed)
        if not total:
            return []
        weights = [weight / total for _, weight in weighed]
        parts = [self.parts(moment.place) for moment, _ in weighed]
        soon = self._factors(weights, SOON, weighed, [part[0] for part in parts])
        later = self._factors(weights, LATER, weighed, [part[1] for part in parts])
        return [
            Analog(moment.place, weight, *factors)
            for (moment, weight), *factors in zip(weighed, soon, later, strict=True)
        ]

    def _factors(
        self,
        weights: Sequence[float],
        blend: Recent,
        weighed: Sequence[tuple[Moment, float]],
        futures: Sequence[float],
    ) -> list[float]:
        """What to multiply what followed by: how far it goes with recent use, times what that differs from now's."""
        here = sum(map(mul, blend, self._recent))
        levels = [sum(map(mul, blend, moment.recent)) for moment, _ in weighed]
        logs = [_logarithm(future) for future in futures]
        level, middle = sum(map(mul, weights, levels)), sum(map(mul, weights, logs))
        along = sum(w * (x - level) * (y - middle) for w, x, y in zip(weights, levels, logs, strict=True))
        across = sum(w * (x - level) ** 2 for w, x in zip(weights, levels, strict=True))
        pull = min((along * self.count + USUAL_PULL * PULL_WEIGHT) / (across * self.count + PULL_WEIGHT), MOST_PULL)
        pull = max(pull, 0.0)
        return [min(max(math.exp(pull * (here - x)), 1 / MOST_FACTOR), MOST_FACTOR) for x in levels]


def _recent(now: float, quarter: float, hour: float, hours: float) -> Recent:
    """Running totals at an instant, and a quarter hour, an hour and five before it, as points an hour."""
    return _logarithm((now - quarter) * 4), _logarithm((quarter - hour) / 0.75), _logarithm((hour - hours) / 4)


def _logarithm(points: float) -> float:
    return math.log(max(points, 0.0) + FLOOR)
