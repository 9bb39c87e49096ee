"""Breakdown: what usage goes back to, by one dimension or two of twenty-two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from tokentide.analytics.attribution import Breakdown, Share
from tokentide.analytics.dimensions import DIMENSIONS, TELLING, Dimension
from tokentide.render import words
from tokentide.render.breakdown_columns import Namer, ShareColumn, breakdown_columns, share_of, untold
from tokentide.render.breakdown_screen import folded
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.insight import RECENT, BreakdownQuery, breakdowns_of, filter_fields, is_much
from tokentide.web.tables import Cell, Head, HtmlTable

ROWS, PARTS = 60, 8
"""Rows, and parts of a row, that the page shows; the files hold all."""
BARS = 14


class BreakdownPageQuery(BreakdownQuery):
    """The page of breakdowns."""

    at_once: bool = Field(default=False, description="with all that takes its time")


def build(sight: Sight, asked: BreakdownPageQuery, _item: str) -> Mapping[str, Any]:
    """The breakdown by what is asked for, else by tools."""
    by = [name for text in asked.by for name in text.split(",") if name] or [TELLING[0]]
    asked = asked.model_copy(update={"by": by})
    shown: dict[str, Any] = {
        "is_late": not asked.at_once and is_much(sight, asked, RECENT),
        "dimensions": DIMENSIONS.values(),
        "telling": [DIMENSIONS[name] for name in TELLING],
        "by": by,
        "fields": filter_fields(asked),
    }
    if shown["is_late"]:
        return shown
    (whole,) = breakdowns_of(sight, asked, RECENT)
    breakdown, hidden = folded(whole, ROWS, PARTS)
    namer = Namer.of(breakdown)
    return {
        **shown,
        "breakdown": breakdown,
        "title": " › ".join(each.title for each in breakdown.by),
        "table": _table(breakdown, namer),
        "names": [namer.name(breakdown.by[0], share) for share in whole.shares[:BARS]],
        "hidden": words.plural(hidden, "row") if hidden else "",
        "untold": untold([whole]),
        "bars": BARS,
    }


def _table(breakdown: Breakdown, namer: Namer) -> HtmlTable:
    """A line a share, and a line a part of it below."""
    columns = [column for column in breakdown_columns(breakdown) if column.title]
    total = Share("", breakdown.totals, breakdown.runs if breakdown.is_by_tool else None)
    return HtmlTable(
        f"Usage by {' and '.join(each.title.lower() for each in breakdown.by)}",
        tuple(
            Head(title, is_number=is_number, importance=importance)
            for title, is_number, importance in _heads(breakdown.by, columns)
        ),
        [
            [*_names(breakdown, namer, share, part), *(_cell(column, part or share, breakdown) for column in columns)]
            for share, part in _lines(breakdown)
        ],
        ["Total", *([""] * (len(breakdown.by) - 1)), *(column.text(total) for column in columns)],
    )


def _heads(by: tuple[Dimension, ...], columns: list[ShareColumn]) -> Iterator[tuple[str, bool, int]]:
    for dimension in by:
        yield dimension.title, False, 9
    for column in columns:
        yield column.title, column.is_number, column.importance


def _lines(breakdown: Breakdown) -> Iterator[tuple[Share, Share | None]]:
    """Shares; with two dimensions their parts instead."""
    for share in breakdown.shares:
        if len(breakdown.by) == 1 or not share.parts:
            yield share, None
        else:
            yield from ((share, part) for part in share.parts)


def _names(breakdown: Breakdown, namer: Namer, share: Share, part: Share | None) -> Iterator[Cell]:
    """What the row is about, by each dimension."""
    yield Cell(namer.name(breakdown.by[0], share), href=_link(breakdown.by[0], share), title=_whole_name(share))
    if len(breakdown.by) > 1:
        below = part or Share("", share.sums)
        yield Cell(namer.name(breakdown.by[1], below) if part else "", title=_whole_name(below))


def _link(dimension: Dimension, share: Share) -> str:
    """A session leads to its context."""
    return f"/insight/context?session={share.key}" if dimension.name == "session" and share.session else ""


def _whole_name(share: Share) -> str:
    return "" if share.stands_for else share.key.partition("\t")[2] or share.key


def _cell(column: ShareColumn, share: Share, breakdown: Breakdown) -> Cell:
    """A figure, with what to sort by where its text would mislead."""
    value = str(share_of(share, breakdown.totals)) if column.title == "Share" else ""
    return Cell(column.text(share), value=value)


PAGE = Page(
    "/insight/breakdown",
    "Breakdown",
    "insight_breakdown.html",
    build,
    BreakdownPageQuery,
    usual_range=RECENT,
    nav="Insight",
)
