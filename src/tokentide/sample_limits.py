"""Sample limits, made up, for `tokentide demo`: a week and a half of windows as a status line would have told them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import (
    FIVE_HOUR,
    PROFILE,
    SEVEN_DAY,
    STATUSLINE,
    Account,
    LimitReading,
    Poll,
    poll_subject,
)
from tokentide.sample import EMAIL
from tokentide.store.sqlite.ledger import Ledger

ACCOUNT = Account("sample:sample", EMAIL, "Sample Works")
NOW_PERCENT = {FIVE_HOUR: 62, SEVEN_DAY: 47, "seven_day_opus": 84}
"""Where the open windows are."""
LAST_WEEK = {SEVEN_DAY: 71, "seven_day_opus": 100}
"""Where the week before ended."""
STEP_US = 20 * MINUTE_US
DAYS = 9
_PROFILE = {
    "account": {"display_name": "Sam", "email": EMAIL, "has_claude_max": True},
    "organization": {
        "name": "Sample Works",
        "organization_type": "claude_max",
        "rate_limit_tier": "default_claude_max_5x",
    },
}


def fill_limits(ledger: Ledger, now: int) -> None:
    """Put the account, its profile and its readings into a ledger; the last reading is of `now`, µs UTC."""
    readings = sorted({*_five_hours(now), *_weeks(now)}, key=lambda reading: reading.at)
    ledger.limits.take([ACCOUNT], readings)
    subject = poll_subject(PROFILE, ACCOUNT.key)
    ledger.limits.finish_poll(Poll(subject, good_at=now, answer=json.dumps(_PROFILE)))


def _five_hours(now: int) -> Iterator[LimitReading]:
    """Two or three windows a day, the last one open for another hour and a half."""
    chance = random.Random(20260101)  # noqa: S311 - made up
    tens = now // (10 * MINUTE_US) * (10 * MINUTE_US)
    end, peak = tens + 100 * MINUTE_US, NOW_PERCENT[FIVE_HOUR]
    while end > now - DAYS * DAY_US:
        start, last = end - 5 * HOUR_US, min(end - MINUTE_US, now)
        yield from _rising(FIVE_HOUR, start, last, end, peak)
        end, peak = start - chance.randrange(6, 48) * 10 * MINUTE_US, chance.randrange(12, 99)


def _weeks(now: int) -> Iterator[LimitReading]:
    """The week that is open, and the end of the one before."""
    reset = now // (10 * MINUTE_US) * (10 * MINUTE_US) + 55 * HOUR_US
    begin = reset - 7 * DAY_US
    for window, percent in NOW_PERCENT.items():
        if window != FIVE_HOUR:
            yield from _rising(window, begin - 7 * DAY_US, begin - MINUTE_US, begin, LAST_WEEK[window])
            yield from _rising(window, begin, now, reset, percent)


def _rising(window: str, start: int, last: int, resets_at: int, percent: int) -> Iterator[LimitReading]:
    """Readings of one window that end at `last` with so many percent."""
    at = last
    while at > start:
        share = (at - start) / (last - start)
        yield LimitReading(ACCOUNT.key, window, STATUSLINE, at, float(round(percent * share)), resets_at)
        at -= STEP_US
