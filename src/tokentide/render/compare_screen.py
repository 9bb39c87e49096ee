"""The screen of a comparison: figures side by side, and a waterfall of what made the difference."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.compare.causes import CAUSES
from tokentide.analytics.compare.report import Comparison
from tokentide.render import words
from tokentide.render.charts import FULL
from tokentide.render.columns import Title
from tokentide.render.compare_words import (
    CAUSE_TITLES,
    MEASURES,
    cause_fact,
    heads,
    model_rows,
    short_names,
    shown,
    shown_difference,
    shown_percent,
    style_of,
    why,
)
from tokentide.render.table import distinct_width, plain_strip, print_strips
from tokentide.render.what_if_words import change, change_style

LEAST_HEAD = 24
WIDEST = 110
LABEL = 20
AMOUNT = 10
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
    for head in heads(report, calendar):
        for part in textwrap.wrap(head, max(room, LEAST_HEAD), subsequent_indent="   "):
            console.print(Text(part, style="bold"), soft_wrap=True)
    console.print()
    dropped = _figures(console, report, width)
    if report.one.sums.responses and report.other.sums.responses:
        console.print()
        for line in _waterfall(report, room):
            console.print(line, soft_wrap=True)
    return tuple(title for title in dropped if title)


def _figures(console: Console, report: Comparison, width: int) -> tuple[str, ...]:
    """All measures, then the dearest models; returns the columns that had no room."""
    rows = [(measure, measure.value(report.one), measure.value(report.other)) for measure in MEASURES]
    models, is_short = model_rows(report), width < NARROW
    names = short_names(report)
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


def _waterfall(report: Comparison, room: int) -> Iterator[Text]:
    """From the first side's cost to the second's, a bar a cause; the bars begin where the one before ended."""
    yield Text(why(report), style="bold")
    steps = [report.causes[cause] for cause in CAUSES]
    levels = [report.one.sums.cost]
    for step in steps:
        levels.append(levels[-1] + step)
    low, high = _axis(levels)
    beside = room >= LABEL + AMOUNT + USUAL_BAR + FACT
    width = max(min(room - LABEL - AMOUNT - 4 - (FACT if beside else 0), LONGEST_BAR), LEAST_BAR)
    scale = width / (high - low)
    names = short_names(report)
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
