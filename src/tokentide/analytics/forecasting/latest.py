"""The forecast that was made last, as long as it holds: for redraws every few seconds, and for the main screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tokentide.analytics.forecasting.model import (
    Calibration,
    CapChange,
    Forecast,
    Instants,
    Pace,
    Spread,
    WindowForecast,
)
from tokentide.clock import MINUTE_US
from tokentide.errors import LedgerUnwritableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.limits import AccountLimits
    from tokentide.model.limits import Account
    from tokentide.store.sqlite.forecasts import Issued
    from tokentide.store.sqlite.ledger import Ledger

HOLDS_US = MINUTE_US
SHAPE = 1
"""Another number where the dataclasses change: what an older version kept is made anew."""


def latest_forecast(ledger: Ledger, limits: AccountLimits, calendar: Calendar, *, now: int) -> Forecast:
    """The forecast in the ledger if it is about the same windows and at most a minute old, else a new one, kept.

    Its `at` tells when it was made. A ledger that cannot be written keeps nothing, and the forecast is as good.
    """
    question = _question(limits, calendar)
    found = ledger.forecasts.latest(limits.account.key)
    if found is not None and found[1] == question and 0 <= now - found[0] < HOLDS_US:
        return from_text(found[2], limits.account)
    from tokentide.analytics.forecasting.forecast import forecast_account

    made = forecast_account(ledger, limits, calendar, now=now)
    try:
        ledger.forecasts.keep(limits.account.key, now, question, to_text(made), issued_rows(made))
    except LedgerUnwritableError:
        return made
    return made


def latest_forecasts(
    ledger: Ledger, found: Iterable[AccountLimits], calendar: Calendar, *, now: int
) -> dict[str, Forecast]:
    """The forecasts of the accounts that have an open window, by `Account.key`."""
    return {
        limits.account.key: latest_forecast(ledger, limits, calendar, now=now)
        for limits in found
        if any(state.resets_at is not None and not state.is_over(now) for state in limits.windows)
    }


def issued_rows(forecast: Forecast) -> list[Issued]:
    """The forecast as rows of the ledger, a window a row."""
    return [
        (
            forecast.account.key,
            each.window,
            forecast.at,
            each.resets_at,
            each.percent,
            each.odds,
            *((each.hits_at.low, each.hits_at.likely, each.hits_at.high) if each.hits_at else (None, None, None)),
            *((each.at_reset.low, each.at_reset.likely, each.at_reset.high) if each.at_reset else (None, None, None)),
            each.abstains,
        )
        for each in forecast.windows
    ]


def to_text(forecast: Forecast) -> str:
    """The forecast without its account, as JSON."""
    from dataclasses import asdict

    told = asdict(forecast)
    del told["account"]
    return json.dumps(told, separators=(",", ":"))


def from_text(text: str, account: Account) -> Forecast:
    """What `to_text` wrote."""
    told: dict[str, Any] = json.loads(text)
    told["windows"] = tuple(_window(**each) for each in told["windows"])
    told["calibrations"] = tuple(Calibration(**each) for each in told["calibrations"])
    told["cap_changes"] = tuple(CapChange(**each) for each in told["cap_changes"])
    return Forecast(account=account, **told)


def _window(**told: Any) -> WindowForecast:
    for name, kind in (("hits_at", Instants), ("at_reset", Spread), ("pace", Pace)):
        told[name] = kind(**told[name]) if told[name] else None
    return WindowForecast(**told)


def _question(limits: AccountLimits, calendar: Calendar) -> str:
    """What a forecast is about: the shape, the zone, the windows."""
    windows = [(state.window, state.resets_at, state.percent) for state in limits.windows]
    return json.dumps([SHAPE, calendar.name, windows], separators=(",", ":"))
