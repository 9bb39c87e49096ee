"""Activity for the terminal: the heat map, and below it what the days come to."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tokentide.analytics.activity import Activity
from tokentide.analytics.activity_days import Slot
from tokentide.analytics.heat_map import SHADES, Week, month_columns, shade, shade_bounds, weeks_of
from tokentide.render import activity_words, words
from tokentide.render.charts import sparkline, thin_bar
from tokentide.render.columns import Title
from tokentide.render.fitting import shortened
from tokentide.render.table import plain_strip, print_strips

MARGIN = 4
"""Cells before the first week: names of weekdays."""
FEW_WEEKS = 8
CELLS = (4, 2)
"""How wide a week is where there is room; the first for few weeks only."""
WIDE = 2
"""A shade in the legend."""
MONTH_NAME = 3
TOP_TOOLS = 8
NARROW = 60
ROOMY = 92
"""From so many cells on an hour is two wide."""
NAME = 15
"""Cells of what stands before a figure."""
COLOURED = ("·", "░", "▒", "▓", "█", "█")
"""Denser is more, whatever the terminal's background; the last differs by its colour alone."""
PLAIN = ("·", "▂", "▄", "▅", "▆", "█")
"""Without colour higher is more; each has a character of its own in ASCII."""
STYLES = ("dim", "green", "green", "green", "green", "yellow")


@dataclass(frozen=True, slots=True)
class ActivityLook:
    """How it is drawn."""

    width: int
    by: str
    """One of analytics.activity.MEASURES."""
    first_weekday: int
    """0 for Monday."""
    has_colours: bool


def print_activity(console: Console, activity: Activity, look: ActivityLook) -> tuple[str, ...]:
    """Print the page; returns what there was no room for."""
    dropped: list[str] = []
    for line in _page(activity, look, dropped):
        console.print(line, soft_wrap=True)
    if activity.tools:
        console.print()
        _print_tools(console, activity, look)
    return tuple(dropped)


def _page(activity: Activity, look: ActivityLook, dropped: list[str]) -> Iterator[Text]:
    """Everything above the table of tools."""
    title = f"Activity, {activity_words.span(activity.since, activity.until)}"
    yield Text("\n".join(textwrap.wrap(title, look.width)), style="bold")
    yield Text("")
    yield from _map(activity, look, dropped)
    yield Text("")
    yield from _facts(activity, look)
    yield Text("")
    yield from _hours(activity, look)
    yield from _weekdays(activity, look)


