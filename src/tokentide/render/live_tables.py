"""The columns of the live view's tables: which there is room for, what stands in them, what they are sorted by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from tokentide.analytics.live_tables import RESPONSES, LiveRow, LiveTable, total
from tokentide.render import words
from tokentide.render.charts import thin_bar
from tokentide.render.live_look import LiveLook, fitted
from tokentide.store.query import MAIN_AGENT, Sums

BAR_CELLS = 12
PADDING = 2
"""Columns between two cells."""
LEAST_LABEL = 16
TITLES = {
    "daily": "Day",
    "weekly": "Week from",
    "monthly": "Month",
    "session": "Session",
    "project": "Project",
    RESPONSES: "Time",
}
Sortable = str | int


@dataclass(frozen=True, slots=True)
class Cells:
    """What the cells of one table share."""

    look: LiveLook
    top: int
    """The cost of the dearest row, nano-USD."""
    projects: Mapping[str, str]
    """Short names of folders."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. The one with the least importance gives way first."""

    name: str
    title: str
    width: int
    importance: int
    cell: Callable[[LiveRow, Cells], Text]
    key: Callable[[LiveRow], Sortable]
    """What it is sorted by."""


def columns_for(table: LiveTable, room: int) -> list[Column]:
    """The columns that there is room for, in order; the first takes what is left."""
    every = _BY_VIEW.get(table.view.name, _PERIOD)
    shown = list(every)
    while len(shown) > 1 and LEAST_LABEL + sum(column.width + PADDING for column in shown) + PADDING > room:
        shown.remove(min(shown, key=lambda column: column.importance))
    return shown


def label_width(columns: Sequence[Column], room: int) -> int:
    """What the first column, which is not among these, may take."""
    return max(room - PADDING - sum(column.width + PADDING for column in columns), 8)


def cells_of(table: LiveTable, look: LiveLook) -> Cells:
    """What the cells share."""
    folders = (row.key if table.view.name == "project" else row.project for row in table.rows)
    return Cells(look, max((row.sums.cost for row in table.rows), default=0), words.project_names(folders))


def label_of(table: LiveTable, row: LiveRow, cells: Cells, width: int) -> Text:
    """The first cell of a row."""
    style = cells.look.palette.head if row.below is not None else ""
    if table.view.name == RESPONSES:
        local = cells.look.time.calendar.local(row.sums.last_at)
        return fitted(f"{local:%a %d %b} {cells.look.time.clock(row.sums.last_at, seconds=True)}", width, style)
    if table.view.name == "project":
        return fitted(cells.projects.get(row.key, "") or "(unknown)", width, style)
    return fitted(words.clean(row.label) or "(unnamed)", width, style)


def label_key(table: LiveTable, row: LiveRow) -> Sortable:
    """What the first column is sorted by."""
    return row.sums.last_at if table.view.name == RESPONSES else row.label.casefold()


def matches(row: LiveRow, wish: str) -> bool:
    """True where the row's words contain every word of the wish."""
    text = " ".join((row.label, row.project, row.agent, *row.models)).casefold()
    return all(word in text for word in wish.casefold().split())


def total_line(table: LiveTable, shown: Sequence[LiveRow], look: LiveLook) -> Text:
    """What the rows that are shown come to, and of how many they are."""
    many = len(table.rows)
    sums = table.totals if len(shown) == many else total(row.sums for row in shown)
    noun = {"daily": "day", "weekly": "week", "monthly": "month", RESPONSES: "response"}.get(
        table.view.name, table.view.name
    )
    count = words.plural(many, noun) if len(shown) == many else f"{len(shown):,} of {words.plural(many, noun)}"
    line = Text.assemble(
        (f"{count}  ", look.palette.head),
        (words.cost(sums), look.palette.money),
        f"  {words.short_tokens(sums.total_tokens)} tokens",
        ("" if noun == "response" else f"  {words.plural(sums.responses, 'response')}", look.palette.dim),
    )
    return fitted(line, look.room)


def _number(name: str, title: str, width: int, importance: int, count: Callable[[Sums], int]) -> Column:
    """A column of counts."""
    return Column(
        name,
        title,
        width,
        importance,
        lambda row, _cells: Text(words.short_tokens(count(row.sums)), justify="right"),
        lambda row: count(row.sums),
    )


def _models(row: LiveRow, cells: Cells) -> Text:
    named = ", ".join(dict.fromkeys(words.model_name(model) or "unknown" for model in row.models))
    return fitted(named, _MODELS_WIDTH, cells.look.palette.accent)


def _last(row: LiveRow, cells: Cells) -> Text:
    return fitted(cells.look.when(row.sums.last_at), _LAST_WIDTH, cells.look.palette.dim)


def _cost(row: LiveRow, cells: Cells) -> Text:
    return Text(words.cost(row.sums), cells.look.palette.money, justify="right")


def _bar(row: LiveRow, cells: Cells) -> Text:
    return Text(thin_bar(row.sums.cost, cells.top, BAR_CELLS), cells.look.palette.accent)


def _project(row: LiveRow, cells: Cells) -> Text:
    return fitted(cells.projects.get(row.project, ""), _PROJECT_WIDTH, cells.look.palette.dim)


def _agent(row: LiveRow, cells: Cells) -> Text:
    return fitted("" if row.agent == MAIN_AGENT else words.clean(row.agent), _AGENT_WIDTH, cells.look.palette.dim)


_MODELS_WIDTH, _LAST_WIDTH, _PROJECT_WIDTH, _AGENT_WIDTH = 20, 16, 14, 14
_MODELS = Column("models", "Models", _MODELS_WIDTH, 5, _models, lambda row: ", ".join(row.models))
_LAST = Column("last", "Last used", _LAST_WIDTH, 6, _last, lambda row: row.sums.last_at)
_PROJECT = Column("project", "Project", _PROJECT_WIDTH, 7, _project, lambda row: row.project.casefold())
_AGENT = Column("agent", "Agent", _AGENT_WIDTH, 4, _agent, lambda row: row.agent)
_COST = Column("cost", "Cost", 11, 10, _cost, lambda row: row.sums.cost)
_BAR = Column("share", "", BAR_CELLS, 1, _bar, lambda row: row.sums.cost)
_RESPONSES = _number("responses", "Responses", 11, 3, lambda sums: sums.responses)
_INPUT = _number("input", "Input", 8, 2, lambda sums: sums.input_tokens)
_OUTPUT = _number("output", "Output", 9, 4, lambda sums: sums.output_tokens)
_WRITE = _number(
    "cache-write", "Cache write", 13, 2, lambda sums: sums.cache_creation_5m_tokens + sums.cache_creation_1h_tokens
)
_READ = _number("cache-read", "Cache read", 12, 2, lambda sums: sums.cache_read_tokens)
_TOTAL = _number("tokens", "Tokens", 9, 8, lambda sums: sums.total_tokens)
_COUNTS = (_INPUT, _OUTPUT, _WRITE, _READ, _TOTAL)
_PERIOD = (_MODELS, _RESPONSES, *_COUNTS, _COST, _BAR)
_BY_VIEW: Mapping[str, tuple[Column, ...]] = {
    "session": (_PROJECT, _MODELS, _LAST, _RESPONSES, _OUTPUT, _TOTAL, _COST, _BAR),
    "project": (_MODELS, _LAST, _RESPONSES, _OUTPUT, _TOTAL, _COST, _BAR),
    RESPONSES: (_MODELS, _AGENT, *_COUNTS, _COST, _BAR),
}
