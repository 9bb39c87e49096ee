"""Parts of pictures: figures in tiles, the heat map, bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from rich.cells import cell_len, set_cell_size

from tokentide.analytics.activity import Activity
from tokentide.analytics.heat_map import Week, month_columns, shade, shade_bounds, weeks_of
from tokentide.render import activity_words, words
from tokentide.render.pictures.scene import ACCENT, END, INK, MIDDLE, MUTED, SHADES, SURFACE, Box, Item, Line

MOST_WEEKS = 54
"""A year that begins on the last day of a week and ends on the first of one touches so many."""
WIDEST_CELL, HIGHEST_CELL = 60.0, 24.0
MONTH_WIDTH = 36
"""Of a month's name, with some room behind it."""
RANK_STEP = 40.0
MONTHS_HEIGHT = 22
NAMES_WIDTH = 40
"""Of the weekdays' names."""
WIDEST_DIGIT = 0.66
"""Of its size: so wide are bold digits in the widest of the fonts that a reader may have."""
GAP_SHARE = 0.18
"""Of a cell, left empty."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where something is drawn."""

    x: float
    y: float
    width: float
    height: float


def tiles(figures: Sequence[tuple[str, str]], area: Area) -> Iterator[Item]:
    """Names and values side by side, each on a ground of its own."""
    gap = 16.0
    width = (area.width - gap * (len(figures) - 1)) / len(figures)
    longest = max(len(value) for _, value in figures)
    size = min(31.0, (width - 36) / (longest * WIDEST_DIGIT))
    for number, (name, value) in enumerate(figures):
        x = area.x + number * (width + gap)
        yield Box(x, area.y, width, area.height, SURFACE, 12)
        yield Line(x + 18, area.y + area.height * 0.5, value, size, is_bold=True)
        yield Line(x + 18, area.y + area.height * 0.8, name, 15, MUTED)


def cell_size(weeks: int, width: float) -> tuple[float, float]:
    """How wide and how high a day of a heat map is, its gap included; few weeks have wide ones."""
    cell = min(WIDEST_CELL, (width - NAMES_WIDTH) / min(weeks, MOST_WEEKS))
    return cell, min(cell, HIGHEST_CELL)


def heat_map(activity: Activity, by: str, first_weekday: int, area: Area) -> Iterator[Item]:
    """Months above, weekdays at the left, a day a square; the latest weeks where there are more than a year's."""
    weeks = weeks_of(activity.days, first_weekday)[-MOST_WEEKS:]
    width, height = cell_size(len(weeks), area.width)
    bounds = shade_bounds(day.measure(by) for day in activity.days)
    left, top = area.x + NAMES_WIDTH, area.y + MONTHS_HEIGHT
    for column, month in month_columns(weeks, ceil(MONTH_WIDTH / width)):
        yield Line(left + column * width, area.y + 12, activity_words.MONTHS[month - 1], 14, MUTED)
    for row in range(0, 7, 2):
        name = activity_words.WEEKDAYS[(first_weekday + row) % 7][:3]
        yield Line(area.x, top + row * height + height * 0.68, name, 13, MUTED)
    for column, week in enumerate(weeks):
        yield from _week(week, by, bounds, Area(left + column * width, top, width, height))


def is_cut(activity: Activity) -> bool:
    """True if the heat map has no room for all days, wherever a week begins."""
    return len(activity.days) > 7 * MOST_WEEKS


def shown_days(activity: Activity) -> str:
    """Which days the heat map shows."""
    return f"the last {MOST_WEEKS} weeks" if is_cut(activity) else words.plural(len(activity.days), "day")


def _week(week: Week, by: str, bounds: Sequence[int], first: Area) -> Iterator[Item]:
    """A column of days; `first` is where its first one is."""
    gap = first.height * GAP_SHARE
    width, height = first.width - gap, first.height - gap
    for row, day in enumerate(week):
        if day is not None:
            told = f"{activity_words.full_day(day.day)}: {activity_words.amount(day, by)}"
            role = SHADES[shade(day.measure(by), bounds)]
            yield Box(first.x, first.y + row * first.height, width, height, role, height * 0.22, told)


