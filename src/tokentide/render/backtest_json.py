"""Back-tests as JSON, format 1."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.forecasting.backtest_report import Backtest
from tokentide.analytics.forecasting.scores import MethodScore, WindowScores
from tokentide.render.json_text import Json, dumps
from tokentide.render.limit_words import window_title
from tokentide.render.report_json import head_json, instant

DIGITS = 4


def backtests_json(found: Sequence[Backtest], *, timezone: str, now: int) -> str:
    """One object with an entry an account."""
    return dumps(
        {
            **head_json("forecast_backtest", now, timezone),
            "accounts": [_account(test) for test in found],
        }
    )


def _account(test: Backtest) -> dict[str, Json]:
    return {
        "account": test.account.key,
        "name": test.account.name,
        "since": instant(test.since),
        "until": instant(test.until),
        "history_days": test.history_days,
        "is_made_up": test.is_made_up,
        "abstained": test.abstained,
        "windows": [_window(scores) for scores in test.windows],
    }


def _window(scores: WindowScores) -> dict[str, Json]:
    """One kind of window; `reliability` compares the odds said with the share that came true."""
    return {
        "window": scores.window,
        "title": window_title(scores.window),
        "cases": scores.cases,
        "windows": scores.windows,
        "hit_share": round(scores.hit_share, DIGITS),
        "best_baseline": scores.best_baseline,
        "skill": round(scores.skill, DIGITS),
        "methods": [_method(method) for method in scores.methods],
        "reliability": [
            {
                "odds_from": each.low,
                "odds_to": each.high,
                "cases": each.cases,
                "mean_odds": round(each.mean_odds, DIGITS),
                "hit_share": round(each.hit_share, DIGITS),
            }
            for each in scores.reliability
        ],
    }


def _method(method: MethodScore) -> dict[str, Json]:
    """One method's scores; null where it says nothing of that."""
    return {
        "method": method.method,
        "brier": round(method.brier, DIGITS),
        "log_score": round(method.log_score, DIGITS),
        "time_error_minutes": _rounded(method.time_error_minutes),
        "percent_error": round(method.percent_error, DIGITS),
        "pinball": round(method.pinball, DIGITS),
        "percent_coverage": round(method.percent_coverage, DIGITS),
        "time_coverage": _rounded(method.time_coverage),
    }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, DIGITS)
