"""A report about a team on a terminal, from the JSON of a server's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.figures import Unit
from tokentide.render import words
from tokentide.render.charts import sparkline
from tokentide.render.json_text import Json
from tokentide.render.table import distinct_width, plain_strip, print_strips
from tokentide.render.team_columns import TeamColumn, members, text_of
from tokentide.render.team_moods import is_still, mood_of
from tokentide.render.team_table import TeamTable
from tokentide.render.team_tables import FIGURE_TITLES, TEAM_TABLES

Answer = Mapping[str, Json]
DAYS_SHOWN = 14
ROWS_SHOWN = 15
LEAST_NAME = 20
"""Columns that a name keeps while a less important column can go."""
_GROUPS = {
    "user_id": "person",
    "cost_center": "cost center",
    "query_class": "kind of request",
    "query_source": "part of the client",
    "agent": "sub-agent",
    "mcp_server": "MCP server",
    "mcp_tool": "MCP tool",
    "source": "who told of it",
}
"""What dimensions are called, where it is not their name."""
_STYLES = {"good": "green", "bad": "red"}


def print_team(
    console: Console,
    answer: Answer,
    width: int | None,
    calendar: Calendar,
    *,
    only: str = "",
    most: int | None = None,
) -> tuple[str, ...]:
    """Print head, figures and tables, of nothing its head alone; returns the titles that had no room.

    `only` names one table; `most` is how many rows of each are shown, 0 for all.
    """
    name = report_of(answer)
    print_head(console, answer)
    if is_empty(answer):
        return ()
    if not only:
        print_figures(console, answer, calendar)
    dropped: list[str] = []
    for table in TEAM_TABLES[name]:
        if only in ("", table.name):
            for title, part, rows in _parts(table, rows_of(answer, table)):
                dropped += _print_table(console, (title, part), rows, width, calendar, most=most)
    return tuple(dict.fromkeys(dropped))


def is_empty(answer: Answer) -> bool:
    """Whether nothing ever came that the viewer may see: its figures would be nothing but zeros."""
    return answer.get("last_at", "") is None


def report_of(answer: Answer) -> str:
    """Which of TEAM_TABLES an answer is; empty for none."""
    name = str(answer.get("report")).removeprefix("team_")
    return name if name in TEAM_TABLES else ""


def rows_of(answer: Answer, table: TeamTable) -> list[Answer]:
    """The rows of a table; none where the answer does not have it."""
    told = answer.get(table.name)
    if isinstance(told, Mapping):
        return [told]
    return [row for row in told if isinstance(row, Mapping)] if isinstance(told, Sequence) else []


def print_head(console: Console, answer: Answer) -> None:
    """Which report of which days."""
    head = Text(report_of(answer).capitalize(), style="bold")
    days = " to ".join(words.clean(str(answer.get(name))) for name in ("since", "until"))
    zone = words.clean(str(answer.get("timezone")))
    head.append(f"  {days} ({zone})", style="dim")
    console.print(head)


def print_figures(console: Console, answer: Answer, calendar: Calendar) -> None:
    """The headline figures, one a line, with what they are of and how they changed, as far as there is room."""
    figures = answer.get("figures")
    told = (
        [(name, each) for name, each in figures.items() if isinstance(each, Mapping)]
        if isinstance(figures, Mapping)
        else []
    )
    titles = [FIGURE_TITLES.get(name, words.clean(name)) for name, _ in told]
    values = [figure_text(each, "value", calendar) for _, each in told]
    plain = [value for (_, each), value in zip(told, values, strict=True) if _unit(each) is not Unit.INSTANT]
    width, value_width = (max(map(len, texts), default=0) for texts in (titles, plain))
    for (name, each), title, value in zip(told, titles, values, strict=True):
        is_short = width + 2 + max(value_width, len(value)) <= console.width
        line = Text(f"{title:{width if is_short else 0}}  ")
        line.append(f"{value:>{value_width if is_short else 0}}", style="bold")
        for text, style in ((_of(each, calendar), "dim"), *_change(name, each, calendar)):
            if line.cell_len + len(text) > console.width:
                break
            line.append(text, style=style)
        console.print(line, soft_wrap=True)


def figure_text(figure: Answer, which: str, calendar: Calendar) -> str:
    """A figure's `value` or `before` as people read it."""
    unit = _unit(figure)
    value = figure.get(next(iter(members(which, unit, None))))
    shown = text_of(value, unit, calendar)
    return f"~{shown}" if figure.get("is_estimate") is True and value is not None else shown


def _unit(figure: Answer) -> Unit:
    return next((unit for unit in Unit if unit.value == figure.get("unit")), Unit.TEXT)


