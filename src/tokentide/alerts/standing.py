"""Whether an alert can still be so by the clock alone, where nobody has looked since it was raised."""

from __future__ import annotations

from collections.abc import Iterable

from tokentide.analytics.calendar import Calendar
from tokentide.clock import DAY_US, HOUR_US
from tokentide.model.alerts import COST, RESET, SEVERITIES, UNUSUAL_HOUR, Alert

SHOWN_US = 40 * DAY_US
"""No window stays raised for longer."""


def has_ended(alert: Alert, calendar: Calendar, now: int) -> bool:
    """True where its window, its day or its hour is over."""
    ends = (_until(alert, "resets_at"), _until(alert, "reset_at", DAY_US) if alert.rule == RESET else None)
    if any(end is not None and end <= now for end in ends):
        return True
    since = _until(alert, "since_at")
    if since is None:
        return False
    if alert.rule == UNUSUAL_HOUR:
        return since + HOUR_US <= now
    return alert.rule == COST and _has_begun_anew(since, str(alert.facts.get("period")), calendar, now)


def raised_now(past: Iterable[Alert], calendar: Calendar, now: int) -> list[Alert]:
    """Those of what was raised that are still so, the gravest first."""
    raised = [alert for alert in past if not alert.cleared_at and not has_ended(alert, calendar, now)]
    return sorted(raised, key=lambda alert: SEVERITIES.index(alert.severity), reverse=True)


def _until(alert: Alert, fact: str, more_us: int = 0) -> int | None:
    """An instant that the alert tells, and so much more; None where it tells none."""
    at = alert.facts.get(fact)
    return at + more_us if isinstance(at, int) else None


def _has_begun_anew(since: int, period: str, calendar: Calendar, now: int) -> bool:
    """True where the day, week or month that began then is not the one of now."""
    middle = since + 12 * HOUR_US
    return period in ("day", "week", "month") and (
        calendar.first_day(calendar.date_of(middle), period) < calendar.first_day(calendar.date_of(now), period)
    )
