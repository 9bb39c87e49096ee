"""The back-test in tables: how right the forecast was, beside simple methods, and whether its odds came true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from tokentide.analytics.forecasting.backtest import OURS
from tokentide.analytics.forecasting.backtest_report import LEAST_WINDOWS, Backtest
from tokentide.analytics.forecasting.scores import MethodScore, ReliabilityBin, WindowScores
from tokentide.render import words
from tokentide.render.fitting import in_lines
from tokentide.render.forecast_words import NAMELESS
from tokentide.render.limit_words import window_title

NAMES = {
    OURS: "this forecast",
    "constant_rate": "average so far",
    "last_hour": "last hour's rate",
    "regression": "straight line",
    "base_rate": "as always",
}
COLUMNS = ("Brier", "log", "time, min", "error, %", "pinball", "in 80 %")
NARROW_COLUMNS = ("Brier", "min", "off")
NARROW = 70


def backtest_lines(test: Backtest, room: int) -> Iterator[Text]:
    """One account: for each window a sentence, the scores, the odds beside what came."""
    yield Text(words.clean(test.account.name) or NAMELESS, style="bold")
    if test.is_made_up and test.windows:
        yield from in_lines(
            "No official readings: limits in USD stand in. This proves the demand, not the limit.", room
        )
    if not test.windows:
        yield from in_lines(too_short(test), room)
    for scores in test.windows:
        yield Text("")
        yield from _window(scores, room)
    if test.windows:
        yield Text("")
        yield from in_lines(_legend(test, is_narrow=room < NARROW), room, style="dim")


def too_short(test: Backtest) -> str:
    """Why nothing could be scored."""
    days = words.plural(test.history_days, "day")
    return (
        f"Too little to score: {days} of history, and no window that was over and could be forecast by what was known "
        f"before it. It takes a week of work to learn from, then a few windows more; "
        f"`tokentide statusline install` collects them."
    )


def _window(scores: WindowScores, room: int) -> Iterator[Text]:
    for number, line in enumerate(in_lines(f"{window_title(scores.window)}: {verdict(scores)}", room)):
        if not number:
            line.stylize("bold", 0, len(window_title(scores.window)))
        yield line
    is_narrow = room < NARROW
    names = [NAMES.get(method.method, method.method) for method in scores.methods]
    margin = max(map(len, names)) + 2
    columns = NARROW_COLUMNS if is_narrow else COLUMNS
    yield Text(" " * margin + "".join(f"{column:>{_width(column)}}" for column in columns), style="dim")
    for name, method in zip(names, scores.methods, strict=True):
        cells = _cells(method, is_narrow=is_narrow)
        row = "".join(f"{cell:>{_width(column)}}" for column, cell in zip(columns, cells, strict=True))
        yield Text(f"{name:<{margin}}{row}", style="bold" if method.method == OURS else "")
    yield from _reliability(scores.reliability)


def verdict(scores: WindowScores) -> str:
    """How often it was asked, and whether it is worth having, in a few sentences."""
    counted = f"{words.plural(scores.windows, 'window')}, {round(scores.hit_share * 100)} % of them full"
    head = f"{counted}; asked {scores.cases:,} times."
    best = NAMES.get(scores.best_baseline, scores.best_baseline)
    few = f" Fewer than {LEAST_WINDOWS} windows prove little." if scores.windows < LEAST_WINDOWS else ""
    held = scores.methods[0].time_coverage
    span = "" if held is None else f" Of the hits {held * 100:.0f} % came within the span given for them; 80 is right."
    if scores.skill > 0:
        return f"{head} Its odds were {scores.skill * 100:.0f} % better than the best simple method, {best}.{span}{few}"
    return f"{head} Its odds were no better than {best}.{span}{few}"


def _cells(method: MethodScore, *, is_narrow: bool) -> Sequence[str]:
    time = "-" if method.time_error_minutes is None else f"{method.time_error_minutes:,.0f}"
    if is_narrow:
        return f"{method.brier:.3f}", time, f"{method.percent_error:.1f}"
    covered = f"{method.percent_coverage * 100:.0f} %" if method.method in (OURS, "base_rate") else "-"
    return (
        f"{method.brier:.3f}",
        f"{method.log_score:.3f}",
        time,
        f"{method.percent_error:.1f}",
        f"{method.pinball:.2f}",
        covered,
    )


def _reliability(bins: Sequence[ReliabilityBin]) -> Iterator[Text]:
    """Its odds beside how often it came so."""
    yield Text("odds said     times   mean  came true", style="dim")
    for each in bins:
        span = f"{each.low * 100:.0f} to {each.high * 100:.0f} %"
        yield Text(f"{span:<13}{each.cases:>7,}{each.mean_odds * 100:>5.0f} %{each.hit_share * 100:>9.0f} %")


def _legend(test: Backtest, *, is_narrow: bool) -> str:
    silent = f" It said nothing {test.abstained:,} times, for want of history or use." if test.abstained else ""
    if is_narrow:
        return f"Less is better: Brier of the odds, minutes off the hit, points off the percentage.{silent}"
    return (
        "Less is better: Brier and log score of the odds; minutes between the hit and its time; points between the "
        "percentage at the reset and the one expected; pinball of its interval. The interval should hold 8 in 10."
        + silent
    )


def _width(column: str) -> int:
    return max(len(column), 5) + 2
