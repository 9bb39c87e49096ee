"""A table of a report about a team as CSV, with the names of the JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokentide.analytics.team.reports import TeamReport
from tokentide.render.csv_text import csv_cell, csv_lines, safe
from tokentide.render.json_text import Json
from tokentide.render.team_table import TeamTable


def team_csv(report: TeamReport, table: TeamTable) -> str:
    """Heading and rows."""
    return team_rows_csv(table, table.rows(report))


def team_rows_csv(table: TeamTable, rows: Sequence[Mapping[str, Json]]) -> str:
    """The same from rows of JSON; what they do not have is left empty."""
    return csv_lines(table.names, ([_cell(row.get(name)) for name in table.names] for row in rows))


def _cell(value: Json) -> str:
    """A cell; several texts stand one behind the other."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return safe(" ".join(str(each) for each in value))
    return csv_cell(value)
