"""Evidence asked as of one instant: what is used of each window, and what is expected of it.

The one way in which `forecast` and its replay of history come to their figures.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tokentide.analytics.forecasting.five_hours import Outcome, five_hour_outcome
from tokentide.analytics.forecasting.habits import Habits
from tokentide.analytics.forecasting.model import FULL
from tokentide.analytics.forecasting.ratios import Ratio
from tokentide.model.limits import FIVE_HOUR

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.demand import Demand
    from tokentide.analytics.forecasting.evidence import Evidence
    from tokentide.analytics.forecasting.pasts import WindowPast
    from tokentide.analytics.forecasting.weeks import Weeks

NEARLY = 99.9
"""What the vendor does not call full is not full."""


class Asking:
    """One account at one instant; what is costly is made when it is first needed."""

    def __init__(self, evidence: Evidence, calendar: Calendar, now: int) -> None:
        self.evidence = evidence
        self.now = now
        self._calendar = calendar
        self._ratios: dict[str, Ratio] = {}

    @cached_property
    def demand(self) -> Demand:
        """Demand up to now."""
        return self.evidence.demand(self.now)

    @cached_property
    def habits(self) -> Habits:
        """When the person works."""
        return Habits(self.demand, self._calendar)

    @cached_property
    def five(self) -> WindowPast | None:
        """The five-hour window that is open."""
        return self.evidence.open_window(FIVE_HOUR, self.now)

    @cached_property
    def _weeks(self) -> Weeks:
        from tokentide.analytics.forecasting.weeks import Weeks

        opened = (self.evidence.open_window(window, self.now) for window in self.evidence.weekly)
        until = max(past.resets_at for past in opened if past is not None)
        percent = self.percent(FIVE_HOUR, self.five) if self.five else 0.0
        return Weeks(self.demand, self.habits, until=until, five=self.five, percent=percent)

    def ratio(self, window: str) -> Ratio:
        """Points of a weekly window for one of five hours."""
        if window not in self._ratios:
            self._ratios[window] = self.evidence.ratios(window).at(self.now)
        return self._ratios[window]

    def percent(self, window: str, past: WindowPast) -> float:
        """What is used of an open window, to the fraction of a percent; full only where the vendor says so."""
        if past.percent >= FULL:
            return past.percent
        if window == FIVE_HOUR:
            return min(self.evidence.percent_now(past, None, self.now), NEARLY)
        used = self.evidence.percent_now(past, self.demand, self.now, self.ratio(window).points)
        return min(used, NEARLY)

    def outcome(self, window: str, past: WindowPast, percent: float) -> Outcome | None:
        """What is expected of an open window that is not full; None where nothing in the past can tell."""
        if window == FIVE_HOUR:
            return five_hour_outcome(
                self.demand, self.habits, percent, past.resets_at, self.evidence.windows_before(self.now)
            )
        ratio = self.ratio(window)
        return self._weeks.outcome(percent, past.resets_at, ratio.points, ratio.unsure) if self.habits.past else None
