"""A report as a table for the terminal. No number is ever cut: a narrow terminal shows fewer columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokentide.analytics.reports import Report, Row
from tokentide.render.columns import Column

MAX_TEXT = 32
"""Widest cell of words; longer ones end in an ellipsis."""
MIN_TEXT = 8
STAYS = 9
"""Importance of the columns that are never left out."""
GAP = 2
"""Between two columns; Rich draws one of it."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fits a width."""

    columns: tuple[Column, ...]
    dropped: tuple[Column, ...]
    widths: tuple[int, ...]


def print_table(console: Console, report: Report, columns: Sequence[Column], width: int | None) -> tuple[str, ...]:
    """Print the report; returns the titles of the columns that had no room. `width` None is without limit."""
    lines = _lines(report)
    fitted = fit(columns, [row for row, _ in lines], report.totals, width)
    table = Table(
        box=box.SIMPLE_HEAD,
        show_footer=len(report.rows) > 1,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
    )
    for column, size in zip(fitted.columns, fitted.widths, strict=True):
        table.add_column(
            column.title,
            footer=Text("Total" if column is fitted.columns[0] else _footer(column, report.totals), style="bold"),
            justify="right" if column.is_number else "left",
            style=column.style,
            width=size,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row, is_part in lines:
        cells = [_cell(column, row, is_part=is_part, first=column is fitted.columns[0]) for column in fitted.columns]
        table.add_row(*(Text(cell) for cell in cells), style="dim" if is_part else "")
    console.print(table, crop=False, soft_wrap=True)
    return tuple(column.title for column in fitted.dropped)


def fit(columns: Sequence[Column], rows: Sequence[Row], totals: Row, width: int | None) -> Fitted:
    """Leave out the least important columns until the rest fits; texts give way before numbers do."""
    kept, dropped = list(columns), list[Column]()
    while True:
        widths = [_width(column, rows, totals, first=column is columns[0]) for column in kept]
        over = sum(widths) + GAP * (len(kept) - 1) - width if width is not None else 0
        widths = _squeezed(kept, widths, over)
        least = min(kept, key=lambda column: column.importance)
        if width is None or sum(widths) + GAP * (len(kept) - 1) <= width or least.importance == STAYS:
            return Fitted(tuple(kept), tuple(dropped), tuple(widths))
        kept.remove(least)
        dropped.append(least)


def _squeezed(columns: Sequence[Column], widths: Sequence[int], over: int) -> list[int]:
    """Narrower columns of words, the widest first, but none below MIN_TEXT."""
    result = list(widths)
    while over > 0:
        words = [n for n, column in enumerate(columns) if column.shrinks and result[n] > MIN_TEXT]
        if not words:
            break
        result[max(words, key=lambda n: result[n])] -= 1
        over -= 1
    return result


def _width(column: Column, rows: Sequence[Row], totals: Row, *, first: bool) -> int:
    """The widest cell, heading and footer; words at most MAX_TEXT."""
    cells = [column.title, *(column.cell(row) for row in rows)]
    cells.append("Total" if first else _footer(column, totals))
    widest = max(map(cell_len, cells)) + (2 if first and column.shrinks else 0)
    return min(widest, MAX_TEXT) if column.shrinks else widest


def _footer(column: Column, totals: Row) -> str:
    return column.cell(totals) if column.is_number else ""


def _lines(report: Report) -> list[tuple[Row, bool]]:
    """Rows, each followed by the parts of its breakdown."""
    return [line for row in report.rows for line in ((row, False), *((part, True) for part in row.breakdown))]


def _cell(column: Column, row: Row, *, is_part: bool, first: bool) -> str:
    """A cell; the first one of a part is indented, its other words left out."""
    if not is_part or column.is_number:
        return column.cell(row)
    return f"  {row.key or '(none)'}" if first else ""
