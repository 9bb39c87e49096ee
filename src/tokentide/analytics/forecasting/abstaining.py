"""When there is too little to say odds by; the plain pace is given then, and why."""

from __future__ import annotations

from tokentide.analytics.forecasting.asking import Asking
from tokentide.analytics.forecasting.pasts import WindowPast
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import EXTRA_USAGE, FIVE_HOUR, SPEND, length_of

LEAST_ELAPSED_US = 15 * MINUTE_US
LEAST_PERCENT = 3.0
LEAST_ACTIVE_DAYS = 7
EARLY_WEEK_US, LATER_WEEK_US = 12 * HOUR_US, 24 * HOUR_US
EARLY_HISTORY_DAYS, LATER_HISTORY_DAYS = 14, 7
"""So much history a week needs: less once it is a day old."""
OLD_READING_US = 2 * HOUR_US
"""A reading that is older, with no records since that could stand for it, says nothing of now."""


def reason_not_open(state: WindowState, now: int) -> str:
    """Why a window has no odds whatever is known of the past; empty where it may have."""
    if state.window in (EXTRA_USAGE, SPEND):
        return "an amount of money, which no window of time bounds"
    if length_of(state.window) is None:
        return "how long this window lasts is not known"
    if state.resets_at is None:
        return "not open; it opens with the next request"
    if state.is_over(now):
        return "was reset; nothing has been said of the new one"
    if state.percent is None:
        return "the percentage is not known" if not state.is_estimate else "no reading tells how much is used"
    return ""


def reason_too_little(asking: Asking, window: str, past: WindowPast, history_days: int) -> str:
    """Why an open window has no odds, by what is known of the past; empty where it has."""
    reason = _too_early(asking, past) if window == FIVE_HOUR else _too_short(asking.now - past.opens, history_days)
    if reason:
        return reason
    days = asking.habits.active_days
    if days < LEAST_ACTIVE_DAYS:
        return f"needs {LEAST_ACTIVE_DAYS} days of work to learn from, has {days}"
    return _too_old(asking, window, past)


def _too_early(asking: Asking, past: WindowPast) -> str:
    elapsed = asking.now - past.opens
    if elapsed < LEAST_ELAPSED_US:
        return f"only {elapsed // MINUTE_US} minutes into the window"
    return f"less than {LEAST_PERCENT:.0f} % used so far" if past.percent < LEAST_PERCENT else ""


def _too_short(elapsed: int, history_days: int) -> str:
    if elapsed < EARLY_WEEK_US and history_days < EARLY_HISTORY_DAYS:
        return f"needs two weeks of history this early in the week, has {_days(history_days)}"
    if elapsed < LATER_WEEK_US and history_days < EARLY_HISTORY_DAYS:
        return f"needs a day of this week or two weeks of history, has {_days(history_days)}"
    if history_days < LATER_HISTORY_DAYS:
        return f"needs a week of history, has {_days(history_days)}"
    return ""


def _too_old(asking: Asking, window: str, past: WindowPast) -> str:
    age = asking.now - past.points[-1].until
    limit = OLD_READING_US if window == FIVE_HOUR else DAY_US
    if age <= limit or asking.evidence.worth(asking.now) is not None:
        return ""
    return f"the last reading is {age // HOUR_US} hours old"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
