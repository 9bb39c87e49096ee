"""A report as a page: its headline figures, and a panel for each of its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.figures import Unit
from tokentide.analytics.team.reports import TeamReport, build_team_report
from tokentide.render.json_text import Json
from tokentide.render.team_columns import TeamColumn
from tokentide.render.team_table import TeamTable
from tokentide.render.team_tables import team_table
from tokentide.web.asked import address_of, narrowed
from tokentide.web.frame import TIME, Page
from tokentide.web.tables import Cell, Head, HtmlTable
from tokentide.web.team.asked import COLUMNS, TeamFilters
from tokentide.web.team.cards import cards_of
from tokentide.web.team.desk import USUAL_RANGE, TeamSight
from tokentide.web.team.panels import Panel, Shown, without_gaps

MOST_ROWS = 200
"""Rows of a table that a page shows; the files have all."""
FILTERS = (*TIME, *COLUMNS)
MOST_COLUMNS = 8
"""That a window has room for."""
LEADING = {column: name for name, column in COLUMNS.items()}
"""Columns that lead to the same page, narrowed to the row's value, and by which filter."""
NAMES_OF_OURS = ("unit", "kind")
"""Columns that hold words of ours, as JSON has them."""
More = Callable[[TeamSight, Any, Any], Mapping[str, Any]]
TeamPage = Page[TeamSight, Any]


def report_page(
    name: str,
    title: str,
    panels: Sequence[Panel],
    *,
    template: str = "team/report.html",
    query: type[TeamFilters] = TeamFilters,
    more: More | None = None,
) -> TeamPage:
    """The page of a report; `more` gives its template what it has beside the panels."""

    def build(sight: TeamSight, asked: TeamFilters, _item: str) -> Mapping[str, Any]:
        ask = sight.ask(asked)
        report = build_team_report(name, sight.store, ask, now=sight.now)
        shown = [shown_panel(panel, name, report, asked, f"/{name}") for panel in panels]
        return {
            "name": name,
            **around(sight, report),
            "cards": cards_of(report.figures, ask.calendar),
            "panels": without_gaps([each for each in shown if each.rows or each.plan.nothing]),
            **(more(sight, asked, report) if more else {}),
        }

    return team_page(f"/{name}", title, template, build, query)


def team_page(
    path: str,
    title: str,
    template: str,
    build: Callable[[TeamSight, Any, str], Mapping[str, Any]],
    query: type[TeamFilters] = TeamFilters,
    filters: tuple[str, ...] = FILTERS,
) -> TeamPage:
    """A page of the team's dashboard."""
    return Page(path, title, template, build, query, filters, usual_range=USUAL_RANGE, bar=TeamFilters)


def around(sight: TeamSight, report: TeamReport) -> dict[str, Any]:
    """What every page of a report has beside its figures."""
    return {
        "head": report.head,
        "missing": report.head.missing,
        "fault": sight.plan.status().engine_fault if sight.viewer.is_admin else "",
        "endpoint": sight.plan.endpoint,
    }


def shown_panel(panel: Panel, name: str, report: TeamReport, asked: TeamFilters, path: str) -> Shown:
    """A panel with the rows that the page has room for."""
    table = team_table(name, panel.table)
    if table is None:
        raise KeyError(panel.table)
    rows = table.rows(report)
    shown = rows[-MOST_ROWS:][::-1] if table.is_series else rows[:MOST_ROWS]
    return Shown(panel, html_table(table, shown, calendar_of(report), asked, path), len(rows), panel.is_wide)


def calendar_of(report: TeamReport) -> Calendar:
    """The one that the report was made in."""
    return Calendar(report.head.timezone)


def html_table(
    table: TeamTable, rows: Sequence[Mapping[str, Json]], calendar: Calendar, asked: TeamFilters, path: str
) -> HtmlTable:
    """Rows of JSON as a table of a page; columns in which nothing is told are left out."""
    columns = [each for each in table.columns if each.importance == 9 or any(_tells(each, row) for row in rows)]
    if len(columns) > MOST_COLUMNS:  # what is to be scrolled to is what matters least
        columns = [columns[0], *sorted(columns[1:], key=lambda each: -each.importance)]
    return HtmlTable(
        table.title,
        tuple(Head(each.title, each.is_number, importance=min(each.importance, 9)) for each in columns),
        [[cell_of(each, row, calendar, asked, path) for each in columns] for row in rows],
    )


def _tells(column: TeamColumn, row: Mapping[str, Json]) -> bool:
    return bool(row.get(column.names[0]))


def cell_of(column: TeamColumn, row: Mapping[str, Json], calendar: Calendar, asked: TeamFilters, path: str) -> Cell:
    """A cell, with what to sort by where its text would mislead."""
    told = row.get(column.names[0])
    text = column.text(row, calendar)
    if column.field in NAMES_OF_OURS:
        text = text.replace("_", " ")
    title = _of_how_many(column, row)
    value = "" if not column.is_number or told is None else str(told)
    name = _leads(column, row)
    if not name or not isinstance(told, str) or not told:
        return Cell(text, title=title or (text if column.shrinks else ""), value=value)
    return Cell(text, f"{path}{address_of(narrowed(asked, TeamFilters), **{name: [told]})}", title=text)


def _leads(column: TeamColumn, row: Mapping[str, Json]) -> str:
    """The filter that a cell's text is a value of; empty for none."""
    if column.field == "name" and "dimension" in row:
        return LEADING.get(str(row["dimension"]), "")
    return LEADING.get(column.field, "")


def _of_how_many(column: TeamColumn, row: Mapping[str, Json]) -> str:
    """What a share is of."""
    if column.unit is not Unit.SHARE:
        return ""
    whole = row.get(column.names[1])
    return f"of {whole:,}" if isinstance(whole, int) else ""
