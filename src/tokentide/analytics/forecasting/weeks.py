"""The days ahead, simulated: days like past ones, at a level that lasts for a while, through windows of five hours.

A path's first part is what followed on a day like today; its next days are past days, drawn by weekday and recency, all
of them multiplied by one level, since busy weeks come whole. What a full five-hour window blocks is not served; what is
done later instead is in the past days already. The draws are the same for the same question.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeVar

from tokentide.analytics.forecasting.analogs import Analogs
from tokentide.analytics.forecasting.chances import quantiles, smoothed, spread_of
from tokentide.analytics.forecasting.five_hours import Outcome
from tokentide.analytics.forecasting.levels import Level, level_of_work
from tokentide.analytics.forecasting.model import FULL, USUAL_ODDS, Instants
from tokentide.analytics.windows import FIVE_HOURS_US, SNAP_US
from tokentide.clock import QUARTER_US

if TYPE_CHECKING:
    from tokentide.analytics.forecasting.demand import Demand
    from tokentide.analytics.forecasting.habits import Habits
    from tokentide.analytics.forecasting.pasts import WindowPast

T = TypeVar("T")
PATHS = 300
STRIDE = 2
"""Quarter hours of a step."""
LITTLE = 0.02
"""Points that are too few to open a window."""
STRENGTH = 0.4

Steps = list[tuple[int, float]]
"""Instants, or offsets from the beginning, µs, and points asked for there."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way that the days could go: running totals of use, points of five hours."""

    times: list[int]
    totals: list[float]

    def until(self, at: int) -> float:
        """Use up to an instant."""
        number = bisect_right(self.times, at)
        return self.totals[number - 1] if number else 0.0

    def reached(self, points: float) -> int | None:
        """When so much is used; None where it never is."""
        number = bisect_left(self.totals, points)
        return self.times[number] if number < len(self.times) else None


class Weeks:
    """Paths from `demand.now` until an instant, made once for all weekly windows of an account."""

    def __init__(self, demand: Demand, habits: Habits, *, until: int, five: WindowPast | None, percent: float) -> None:
        """`five` is the open five-hour window, and `percent` what is used of it."""
        self._demand, self._habits, self._until = demand, habits, until
        self._chance = random.Random(20260302)  # noqa: S311 - no secret
        self._days: dict[date, Steps] = {}
        self._midnight = habits.start_of(habits.today + timedelta(days=1))
        self._evenings = self._evenings_like_this()
        self._drawn = [self._drawer(day) for day in self._days_ahead()]
        self._level: Level = level_of_work(demand, habits, max(len(self._drawn), 1))
        begun = (five.resets_at, percent) if five is not None else (0, 0.0)
        self.paths = [self._path(*begun) for _ in range(PATHS)]

    def outcome(self, percent: float, resets_at: int, ratio: float, unsure: float) -> Outcome:
        """The outcome of a weekly window with so many of its points for one of five hours; `unsure` is its log's sd."""
        now = self._demand.now
        ends: list[tuple[float, float]] = []
        hits: list[tuple[float, float]] = []
        for number, path in enumerate(self.paths):
            points = ratio * math.exp(unsure * _normal(number))
            end = percent + points * path.until(resets_at)
            ends.append((end, 1.0))
            if end >= FULL:
                at = path.reached((FULL - percent) / points)
                hits.append((max(at or resets_at, now), 1.0))
        odds = smoothed(len(hits) / len(self.paths), len(self._habits.past) / 4, USUAL_ODDS, strength=STRENGTH)
        instants = Instants(*map(round, quantiles(hits, (0.1, 0.5, 0.9)))) if hits else None
        return Outcome(odds, instants, spread_of(ends))

    def _days_ahead(self) -> list[date]:
        found: list[date] = []
        day = self._habits.today + timedelta(days=1)
        while self._habits.start_of(day) < self._until:
            found.append(day)
            day += timedelta(days=1)
        return found

    def _evenings_like_this(self) -> tuple[list[Steps], list[float]]:
        """What may follow until midnight, with running weights."""
        span = min(self._midnight, self._until) - self._demand.now
        if span < QUARTER_US:
            return [], []
        analogs = Analogs(self._demand, self._habits, span)
        found = [
            (self._steps(self._demand.now, analog.place, span // QUARTER_US + 1, analog.later), analog.weight)
            for analog in analogs.found
        ]
        return [steps for steps, _ in found], [*accumulate(weight for _, weight in found)]

    def _steps(self, start: int, place: int, quarters: int, factor: float) -> Steps:
        """The demand from a past quarter hour on, laid at an instant."""
        totals = self._demand.totals
        last = len(totals) - 1
        marks = [min(max(place + step, 0), last) for step in (*range(0, quarters, STRIDE), quarters)]
        return [
            (start + STRIDE * number * QUARTER_US, points * factor)
            for number, (before, after) in enumerate(pairwise(marks))
            if (points := totals[after] - totals[before]) > LITTLE
        ]

    def _drawer(self, day: date) -> tuple[int, list[date], list[float]]:
        """A day ahead: its beginning, and the past days that may stand for it, with running weights."""
        habits = self._habits
        weights = [habits.recency(past) * habits.likeness(day.weekday(), past.weekday()) for past in habits.past]
        return habits.start_of(day), habits.past, [*accumulate(weights)]

    def _day(self, day: date) -> Steps:
        """A past day's demand, from its beginning."""
        if day not in self._days:
            self._days[day] = self._steps(0, self._demand.place(self._habits.starts[day]), 96, 1.0)
        return self._days[day]

    def _path(self, window_end: int, used: float) -> Path:
        """One draw, through five-hour windows; the first one is open until `window_end` with `used` points."""
        chance = self._chance
        level = math.exp(self._level.mean + self._level.spread * chance.gauss(0, 1))
        times: list[int] = []
        totals: list[float] = []
        total = 0.0
        for start, steps, factor in self._parts(level):
            for offset, points in steps:
                at = start + offset
                asked = points * factor
                if at >= window_end:
                    window_end, used = at // SNAP_US * SNAP_US + FIVE_HOURS_US, 0.0
                served = min(asked, FULL - used)
                if served > 0:
                    used += served
                    total += served
                    times.append(at)
                    totals.append(total)
        return Path(times, totals)

    def _parts(self, level: float) -> list[tuple[int, Steps, float]]:
        """A path's evening and days: beginning, steps, factor."""
        parts: list[tuple[int, Steps, float]] = []
        evenings, weights = self._evenings
        if evenings:
            parts.append((0, _drawn(evenings, weights, self._chance), 1.0))
        for start, days, running in self._drawn:
            if days:
                parts.append((start, self._day(_drawn(days, running, self._chance)), level))
        return parts


def _drawn(every: Sequence[T], running: Sequence[float], chance: random.Random) -> T:
    """One of these, by their running weights."""
    return every[min(bisect_left(running, chance.random() * running[-1]), len(every) - 1)]


_NORMALS = [random.Random(number).gauss(0, 1) for number in range(PATHS)]  # noqa: S311 - no secret


def _normal(number: int) -> float:
    """A standard normal for a path, the same each time."""
    return _NORMALS[number]
