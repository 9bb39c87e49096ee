"""Will the windows hold what comes next? One verdict over an account's open windows, for scripts and before a prompt.

What is official counts as it is; an estimate of ours can say that a window is near its end, never that it is used up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import quantiles
from typing import TYPE_CHECKING

from tokentide.analytics.forecasting.model import FULL, Calibration, Forecast, Instants, WindowForecast
from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.clock import DAY_US, MINUTE_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, Account, length_of
from tokentide.model.odds import EVEN_ODDS
from tokentide.store.query import CostMode, Filters

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.limits import AccountLimits
    from tokentide.store.sqlite.ledger import Ledger

NEAR_PERCENT = 80.0
ALMOST_FULL = FULL - 0.5
"""As far as an inference of ours may take a window."""
ROUNDING_POINTS = 1.0
"""The vendor tells whole percentages."""
STRETCH_US = 5 * MINUTE_US
"""What a prompt sets off usually lasts about so long."""
USUAL_DAYS = 14
"""So far back reaches what is usual."""
LEAST_STRETCHES = 12
"""Of fewer nobody can tell what is usual."""


RECENT_US = 10 * MINUTE_US
RECENT_POINTS = 3.0
"""A forecast that is no older, of a percentage no further away, says what a new one would."""


class Verdict(StrEnum):
    """What to do, the worst last."""

    GO = "go_on"
    NEAR = "near"
    FULL = "used_up"


class Reason(StrEnum):
    """Why a window is not simply open."""

    FULL = "full"
    PERCENT = "percent"
    ODDS = "odds"
    NEED = "need"
    """What was asked for will not fit, or may not."""
    USUAL = "usual"
    """What is left is less than eight in ten five-minute stretches of work leave over."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked."""

    window: str = ""
    """A part of the names of the windows that count; empty for all that roll."""
    need_percent: float | None = None
    """Of that window, else of the five hours."""
    need_cost: int | None = None
    """Nano-USD at list price."""
    near_percent: float | None = NEAR_PERCENT
    """From which a window is near its end; None where that alone is no reason."""
    max_odds: float | None = EVEN_ODDS
    soon_us: int | None = None
    """Odds count of what will most likely be within this time; None for any time before the reset."""
    heeds_usual: bool = False
    """Whether it counts that the usual work of five minutes would not fit."""

    @property
    def has_need(self) -> bool:
        """True where the question is whether something fits."""
        return self.need_percent is not None or self.need_cost is not None


@dataclass(frozen=True, slots=True)
class Share:
    """So much of a window, percent: what is likely, and what it may come to."""

    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class WindowCheck:
    """One window, judged."""

    window: str
    percent: float
    """Used now, of 100, with what was spent since the last reading; 0 for one that is not open."""
    said: float
    """What the last reading said; 0 for one that is not open."""
    resets_at: int | None
    """µs UTC; None where it is not open."""
    observed_at: int
    odds: float | None
    hits_at: Instants | None
    need: Share | None
    """What was asked for; None where nothing was, or where nobody can tell how much that is."""
    usual: Share | None
    """What five minutes of work take: half of them less than `likely`, eight in ten less than `high`."""
    reasons: tuple[Reason, ...]
    is_estimate: bool

    @property
    def left(self) -> float:
        """Percent that is left; never below 0."""
        return max(FULL - self.percent, 0.0)

    @property
    def is_inferred(self) -> bool:
        """True where more was spent since the last reading than its rounding may hide."""
        return self.percent - self.said >= ROUNDING_POINTS

    @property
    def verdict(self) -> Verdict:
        """What the reasons come to."""
        return Verdict.FULL if Reason.FULL in self.reasons else Verdict.NEAR if self.reasons else Verdict.GO


@dataclass(frozen=True, slots=True)
class Guarded:
    """The answer for one account."""

    account: Account
    at: int
    wish: Wish
    windows: tuple[WindowCheck, ...]
    """Those that count, in the order of `limits`."""

    @property
    def worst(self) -> WindowCheck | None:
        """The window that decides; None where none is known."""
        ranks: list[Verdict] = [*Verdict]
        return max(
            self.windows, key=lambda each: (ranks.index(each.verdict), each.odds or 0.0, each.percent), default=None
        )

    @property
    def verdict(self) -> Verdict | None:
        """None where nobody can tell: no percentage is known, or not what the need would take of any window."""
        worst = self.worst
        if worst is None:
            return None
        if worst.verdict is not Verdict.FULL and self.wish.has_need and all(each.need is None for each in self.windows):
            return None
        return worst.verdict


def guard_account(ledger: Ledger, limits: AccountLimits, forecast: Forecast, wish: Wish, *, now: int) -> Guarded:
    """Judge one account's windows by what is known and expected of them; `now` is µs UTC."""
    wanted = [state for state in limits.windows if state.percent is not None and _counts(state, wish)]
    is_measured = wish.heeds_usual and forecast.calibrations and wanted
    costs = _recent_costs(ledger, limits.account, now) if is_measured else []
    judge = _Judge(forecast, wish, costs, now)
    return Guarded(limits.account, now, wish, tuple(map(judge.check, wanted)))


