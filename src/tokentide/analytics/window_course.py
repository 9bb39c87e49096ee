"""How each open window went so far, and where it is heading: what a picture of it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.limit_history import WindowHistory, limit_histories
from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.clock import DAY_US
from tokentide.model.limits import Account, length_of

if TYPE_CHECKING:
    from tokentide.analytics.forecasting.model import Forecast, WindowForecast
    from tokentide.analytics.limits import AccountLimits
    from tokentide.store.sqlite.ledger import Ledger

MOST_LENGTH_US = 7 * DAY_US
"""No window that is known to roll is open for longer."""


@dataclass(frozen=True, slots=True)
class WindowCourse:
    """One open window of one account."""

    account: Account
    state: WindowState
    opens_at: int
    """µs UTC; of a window whose length is not known, when it was told of first."""
    resets_at: int
    points: tuple[WindowState, ...]
    """What was believed since it opened, oldest first; none of an estimate."""
    expected: WindowForecast | None


def window_courses(
    ledger: Ledger, found: Sequence[AccountLimits], forecasts: Mapping[str, Forecast], *, now: int
) -> list[WindowCourse]:
    """Every window that is open and has a percentage, in the order of `limits`. Raises LedgerError."""
    accounts = [limits.account for limits in found]
    histories = limit_histories(ledger, accounts, since=now - MOST_LENGTH_US, now=now)
    by_window = {(history.account.key, history.window): history for history in histories}
    return [
        _course(limits.account, state, by_window.get((limits.account.key, state.window)), forecasts)
        for limits in found
        for state in limits.windows
        if state.percent is not None and state.resets_at is not None and not state.is_over(now)
    ]


def _course(
    account: Account, state: WindowState, history: WindowHistory | None, forecasts: Mapping[str, Forecast]
) -> WindowCourse:
    reset = state.resets_at or 0
    points = tuple(
        point
        for point in (history.points if history is not None and not state.is_estimate else ())
        if point.resets_at is not None and abs(point.resets_at - reset) <= SAME_RESET_US
    )
    length, forecast = length_of(state.window), forecasts.get(account.key)
    first = points[0].since if points else state.since
    return WindowCourse(
        account,
        state,
        first if length is None else reset - length,
        reset,
        points,
        forecast.of(state.window) if forecast is not None else None,
    )
