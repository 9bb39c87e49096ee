"""Forecasts as JSON, format 1."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.analytics.forecasting.what_helps import what_helps
from tokentide.clock import SECOND_US
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.limit_words import window_title
from tokentide.render.report_json import head_json, instant


def forecasts_json(found: Sequence[Forecast], *, timezone: str, now: int) -> str:
    """One object with an entry an account."""
    return dumps(
        {
            **head_json("forecast", now, timezone),
            "accounts": [forecast_json(forecast) for forecast in found],
        }
    )


def forecast_json(forecast: Forecast) -> dict[str, Json]:
    """One account; what is not known is null."""
    return {
        "account": forecast.account.key,
        "name": forecast.account.name,
        "organization": forecast.account.organization or None,
        "forecast_at": instant(forecast.at),
        "windows": [window_forecast_json(each, forecast.at) for each in forecast.windows],
        "binding": forecast.binding or None,
        "full_windows_left": _rounded(forecast.full_windows_left),
        "percent_per_working_day": _rounded(forecast.percent_per_working_day),
        "calibrations": [
            {
                "window": each.window,
                "usd_per_percent": usd(each.usd_per_percent),
                "usd_per_percent_low": usd(each.low),
                "usd_per_percent_high": usd(each.high),
                "windows": each.windows,
            }
            for each in forecast.calibrations
        ],
        "cap_changes": [
            {
                "window": each.window,
                "at": instant(each.at),
                "usd_per_percent_before": usd(each.before),
                "usd_per_percent_after": usd(each.after),
                "ratio": _rounded(each.ratio, 4),
            }
            for each in forecast.cap_changes
        ],
        "elsewhere": _rounded(forecast.elsewhere, 4),
        "history_days": forecast.history_days,
        "usual": _rounded(forecast.usual, 4),
    }


def window_forecast_json(each: WindowForecast, now: int) -> dict[str, Json]:
    """One window; `odds` are 0 to 1, null with a reason in `abstains`; percentiles are the 10th, 50th and 90th."""
    hits, end, pace, helps = each.hits_at, each.at_reset, each.pace, what_helps(each, now)
    return {
        "window": each.window,
        "title": window_title(each.window),
        "is_estimate": each.is_estimate,
        "resets_at": _instant(each.resets_at),
        "percent": _rounded(each.percent),
        "odds": _rounded(each.odds, 4),
        "hits_at": None
        if hits is None
        else {"p10": instant(hits.low), "p50": instant(hits.likely), "p90": instant(hits.high)},
        "percent_at_reset": None
        if end is None
        else {"p10": _rounded(end.low), "p50": _rounded(end.likely), "p90": _rounded(end.high)},
        "pace": None
        if pace is None
        else {
            "percent_per_hour": _rounded(pace.percent_per_hour),
            "percent_at_reset": _rounded(pace.percent_at_reset),
            "hit_at": _instant(pace.hit_at),
        },
        "help": None
        if helps is None
        else {
            "percent_per_hour": _rounded(helps.percent_per_hour),
            "pause_seconds": helps.pause_us // SECOND_US,
        },
        "abstains": each.abstains or None,
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else instant(at)


def _rounded(figure: float | None, digits: int = 2) -> float | None:
    return None if figure is None else round(figure, digits)
