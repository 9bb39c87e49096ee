"""One account's forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.analytics.forecasting import outlook
from tokentide.analytics.forecasting.abstaining import reason_not_open, reason_too_little
from tokentide.analytics.forecasting.asking import Asking
from tokentide.analytics.forecasting.calibration import Worth, assumed_worth
from tokentide.analytics.forecasting.model import FULL, Forecast, WindowForecast
from tokentide.analytics.forecasting.pace import plain_pace
from tokentide.analytics.forecasting.pasts import Point, WindowPast
from tokentide.analytics.forecasting.reading import read_evidence
from tokentide.analytics.windows import FIVE_HOURS_US
from tokentide.clock import DAY_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, length_of

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.evidence import Evidence
    from tokentide.analytics.limits import AccountLimits
    from tokentide.analytics.windows import WindowState
    from tokentide.store.sqlite.ledger import Ledger


def forecast_account(ledger: Ledger, limits: AccountLimits, calendar: Calendar, *, now: int) -> Forecast:
    """What to expect of each of the account's windows; `now` is µs UTC, and nothing that came later counts.

    Where there is too little to say odds by, the window says why, and gives its plain pace.
    """
    evidence = read_evidence(ledger, limits.account, now=now)
    evidence.assumed = _assumed(limits, evidence, now)
    asking = Asking(evidence, calendar, now)
    history_days = _history_days(ledger, limits, now)
    windows = _with_full_week(tuple(_forecast(asking, state, history_days) for state in limits.windows))
    week = next((each for each in windows if each.window == SEVEN_DAY), None)
    return Forecast(
        limits.account,
        now,
        windows,
        outlook.binding_window(windows),
        outlook.full_windows_left(asking, week),
        outlook.percent_per_working_day(asking, week),
        outlook.calibrations(asking),
        outlook.cap_changes(asking),
        outlook.used_elsewhere(asking),
        history_days,
        outlook.today_over_usual(asking),
    )


def _forecast(asking: Asking, state: WindowState, history_days: int) -> WindowForecast:
    """One window's."""
    now = asking.now
    reason = reason_not_open(state, now)
    if reason or state.resets_at is None or state.percent is None:
        percent = None if state.is_over(now) else state.percent
        return WindowForecast(
            state.window, state.resets_at, percent, None, None, None, None, reason, is_estimate=state.is_estimate
        )
    past = asking.evidence.open_window(state.window, now) or _lone(state, now)
    percent = state.percent if state.percent >= FULL or state.is_estimate else asking.percent(state.window, past)
    pace = plain_pace(state.window, percent, state.resets_at, now)
    if state.percent >= FULL:
        return WindowForecast(
            state.window, state.resets_at, percent, 1.0, None, None, pace, is_estimate=state.is_estimate
        )
    reason = reason_too_little(asking, state.window, past, history_days)
    outcome = None if reason else asking.outcome(state.window, past, percent)
    if outcome is None:
        reason = reason or "no hours like these are known yet"
        return WindowForecast(
            state.window, state.resets_at, percent, None, None, None, pace, reason, is_estimate=state.is_estimate
        )
    return WindowForecast(
        state.window,
        state.resets_at,
        percent,
        outcome.odds,
        outcome.hits_at,
        outcome.at_reset,
        pace,
        is_estimate=state.is_estimate,
    )


def _assumed(limits: AccountLimits, evidence: Evidence, now: int) -> Worth | None:
    """What a percent is worth by the estimate of the five-hour window; None where the vendor tells of it."""
    state = next((each for each in limits.windows if each.window == FIVE_HOUR and each.is_estimate), None)
    if state is None or state.percent is None or state.resets_at is None:
        return None
    begun = state.since or state.resets_at - FIVE_HOURS_US
    return assumed_worth(evidence.spending.between(begun - 1, now), state.percent)


def _lone(state: WindowState, now: int) -> WindowPast:
    """The window of a state that no reading in the ledger is behind: an estimate with a percentage."""
    length, resets_at = length_of(state.window) or 0, state.resets_at or now
    point = Point(min(state.since or state.observed_at, now), now, state.percent or 0.0)
    return WindowPast(resets_at - length, resets_at, [point])


def _with_full_week(windows: tuple[WindowForecast, ...]) -> tuple[WindowForecast, ...]:
    """With the week full there is nothing to say of five hours: nothing is served until the week resets."""
    from dataclasses import replace

    week = next((each for each in windows if each.window == SEVEN_DAY), None)
    if week is None or week.odds != 1.0 or (week.percent or 0.0) < FULL:
        return windows
    reason = "the week is full: nothing is served before its reset"
    return tuple(
        replace(each, odds=None, hits_at=None, at_reset=None, abstains=reason)
        if each.window == FIVE_HOUR and each.odds is not None and each.odds < 1.0
        else each
        for each in windows
    )


def _history_days(ledger: Ledger, limits: AccountLimits, now: int) -> int:
    """Days since the first use that is known of the account."""
    account = limits.account
    known = [ledger.forecasts.first_use(account.name), ledger.forecasts.first_reading(account.key)]
    first = min((at for at in known if at is not None), default=now)
    return max(now - first, 0) // DAY_US
