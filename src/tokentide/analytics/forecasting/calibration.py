"""What a percent of a window is worth at list price, learnt from windows of which both are known.

Percentages are whole: when one is first said, its lower half has just been passed. Between windows the worth differs
with the mix of tokens, so that it is log-normal; recent windows weigh more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tokentide.analytics.forecasting.chances import quantiles
from tokentide.analytics.forecasting.pasts import WindowPast
from tokentide.analytics.forecasting.spending import Spending
from tokentide.clock import DAY_US

LEAST_PERCENT = 4.0
"""A window that was used less says little of the worth of a percent."""
HALF_LIFE_US = 14 * DAY_US
ROUNDING = 0.3
"""Standard deviation of a percentage that is given whole, points."""
USUAL_SPREAD = 0.25
"""Of the logarithm between windows, where few are known."""
SILENT_SHARE = 0.25
"""A rise that so much less was spent in than in others was not ours."""
LEAST_WINDOWS = 3
"""So many must lie on either side of a change."""
CLEAR_CHANGE = math.log(1.2)
CERTAIN_CHANGE = 4.0
"""Standard errors; the best of many places to cut is sought, so that three would be found by chance."""


class Sample(NamedTuple):
    """One window's worth."""

    at: int
    """When the window opened."""
    log_worth: float
    """Logarithm of USD for one percent, over the stretches that records were made in."""
    noise: float
    """Variance of that, by rounding."""
    percent: float
    """All that was used of the window."""
    usd: float
    """All that was spent in it."""


@dataclass(frozen=True, slots=True)
class Change:
    """The worth of a percent became another."""

    at: int
    before: float
    """USD for one percent."""
    after: float


@dataclass(frozen=True, slots=True)
class Worth:
    """USD for one percent, as a logarithm with its spread between windows."""

    mean: float
    spread: float
    error: float
    """Standard error of the mean."""
    windows: int

    @property
    def usd(self) -> float:
        """USD for one percent."""
        return math.exp(self.mean)


def sample_of(past: WindowPast, spending: Spending) -> Sample | None:
    """What one window tells; None where it was hardly used, or hardly by what has records.

    What moved while the records were silent was used elsewhere, and is left out.
    """
    top = max((point.percent for point in past.points), default=0.0) - past.origin.percent
    if top < LEAST_PERCENT:
        return None
    steps = _steps(past, spending)
    usd = sum(spent for _, spent in steps)
    bound = SILENT_SHARE * _usual_worth(steps)
    heard = sum(percent for percent, spent in steps if spent > bound * percent) - 0.5
    if usd <= 0 or heard < LEAST_PERCENT - 0.5:
        return None
    return Sample(past.opens, math.log(usd / heard), (ROUNDING / heard) ** 2, top, usd)


def _steps(past: WindowPast, spending: Spending) -> list[tuple[float, float]]:
    """Each rise of the percentage, and what was spent since the one before; a drop is none."""
    steps: list[tuple[float, float]] = []
    last, before = past.origin.percent, past.origin.until
    for point in past.points:
        if point.percent > last:
            steps.append((point.percent - last, spending.between(before, point.since)))
            before = point.since
        last = point.percent
    return steps


def _usual_worth(steps: Sequence[tuple[float, float]]) -> float:
    """What one percent was worth in this window's better stretches."""
    worths = [(spent / percent, percent) for percent, spent in steps if spent > 0]
    return quantiles(worths, (0.75,))[0] if worths else 0.0


def worth_of(samples: Sequence[Sample], now: int) -> Worth | None:
    """The worth of a percent by these windows; None without any."""
    if not samples:
        return None
    weights = [0.5 ** ((now - sample.at) / HALF_LIFE_US) / (USUAL_SPREAD**2 + sample.noise) for sample in samples]
    total = sum(weights)
    mean = sum(weight * sample.log_worth for weight, sample in zip(weights, samples, strict=True)) / total
    squares = sum(weight * (sample.log_worth - mean) ** 2 for weight, sample in zip(weights, samples, strict=True))
    count = total * total / sum(weight * weight for weight in weights)
    spread = math.sqrt((squares / total * count + 2 * USUAL_SPREAD**2) / (count + 1))
    return Worth(mean, spread, spread / math.sqrt(count), len(samples))


def assumed_worth(usd: float, percent: float) -> Worth | None:
    """The worth that an estimate of a window rests on; None where it tells none."""
    return Worth(math.log(usd / percent), USUAL_SPREAD, USUAL_SPREAD, 0) if usd > 0 and percent > 0 else None


def updated(worth: Worth, past: WindowPast, spending: Spending) -> Worth:
    """The worth within a window that is open: what is usual, and what this one has shown so far, by their precision."""
    sample = sample_of(past, spending)
    if sample is None:
        return worth
    own = sample.noise + 0.05**2
    prior = worth.spread**2 + worth.error**2
    mean = (worth.mean / prior + sample.log_worth / own) / (1 / prior + 1 / own)
    return Worth(mean, worth.spread, math.sqrt(1 / (1 / prior + 1 / own)), worth.windows)


def find_changes(samples: Sequence[Sample]) -> list[Change]:
    """Where the worth of a percent changed for good, in the order of time."""
    changes: list[Change] = []
    rest = list(samples)
    while (cut := _best_cut(rest)) is not None:
        before, after = rest[:cut], rest[cut:]
        changes.append(Change(after[0].at, math.exp(_mean(before)), math.exp(_mean(after))))
        rest = after
    return changes


def _best_cut(samples: Sequence[Sample]) -> int | None:
    """Where the means on both sides differ most certainly; None where they do not differ clearly anywhere."""
    count = len(samples)
    sums, squares = [0.0], [0.0]
    for sample in samples:
        sums.append(sums[-1] + sample.log_worth)
        squares.append(squares[-1] + sample.log_worth**2)
    best, place = CERTAIN_CHANGE, None
    for cut in range(LEAST_WINDOWS, count - LEAST_WINDOWS + 1):
        rest = count - cut
        left, right = sums[cut] / cut, (sums[count] - sums[cut]) / rest
        inner = squares[count] - cut * left**2 - rest * right**2
        variance = (max(inner, 0.0) + 4 * USUAL_SPREAD**2 / 2) / (count - 2 + 4)
        certainty = abs(right - left) / math.sqrt(variance * (1 / cut + 1 / rest))
        if abs(right - left) > CLEAR_CHANGE and certainty > best:
            best, place = certainty, cut
    return place


def _mean(samples: Sequence[Sample]) -> float:
    return sum(sample.log_worth for sample in samples) / len(samples)
