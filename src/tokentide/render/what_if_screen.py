"""The screen of a what-if: a line a scenario, ranked, the plans, and what each figure rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.what_if.model import PlanReport, WhatIf
from tokentide.render import words
from tokentide.render.charts import thin_bar
from tokentide.render.columns import Title
from tokentide.render.table import Strip, plain_strip, print_strips
from tokentide.render.what_if_words import (
    change,
    change_style,
    head,
    percent_change,
    plan_price,
    plan_title,
    plans_head,
    rests_on,
    roughly,
    scenario_title,
    sentences,
    share_full,
    times_worth,
)

BAR = 12
"""Cells of the longest bar."""
WIDEST = 100
LEAST_NOTE = 20
MOST_ACCOUNTS = 3
"""The plans are shown for so many, the dearest."""


def print_what_if(console: Console, report: WhatIf, calendar: Calendar, width: int) -> tuple[str, ...]:
    """Print the screen; returns the columns that had no room in `width`."""
    room = min(width, WIDEST)
    dropped: list[str] = []
    _say(console, head(report, calendar), room, "bold")
    if report.scenarios:
        console.print()
        dropped += print_strips(console, _strips(report), _styles(report), width, totals=False)
        console.print()
        _notes(console, report, room)
    shown = report.plans[:MOST_ACCOUNTS]
    for plans in shown:
        console.print()
        dropped += _plans(console, report, plans, width)
    if len(report.plans) > len(shown):
        accounts = words.plural(len(report.plans) - len(shown), "more account")
        _say(console, f"{accounts} with less use: `--account` shows one, `--json` all", room, "")
    _plan_notes(console, report, room)
    return tuple(dict.fromkeys(title for title in dropped if title))


def _strips(report: WhatIf) -> list[Strip]:
    """The columns of the scenarios."""
    every = report.scenarios
    top = max((abs(each.difference) for each in every), default=0)
    recounted = plain_strip(
        Title("Recounted", 4), ["" if each.adjusted is None else roughly(each.adjusted) for each in every], ""
    )
    return [
        plain_strip(Title("", 9), [str(number + 1) for number in range(len(every))], ""),
        _named("What if", [words.clean(scenario_title(each)) for each in every]),
        plain_strip(Title("Cost", 8), [words.money(each.cost) for each in every], ""),
        *([recounted] if any(recounted.cells) else []),
        plain_strip(Title("Difference", 9), [change(each.difference) for each in every], ""),
        plain_strip(Title("", 7), [percent_change(each.difference, report.cost) for each in every], ""),
        plain_strip(Title("A month", 6), [f"~{change(report.a_month(each.difference))}" for each in every], ""),
        plain_strip(Title("", 3, is_number=False), [thin_bar(abs(each.difference), top, BAR) for each in every], ""),
    ]


def _named(title: str, names: list[str]) -> Strip:
    """The first column: its names stay whole as long as another column can go."""
    strip = plain_strip(Title(title, 9, is_number=False, shrinks=True), names, "")
    strip.least = strip.width
    return strip


def _styles(report: WhatIf) -> list[str]:
    return [change_style(each.difference) for each in report.scenarios]


def _notes(console: Console, report: WhatIf, room: int) -> None:
    """What the figures rest on: a paragraph for all, then one for each group of scenarios that share it."""
    _say(console, "What this rests on", room, "bold")
    paragraphs = rests_on(report)
    margin = max((len(numbers) for numbers, _ in paragraphs), default=0)
    for numbers, notes in paragraphs:
        _say(console, notes, room, "", f"{numbers:>{margin}}  ")


def _plan_notes(console: Console, report: WhatIf, room: int) -> None:
    """What the plans rest on."""
    for note in dict.fromkeys(note for plans in report.plans for note in plans.assumptions):
        _say(console, sentences([note]), room, "", "  ")


def _say(console: Console, text: str, room: int, style: str, prefix: str = "") -> None:
    """A text, broken between words, its later lines set in; what stands before it is bold."""
    width = max(room, LEAST_NOTE + len(prefix))
    lines = textwrap.wrap(words.clean(text), width, initial_indent=prefix, subsequent_indent=" " * len(prefix))
    for number, line in enumerate(lines):
        shown = Text(line, style=style)
        shown.stylize("bold", 0, 0 if number else len(prefix))
        console.print(shown, soft_wrap=True)


def _plans(console: Console, report: WhatIf, plans: PlanReport, width: int) -> tuple[str, ...]:
    """One account's table of plans; returns the columns that had no room."""
    _say(console, f"Plans: {plans_head(report, plans)}", min(width, WIDEST), "bold")
    best = plans.best(report.months)
    styles = ["green" if plan is best else "" for plan in plans.plans]
    return print_strips(console, _plan_strips(report, plans), styles, width, totals=False)


def _plan_strips(report: WhatIf, plans: PlanReport) -> list[Strip]:
    every = plans.plans
    value = report.a_month(plans.cost)

    def column(title: str, importance: int, cells: Iterable[str]) -> Strip:
        return plain_strip(Title(title, importance), [*cells], "")

    names = [plan_title(plan) for plan in every]
    return [
        _named("Plan", names),
        column("A month", 9, (plan_price(plan) for plan in every)),
        column("Use / price", 5, (times_worth(value, plan) for plan in every)),
        column("5 h full", 7, (share_full(plan.five_hours) for plan in every)),
        column("Weeks full", 6, (share_full(plan.weeks) for plan in every)),
        column("With extra", 8, (roughly(plan.total(report.months)) for plan in every)),
    ]
