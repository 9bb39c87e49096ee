"""Sample limits, made up, for `tokentide demo`: what a status line would have told of the sample's own responses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

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
from tokentide.store.query import CostMode, Filters, Moment
from tokentide.store.sqlite.ledger import Ledger

ACCOUNT = Account("sample:sample", EMAIL, "Sample Works")
BUDGETS = {FIVE_HOUR: 8_600_000_000, SEVEN_DAY: 28_300_000_000, "seven_day_opus": 14_600_000_000}
"""What each window holds at list price, nano-USD."""
RESET_AHEAD_US = 55 * HOUR_US
"""So far ahead of now lies the week's reset."""
SNAP_US = 10 * MINUTE_US
_PROFILE = {
    "account": {"display_name": "Sam", "email": EMAIL, "has_claude_max": True},
    "organization": {
        "name": "Sample Works",
        "organization_type": "claude_max",
        "rate_limit_tier": "default_claude_max_5x",
    },
}


def fill_limits(ledger: Ledger, now: int) -> None:
    """Put the account, its profile and its readings into a ledger that holds the sample; the last are of `now`."""
    moments = [moment for moment in ledger.moments(Filters(), CostMode.CALCULATE) if moment.at <= now]
    week = now // SNAP_US * SNAP_US + RESET_AHEAD_US
    readings = [*_five_hours(moments)]
    for window in (SEVEN_DAY, "seven_day_opus"):
        readings += _weeks(window, moments, week)
    latest = {reading.window: reading for reading in readings}
    readings += [reading._replace(at=now) for reading in latest.values()]
    ledger.limits.take([ACCOUNT], sorted(readings, key=lambda reading: reading.at))
    subject = poll_subject(PROFILE, ACCOUNT.key)
    ledger.limits.finish_poll(Poll(subject, good_at=now, answer=json.dumps(_PROFILE)))


def _five_hours(moments: Sequence[Moment]) -> Iterator[LimitReading]:
    """Windows that open with the first response after the last one ended; a reading with each response."""
    end = used = 0
    for moment in moments:
        if moment.at >= end:
            end, used = moment.at // SNAP_US * SNAP_US + 5 * HOUR_US, 0
        used += moment.sums.cost
        yield _reading(FIVE_HOUR, moment.at, used, end)


def _weeks(window: str, moments: Sequence[Moment], reset: int) -> Iterator[LimitReading]:
    """Weeks that end at the same hour; those of one model count its responses alone."""
    used, week = 0, None
    for moment in moments:
        end = reset - (reset - moment.at) // (7 * DAY_US) * 7 * DAY_US
        used, week = (0, end) if end != week else (used, week)
        used += moment.sums.cost if window == SEVEN_DAY or "opus" in moment.model else 0
        yield _reading(window, moment.at, used, end)


def _reading(window: str, at: int, used: int, resets_at: int) -> LimitReading:
    """What the vendor would say: whole percents, full is full."""
    percent = min(round(100 * used / BUDGETS[window]), 100)
    return LimitReading(ACCOUNT.key, window, STATUSLINE, at, float(percent), resets_at)