def _of(figure: Answer, calendar: Calendar) -> str:
    """What a share is of; empty where there is none."""
    if figure.get("value") is None:
        return ""
    if _unit(figure) is Unit.COST_SHARE:
        return f" of {text_of(figure.get('value_of_usd'), Unit.MONEY, calendar)}"
    return f" of {text_of(figure.get('value_of'), Unit.COUNT, calendar)}" if _unit(figure) is Unit.SHARE else ""


def _change(name: str, figure: Answer, calendar: Calendar) -> tuple[tuple[str, str], ...]:
    """How much more or less than before, and what that was, each in its colour: green is better."""
    told = figure.get("change")
    if isinstance(told, bool) or not isinstance(told, int | float | Decimal):
        return ()
    change = float(str(told))
    before = f" from {figure_text(figure, 'before', calendar)}"
    if is_still(change):
        return ("  unchanged", "dim"), (before, "dim")
    points = _unit(figure) in (Unit.SHARE, Unit.COST_SHARE)
    amount = f"{abs(change) * 100:.1f} points" if points else f"{abs(change) * 100:.0f} %"
    style = _STYLES.get(mood_of(name, change), "dim")
    return (f"  {'+' if change > 0 else '-'}{amount}", style), (before, style)


def _parts(table: TeamTable, rows: Sequence[Answer]) -> Iterable[tuple[str, TeamTable, Sequence[Answer]]]:
    """A table, or the several that it is shown as, each with its title."""
    if not table.group_by:
        yield table.title, table, rows
        return
    columns = tuple(column for column in table.columns if column.field != table.group_by)
    values = dict.fromkeys(str(row.get(table.group_by)) for row in rows)
    for value in values:
        part = TeamTable(table.name, table.title, columns, table.empty)
        called = _group_name(value)
        title = f"By {called}" if table.group_by == "dimension" else f"{called[:1].upper()}{called[1:]}s"
        yield title, part, [row for row in rows if row.get(table.group_by) == value]


def _group_name(value: str) -> str:
    return _GROUPS.get(value, words.clean(value))


def _print_table(
    console: Console,
    titled: tuple[str, TeamTable],
    rows: Sequence[Answer],
    width: int | None,
    calendar: Calendar,
    *,
    most: int | None,
) -> tuple[str, ...]:
    title, table = titled
    heading = Text(f"\n{title}", style="bold")
    if not rows:
        heading.append(f": {table.empty}", style="not bold dim")
        console.print(heading)
        return ()
    if table.is_series:
        heading.append(_course(table, rows, console.width - heading.cell_len), style="not bold cyan")
    console.print(heading)
    shown = _shown(table, rows, most)
    columns = [column for column in table.columns if column.importance == 9 or _is_told(column, shown)]
    strips = [plain_strip(column, [column.text(row, calendar) for row in shown], "") for column in columns]
    for strip in strips:
        strip.least = max(strip.least, min(distinct_width(strip.cells), strip.width, LEAST_NAME))
    strips[0].least = max(distinct_width(strips[0].cells), min(strips[0].width, LEAST_NAME))
    dropped = print_strips(console, strips, [""] * len(shown), width, totals=False)
    if len(shown) < len(rows):
        earlier = "earlier" if table.is_series else "more"
        console.print(Text(f"{words.plural(len(rows) - len(shown), 'row')} {earlier}: --rows 0", style="dim"))
    return dropped


def _shown(table: TeamTable, rows: Sequence[Answer], most: int | None) -> Sequence[Answer]:
    """The rows that there is room for; of a series the latest."""
    count = (DAYS_SHOWN if table.is_series else ROWS_SHOWN) if most is None else most or len(rows)
    return rows[-count:] if table.is_series else rows[:count]


def _is_told(column: TeamColumn, rows: Sequence[Answer]) -> bool:
    """Whether any row has anything there."""
    return any(row.get(column.names[0]) not in (None, "", 0, False) for row in rows)


def _course(table: TeamTable, rows: Sequence[Answer], room: int) -> str:
    """How the most important count went, day by day, all of the rows of a day together; the last days that fit."""
    countable = [column for column in table.columns if column.unit in (Unit.COUNT, Unit.MONEY)]
    if not countable:
        return ""
    column = max(countable, key=lambda each: each.importance)
    by_day: dict[str, int] = {}
    for row in rows:
        value, day = row.get(column.names[0]), str(row.get(table.columns[0].names[0]))
        number = 0 if value is None or isinstance(value, str | Sequence | Mapping) else int(value * 1000)
        by_day[day] = by_day.get(day, 0) + number
    days = list(by_day.values())[-max(room - len(column.title) - 3, 1) :]
    return f"  {column.title} {sparkline(days)}" if len(days) > 1 else ""
