"""How many points of a weekly window go with one of the five-hour window, learnt where both are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tokentide.analytics.forecasting.pasts import WindowPast
from tokentide.clock import DAY_US

HALF_LIFE_US = 14 * DAY_US
USUAL = 0.11
"""One full window is a ninth of a week, where nothing is known (research, 5.1)."""
USUAL_WEIGHT = 60.0
"""Points of five hours that this counts as."""
SPREAD, MOST_SPREAD = 0.03, 0.6
ROUNDING = 0.4
LEAST_POINTS = 100.0
"""Of five hours; with less known, the ratio is a guess."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Points of a weekly window for one of five hours."""

    points: float
    unsure: float
    """Standard deviation of its logarithm, for some days of use."""
    rests_on: float
    """Points of five hours."""


class Ratios:
    """Pairs of steps of both windows, in the order of time."""

    def __init__(self, five: Sequence[WindowPast], weeks: Sequence[WindowPast]) -> None:
        self._steps: list[tuple[int, float, float]] = []
        number = 0
        for past in five:
            while number < len(weeks) and weeks[number].resets_at <= past.opens:
                number += 1
            if number == len(weeks) or weeks[number].resets_at < past.resets_at or past.opens < weeks[number].opens:
                continue
            week = weeks[number]
            moved = week.percent_at(past.resets_at) - week.percent_at(past.opens)
            if week.points[0].since <= past.resets_at and moved >= 0 and past.percent > 0:
                self._steps.append((past.resets_at, past.percent, moved))

    def at(self, now: int) -> Ratio:
        """The ratio as it was known then."""
        steps = [(0.5 ** ((now - at) / HALF_LIFE_US), five, week) for at, five, week in self._steps if at <= now]
        known = sum(weight * five for weight, five, _ in steps)
        moved = sum(weight * week for weight, _, week in steps)
        points = (moved + USUAL * USUAL_WEIGHT) / (known + USUAL_WEIGHT)
        if known <= 0 or points <= 0:
            return Ratio(USUAL, 0.3, known)
        errors = sum(w * max((week - points * five) ** 2 - ROUNDING**2, 0.0) for w, five, week in steps)
        weight = sum(w for w, _, _ in steps)
        single = math.sqrt(errors / weight) / (moved / weight + 0.5) if weight else 0.3
        lasting = single / math.sqrt(6) + 0.3 * USUAL_WEIGHT / (known + USUAL_WEIGHT)
        return Ratio(points, min(max(lasting, SPREAD), MOST_SPREAD), known)
