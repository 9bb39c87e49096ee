"""Activity: a year of days as a heat map, streaks, hours, tools, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tokentide.analytics.activity import Activity
from tokentide.analytics.activity_days import Day
from tokentide.analytics.heat_map import SHADES, month_columns, shade, shade_bounds, weeks_of
from tokentide.render import activity_words, words
from tokentide.web.activity import MEASURES, ActivityQuery, activity_of
from tokentide.web.asked import address_of, filters_of
from tokentide.web.desk import Sight
from tokentide.web.frame import TIME, Page
from tokentide.web.tables import Cell, Head, HtmlTable

YEAR = "12m"
SIDE, STEP = 11, 14
"""Of a day's square, and from one to the next, in units of the drawing."""
LEFT, TOP = 30, 18
"""Where the first square is: behind the names of weekdays, below those of months."""
MONTH_WEEKS = 3
"""So many weeks the name of a month takes."""


@dataclass(frozen=True, slots=True)
class Square:
    """One day of the heat map."""

    x: int
    y: int
    shade: int
    told: str
    """The day, and what was measured."""
    href: str


@dataclass(frozen=True, slots=True)
class Label:
    """A name beside the squares."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Weeks as columns, weekdays as rows."""

    width: int
    height: int
    squares: tuple[Square, ...]
    labels: tuple[Label, ...]
    shades: range
    """Of the legend."""
    step: int
    side: int


def build(sight: Sight, asked: ActivityQuery, _item: str) -> Mapping[str, Any]:
    """The year, and what its days come to."""
    activity = activity_of(sight, asked, YEAR)
    first_weekday = sight.calendar(asked).first_weekday
    return {
        "activity": activity,
        "measures": MEASURES,
        "measured": activity_words.TITLES[asked.by],
        "span": activity_words.span(activity.since, activity.until),
        "map": _heat_map(activity, asked, first_weekday),
        "headline": activity_words.headline(activity),
        "facts": [*_facts(activity, asked.by)],
        "gap": activity_words.gap(activity),
        "days": _days(activity, asked),
        "week": _week(activity, asked.by, first_weekday),
        "weekday_names": [activity_words.WEEKDAYS[(first_weekday + n) % 7] for n in range(7)],
        "tools": _tools(activity),
        "sitting": activity.longest_sitting,
        "sitting_words": activity_words.sitting(activity.longest_sitting) if activity.longest_sitting else "",
    }


def _heat_map(activity: Activity, asked: ActivityQuery, first_weekday: int) -> HeatMap:
    """The squares of all days, each of which leads to its costs."""
    weeks = weeks_of(activity.days, first_weekday)
    bounds = shade_bounds(day.measure(asked.by) for day in activity.days)
    costs = _costs_of_a_day(asked)
    squares = tuple(
        Square(
            LEFT + column * STEP,
            TOP + row * STEP,
            shade(day.measure(asked.by), bounds),
            f"{activity_words.full_day(day.day)}: {activity_words.amount(day, asked.by)}",
            f"{costs}since={day.day}&until={day.day}",
        )
        for column, week in enumerate(weeks)
        for row, day in enumerate(week)
        if day is not None
    )
    months = (
        Label(LEFT + column * STEP, TOP - 6, activity_words.MONTHS[month - 1])
        for column, month in month_columns(weeks, MONTH_WEEKS)
    )
    names = (
        Label(0, TOP + row * STEP + SIDE - 2, activity_words.WEEKDAYS[(first_weekday + row) % 7][:3])
        for row in range(0, 7, 2)
    )
    width = LEFT + max(len(weeks), MONTH_WEEKS) * STEP
    return HeatMap(width, TOP + 7 * STEP, squares, (*months, *names), range(SHADES + 1), STEP, SIDE)


def _costs_of_a_day(asked: ActivityQuery) -> str:
    """The address of the costs under these filters, but for the day."""
    query = address_of(filters_of(asked), **dict.fromkeys(TIME))
    return f"/costs{query}{'&' if query else '?'}"


def _facts(activity: Activity, by: str) -> Iterator[tuple[str, str]]:
    """Streaks, the busiest day and hour, and what came of it."""
    busiest, hour = activity.busiest(by), activity_words.busiest_slot(activity.hours, by)
    if activity.is_of_now:
        yield "Streak now", activity_words.streak(activity.present_streak)
    yield "Longest streak", activity_words.streak(activity.streak)
    yield "Busiest day", f"{activity_words.full_day(busiest.day)}, {activity_words.amount(busiest, by)}"
    if hour is not None:
        yield "Busiest hour", f"{activity_words.hour_span(hour)}, {activity_words.amount(activity.hours[hour], by)}"
    yield from activity_words.deeds(activity)
    if activity.cost_per_commit is not None:
        yield "Cost per commit", f"~{words.money(activity.cost_per_commit)}: all that was spent by all commits"


def _days(activity: Activity, asked: ActivityQuery) -> HtmlTable:
    """The days with any use, the latest first."""
    costs = _costs_of_a_day(asked)
    heads = ("Cost", "Tokens", "Responses", "Sessions", "Prompts", "Tools run", "Lines added", "removed", "Commits")
    return HtmlTable(
        "Days with any use",
        (Head("Day", is_number=False), *(Head(title, importance=9 if title == "Cost" else 4) for title in heads)),
        [
            [Cell(day.day.isoformat(), f"{costs}since={day.day}&until={day.day}"), *_day_cells(day)]
            for day in reversed(activity.days)
            if day.is_active
        ],
    )


def _day_cells(day: Day) -> list[Cell]:
    total = day.sums.total_tokens
    counts = (
        day.sums.responses,
        day.sessions,
        day.prompts,
        day.runs,
        day.lines_added,
        day.lines_removed,
        day.commits,
    )
    return [
        Cell(words.cost(day.sums)),
        Cell(words.short_tokens(total), value=str(total)),
        *(Cell(words.tokens(count)) for count in counts),
    ]


def _week(activity: Activity, by: str, first_weekday: int) -> HtmlTable:
    """The hours of the day as rows, the weekdays as columns."""
    order = [(first_weekday + number) % 7 for number in range(7)]
    return HtmlTable(
        "By hour and weekday",
        (Head("Hour", is_number=False), *(Head(activity_words.WEEKDAYS[day][:3]) for day in order)),
        [
            [
                Cell(activity_words.hour_span(hour)),
                *(
                    Cell(activity_words.amount(slot, by), value=str(slot.measure(by)))
                    for slot in (activity.week[day][hour] for day in order)
                ),
            ]
            for hour in range(24)
        ],
    )


def _tools(activity: Activity) -> HtmlTable:
    """How often each tool ran, and how that ended."""
    total = activity.totals
    return HtmlTable(
        "Tools",
        (Head("Tool", is_number=False), Head("Runs"), Head("Failed"), Head("Rate"), Head("Denied", importance=3)),
        [
            [
                Cell(words.clean(each.tool)),
                Cell(words.tokens(each.runs)),
                Cell(words.tokens(each.failed)),
                Cell(activity_words.rate(each.failed, each.runs)),
                Cell(words.tokens(each.denied)),
            ]
            for each in activity.tools
        ],
        [
            "Total",
            words.tokens(total.runs),
            words.tokens(total.failed),
            activity_words.rate(total.failed, total.runs),
            words.tokens(total.denied),
        ],
    )


PAGE = Page("/activity", "Activity", "activity.html", build, ActivityQuery, usual_range=YEAR)
