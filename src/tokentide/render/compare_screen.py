"""The screen of a comparison: figures side by side, and a waterfall of what made the difference."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import Console
from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.compare.causes import CAUSES
from tokentide.analytics.compare.report import Comparison
from tokentide.analytics.compare.sides import Side
from tokentide.render import words
from tokentide.render.charts import FULL
from tokentide.render.columns import Title
from tokentide.render.compare_words import (
    CAUSE_TITLES,
    MEASURES,
    cause_fact,
    shown,
    shown_difference,
    shown_percent,
    style_of,
)
from tokentide.render.table import distinct_width, plain_strip, print_strips
from tokentide.render.what_if_words import change, change_style

LEAST_HEAD = 24
TOP = 5
"""Models that are listed."""
WIDEST = 110
LABEL = 20
AMOUNT = 10
SHORT = 12
"""Cells of the longest name above a column."""
NEAR = 0.6
"""Where all levels of a waterfall lie above this share of the highest, its bars begin further right than nothing."""
MARGIN = 0.2
"""So much of the span of the levels is shown below the lowest of them then."""
LONGEST_BAR, USUAL_BAR = 40, 24
LEAST_BAR = 8
NARROW = 72
"""Below it large counts are rounded."""
FACT = 38
"""Cells of a fact beside its bar."""


def print_comparison(console: Console, report: Comparison, calendar: Calendar, width: int) -> tuple[str, ...]:
    """Print the screen; returns the columns that had no room in `width`."""
    room = min(width, WIDEST)
    for head in _heads(report, calendar):
        for part in textwrap.wrap(head, max(room, LEAST_HEAD), subsequent_indent="   "):
            console.print(Text(part, style="bold"), soft_wrap=True)
    console.print()
    dropped = _figures(console, report, width)
    if report.one.sums.responses and report.other.sums.responses:
        console.print()
        for line in _waterfall(report, room):
            console.print(line, soft_wrap=True)
    return tuple(title for title in dropped if title)


def _heads(report: Comparison, calendar: Calendar) -> Iterator[str]:
    """Which stretch each side is."""
    for letter, side in (("A", report.one), ("B", report.other)):
        name, stretch = words.clean(side.operand.text), _stretch(side, report.generated_at, calendar)
        is_told = stretch.startswith(name.partition("..")[0])
        yield "  ".join((letter, stretch) if is_told else filter(None, (letter, name, stretch)))


def _stretch(side: Side, now: int, calendar: Calendar) -> str:
    """The days of a period, as far as its name does not tell them."""
    days, end = side.operand.days, side.operand.end
    if days is None:
        return ""
    is_open = calendar.start_of(days.last + timedelta(days=1)) > now
    if is_open and end >= now:
        return f"{days.first} until now"
    if side.operand.is_cut:
        return f"{days.first} until {calendar.local(end):%Y-%m-%d %H:%M}, the same part"
    span = f"{days.first}..{days.last}"
    return "" if side.operand.text in (span, str(days.first)) else f"{days.first} to {days.last}"


def _short_names(report: Comparison) -> tuple[str, str]:
    """What stands above the columns: what was typed where it is short."""
    one, other = (words.clean(side.operand.text) for side in (report.one, report.other))
    return (one, other) if max(len(one), len(other)) <= SHORT else ("A", "B")


def _figures(console: Console, report: Comparison, width: int) -> tuple[str, ...]:
    """All measures, then the dearest models; returns the columns that had no room."""
    rows = [(measure, measure.value(report.one), measure.value(report.other)) for measure in MEASURES]
    models, is_short = _models(report), width < NARROW
    names = _short_names(report)
    columns = [
        (
            Title("", 9, is_number=False, shrinks=True),
            [measure.title for measure, _, _ in rows],
            [row[0] for row in models],
        ),
        (
            Title(names[0], 9),
            [shown(measure, one, is_short=is_short) for measure, one, _ in rows],
            [row[1] for row in models],
        ),
        (
            Title(names[1], 9),
            [shown(measure, other, is_short=is_short) for measure, _, other in rows],
            [row[2] for row in models],
        ),
        (
            Title("difference", 8),
            [shown_difference(*row, is_short=is_short) for row in rows],
            [row[3] for row in models],
        ),
        (Title("", 7), [shown_percent(*row) for row in rows], [row[4] for row in models]),
    ]
    strips = [plain_strip(title, [*cells, *more], "") for title, cells, more in columns]
    strips[0].least = distinct_width(strips[0].cells)
    styles = [style_of(*row) for row in rows] + ["cyan"] * len(models)
    return print_strips(console, strips, styles, width, totals=False)


def _models(report: Comparison) -> list[tuple[str, str, str, str, str]]:
    """What the dearest models of either side cost."""
    dearest = {name for side in (report.one, report.other) for name, _ in side.top_models(TOP)}
    measure = MEASURES[0]
    rows = []
    for name in dearest:
        one, other = (side.models[name].sums.cost if name in side.models else 0 for side in (report.one, report.other))
        rows.append((one + other, name, one, other))
    return [
        (
            f"  {words.model_name(name)}",
            words.money(one),
            words.money(other),
            shown_difference(measure, one, other),
            shown_percent(measure, one, other),
        )
        for _, name, one, other in sorted(rows, key=lambda row: (-row[0], row[1]))[:TOP]
    ]


def _waterfall(report: Comparison, room: int) -> Iterator[Text]:
    """From the first side's cost to the second's, a bar a cause; the bars begin where the one before ended."""
    yield Text(_why(report), style="bold")
    steps = [report.causes[cause] for cause in CAUSES]
    levels = [report.one.sums.cost]
    for step in steps:
        levels.append(levels[-1] + step)
    low, high = _axis(levels)
    beside = room >= LABEL + AMOUNT + USUAL_BAR + FACT
    width = max(min(room - LABEL - AMOUNT - 4 - (FACT if beside else 0), LONGEST_BAR), LEAST_BAR)
    scale = width / (high - low)
    names = _short_names(report)
    yield _bar(names[0], words.money(levels[0]), (max(0 - low, 0), levels[0] - low), scale, "bold")
    for cause, step, before, after in zip(CAUSES, steps, levels, levels[1:], strict=False):
        span = (min(before, after) - low, max(before, after) - low)
        line = _bar(CAUSE_TITLES[cause], change(step), span, scale, change_style(step) or "dim")
        yield from _with_fact(line, cause_fact(cause, report), LABEL + AMOUNT + 4 + width if beside else 0, room)
    yield _bar(names[1], words.money(levels[-1]), (max(0 - low, 0), levels[-1] - low), scale, "bold")
    if low > 0:
        yield Text(f"The bars begin at {words.money(low)}.", style="dim")


def _axis(levels: Sequence[int]) -> tuple[int, int]:
    """The amounts at the left and the right edge of the bars."""
    low, high = min(levels), max(*levels, 1)
    if low > NEAR * high and low < high:
        return max(round(low - MARGIN * (high - low)), 0), high
    return min(0, low), high


def _with_fact(line: Text, fact: str, at: int, room: int) -> Iterator[Text]:
    """A bar with what it rests on: beside it from a column on, else (0) below."""
    if fact and at:
        line.append(" " * max(at - line.cell_len, 1) + fact, "dim")
    yield line
    if fact and not at:
        for part in textwrap.wrap(fact, max(room, LEAST_HEAD), initial_indent="  ", subsequent_indent="  "):
            yield Text(part, style="dim")


def _bar(label: str, amount: str, span: tuple[int, int], scale: float, style: str) -> Text:
    """A label, an amount, and a bar between two levels; a step that is not nothing is seen."""
    begin, end = round(span[0] * scale), round(span[1] * scale)
    cells = max(end - begin, 1 if span[1] > span[0] else 0)
    text = Text(f"{label[:LABEL]:<{LABEL}}{amount:>{AMOUNT}}  ", style="bold" if style == "bold" else "")
    if cells:
        text.append(" " * min(begin, max(end - 1, 0)) + FULL * cells, "" if style == "bold" else style)
    return text


def _why(report: Comparison) -> str:
    if not report.difference:
        return "Both cost the same; what changed nevertheless"
    word = "more" if report.difference > 0 else "less"
    return f"Why B costs {words.money(abs(report.difference))} {word}"
