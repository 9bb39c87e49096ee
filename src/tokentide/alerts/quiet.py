"""Quiet hours: when nothing is sent, by the clock on the wall."""

from __future__ import annotations

from tokentide.analytics.calendar import Calendar
from tokentide.model.alerts import CRITICAL, QuietHours, Snooze


def is_quiet(quiet: QuietHours, calendar: Calendar, now: int) -> bool:
    """True within a span or on a quiet day; a span that begins late goes on after midnight."""
    local = calendar.local(now)
    minute = local.hour * 60 + local.minute
    within = any(
        begin <= minute < end if begin < end else minute >= begin or minute < end for begin, end in quiet.spans
    )
    return within or local.weekday() in quiet.days


class Silence:
    """What is held back at one instant."""

    def __init__(self, quiet: QuietHours, snoozes: list[Snooze], calendar: Calendar, now: int) -> None:
        self._is_quiet = is_quiet(quiet, calendar, now)
        self._critical_passes = quiet.critical_passes
        self._snoozed = {snooze.rule for snooze in snoozes}

    def holds(self, rule: str, severity: str) -> bool:
        """True for an alert that has to wait. A snooze holds whatever it names, critical or not."""
        if "" in self._snoozed or rule in self._snoozed:
            return True
        return self._is_quiet and not (self._critical_passes and severity == CRITICAL)
