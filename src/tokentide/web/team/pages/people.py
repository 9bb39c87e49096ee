"""People: everybody who was active, in one table, a part at a time; searched and sorted on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import Field

from tokentide.analytics.team.people import People, build_people
from tokentide.render.json_text import Json
from tokentide.render.team_columns import TeamColumn
from tokentide.render.team_table import TeamTable
from tokentide.render.team_tables import TEAM_TABLES
from tokentide.web.asked import LONGEST_TEXT, address_of, narrowed
from tokentide.web.tables import CHUNK, Cell, Head, RowsPart, start_of_part
from tokentide.web.team.asked import TeamFilters
from tokentide.web.team.cards import cards_of
from tokentide.web.team.desk import TeamSight
from tokentide.web.team.panels import Panel
from tokentide.web.team.report_page import around, calendar_of, cell_of, shown_panel, team_page

SEATS = Panel(
    "seats",
    "Beside seats",
    note="An estimate: what this use, as a month of thirty days, is worth at list price, beside the price of seats.",
    is_wide=True,
)
SEARCHED = ("user_id", "team", "models", "versions")
TABLE: TeamTable = TEAM_TABLES["people"][0]
COLUMNS: dict[str, TeamColumn] = {
    column.field.replace("_", "-"): column
    for column in sorted(TABLE.columns, key=lambda column: (column.field != "user_id", -column.importance))
}
"""By what a heading sorts by; what matters most stands first, since there are more than a window has room for."""
Row = Mapping[str, Json]


class PeopleQuery(TeamFilters):
    """The page of people."""

    q: str = Field(
        default="", max_length=LONGEST_TEXT, description="words in name, team, models or versions; all must occur"
    )
    sort: str = Field(default="", max_length=40, description="sort by this column; else by cost")
    order: Literal["", "asc", "desc"] = Field(default="", description="upwards or downwards")
    skip: int = Field(default=0, ge=0, le=10**9, description="so many rows come before those shown")


def build(sight: TeamSight, asked: PeopleQuery, _item: str) -> Mapping[str, Any]:
    """One part of the table, and how much there is of it."""
    ask = sight.ask(asked)
    key = (ask.calendar.name, ask.since, ask.until, ask.conditions, ask.mode)
    report, every = sight.once(("people", key), lambda: _people(sight, asked))
    found = _sorted(_searched(every, asked.q), asked)
    return {
        "name": "people",
        **around(sight, report),
        "cards": cards_of(report.figures, ask.calendar),
        "panels": [each for each in [shown_panel(SEATS, "people", report, asked, "/people")] if each.rows],
        "rows": _part(found, report, asked),
        "known": len(every),
        "fields": parse_qsl(address_of(asked, q=None, skip=None).removeprefix("?")),
    }


def _people(sight: TeamSight, asked: PeopleQuery) -> tuple[People, list[Row]]:
    report = build_people(sight.store, sight.ask(asked), now=sight.now)
    return report, list(TABLE.rows(report))


def _searched(rows: Sequence[Row], words: str) -> Sequence[Row]:
    needles = words.lower().split()
    if not needles:
        return rows
    return [row for row in rows if all(needle in _text_of(row) for needle in needles)]


def _text_of(row: Row) -> str:
    return " ".join(str(row.get(name, "")) for name in SEARCHED).lower()


def _sorted(rows: Sequence[Row], asked: PeopleQuery) -> Sequence[Row]:
    """Rows by a column; what is not told comes last, whichever way."""
    column = COLUMNS.get(asked.sort)
    if column is None:
        return rows if asked.order != "asc" else rows[::-1]
    name, down = column.names[0], _is_descending(asked)
    told = [row for row in rows if row.get(name) not in (None, "", [])]
    rest = [row for row in rows if row.get(name) in (None, "", [])]
    ordered = sorted(told, key=lambda row: _weight(row[name]), reverse=down)
    return [*ordered, *rest]


def _weight(value: Json) -> Any:
    return (
        ", ".join(map(str, value)).lower()
        if isinstance(value, list)
        else value.lower()
        if isinstance(value, str)
        else value
    )


def _is_descending(asked: PeopleQuery) -> bool:
    column = COLUMNS.get(asked.sort)
    if asked.order:
        return asked.order == "desc"
    return column is None or column.is_number or column.field == "last_at"


def _part(found: Sequence[Row], report: People, asked: PeopleQuery) -> RowsPart:
    calendar, skip = calendar_of(report), start_of_part(asked.skip, len(found))
    shown = found[skip : skip + CHUNK]
    rows: list[Sequence[Cell]] = [
        [cell_of(column, row, calendar, narrowed(asked, TeamFilters), "/people") for column in COLUMNS.values()]
        for row in shown
    ]
    return RowsPart(
        "People",
        tuple(Head(each.title, each.is_number, sort, each.importance) for sort, each in COLUMNS.items()),
        rows,
        found=len(found),
        skip=skip,
        sort=asked.sort if asked.sort in COLUMNS else "cost",
        is_descending=_is_descending(asked),
        figures=f"{report.head.last_at}.{report.total.sums.responses}.{report.total.sums.cost}",
    )


PAGE = team_page("/people", "People", "team/people.html", build, PeopleQuery)
