"""When an item happened: by its own clock where that can be true, else when it was received."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from tokentide.clock import DAY_US, HOUR_US, QUARTER_US

MOST_AHEAD_US = HOUR_US
"""A clock may be so far ahead of ours."""
MOST_BEHIND_US = 400 * DAY_US
"""A gateway may hold data so long."""
_NS_PER_US = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_days: dict[int, str] = {}


def happened(sent_ns: int, received_at: int) -> tuple[int, bool]:
    """The instant of an item, µs UTC, and whether its own clock, which said `sent_ns`, is not believed."""
    at = sent_ns // _NS_PER_US
    if at > 0 and received_at - MOST_BEHIND_US <= at <= received_at + MOST_AHEAD_US:
        return at, False
    return received_at, True


def day_of(at: int) -> str:
    """The UTC day of an instant, as 2026-11-22."""
    number = at // DAY_US
    day = _days.get(number)
    if day is None:
        day = (_EPOCH + timedelta(days=number)).date().isoformat()
        if len(_days) > 10_000:
            _days.clear()
        _days[number] = day
    return day


def quarter_of(at: int) -> int:
    """The start of the quarter hour of an instant, µs UTC."""
    return at // QUARTER_US * QUARTER_US
