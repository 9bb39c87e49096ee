"""A report as a table for the terminal. No number is ever cut: a narrow terminal shows fewer columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tokentide.analytics.reports import Report, Row
from tokentide.render.columns import Column, Heading, part_name
from tokentide.render.fitting import shortened

MAX_TEXT = 32
"""Widest cell of words on a terminal; longer ones end in an ellipsis."""
MIN_TEXT = 8
STAYS = 9
"""Importance of the columns that are never left out."""
GAP = 2
"""Between two columns."""


@dataclass(slots=True)
class Strip:
    """One column with all its texts."""

    column: Heading
    cells: list[str]
    footer: str
    width: int
    least: int = MIN_TEXT
    """Words are not narrowed below this while a less important column can go."""
    floor: int = MIN_TEXT
    """And never below this."""


def print_table(console: Console, report: Report, columns: Sequence[Column], width: int | None) -> tuple[str, ...]:
    """Print the report; returns the titles of the columns that had no room. `width` None is without limit."""
    lines = [line for row in report.rows for line in ((row, False), *((part, True) for part in row.breakdown))]
    strips = [_strip(column, lines, report, first=number == 0) for number, column in enumerate(columns)]
    if report.kind.grain:  # days stay whole, and names below them while anything else can go
        days = [cell_len(cell) for cell, (_, is_part) in zip(strips[0].cells, lines, strict=True) if not is_part]
        strips[0].least, strips[0].floor = strips[0].width, max(days, default=MIN_TEXT)
    styles = ["dim" if is_part else "" for _, is_part in lines]
    return print_strips(console, strips, styles, width, totals=len(report.rows) > 1)


def print_strips(
    console: Console, strips: Sequence[Strip], styles: Sequence[str], width: int | None, *, totals: bool
) -> tuple[str, ...]:
    """Print a table whose texts are made; returns the titles of the columns that had no room.

    `styles` has one for each line; `totals` asks for the footers.
    """
    kept = list(strips) if width is None else fit(strips, width)
    text = Text(no_wrap=True)
    _append(text, kept, [strip.column.title for strip in kept], "bold")
    text.append("─" * _needed(kept) + "\n", "dim")
    for number, style in enumerate(styles):
        _append(text, kept, [strip.cells[number] for strip in kept], style)
    if totals:
        text.append("─" * _needed(kept) + "\n", "dim")
        _append(text, kept, [strip.footer for strip in kept], "bold")
    console.print(text, end="", crop=False, soft_wrap=True)
    return tuple(strip.column.title for strip in strips if strip not in kept)


def _append(text: Text, strips: Sequence[Strip], cells: Sequence[str], style: str) -> None:
    """Add one line. The layout is done here: Rich's own takes ten times as long for a thousand rows."""
    last = len(strips) - 1
    for number, (strip, cell) in enumerate(zip(strips, cells, strict=True)):
        shown = shortened(cell, strip.width)
        padding = " " * (strip.width - cell_len(shown))
        padded = padding + shown if strip.column.is_number else shown + (padding if number < last else "")
        text.append(padded, f"{strip.column.style} {style}".strip() or None)
        text.append("\n" if number == last else " " * GAP)


def fit(strips: Sequence[Strip], width: int) -> list[Strip]:
    """Leave out the least important columns until the rest fits; words give way before numbers do."""
    kept = list(strips)
    while True:
        for strip in kept:
            natural = _natural_width(strip)
            strip.width = min(natural, max(MAX_TEXT, strip.least)) if strip.column.shrinks else natural
        _squeeze(kept, _needed(kept) - width)
        least = min(kept, key=lambda strip: strip.column.importance)
        if _needed(kept) <= width:
            return kept
        if least.column.importance == STAYS:
            _squeeze(kept, _needed(kept) - width, is_last=True)
            return kept
        kept.remove(least)


def distinct_width(names: Sequence[str]) -> int:
    """The width at which names still differ from each other, the ellipsis included; at most MAX_TEXT."""
    different = len(set(names))
    fitting = (width for width in range(MIN_TEXT, MAX_TEXT) if len({name[: width - 1] for name in names}) == different)
    return next(fitting, MAX_TEXT)


def _needed(strips: Sequence[Strip]) -> int:
    """Columns of the terminal that the strips take."""
    return sum(strip.width for strip in strips) + GAP * (len(strips) - 1)


def _squeeze(strips: Sequence[Strip], over: int, *, is_last: bool = False) -> None:
    """Narrow the strips of words by `over`, the widest first, but none below its least; at last, below its floor."""
    for _ in range(over):
        shrinking = (strip for strip in strips if strip.column.shrinks)
        words = [strip for strip in shrinking if strip.width > (strip.floor if is_last else strip.least)]
        if not words:
            return
        max(words, key=lambda strip: strip.width).width -= 1


def _strip(column: Column, lines: Sequence[tuple[Row, bool]], report: Report, *, first: bool) -> Strip:
    """The texts of a column; words of a part stand only in the first one, indented."""
    footer = column.cell(report.totals) if column.is_number else "Total" if first else ""
    cells = [
        column.cell(row) if column.is_number or not is_part else f"  {part_name(report.by, row.key)}" if first else ""
        for row, is_part in lines
    ]
    return plain_strip(column, cells, footer)


def plain_strip(column: Heading, cells: list[str], footer: str) -> Strip:
    """A column whose texts are made."""
    strip = Strip(column, cells, footer, 0)
    strip.width = _natural_width(strip)
    return strip


def _natural_width(strip: Strip) -> int:
    """The widest cell, heading and footer."""
    return max(map(cell_len, (strip.column.title, strip.footer, *strip.cells)))
