"""The plain pace of a window: what it would come to if it went on as it did so far."""

from __future__ import annotations

from tokentide.analytics.forecasting.model import FULL, Pace
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.limits import length_of

LEAST_ELAPSED_US = 5 * MINUTE_US
"""A pace over a shorter time says nothing."""


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