def _map(activity: Activity, look: ActivityLook, dropped: list[str]) -> Iterator[Text]:
    """Weeks as columns, weekdays as rows; only the latest weeks where there is no room for all."""
    weeks = weeks_of(activity.days, look.first_weekday)
    room = max(look.width - MARGIN, 1)
    cell = next((size for size in CELLS[len(weeks) > FEW_WEEKS :] if len(weeks) * size <= room), 1)
    shown = weeks[-(room // cell) :]
    if len(shown) < len(weeks):
        dropped.append(words.plural(len(weeks) - len(shown), "earlier week"))
    bounds = shade_bounds(day.measure(look.by) for day in activity.days)
    yield Text(" " * MARGIN + _months(shown, cell), style="dim")
    for row in range(7):
        name = activity_words.WEEKDAYS[(look.first_weekday + row) % 7][:3] if row % 2 == 0 else ""
        line = Text.assemble((name.ljust(MARGIN), "dim"))
        for week in shown:
            day = week[row]
            line.append(*_cell(None if day is None else shade(day.measure(look.by), bounds), cell, look))
        yield line
    yield _legend(activity, look)


def _months(weeks: Sequence[Week], cell: int) -> str:
    """The names of the months above the weeks; one that has no room is left out."""
    line = ""
    for column, month in month_columns(weeks, -(-(MONTH_NAME + 1) // cell)):
        place, name = column * cell, activity_words.MONTHS[month - 1]
        if place + len(name) <= len(weeks) * cell and (not line or place > len(line)):
            line = line.ljust(place) + name
    return line


def _cell(level: int | None, cell: int, look: ActivityLook) -> tuple[str, str]:
    """One day; None for one outside of the stretch."""
    if level is None:
        return " " * cell, ""
    sign = (COLOURED if look.has_colours else PLAIN)[level]
    if not look.has_colours:
        return (sign * (cell - 1) or sign).ljust(cell), ""
    return sign.ljust(cell) if level == 0 else sign * cell, STYLES[level]


def _legend(activity: Activity, look: ActivityLook) -> Text:
    """What the shades stand for."""
    line = Text.assemble((" " * MARGIN + "less ", "dim"))
    for level in range(SHADES + 1):
        line.append(*_cell(level, WIDE, look))
    line.append(" more", style="dim")
    busiest = activity.busiest(look.by)
    if busiest.measure(look.by):
        most = f"   most {activity_words.amount(busiest, look.by)}"
        has_room = line.cell_len + len(most) <= look.width
        line.append(most if has_room else f"\n{' ' * MARGIN}{most.strip()}", style="dim")
    return line


def _facts(activity: Activity, look: ActivityLook) -> Iterator[Text]:
    """Figures, one a line: streaks, the busiest day, what was done."""
    total = activity.totals
    cost = activity_words.amount(total, "cost")
    tokens = words.short_tokens(total.sums.total_tokens)
    busiest = activity.busiest(look.by)
    yield _fact("Cost", f"{cost}, {tokens} tokens", look)
    yield _fact("Active days", f"{activity.active_days} of {len(activity.days)}", look)
    if activity.is_of_now:
        yield _fact("Streak now", activity_words.streak(activity.present_streak), look)
    yield _fact("Longest streak", activity_words.streak(activity.streak), look)
    day = f"{activity_words.full_day(busiest.day)}, {activity_words.amount(busiest, look.by)}"
    yield _fact("Busiest day", day, look)
    prompts = f"{words.plural(total.prompts, 'prompt')}, " if activity.cover.with_details else ""
    told = f"{words.plural(total.sessions, 'session')}, {prompts}{words.plural(total.sums.responses, 'response')}"
    yield _fact("Work", told, look)
    for name, value in activity_words.deeds(activity):
        yield _fact(name, value, look)
    if activity.longest_sitting is not None:
        yield from _sitting(activity, look)


def _sitting(activity: Activity, look: ActivityLook) -> Iterator[Text]:
    found = activity.longest_sitting
    if found is None:
        return
    facts = found.facts
    named = ", ".join(filter(None, (words.clean(facts.title), words.project_name(facts.project))))
    yield _fact("Longest session", f"{activity_words.sitting(found)}", look)
    yield from (_fact("", part, look, "dim") for part in (named,) if part)


def _fact(name: str, value: str, look: ActivityLook, style: str = "") -> Text:
    """A name and a value; on a narrow terminal the value stands below."""
    if look.width < NARROW and cell_len(value) + NAME + 2 > look.width:
        room = max(look.width - 2, 1)
        shown = [f"  {shortened(part, room)}" for part in textwrap.wrap(value, room)]
        return Text.assemble((name, "bold"), "\n" if name else "", ("\n".join(shown), style))
    return Text.assemble((name.ljust(NAME), "bold"), "  ", (shortened(value, look.width - NAME - 2), style))


def _hours(activity: Activity, look: ActivityLook) -> Iterator[Text]:
    """A strip of twenty-four hours."""
    best = activity_words.busiest_slot(activity.hours, look.by)
    if best is None:
        return
    values = [slot.measure(look.by) for slot in activity.hours]
    cell = 2 if look.width >= ROOMY else 1
    strip = "".join(sign * cell for sign in sparkline(values))
    told = f"most from {activity_words.hour_span(best)}"
    margin = " " * (NAME + 2 if look.width >= NARROW else 2)
    head = Text("Hours".ljust(len(margin)) if look.width >= NARROW else "Hours\n  ", style="bold")
    has_room = look.width >= max(NARROW, len(margin) + len(strip) + 2 + len(told))
    yield Text.assemble(head, (strip, "cyan"), (f"  {told}" if has_room else f"\n{margin}{told}", "dim"))
    scale = "".join(f"{hour:<{6 * cell}}" for hour in range(0, 24, 6))
    yield Text(f"{margin}{scale}", style="dim")


def _weekdays(activity: Activity, look: ActivityLook) -> Iterator[Text]:
    """A bar a weekday."""
    slots: Sequence[Slot] = activity.weekdays
    top = max(slot.measure(look.by) for slot in slots)
    if not top:
        return
    order = [(look.first_weekday + number) % 7 for number in range(7)]
    wide = look.width >= NARROW
    room = max(min(look.width - NAME - 22, 40), 4) if wide else max(look.width - 24, 4)
    for index, weekday in enumerate(order):
        slot = slots[weekday]
        head = (
            ("Weekdays" if index == 0 else "").ljust(NAME) + "  " if wide else ("Weekdays\n  " if not index else "  ")
        )
        bar = thin_bar(slot.measure(look.by), top, room)
        told = activity_words.amount(slot, look.by)
        yield Text.assemble(
            (head, "bold"), f"{activity_words.WEEKDAYS[weekday][:3]}  ", (bar, "cyan"), (f" {told}", "dim")
        )


def _print_tools(console: Console, activity: Activity, look: ActivityLook) -> None:
    """The tools that ran most, and how often they failed."""
    shown = activity.tools[:TOP_TOOLS]
    total = activity.totals
    ended = [(each.runs, each.failed, each.denied) for each in shown]
    columns = (
        (
            Title("Tool", 9, is_number=False, style="bold", shrinks=True),
            [words.clean(each.tool) for each in shown],
            "All",
        ),
        (Title("Runs", 9), [words.tokens(each.runs) for each in shown], words.tokens(total.runs)),
        (Title("Failed", 7), [words.tokens(failed) for _, failed, _ in ended], words.tokens(total.failed)),
        (
            Title("Rate", 8),
            [activity_words.rate(failed, runs) for runs, failed, _ in ended],
            activity_words.rate(total.failed, total.runs),
        ),
        (Title("Denied", 3), [words.tokens(denied) for _, _, denied in ended], words.tokens(total.denied)),
    )
    strips = [plain_strip(title, cells, footer) for title, cells, footer in columns]
    print_strips(console, strips, [""] * len(shown), look.width, totals=True)
    if len(activity.tools) > TOP_TOOLS:
        console.print(Text(f"and {words.plural(len(activity.tools) - TOP_TOOLS, 'other tool')}", style="dim"))
