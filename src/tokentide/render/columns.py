"""The columns of a report, with how much each matters; tables, CSV and Markdown take theirs from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import Report, Row
from tokentide.render import words

Cell = Callable[[Row], str]


class Heading(Protocol):
    """What the layout needs of a column, whatever its rows are."""

    @property
    def title(self) -> str:
        """Its first line."""

    @property
    def importance(self) -> int:
        """On a narrow terminal the smallest goes first; 9 stays whatever happens."""

    @property
    def is_number(self) -> bool:
        """True for a column that ends at its right edge."""

    @property
    def style(self) -> str:
        """Of the library that draws."""

    @property
    def shrinks(self) -> bool:
        """True for words that may end in an ellipsis."""


@dataclass(frozen=True, slots=True)
class Title:
    """The heading of a column whose texts are made elsewhere; fields as in Heading."""

    title: str
    importance: int
    is_number: bool = True
    style: str = ""
    shrinks: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a report."""

    title: str
    cell: Cell
    importance: int
    """On a narrow terminal the smallest goes first; 9 stays whatever happens."""
    is_number: bool = True
    style: str = ""
    shrinks: bool = False
    """True for words that may end in an ellipsis."""


def columns(report: Report, calendar: Calendar) -> list[Column]:
    """The columns of a report, in order."""
    kind = report.kind
    key = _session_cell if kind.name == "session" else _key_cell(report)
    head = [
        Column(
            kind.key.removesuffix("_id").capitalize(),
            key,
            9,
            is_number=False,
            style="bold",
            shrinks=not kind.grain or report.by is not None,
        )
    ]
    if kind.name in ("session", "branch"):
        head.append(Column("Project", _project_cell, 5, is_number=False, shrinks=True))
    if kind.name != "model":
        head.append(Column("Models", _models_cell, 1, is_number=False, style="cyan", shrinks=True))
    if kind.name == "session":
        head.append(_last_used(calendar))
    return [*head, *_counters()]


def wide_columns(report: Report, calendar: Calendar) -> list[Column]:
    """The same where there is room: with last use, share of the cost, and how many sessions a breakdown by them has."""
    *most, cost = columns(report, calendar)
    sessions = [Column("Sessions", lambda row: words.tokens(len(row.breakdown)), 4)] if report.by == "session" else []
    whole = report.totals.sums.cost
    share = Column("Share", lambda row: _share(row, whole), 5)
    return [*most, *sessions, _last_used(calendar), share, cost]


def _share(row: Row, whole: int) -> str:
    """Of the cost; a question mark for what has no price, which is a part of no cost."""
    if not whole:
        return ""
    return words.percent(row.sums.cost / whole) if row.sums.has_cost else "?"


def _last_used(calendar: Calendar) -> Column:
    return Column("Last used", lambda row: f"{calendar.local(row.sums.last_at):%Y-%m-%d %H:%M}", 4, is_number=False)


def _counters() -> list[Column]:
    return [
        Column("Responses", lambda row: words.tokens(row.sums.responses), 0),
        Column("Input", lambda row: words.tokens(row.sums.input_tokens), 4),
        Column("Output", lambda row: words.output(row.sums), 6),
        Column(
            "Cache write",
            lambda row: words.tokens(row.sums.cache_creation_5m_tokens + row.sums.cache_creation_1h_tokens),
            2,
        ),
        Column("Cache read", lambda row: words.tokens(row.sums.cache_read_tokens), 3),
        Column("Total", lambda row: words.tokens(row.sums.total_tokens), 8, style="bold"),
        Column("Cost", lambda row: words.cost(row.sums), 9, style="green"),
    ]


def _key_cell(report: Report) -> Cell:
    """The row's key as people read it."""
    if report.kind.name == "project":
        names = words.project_names(row.key for row in report.rows)
        return lambda row: names.get(row.key, "")
    if report.kind.name == "model":
        return lambda row: words.clean(row.key)
    return lambda row: words.clean(row.key) or "(none)"


def _session_cell(row: Row) -> str:
    """A session's title, else the beginning of its id."""
    return words.clean(row.facts.title) if row.facts and row.facts.title else words.clean(row.key[:8])


def _project_cell(row: Row) -> str:
    return words.project_name(row.facts.project) if row.facts else ""


def _models_cell(row: Row) -> str:
    return ", ".join(dict.fromkeys(words.model_name(model) for model in row.models))


def part_name(dimension: str, key: str) -> str:
    """What a part of a breakdown is called."""
    if dimension == "project":
        return words.project_name(key)
    return words.clean(key[:8] if dimension == "session" else key) or "(none)"