def heat_map_height(weeks: int, width: float) -> float:
    """What the map takes with its months."""
    return MONTHS_HEIGHT + 7 * cell_size(weeks, width)[1]


def legend(x: float, y: float) -> Iterator[Item]:
    """What the shades mean, ending at `x`; `y` is the baseline."""
    side, step = 14.0, 18.0
    start = x - 42 - step * len(SHADES)
    yield Line(start - 6, y, "less", 14, MUTED, END)
    for number, role in enumerate(SHADES):
        yield Box(start + number * step, y - 12, side, side, role, 3)
    yield Line(x, y, "more", 14, MUTED, END)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    name: str
    """Below it; empty for none."""
    value: int
    hint: str
    """What it stands for, in words."""


def bars(title: str, note: str, found: Sequence[Bar], area: Area) -> Iterator[Item]:
    """Upright bars with their names below, a title and a note above; the highest is marked."""
    yield Line(area.x, area.y + 16, title, 17, INK, is_bold=True)
    yield Line(area.x + area.width, area.y + 16, note, 14, MUTED, END)
    top, bottom = area.y + 32, area.y + area.height - 22
    step = area.width / len(found)
    width = step * 0.72
    most = max((bar.value for bar in found), default=0)
    for number, bar in enumerate(found):
        x = area.x + number * step + (step - width) / 2
        height = max((bottom - top) * bar.value / most, 3) if bar.value and most else 3
        role = ACCENT if bar.value and bar.value == most else SHADES[2] if bar.value else SHADES[0]
        yield Box(x, bottom - height, width, height, role, min(4, width / 3, height / 2), bar.hint)
        if bar.name:
            yield Line(x + width / 2, bottom + 19, bar.name, 13, MUTED, MIDDLE)


def facts(found: Sequence[tuple[str, str]], area: Area, step: float = 27) -> Iterator[Item]:
    """Names at the left, values at the right, a line each."""
    for number, (name, value) in enumerate(found):
        y = area.y + 16 + number * step
        yield Line(area.x, y, name, 15, MUTED)
        yield Line(area.x + area.width, y, value, 15, INK, END, is_bold=True)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of a ranking."""

    name: str
    value: int
    shown: str
    """The value in words."""


def ranking(title: str, note: str, found: Sequence[Ranked], area: Area) -> Iterator[Item]:
    """Names with a bar and a value each, below a title."""
    yield Line(area.x, area.y + 16, title, 17, INK, is_bold=True)
    yield Line(area.x + area.width, area.y + 16, note, 14, MUTED, END)
    most = max((each.value for each in found), default=0)
    for number, each in enumerate(found):
        y = area.y + 32 + number * RANK_STEP
        width = area.width * each.value / most if most else 0
        yield Line(area.x, y + 14, shortened(each.name, area.width * 0.6 / 8), 15, INK)
        yield Line(area.x + area.width, y + 14, each.shown, 15, MUTED, END)
        yield Box(area.x, y + 21, area.width, 6, SHADES[0], 3)
        if width:
            yield Box(area.x, y + 21, max(width, 6), 6, ACCENT, 3)


def ranking_height(count: int) -> float:
    """What a ranking of so many lines takes."""
    return 32 + count * RANK_STEP


def shortened(text: str, room: float) -> str:
    """At most so many letters; wide ones take the room of two."""
    return text if cell_len(text) <= room else f"{set_cell_size(text, int(room) - 1).rstrip()}…"


def hour_bars(activity: Activity, by: str) -> list[Bar]:
    """Twenty-four hours; every sixth has its name."""
    return [
        Bar(f"{hour:02}" if hour % 6 == 0 else "", slot.measure(by), f"{hour:02}:00: {activity_words.amount(slot, by)}")
        for hour, slot in enumerate(activity.hours)
    ]


def weekday_bars(activity: Activity, by: str, first_weekday: int) -> list[Bar]:
    """Seven days, from the first of the week on."""
    found = []
    for number in range(7):
        weekday = (first_weekday + number) % 7
        name, slot = activity_words.WEEKDAYS[weekday], activity.weekdays[weekday]
        found.append(Bar(name[:2], slot.measure(by), f"{name}: {activity_words.amount(slot, by)}"))
    return found
