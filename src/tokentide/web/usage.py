"""Usage by project, branch or model as tables: wide columns, with links."""

from __future__ import annotations

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import Report, Row
from tokentide.render.columns import Column, wide_columns
from tokentide.render.words import short_tokens
from tokentide.web.tables import Cell, Head, HtmlTable, Link

_COUNTED = {
    "Input": "input_tokens",
    "Output": "output_tokens",
    "Cache read": "cache_read_tokens",
    "Total": "total_tokens",
}
_SORTED = {**_COUNTED, "Responses": "responses", "Cost": "cost", "Share": "cost"}
"""What columns are sorted by where their words would mislead."""


def usage_table(report: Report, calendar: Calendar, caption: str, link: Link) -> HtmlTable:
    """A report's rows with a total, tokens in three digits; `link` leads from a row's key."""
    made = [column for column in wide_columns(report, calendar) if column.title != "Cache write"]
    return HtmlTable(
        caption,
        tuple(Head(each.title, each.is_number, importance=_importance(each)) for each in made),
        [[_cell(each, row, link if index == 0 else None) for index, each in enumerate(made)] for row in report.rows],
        ["Total", *(_text(each, report.totals) if each.is_number else "" for each in made[1:])],
    )


def _cell(column: Column, row: Row, link: Link | None) -> Cell:
    counted = _SORTED.get(column.title)
    return Cell(
        _text(column, row),
        href=link(row) if link else "",
        title=row.key if link else column.cell(row) if column.title in _COUNTED else "",
        value=str(getattr(row.sums, counted)) if counted else "",
    )


def _importance(column: Column) -> int:
    """As in the terminal; on a phone there is room for name, total and cost."""
    return column.importance if column.title in ("Total", "Cost") or not column.is_number else min(column.importance, 4)


def _text(column: Column, row: Row) -> str:
    """As the terminal has it, but for counts of tokens, which have no room in full."""
    if column.title not in _COUNTED:
        return column.cell(row)
    count = short_tokens(getattr(row.sums, _COUNTED[column.title]))
    return f"≥{count}" if column.cell(row).startswith("≥") else count
