"""A report as a Markdown table, to paste into a page or a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.reports import Report, Row
from tokentide.render.columns import Column, Heading, part_name


def report_markdown(report: Report, columns: Sequence[Column]) -> str:
    """All columns, a row a line, the total last; parts of a breakdown are indented."""
    lines: list[list[str]] = []
    for row in report.rows:
        lines.append([_safe(column.cell(row)) for column in columns])
        lines += [_part(report.by, columns, part) for part in row.breakdown]
    sums = [column.cell(report.totals) if column.is_number else "" for column in columns[1:]]
    total = [f"**{text}**" if text else "" for text in ("Total", *sums)]
    return _table(columns, lines, total if len(report.rows) > 1 else ())


def markdown_table(columns: Sequence[Heading], rows: Sequence[Sequence[str]], totals: Sequence[str] = ()) -> str:
    """A table whose texts are made; `totals` is its last line, empty for none."""
    bold = [f"**{_safe(text)}**" if text else "" for text in totals]
    return _table(columns, [[_safe(text) for text in row] for row in rows], bold)


def _table(columns: Sequence[Heading], rows: Sequence[Sequence[str]], totals: Sequence[str]) -> str:
    """Heading and lines of cells that bear no markup any more."""
    lines = [
        _line([column.title for column in columns]),
        _line(["---:" if column.is_number else ":---" for column in columns]),
        *map(_line, rows),
    ]
    if totals:
        lines.append(_line(totals))
    return "\n".join(lines)


def _part(by: str, columns: Sequence[Column], part: Row) -> list[str]:
    rest = [column.cell(part) if column.is_number else "" for column in columns[1:]]
    return [f"&nbsp;&nbsp;{_safe(part_name(by, part.key))}", *rest]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _safe(text: str) -> str:
    """Text that stays in its cell and bears no markup."""
    escaped = (
        text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`").replace("*", "\\*")
    )
    return escaped.replace("[", "\\[").replace("_", "\\_") if any(mark in text for mark in "[_") else escaped
