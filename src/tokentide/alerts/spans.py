"""Stretches of time as people type them: 30m, 2h, 7d."""

from __future__ import annotations

import re

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.errors import UsageError
from tokentide.render.words import clean

SNOOZE = "snooze"
LONGEST_SNOOZE_US, LONGEST_HISTORY_US = 30 * DAY_US, 3660 * DAY_US
_SPAN = re.compile(r"(\d{1,4})\s*(min|m|h|d|w)", re.ASCII)
_UNITS = {"min": MINUTE_US, "m": MINUTE_US, "h": HOUR_US, "d": DAY_US, "w": 7 * DAY_US}


def span_us(text: str, what: str) -> int:
    """A stretch of time such as 30m, 2h, 7d, µs. Raises UsageError."""
    match = _SPAN.fullmatch(text.strip().lower())
    span = int(match[1]) * _UNITS[match[2]] if match else 0
    longest = LONGEST_SNOOZE_US if what == SNOOZE else LONGEST_HISTORY_US
    if not 0 < span <= longest:
        raise UsageError(f"{what} {clean(text)[:40]}: give a time such as 30m, 2h, 7d, up to {longest // DAY_US}d")
    return span