def recent_forecast(ledger: Ledger, limits: AccountLimits, calendar: Calendar, *, now: int) -> Forecast:
    """A forecast for who waits: one that was issued minutes ago, if little has changed since, else a new one."""
    from tokentide.analytics.forecasting.latest import SHAPE, from_text, latest_forecast

    found = ledger.forecasts.latest(limits.account.key)
    if found is not None and 0 <= now - found[0] < RECENT_US and found[1].startswith(f"[{SHAPE},"):
        forecast = from_text(found[2], limits.account)
        if all(_still_holds(state, forecast.of(state.window)) for state in limits.windows):
            return forecast
    return latest_forecast(ledger, limits, calendar, now=now)


def _still_holds(state: WindowState, expected: WindowForecast | None) -> bool:
    """True where a forecast is of the same window, and of nearly the same percentage."""
    if expected is None or (state.resets_at is None) is not (expected.resets_at is None):
        return False
    if abs((state.resets_at or 0) - (expected.resets_at or 0)) > SAME_RESET_US:
        return False
    return abs((state.percent or 0.0) - (expected.percent or 0.0)) <= RECENT_POINTS


def _counts(state: WindowState, wish: Wish) -> bool:
    """True for the windows asked for, also by what people call them; unasked, money is no window that fills."""
    if not wish.window:
        return length_of(state.window) is not None
    name = (
        wish.window.lower().replace("week", SEVEN_DAY).replace("5 hours", FIVE_HOUR).replace(" ", "_").replace(",", "")
    )
    return name in state.window.lower()


def _recent_costs(ledger: Ledger, account: Account, now: int) -> list[int]:
    """What each session cost in each five minutes that it was at work in, nano-USD at list price."""
    found = ledger.stretch_costs(
        Filters(accounts=(account.name,)), CostMode.CALCULATE, now - USUAL_DAYS * DAY_US, STRETCH_US
    )
    return [cost for cost in found if cost > 0]


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges windows of one account."""

    forecast: Forecast
    wish: Wish
    costs: Sequence[int]
    now: int

    def check(self, state: WindowState) -> WindowCheck:
        """One window, which has a percentage."""
        is_closed = (state.resets_at is None or state.is_over(self.now)) and length_of(state.window) is not None
        expected = None if is_closed else self.forecast.of(state.window)
        bare = WindowCheck(
            window=state.window,
            percent=0.0 if is_closed else _used(state, expected),
            said=0.0 if is_closed else state.percent or 0.0,
            resets_at=None if is_closed else state.resets_at,
            observed_at=state.observed_at,
            odds=expected.odds if expected else None,
            hits_at=expected.hits_at if expected else None,
            need=self._need(state.window),
            usual=self._usual(state.window),
            reasons=(),
            is_estimate=state.is_estimate,
        )
        return replace(bare, reasons=tuple(self._reasons(bare)))

    def _reasons(self, check: WindowCheck) -> Iterable[Reason]:
        wish = self.wish
        if check.percent >= FULL and not check.is_estimate:
            yield Reason.FULL
        if check.need is not None and check.need.high > check.left:
            yield Reason.NEED
        if not wish.has_need and wish.near_percent is not None and check.percent >= wish.near_percent:
            yield Reason.PERCENT
        if wish.max_odds is not None and (check.odds or 0.0) >= wish.max_odds and self._is_soon(check):
            yield Reason.ODDS
        if wish.heeds_usual and check.usual is not None and check.usual.high > check.left:
            yield Reason.USUAL

    def _is_soon(self, check: WindowCheck) -> bool:
        """True where it will be full within the time that counts."""
        if self.wish.soon_us is None or check.percent >= FULL:
            return True
        return check.hits_at is not None and check.hits_at.likely <= self.now + self.wish.soon_us

    def _need(self, window: str) -> Share | None:
        """What was asked for, as a share of this window."""
        if self.wish.need_cost is not None:
            return self._share(window, self.wish.need_cost, self.wish.need_cost)
        percent = self.wish.need_percent
        if percent is None or self.wish.window or window == FIVE_HOUR:
            return None if percent is None else Share(percent, percent)
        five_hours = self._calibration(FIVE_HOUR)
        return self._share(window, *[round(percent * five_hours.usd_per_percent)] * 2) if five_hours else None

    def _usual(self, window: str) -> Share | None:
        """What five minutes of work take of this window."""
        if len(self.costs) < LEAST_STRETCHES:
            return None
        tenths = quantiles(self.costs, n=10, method="inclusive")
        calibration = self._calibration(window)
        if calibration is None:
            return None
        return Share(tenths[4] / calibration.usd_per_percent, tenths[7] / calibration.usd_per_percent)

    def _share(self, window: str, likely: int, high: int) -> Share | None:
        """Costs as a share of a window; None where nobody knows what its percent is worth."""
        calibration = self._calibration(window)
        if calibration is None:
            return None
        return Share(likely / calibration.usd_per_percent, high / calibration.low)

    def _calibration(self, window: str) -> Calibration | None:
        found = (each for each in self.forecast.calibrations if each.window == window)
        return next((each for each in found if each.low > 0), None)


def _used(state: WindowState, expected: WindowForecast | None) -> float:
    """The vendor's figure, with what was spent since; that alone fills no window."""
    said = state.percent or 0.0
    inferred = expected.percent if expected else None
    return said if inferred is None else max(said, min(inferred, ALMOST_FULL))
