"""What a forecast says: of each window the odds of being full before its reset, when, and how much is used by then.

`forecast.forecast_account` makes one; `latest.latest_forecast` takes the one that the ledger keeps if it still holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US

if TYPE_CHECKING:
    from tokentide.model.limits import Account

FULL = 100.0
"""The percentage at which a window is full."""
USUAL_ODDS = 0.25
"""Of a window of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What a figure is expected to be: the 10th, 50th and 90th percentile."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Instants:
    """When something is expected, µs UTC: the 10th, 50th and 90th percentile, if it happens before the reset."""

    low: int
    likely: int
    high: int

    def rounded(self) -> Instants:
        """As people are told: to five minutes, or to the hour where they span more than a day; none knows it better."""
        step = HOUR_US if self.high - self.low > DAY_US else 5 * MINUTE_US
        low, likely, high = ((at + step // 2) // step * step for at in (self.low, self.likely, self.high))
        return Instants(low, likely, high)


@dataclass(frozen=True, slots=True)
class Pace:
    """The plain pace of a window so far, as if it stayed."""

    percent_per_hour: float
    percent_at_reset: float
    hit_at: int | None
    """When it would be full, µs UTC; None where that is after the reset."""


@dataclass(frozen=True, slots=True)
class WindowForecast:
    """What is expected of one window until its reset."""

    window: str
    resets_at: int | None
    """µs UTC; None where it is not open."""
    percent: float | None
    """Used now, of 100, with what was spent since the last reading; None where nobody tells."""
    odds: float | None
    """Of being full before the reset, 0 to 1; 1.0 where it is full; None where it abstains."""
    hits_at: Instants | None
    """When it is full; None where that is out of the question, or unknown."""
    at_reset: Spread | None
    """Percent used at the reset; above 100 is demand that will not be met."""
    pace: Pace | None
    abstains: str = ""
    """Why there are no odds, in one plain sentence; empty where there are."""
    is_estimate: bool = False
    """True where the window is reckoned from the transcripts."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What one percent of a window is worth at list price, with the band that 80 % of windows lie in; nano-USD."""

    window: str
    usd_per_percent: int
    low: int
    high: int
    windows: int
    """How many past windows it rests on."""


@dataclass(frozen=True, slots=True)
class CapChange:
    """A window whose percent is worth something else since an instant: the vendor moved the limit."""

    window: str
    at: int
    """µs UTC; the beginning of the first window that was other."""
    before: int
    """Nano-USD for one percent."""
    after: int
    ratio: float
    """After / before; below 1 the limit is tighter."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Everything expected of one account's windows."""

    account: Account
    at: int
    """µs UTC."""
    windows: tuple[WindowForecast, ...]
    """In the order of `limits`."""
    binding: str
    """The window most likely to be full first; empty if none is in danger."""
    full_windows_left: float | None
    """How many full five-hour windows the week still holds."""
    percent_per_working_day: float | None
    """Of the week, for each working day until its reset; working days are learnt from use."""
    calibrations: tuple[Calibration, ...]
    cap_changes: tuple[CapChange, ...]
    elsewhere: float | None
    """Share of the use, 0 to 1, that the records do not explain; None if unknown."""
    history_days: int
    """Days from the first use known until now."""
    usual: float | None
    """Today's use so far over what is usual at this hour of such a day; above 1 is more."""

    def of(self, window: str) -> WindowForecast | None:
        """The forecast of one window; None where the account has no such window."""
        return next((each for each in self.windows if each.window == window), None)
