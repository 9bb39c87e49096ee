"""Instants as the clock on the wall shows them, with 24 hours or with am and pm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tokentide.analytics.calendar import Calendar
from tokentide.clock import DAY_US

TWELVE_HOURS = frozenset(["US", "CA", "AU", "NZ", "IN", "PH", "PK", "BD", "EG", "SA", "JO", "MY", "CO", "LK"])
"""Territories whose people read the time of day with am and pm, by the Unicode locale data."""


class TimeOfDay(NamedTuple):
    """How instants are written."""

    calendar: Calendar
    has_am_pm: bool = False

    def clock(self, at: int, *, seconds: bool = False) -> str:
        """The time of day: 14:05, or 2:05 pm."""
        local = self.calendar.local(at)
        minutes = f"{local:%M:%S}" if seconds else f"{local:%M}"
        if self.has_am_pm:
            return f"{local.hour % 12 or 12}:{minutes} {'pm' if local.hour >= 12 else 'am'}"
        return f"{local:%H}:{minutes}"

    def when(self, at: int, now: int) -> str:
        """An instant as near as needed: 14:05 today, Thu 14:05 within six days, else with the date."""
        local = self.calendar.local(at)
        if local.date() == self.calendar.local(now).date():
            return self.clock(at)
        return f"{local:%a} {self.clock(at)}" if abs(at - now) < 6 * DAY_US else f"{local:%a %d %b} {self.clock(at)}"


def has_am_pm(wish: str, environ: Mapping[str, str]) -> bool:
    """Whether the time of day is read with am and pm: `12h`, `24h`, or `auto` as the locale's territory does."""
    if wish != "auto":
        return wish == "12h"
    locale = environ.get("LC_ALL") or environ.get("LC_TIME") or environ.get("LANG") or ""
    return locale.partition(".")[0].partition("@")[0].partition("_")[2] in TWELVE_HOURS
