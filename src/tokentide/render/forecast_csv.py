"""Forecasts as CSV: a line a window, with what one percent of it is worth."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.render.csv_text import csv_lines, csv_value, safe
from tokentide.render.json_text import usd
from tokentide.render.report_json import instant

HEADING = (
    "account",
    "window",
    "is_estimate",
    "percent",
    "resets_at",
    "odds",
    "hits_at_p10",
    "hits_at_p50",
    "hits_at_p90",
    "percent_at_reset_p10",
    "percent_at_reset_p50",
    "percent_at_reset_p90",
    "usd_per_percent",
    "usd_per_percent_low",
    "usd_per_percent_high",
    "windows",
    "abstains",
)


def forecasts_csv(found: Sequence[Forecast]) -> str:
    """What is not known is empty; `windows` is how many past ones the worth rests on."""
    return csv_lines(HEADING, (_line(forecast, each) for forecast in found for each in forecast.windows))


def _line(forecast: Forecast, each: WindowForecast) -> Sequence[str]:
    hits, end = each.hits_at, each.at_reset
    worth = next((known for known in forecast.calibrations if known.window == each.window), None)
    return [
        *map(safe, (forecast.account.key, each.window)),
        csv_value(each.is_estimate),
        _figure(each.percent),
        _instant(each.resets_at),
        _figure(each.odds, 4),
        *map(_instant, (hits.low, hits.likely, hits.high) if hits else (None,) * 3),
        *map(_figure, (end.low, end.likely, end.high) if end else (None,) * 3),
        *(map(csv_value, map(usd, (worth.usd_per_percent, worth.low, worth.high))) if worth else ("",) * 3),
        csv_value(worth.windows) if worth else "",
        safe(each.abstains),
    ]


def _figure(figure: float | None, digits: int = 2) -> str:
    return "" if figure is None else csv_value(round(figure, digits))


def _instant(at: int | None) -> str:
    return "" if at is None else instant(at)
