"""Parts of a year's page: months as bars, the heat map alone, rankings of models, tools and projects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokentide.analytics.activity_days import COST
from tokentide.analytics.heat_map import weeks_of
from tokentide.analytics.wrapped import Wrapped
from tokentide.render import activity_words, words, wrapped_words
from tokentide.render.pictures import parts
from tokentide.render.pictures.parts import Area, Bar, Ranked
from tokentide.render.pictures.scene import Item, Scene

ROOM = 1072
HALF = 512
"""Of a page's width, with a gap between two."""
GAP = 48


def month_bars(wrapped: Wrapped, area: Area) -> Iterator[Item]:
    """Twelve bars; the costliest is marked."""
    found = [
        Bar(name, slot.measure(COST), f"{name}: {activity_words.amount(slot, COST)}")
        for name, slot in zip(activity_words.MONTHS, wrapped.months, strict=True)
    ]
    best = max(wrapped.months, key=lambda slot: slot.measure(COST))
    note = f"most {activity_words.amount(best, COST)}" if best.measure(COST) else ""
    return parts.bars("Month by month", note, found, area)


def rankings(wrapped: Wrapped, *, with_names: bool) -> list[tuple[str, str, list[Ranked]]]:
    """Title, note and lines of each ranking: models, tools where any is known, projects where they may be named."""
    models = [
        Ranked(name, sums.cost, words.cost(sums)) for name, sums in wrapped_words.models(wrapped, with_names=with_names)
    ]
    tools = [
        Ranked(name, runs, words.tokens(runs)) for name, runs in wrapped_words.tools(wrapped, with_names=with_names)
    ]
    names = words.project_names(row.key for row in wrapped.projects)
    projects = [Ranked(names[row.key], row.sums.cost, words.cost(row.sums)) for row in wrapped.projects]
    price = "cost at list price"
    found = [("Models", price, models), ("Tools", "runs", tools), ("Projects", price, projects if with_names else [])]
    return [each for each in found if each[2]]


def months_scene(wrapped: Wrapped) -> Scene:
    """The months as a picture of their own."""
    told = ", ".join(
        f"{name} {activity_words.amount(slot, COST)}"
        for name, slot in zip(activity_words.MONTHS, wrapped.months, strict=True)
    )
    items = tuple(month_bars(wrapped, Area(0, 0, ROOM, 200)))
    return Scene(ROOM, 202, items, f"Cost by month in {wrapped.year}", f"{told}.")


def days_scene(wrapped: Wrapped, first_weekday: int) -> Scene:
    """The heat map as a picture of its own."""
    weeks = len(weeks_of(wrapped.activity.days, first_weekday))
    height = parts.heat_map_height(weeks, ROOM)
    items = [*parts.heat_map(wrapped.activity, COST, first_weekday, Area(0, 0, ROOM, 0))]
    items += parts.legend(ROOM, height + 24)
    told = f"{wrapped.activity.active_days} of {len(wrapped.activity.days)} days were active."
    return Scene(ROOM, round(height + 32), tuple(items), f"Every day of {wrapped.year} by cost", told)


def hours_scene(wrapped: Wrapped) -> Scene:
    """The hours as a picture of their own."""
    hour = activity_words.busiest_slot(wrapped.activity.hours, COST)
    note = f"most from {activity_words.hour_span(hour)}" if hour is not None else ""
    items = tuple(parts.bars("Hours", note, parts.hour_bars(wrapped.activity, COST), Area(0, 0, HALF, 160)))
    return Scene(HALF, 162, items, "Cost by hour of the day", f"{note}.".capitalize() if note else "")


def weekdays_scene(wrapped: Wrapped, first_weekday: int) -> Scene:
    """The weekdays as a picture of their own."""
    weekday = activity_words.busiest_slot(wrapped.activity.weekdays, COST)
    note = f"most on {activity_words.WEEKDAYS[weekday]}" if weekday is not None else ""
    found = parts.weekday_bars(wrapped.activity, COST, first_weekday)
    items = tuple(parts.bars("Weekdays", note, found, Area(0, 0, HALF, 160)))
    return Scene(HALF, 162, items, "Cost by weekday", f"{note}.".capitalize() if note else "")


def ranking_scene(title: str, note: str, found: Sequence[Ranked], width: int) -> Scene:
    """A ranking as a picture of its own, so wide."""
    told = ", ".join(f"{each.name} {each.shown}" for each in found)
    height = parts.ranking_height(len(found))
    items = tuple(parts.ranking(title, note, found, Area(0, 0, width, height)))
    return Scene(width, round(height), items, title, f"{told}.")
