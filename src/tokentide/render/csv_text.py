"""A report as CSV: one line a row, the names of the JSON; a breakdown adds a line a part."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from tokentide.analytics.reports import Report, Row
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import instant, sums_json

RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""Beginnings of a cell that a spreadsheet takes for a formula, the wide ones in East Asian versions."""


def report_csv(report: Report) -> str:
    """Heading and rows, RFC 4180 but for line ends of one character. With a breakdown, only its parts."""
    parts = ((row, part) for row in report.rows for part in (row.breakdown if report.by else (None,)))
    return csv_lines(_heading(report), (_line(report, row, part) for row, part in parts))


def csv_lines(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Heading and lines of cells that are safe already."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(lines)
    return buffer.getvalue().rstrip("\n")


def safe(text: str) -> str:
    """Text that no spreadsheet runs: a risky beginning is quoted, control characters become spaces."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return f"'{printable}" if text.startswith(RISKY) else printable


def _heading(report: Report) -> list[str]:
    session = ["title", "project", "branch", "source", "first_at", "last_at"] if report.kind.name == "session" else []
    branch = ["project"] if report.kind.name == "branch" else []
    by = [f"by_{report.by}"] if report.by else []
    return [report.kind.key, *session, *branch, *by, *sums_json(report.totals.sums), "models"]


def _line(report: Report, row: Row, part: Row | None) -> list[str]:
    shown = part or row
    by = [safe(part.key)] if part is not None else []
    return [
        safe(row.key),
        *_facts(report, row),
        *by,
        *map(csv_value, sums_json(shown.sums).values()),
        safe(" ".join(shown.models)),
    ]


def _facts(report: Report, row: Row) -> list[str]:
    if row.facts is None:
        return []
    if report.kind.name == "branch":
        return [safe(row.facts.project)]
    names = (row.facts.title, row.facts.project, row.facts.branch, row.source)
    return [*map(safe, names), instant(row.sums.first_at), instant(row.sums.last_at)]


def csv_value(value: Json) -> str:
    """A figure as JSON has it; nothing for null."""
    return "" if value is None else dumps(value)


def csv_cell(value: Json) -> str:
    """A figure or a text of JSON as a cell; text so that no spreadsheet runs it."""
    return safe(value) if isinstance(value, str) else csv_value(value)
