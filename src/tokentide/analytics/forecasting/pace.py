"""The plain pace of a window: what it would come to if it went on as it did so far, and how far that used to be off."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tokentide.analytics.forecasting.habits import HALF_LIFE_DAYS
from tokentide.analytics.forecasting.model import FULL, Pace
from tokentide.analytics.forecasting.pasts import WindowPast
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import length_of

LEAST_ELAPSED_US = 5 * MINUTE_US
"""A pace over a shorter time says nothing."""
LEAST_PERCENT = 3.0
"""With less used a whole percentage is no pace."""
USUAL_ERROR, USUAL_WEIGHT = 0.8, 3.0
"""How far off it is where little is known, and as how many windows that counts."""


def plain_pace(window: str, percent: float | None, resets_at: int | None, now: int) -> Pace | None:
    """Constant use since the window opened; None for one that is not open, has no length, or has just begun."""
    length = length_of(window)
    if length is None or percent is None or resets_at is None or resets_at <= now:
        return None
    elapsed = now - (resets_at - length)
    if elapsed < LEAST_ELAPSED_US:
        return None
    per_us = percent / elapsed
    at_reset = percent + per_us * (resets_at - now)
    hit_at = now if percent >= FULL else now + round((FULL - percent) / per_us) if at_reset >= FULL else None
    return Pace(per_us * HOUR_US, at_reset, hit_at)


def pace_error(pasts: Iterable[WindowPast], elapsed: int, now: int) -> float:
    """How far off the plain pace was so long (µs) into windows that were full later, about the time until they were.

    A standard deviation of the logarithm, 0 for a pace that was always right; recent windows weigh more.
    """
    total, squares = USUAL_WEIGHT, USUAL_WEIGHT * USUAL_ERROR**2
    for past in pasts:
        at, hit_at = past.opens + elapsed, past.hit_at
        if hit_at is None or hit_at <= at or (percent := past.percent_at(at)) < LEAST_PERCENT:
            continue
        foreseen = (FULL - percent) * elapsed / percent
        weight = 0.5 ** ((now - at) / (HALF_LIFE_DAYS * DAY_US))
        total += weight
        squares += weight * math.log((hit_at - at) / foreseen) ** 2
    return math.sqrt(squares / total)
