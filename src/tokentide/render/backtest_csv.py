"""Back-tests as CSV: the odds that were said beside the share that came true."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.forecasting.backtest_report import Backtest
from tokentide.render.csv_text import csv_lines, csv_value, safe

HEADING = ("account", "window", "odds_from", "odds_to", "cases", "mean_odds", "hit_share")
DIGITS = 4


def reliability_csv(found: Sequence[Backtest]) -> str:
    """What was said beside what came true; a line a span of odds."""
    return csv_lines(
        HEADING,
        (
            (
                safe(test.account.key),
                safe(scores.window),
                *map(csv_value, (each.low, each.high, each.cases)),
                *(csv_value(round(figure, DIGITS)) for figure in (each.mean_odds, each.hit_share)),
            )
            for test in found
            for scores in test.windows
            for each in scores.reliability
        ),
    )
