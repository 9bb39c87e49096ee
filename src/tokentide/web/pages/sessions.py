"""Sessions: all of them in one table, a part at a time; sorted and searched on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from pydantic import Field

from tokentide.analytics.reports import Report, Row
from tokentide.render.columns import Column, columns
from tokentide.render.words import clean
from tokentide.web.asked import address_of, filters_of
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.sessions import SessionsQuery, all_sessions, session_address, session_list
from tokentide.web.tables import CHUNK, Cell, Head, RowsPart, start_of_part

SORTS = {
    "Session": "title",
    "Project": "project",
    "Branch": "branch",
    "Models": "models",
    "Last used": "last",
    "Responses": "responses",
    "Input": "input",
    "Output": "output",
    "Cache write": "cache-write",
    "Cache read": "cache-read",
    "Total": "tokens",
    "Cost": "cost",
}
"""What a heading sorts by."""


class SessionsPageQuery(SessionsQuery):
    """The page of sessions."""

    skip: int = Field(default=0, ge=0, le=10**9, description="so many rows come before those shown")


def build(sight: Sight, asked: SessionsPageQuery, _item: str) -> Mapping[str, Any]:
    """One part of the table, and how much there is of it."""
    report = session_list(sight, asked)
    made = _columns(report, sight, asked)
    skip = start_of_part(asked.skip, len(report.rows))
    carried = address_of(filters_of(asked))
    totals = report.totals.sums
    return {
        "rows": RowsPart(
            "Sessions",
            tuple(Head(each.title, each.is_number, SORTS[each.title], each.importance) for each in made),
            [_cells(row, made, carried) for row in report.rows[skip : skip + CHUNK]],
            found=len(report.rows),
            skip=skip,
            sort=asked.sort or "cost",
            is_descending=_is_descending(asked),
            figures=f"{totals.responses}.{totals.total_tokens}.{totals.cost}",
        ),
        "totals": totals,
        "known": len(all_sessions(sight, asked).rows),
        "is_empty": sight.is_new,
        "fields": parse_qsl(address_of(asked, q=None, skip=None).removeprefix("?")),
        "api": f"/api/v1/session{address_of(filters_of(asked), q=asked.q, sort=asked.sort, order=asked.order)}",
    }


def _columns(report: Report, sight: Sight, asked: SessionsPageQuery) -> list[Column]:
    """Those of the terminal, with the branch, which is searched too."""
    session, project, *rest = columns(report, sight.calendar(asked))
    return [session, project, Column("Branch", _branch, 3, is_number=False), *rest]


def _branch(row: Row) -> str:
    return clean(row.facts.branch) if row.facts else ""


def _cells(row: Row, made: Sequence[Column], carried: str) -> list[Cell]:
    """A row; the whole of what a narrow column cuts off stands beside the pointer."""
    cells = [Cell(each.cell(row), title="" if each.is_number else each.cell(row)) for each in made]
    return [Cell(cells[0].text, session_address(row.key, carried), f"{cells[0].text}\n{row.key}"), *cells[1:]]


def _is_descending(asked: SessionsPageQuery) -> bool:
    return asked.order == "desc" if asked.order else asked.sort not in ("title", "project", "branch", "models", "key")


PAGE = Page("/sessions", "Sessions", "sessions.html", build, SessionsPageQuery)
