"""The organisation's reports as JSON, CSV and Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.console import ConsoleReport, ConsoleRow, ConsoleSummary
from tokentide.model.billing import DirectoryEntry
from tokentide.render.console_columns import console_columns
from tokentide.render.csv_text import csv_lines, safe
from tokentide.render.json_text import Json, dumps
from tokentide.render.markdown import markdown_table
from tokentide.render.report_json import FORMAT, instant
from tokentide.render.words import clean

DIRECTORY_FIELDS = (
    "email",
    "role",
    "status",
    "workspace_id",
    "created_by",
    "hint",
    "created_at",
    "archived_at",
    "expires_at",
)


def console_json(report: ConsoleReport, faults: Sequence[str] = ()) -> str:
    """One report as a JSON object."""
    return dumps({"format": FORMAT, "report": "console", **_report(report), "faults": list(faults)})


def summary_json(summary: ConsoleSummary, faults: Sequence[str] = ()) -> str:
    """The main screen of the organisation as a JSON object: four reports over the same days."""
    return dumps(
        {
            "format": FORMAT,
            "report": "console_summary",
            "models": _report(summary.spend),
            "workspaces": _report(summary.workspaces),
            "spenders": _report(summary.spenders),
            "claude_code": _report(summary.code),
            "faults": list(faults),
        }
    )


def console_csv(report: ConsoleReport) -> str:
    """Heading and rows, with the names of the JSON."""
    columns = console_columns(report)
    heading = [report.ask.by, *(column.field for column in columns)]
    lines = [[safe(row.key or ""), *(_cell(column.value(row)) for column in columns)] for row in report.rows]
    return csv_lines(heading, lines)


def console_markdown(report: ConsoleReport) -> str:
    """The report as a Markdown table with all columns."""
    columns = console_columns(report)
    rows = [[column.text(row) for column in columns] for row in report.rows]
    totals = [column.text(report.totals) for column in columns] if len(rows) > 1 else []
    return markdown_table(columns, rows, totals)


def directory_json(organization: str, kind: str, entries: Sequence[DirectoryEntry], faults: Sequence[str]) -> str:
    """Users, workspaces or keys as a JSON object."""
    rows: list[Json] = [
        {"id": entry.id or None, "name": entry.name, **{name: entry.details.get(name) for name in DIRECTORY_FIELDS}}
        for entry in entries
    ]
    members: dict[str, Json] = {"format": FORMAT, "report": f"console_{kind}", "organization": organization}
    return dumps({**members, "rows": rows, "faults": list(faults)})


def directory_csv(entries: Sequence[DirectoryEntry]) -> str:
    """Users, workspaces or keys, a line each."""
    lines = [
        [safe(entry.id), safe(entry.name), *(safe(entry.details.get(name, "")) for name in DIRECTORY_FIELDS)]
        for entry in entries
    ]
    return csv_lines(["id", "name", *DIRECTORY_FIELDS], lines)


def _report(report: ConsoleReport) -> dict[str, Json]:
    """The members that every report has."""
    fresh = report.freshness
    return {
        "generated_at": instant(report.generated_at),
        "organization": {"id": report.ask.organization, "name": report.organization},
        "kind": report.ask.report,
        "by": report.ask.by,
        "since": report.since,
        "until": report.until,
        "person": report.ask.person or None,
        "fetched_at": instant(fresh.fetched_at) if fresh.fetched_at else None,
        "data_refreshed_at": instant(fresh.reaches_at) if fresh.reaches_at else None,
        "missing_days": fresh.missing_days,
        "rows": [_row(report, row) for row in report.rows],
        "totals": {column.field: column.value(report.totals) for column in console_columns(report)[1:]},
    }


def _row(report: ConsoleReport, row: ConsoleRow) -> dict[str, Json]:
    return {"key": row.key} | {column.field: column.value(row) for column in console_columns(report)}


def _cell(value: Json) -> str:
    """A value as a cell: text made harmless, numbers as in the JSON."""
    if value is None:
        return ""
    return safe(clean(value)) if isinstance(value, str) else dumps(value)
