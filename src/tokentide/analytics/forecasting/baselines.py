"""What simple methods would have said: the forecast has to do better than each of them.

Each gets the same figure for what is used now, and says when the window is full and what is used at its reset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokentide.analytics.forecasting.chances import quantiles
from tokentide.analytics.forecasting.model import FULL
from tokentide.analytics.forecasting.pasts import WindowPast
from tokentide.clock import HOUR_US, MINUTE_US

STEP_US = 5 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a method says of a window, as far as it says anything."""

    odds: float
    hit_at: int | None
    """None where it sees no hit."""
    low: float
    likely: float
    """Percent at the reset."""
    high: float
    hit_low: int | None = None
    hit_high: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One window at one instant, as it was known then."""

    past: WindowPast
    at: int
    percent: float
    """Used, to the fraction."""
    earlier: Sequence[WindowPast]
    """The windows of the same name that were over."""


Method = Callable[[Question], Prediction]


def constant_rate(question: Question) -> Prediction:
    """The average since the window opened goes on."""
    return _straight(question, question.percent / max(question.at - question.past.opens, 1))


def last_hour(question: Question) -> Prediction:
    """The rate of the last hour goes on."""
    since = max(question.at - HOUR_US, question.past.opens)
    moved = question.percent - question.past.percent_at(since)
    return _straight(question, max(moved, 0.0) / max(question.at - since, 1))


def regression(question: Question) -> Prediction:
    """A straight line through the window so far, least squares, goes on from where it is now."""
    past, at = question.past, question.at
    times = [*range(past.opens, at, STEP_US), at]
    used = [*(past.percent_at(time) for time in times[:-1]), question.percent]
    middle, level = sum(times) / len(times), sum(used) / len(used)
    across = sum((time - middle) ** 2 for time in times)
    along = sum((time - middle) * (value - level) for time, value in zip(times, used, strict=True))
    return _straight(question, max(along / across, 0.0) if across else 0.0)


def base_rate(question: Question) -> Prediction:
    """What the windows before came to, whatever this one is like."""
    ends = [(max(past.percent, question.percent), 1.0) for past in question.earlier if past.points]
    if not ends:
        return Prediction(0.5, None, question.percent, FULL, FULL)
    hits = [past.hit_at - past.opens for past in question.earlier if past.hit_at is not None]
    after = [float(question.past.opens + hit) for hit in hits if question.past.opens + hit > question.at]
    low, likely, high = quantiles(ends, (0.1, 0.5, 0.9))
    odds = (len(hits) + 0.5) / (len(ends) + 1)
    middle = round(quantiles([(hit, 1.0) for hit in after], (0.5,))[0]) if after else None
    return Prediction(odds, middle, low, likely, high)


BASELINES: dict[str, Method] = {
    "constant_rate": constant_rate,
    "last_hour": last_hour,
    "regression": regression,
    "base_rate": base_rate,
}


def _straight(question: Question, per_us: float) -> Prediction:
    """A rate that goes on; it is sure of itself."""
    left = question.past.resets_at - question.at
    end = question.percent + per_us * left
    hit = end >= FULL
    hit_at = question.at + round((FULL - question.percent) / per_us) if hit and per_us > 0 else None
    return Prediction(1.0 if hit else 0.0, hit_at, end, end, end)
