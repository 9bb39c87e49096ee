"""The main screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokentide.analytics.block_report import BlockRow
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.overview import Overview, Stretch
from tokentide.analytics.reports import Row
from tokentide.render import words
from tokentide.render.block_lines import block_origin
from tokentide.render.charts import bar, sparkline, thin_bar
from tokentide.render.limits_screen import LimitsLook, account_lines, window_lines

WIDEST = 100
NARROW = 60
TINY = 40
"""Below so many columns a table would have to cut its numbers."""
LEAST_NAME = 8
"""Cells of a model's or project's name on any screen."""
_NAMES = {"today": "Today", "week": "This week", "month": "This month"}


def print_overview(
    console: Console, overview: Overview, calendar: Calendar, width: int, thresholds: tuple[int, int, int]
) -> None:
    """Print the screen; `width` is what there is, more than WIDEST is left empty."""
    room = min(width, WIDEST)
    title = f"{calendar.local(overview.generated_at):%a %d %b %Y, %H:%M}"
    head = Text("tokentide", style="bold")
    head.append(f"{title:>{max(room - 9, len(title) + 1)}}", style="dim")
    for part in (
        head,
        Text(""),
        *_limits(overview, LimitsLook(calendar, thresholds, room, overview.generated_at)),
        *_stretches(overview, room),
        Text(""),
        *_burn(overview, room),
        *_block(overview, calendar, room),
        *_chart(overview, room),
    ):
        console.print(part, soft_wrap=True)
    for part in _tops(overview, room):
        console.print(part, soft_wrap=True)


def _limits(overview: Overview, look: LimitsLook) -> list[Text]:
    """The official windows; a head an account where there are several."""
    lines: list[Text] = []
    for limits in overview.limits:
        forecast = overview.forecasts.get(limits.account.key)
        is_one = len(overview.limits) == 1
        lines += window_lines(limits.windows, look, forecast) if is_one else account_lines(limits, look, forecast)
        lines.append(Text(""))
    return lines


def _stretches(overview: Overview, room: int) -> list[Table | Text]:
    """Today, this week, this month; a table where it has room."""
    if room < TINY:
        return [line for stretch in overview.stretches for line in _tiny_stretch(stretch)]
    table = _plain_table(room)
    for stretch in overview.stretches:
        sums = stretch.row.sums
        cells = [
            Text(_NAMES[stretch.name], style="bold"),
            Text(words.cost(sums), style="bold green"),
            Text(f"{words.short_tokens(sums.total_tokens)} tokens"),
        ]
        if room >= NARROW:
            cells.append(Text(words.plural(sums.responses, "response"), style="dim"))
        table.add_row(*cells)
    return [table]


def _tiny_stretch(stretch: Stretch) -> list[Table | Text]:
    """One of them in two lines."""
    cost, tokens = words.cost(stretch.row.sums), words.short_tokens(stretch.row.sums.total_tokens)
    return [Text(_NAMES[stretch.name], style="bold"), Text.assemble("  ", (cost, "bold green"), f"  {tokens} tokens")]


def _plain_table(room: int) -> Table:
    table = Table.grid(padding=(0, 3 if room >= NARROW else 1, 0, 0))
    for justify in ("left", "right", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    return table


def _block(overview: Overview, calendar: Calendar, room: int) -> list[Text]:
    """The open block: how far the clock is, what is left, how fast it goes."""
    if overview.block is None:
        return [Text("No open block: nothing used in five hours.", style="dim"), Text("")]
    block = overview.block.block
    start, end = calendar.local(block.start), calendar.local(block.end)
    left = f"{words.duration(block.end - overview.generated_at)} left"
    share = (overview.generated_at - block.start) / (block.end - block.start)
    wide, margin = room >= NARROW, _margin(room)
    clock = (bar(share, 20 if wide else 8), "yellow")
    head = Text.assemble(("Block".ljust(max(len(margin), 7)), "bold"), f"{start:%H:%M}–{end:%H:%M}  ", clock)
    spent = f"{words.cost(block.sums)}, {words.short_tokens(block.sums.total_tokens)} tokens so far"
    notes = [spent, *_pace(overview.block, f"{end:%H:%M}"), f"({block_origin(block)})"]
    lines = [Text(margin + note, style="dim" if note.startswith("(") else "") for note in notes]
    return [head.append(f"  {left}"), *lines, Text("")] if wide else [head, Text(margin + left), *lines, Text("")]


def _burn(overview: Overview, room: int) -> list[Text]:
    """How fast it goes now, and by how many sessions; nothing where none responded within the hour."""
    burn = overview.burn
    if not burn.sessions:
        return []
    margin, hour, half = _margin(room), burn.hour, burn.half_hour
    tokens = words.short_tokens(round(hour.tokens_per_minute))
    fast = f"{words.hourly(hour.sums, hour.cost_per_hour)}, {tokens} tokens a minute"
    notes = [
        f"by {words.plural(len(burn.sessions), 'session')} within the last hour",
        f"the last half hour at {words.hourly(half.sums, half.cost_per_hour)}",
    ]
    if room < NARROW:
        return [Text("Now", style="bold"), *(Text(margin + note) for note in (fast, *notes)), Text("")]
    head = Text.assemble(("Now".ljust(len(margin)), "bold"), fast)
    joined = "; ".join(notes)
    rows = [joined] if len(margin) + len(joined) <= room else notes
    return [head, *(Text(margin + row, style="dim") for row in rows), Text("")]


def _pace(row: BlockRow, end: str) -> list[str]:
    """How fast the block goes, and where to; nothing where that is unknown."""
    rate, ahead = row.burn_rate, row.projection
    if rate is None or ahead is None:
        return []
    tokens = words.short_tokens(round(rate.tokens_per_minute))
    return [
        f"{words.hourly(rate.sums, rate.cost_per_hour)}, {tokens} tokens a minute",
        f"at {end} about {words.money(ahead.cost)}",
    ]


def _margin(room: int) -> str:
    """What stands before the lines that explain another."""
    return " " * (11 if room >= NARROW else 2)


def _chart(overview: Overview, room: int) -> list[Text]:
    """A mark a day, and the dearest of them."""
    if not any(sums.responses for _, sums in overview.days):
        return []
    days = overview.days[-room + 12 :] if room < NARROW else overview.days
    top_day, top = max(days, key=lambda day: day[1].cost)
    chart = (sparkline([sums.cost for _, sums in days]), "cyan")
    line = Text.assemble((f"{len(days)} days".ljust(11), "bold"), chart)
    peak = Text(f"{_margin(room)}most: {words.cost(top)} on {top_day}", style="dim")
    return [line, peak, Text("")]


def _tops(overview: Overview, room: int) -> list[Table | Text]:
    """The dearest models and projects of the month."""
    result: list[Table | Text] = []
    models = {row.key: words.model_name(row.key) for row in overview.models}
    projects = words.project_names(row.key for row in overview.projects)
    for title, rows, names in (("Models", overview.models, models), ("Projects", overview.projects, projects)):
        if rows:
            result += [Text(f"{title} this month", style="bold"), _ranking(rows, names, room), Text("")]
    return result


def _ranking(rows: Sequence[Row], names: Mapping[str, str], room: int) -> Table:
    """Names with their cost and a bar."""
    table = Table.grid(padding=(0, 2, 0, 0))
    costs = [words.cost(row.sums) for row in rows]
    cells = max(map(len, costs))
    width = 24 if room >= NARROW else 16 if room >= TINY else max(room - cells - 4, LEAST_NAME)
    table.add_column(no_wrap=True, max_width=width, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True, min_width=cells)
    top = max(row.sums.cost for row in rows)
    for row, cost in zip(rows, costs, strict=True):
        bar_of = Text(thin_bar(row.sums.cost, top, max(room - 46, 6)), style="blue")
        found = [Text(f"  {names[row.key]}"), Text(cost, style="green"), bar_of]
        table.add_row(*found[: 3 if room >= TINY else 2])
    return table
