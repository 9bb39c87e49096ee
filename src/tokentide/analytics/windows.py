"""One window as it is believed to be, and the five-hour window that the transcripts alone let one guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import ESTIMATE, FIVE_HOUR, Money, length_of

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.store.sqlite.ledger import Ledger

STALE_US = 15 * MINUTE_US
"""A window that nobody confirmed for so long is marked as old."""
FIVE_HOURS_US = 5 * HOUR_US
SAME_RESET_US = 5 * MINUTE_US
"""Resets that lie no further apart are one: the vendor snaps them to ten minutes, and they jitter."""
SNAP_US = 10 * MINUTE_US
"""The vendor opens a window at the ten minutes that its first request lies in."""


@dataclass(frozen=True, slots=True)
class WindowState:
    """One window as it is believed to be."""

    window: str
    percent: float | None
    """Used, of 100; may be more; None where nobody tells."""
    resets_at: int | None
    """µs UTC; None where the window is not open, or has no reset."""
    observed_at: int
    """When this was last confirmed, µs UTC."""
    source: str
    """Who confirmed it: one of SOURCES, or ESTIMATE."""
    used: Money | None = None
    ceiling: Money | None = None
    since: int = 0
    """When this was said first, µs UTC; of an estimate, when the window opened."""
    plan: str = ""
    """What the percentage of an estimate is reckoned by; empty where none is known."""

    @property
    def is_estimate(self) -> bool:
        """True where it is reckoned from the transcripts, not said by the vendor."""
        return self.source == ESTIMATE

    def is_over(self, now: int) -> bool:
        """True where the reset has passed since: the percentage is the old window's."""
        return self.resets_at is not None and self.resets_at <= now

    def elapsed(self, now: int) -> float | None:
        """The share of the window's time that has passed, 0 to 1; None where it does not roll, or is not open."""
        length = length_of(self.window)
        if length is None or self.resets_at is None or self.is_over(now):
            return None
        return min(max(1 - (self.resets_at - now) / length, 0.0), 1.0)

    def pace(self, now: int) -> float | None:
        """Percent used beyond what the clock alone would have used; below 0 there is more left than time."""
        elapsed = self.elapsed(now)
        return None if elapsed is None or self.percent is None else self.percent - 100 * elapsed


def estimated_window(
    ledger: Ledger, account: str, official: WindowState | None, now: int, calendar: Calendar | None = None
) -> WindowState | None:
    """The five-hour window that is open by the account's own responses; None where an official one is, or none is.

    `account` is the name that the ledger files usage under. A window opens with the first response after the one
    before it ended; it begins to be counted at the last official reset, else a day ago. A calendar with a reset hour
    ends each window at that hour. How much of it is used nobody can tell from here.
    """
    if official is not None and official.resets_at is not None and not official.is_over(now):
        return None
    from tokentide.store.query import CostMode, Filters

    since = now - DAY_US if official is None else max(official.resets_at or official.observed_at, now - DAY_US)
    start, end, last = 0, 0, 0
    for moment in ledger.moments(Filters(accounts=(account,)), CostMode.AUTO, since):
        if moment.at > now:
            break
        if moment.at >= end:
            start = moment.at // SNAP_US * SNAP_US
            end = _end_of(start, moment.at, calendar)
        last = moment.at
    return WindowState(FIVE_HOUR, None, end, last, ESTIMATE, since=start) if end > now else None


def _end_of(start: int, first: int, calendar: Calendar | None) -> int:
    """When a window ends that opened at `start`: after five hours, or at the person's own reset hour before that."""
    end = start + FIVE_HOURS_US
    if calendar is None or not calendar.reset_hour:
        return end
    boundary = calendar.start_of(calendar.date_of(end))
    return boundary if first < boundary < end else end
