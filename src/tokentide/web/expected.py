"""What is expected of open windows as a table, beside the charts of where they are heading."""

from __future__ import annotations

from collections.abc import Iterable

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.render.forecast_words import clock_words, odds_words, whole_percent
from tokentide.render.limit_words import window_title
from tokentide.render.words import clean
from tokentide.web.tables import Cell, Head, HtmlTable
from tokentide.web.windows import odds_level


def named(forecasts: Iterable[Forecast]) -> list[tuple[str, Forecast]]:
    """The forecasts with what to put before a window's title: nothing where there is one account."""
    every = list(forecasts)
    return [(f"{clean(each.account.name)}, " if len(every) > 1 else "", each) for each in every]


def expected_table(forecasts: Iterable[Forecast], calendar: Calendar, now: int) -> HtmlTable:
    """What is expected, in figures."""
    return HtmlTable(
        "What is expected of the open windows",
        (
            Head("Window", is_number=False),
            Head("Used"),
            Head("At the reset, likely"),
            Head("8 in 10"),
            Head("To run out", is_number=False),
            Head("Full about", is_number=False, importance=3),
            Head("Reset", is_number=False, importance=4),
        ),
        [
            _expected(f"{name}{window_title(each.window)}", each, calendar, now)
            for name, forecast in named(forecasts)
            for each in forecast.windows
            if each.percent is not None and each.resets_at is not None
        ],
    )


def _expected(title: str, each: WindowForecast, calendar: Calendar, now: int) -> list[Cell]:
    end, hits, odds = each.at_reset, each.hits_at, each.odds
    return [
        Cell(title),
        Cell(("~" if each.is_estimate else "") + _percent(each.percent or 0.0)),
        Cell(_percent(end.likely) if end else ""),
        Cell(f"{whole_percent(end.low)} to {_percent(end.high)}" if end else ""),
        Cell(each.abstains if odds is None else odds_words(odds), level="" if odds is None else odds_level(odds)),
        Cell(clock_words(hits.rounded().likely, calendar, now) if hits else ""),
        Cell(clock_words(each.resets_at, calendar, now) if each.resets_at else ""),
    ]


def _percent(figure: float) -> str:
    """62 %, of what is known to a fraction."""
    return f"{whole_percent(figure)} %"
