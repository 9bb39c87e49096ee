"""Tables of pages: the columns that terminals and CSV have, with links and with what to sort by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import Report, Row
from tokentide.render.columns import columns

CHUNK = 100
"""Rows of one part of a long table."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    text: str
    href: str = ""
    title: str = ""
    """What is shown beside the pointer: the whole of a shortened name."""
    value: str = ""
    """What to sort by, where the text would mislead."""
    level: str = ""
    """low, raised, high or full, for a colour that means something."""


@dataclass(frozen=True, slots=True)
class Head:
    """The heading of a column."""

    title: str
    is_number: bool = True
    sort: str = ""
    """What the server sorts by; empty where the page does it itself."""
    importance: int = 9
    """A narrow page hides columns below 5."""


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """A table; what it says of itself to those who do not see it is its caption."""

    caption: str
    heads: tuple[Head, ...]
    rows: Sequence[Sequence[Cell]]
    footer: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RowsPart:
    """A part of a table of thousands of rows, which the server sorts and searches."""

    name: str
    heads: tuple[Head, ...]
    rows: Sequence[Sequence[Cell]]
    """Of this part."""
    found: int
    """Of all parts."""
    skip: int
    """Rows before this part."""
    sort: str
    is_descending: bool
    figures: str
    """Another text where the rows would say anything else: parts of two states do not go together."""
    chunk: int = CHUNK


def start_of_part(skip: int, found: int) -> int:
    """Where the part begins that holds a row, or the last row."""
    return min(skip, max(found - 1, 0)) // CHUNK * CHUNK


Link = Callable[[Row], str]


def report_table(
    report: Report, calendar: Calendar, caption: str, *, link: Link | None = None, rows: Iterable[Row] | None = None
) -> HtmlTable:
    """A report's rows, or some of them; `link` leads from a row's key."""
    made = columns(report, calendar)
    shown = report.rows if rows is None else rows
    return HtmlTable(
        caption,
        tuple(Head(each.title, each.is_number, importance=each.importance) for each in made),
        [
            [
                Cell(
                    each.cell(row),
                    href=link(row) if link and index == 0 else "",
                    title=row.key if index == 0 else "",
                )
                for index, each in enumerate(made)
            ]
            for row in shown
        ],
        ["Total", *(each.cell(report.totals) if each.is_number else "" for each in made[1:])] if report.rows else (),
    )
