"""How right forecasts were: one's own history replayed, the odds that were said beside what came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokentide.analytics.forecasting.backtest_report import Backtest
from tokentide.analytics.forecasting.scores import MethodScore, WindowScores
from tokentide.render.backtest_screen import NAMES, too_short, verdict
from tokentide.render.forecast_words import NAMELESS
from tokentide.render.limit_words import window_title
from tokentide.render.words import clean, percent
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.limits import backtests_of
from tokentide.web.replays import BacktestQuery
from tokentide.web.tables import Cell, Head, HtmlTable

RANGES = (30, 60, 120, 366)


def build(sight: Sight, asked: BacktestQuery, _item: str) -> Mapping[str, Any]:
    """The replay of each account; made now where it was not made today."""
    found = backtests_of(sight, asked)
    return {
        "tests": [
            {
                "key": each.account.key,
                "name": clean(each.account.name) or NAMELESS,
                "is_made_up": each.is_made_up,
                "too_short": "" if each.windows else too_short(each),
                "abstained": each.abstained,
                "said": [(window_title(scores.window), verdict(scores)) for scores in each.windows],
                "reliability": _reliability(each),
                "scores": [(window_title(scores.window), _scores(scores)) for scores in each.windows],
            }
            for each in found
        ],
        "ranges": RANGES,
    }


def _reliability(test: Backtest) -> HtmlTable:
    """What was said beside what came."""
    return HtmlTable(
        "Odds that were said, and how often it came so",
        (
            Head("Window", is_number=False),
            Head("Odds said", is_number=False),
            Head("Times"),
            Head("Mean"),
            Head("Came true"),
        ),
        [
            [
                Cell(window_title(scores.window)),
                Cell(f"{percent(each.low)} to {percent(each.high)}", value=str(each.low)),
                Cell(f"{each.cases:,}"),
                Cell(percent(each.mean_odds)),
                Cell(percent(each.hit_share)),
            ]
            for scores in test.windows
            for each in scores.reliability
        ],
    )


def _scores(scores: WindowScores) -> HtmlTable:
    """Ours beside simple methods; less is better."""
    return HtmlTable(
        f"Scores of {window_title(scores.window)}",
        (
            Head("Method", is_number=False),
            Head("Brier"),
            Head("Log", importance=3),
            Head("Minutes off"),
            Head("Points off"),
            Head("Pinball", importance=2),
        ),
        [_score(each) for each in scores.methods],
    )


def _score(each: MethodScore) -> list[Cell]:
    time = each.time_error_minutes
    return [
        Cell(NAMES.get(each.method, each.method)),
        Cell(f"{each.brier:.3f}"),
        Cell(f"{each.log_score:.3f}"),
        Cell("-" if time is None else f"{time:,.0f}"),
        Cell(f"{each.percent_error:.1f}"),
        Cell(f"{each.pinball:.2f}"),
    ]


PAGE = Page(
    "/limits/replay",
    "How right the forecasts were",
    "limits-replay.html",
    build,
    BacktestQuery,
    ("account",),
    nav="Limits",
)
