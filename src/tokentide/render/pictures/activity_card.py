"""The picture of `tokentide activity`: headline figures, the heat map, when the work is done; nothing private."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokentide.analytics.activity import Activity
from tokentide.analytics.activity_days import COST
from tokentide.analytics.heat_map import weeks_of
from tokentide.render import activity_words, words
from tokentide.render.pictures import parts
from tokentide.render.pictures.parts import Area
from tokentide.render.pictures.scene import ACCENT, END, INK, MUTED, Box, Item, Line, Scene

WIDTH = 1200
MARGIN = 56
ROOM = WIDTH - 2 * MARGIN


def activity_card(activity: Activity, by: str, theme: str, first_weekday: int, projects: Sequence[str] = ()) -> Scene:
    """The whole picture; `projects` are folders that may be named, the first most."""
    when = activity_words.span(activity.since, activity.until)
    items = [*head("Activity with Claude", when), *tiles(activity)]
    top = 272.0
    weeks = len(weeks_of(activity.days, first_weekday))
    items += parts.heat_map(activity, by, first_weekday, Area(MARGIN, top, ROOM, 0))
    bottom = top + parts.heat_map_height(weeks, ROOM)
    items += below_map(activity, by, bottom + 26)
    items += charts(activity, by, first_weekday, bottom + 66)
    height = bottom + 66 + 150
    if projects:
        named = ", ".join(words.project_names(projects).values())
        items.append(Line(MARGIN, height + 36, parts.shortened(f"Mostly in {named}", 120), 15, INK))
        height += 30
    items += foot(height + 48, activity_words.TITLES[by])
    title = f"Activity with Claude, {when}"
    return Scene(WIDTH, round(height + 48 + 28), tuple(items), title, description(activity, by), theme)


def foot(y: float, measured: str) -> Iterator[Item]:
    """Who made it, and what the money is."""
    note = f"shades and bars: {measured}" if measured != "cost" else "shades and bars: cost at list price, not a bill"
    yield Line(MARGIN, y, note, 13, MUTED)
    yield Line(WIDTH - MARGIN, y, "made with tokentide", 13, MUTED, END)


def head(title: str, when: str) -> Iterator[Item]:
    """Title and days."""
    yield Box(MARGIN, 58, 6, 56, ACCENT, 3)
    yield Line(MARGIN + 22, 84, title, 34, INK, is_bold=True)
    yield Line(MARGIN + 22, 112, when, 17, MUTED)


def tiles(activity: Activity) -> Iterator[Item]:
    """The headline figures."""
    yield from parts.tiles(activity_words.headline(activity), Area(MARGIN, 144, ROOM, 96))


def below_map(activity: Activity, by: str, y: float) -> Iterator[Item]:
    """The busiest day and the legend."""
    busiest = activity.busiest(by)
    if busiest.measure(by):
        told = f"Busiest day: {activity_words.full_day(busiest.day)}, {activity_words.amount(busiest, by)}"
        told += f"; the map shows {parts.shown_days(activity)}" if parts.is_cut(activity) else ""
        yield Line(MARGIN + parts.NAMES_WIDTH, y, told, 14, MUTED)
    yield from parts.legend(WIDTH - MARGIN, y)


def charts(activity: Activity, by: str, first_weekday: int, y: float) -> Iterator[Item]:
    """Hours, weekdays, and a few facts, side by side."""
    hour = activity_words.busiest_slot(activity.hours, by)
    note = f"most from {activity_words.hour_span(hour)}" if hour is not None else ""
    yield from parts.bars("Hours", note, parts.hour_bars(activity, by), Area(MARGIN, y, 440, 150))
    weekday = activity_words.busiest_slot(activity.weekdays, by)
    note = f"most on {activity_words.WEEKDAYS[weekday][:3]}" if weekday is not None else ""
    days = parts.weekday_bars(activity, by, first_weekday)
    yield from parts.bars("Weekdays", note, days, Area(MARGIN + 492, y, 240, 150))
    yield from parts.facts(brief_facts(activity), Area(MARGIN + 784, y, ROOM - 784, 150))


def brief_facts(activity: Activity) -> list[tuple[str, str]]:
    """Streaks and what came of it."""
    streaks = [
        (name, words.plural(streak.days, "day"))
        for name, streak in (("Longest streak", activity.streak), ("Streak now", activity.present_streak))
        if streak is not None
    ]
    sitting = activity.longest_sitting
    longest = [("Longest session", words.duration(sitting.length))] if sitting is not None else []
    total = activity.totals
    changed = activity_words.lines(total)
    lines = [("Lines", changed.replace(" and ", " / "))] if changed else []
    failed = [("Tools that failed", activity_words.rate(total.failed, total.runs))] if total.runs else []
    return [*streaks, *longest, *lines, *failed]


def description(activity: Activity, by: str) -> str:
    """What the heat map shows, for those who do not see it."""
    figures = ", ".join(f"{value} {name}" for name, value in activity_words.headline(activity))
    measured = "cost at list price" if by == COST else activity_words.TITLES[by]
    return f"A heat map of {parts.shown_days(activity)} by {measured}. {figures}."
