"""The screen of a what-if: a line a scenario, ranked, the plans, and what each figure rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.what_if.model import PlanCost, PlanReport, WhatIf, WindowFit
from tokentide.analytics.what_if.plan_costs import TITLES
from tokentide.render import words
from tokentide.render.charts import thin_bar
from tokentide.render.columns import Title
from tokentide.render.table import Strip, plain_strip, print_strips
from tokentide.render.what_if_words import change, change_style, percent_change, scenario_title

BAR = 12
"""Cells of the longest bar."""
WIDEST = 100
LEAST_NOTE = 20


def print_what_if(console: Console, report: WhatIf, calendar: Calendar, width: int) -> None:
    """Print the screen; `width` is what there is."""
    room = min(width, WIDEST)
    _say(console, _head(report, calendar), room, "bold")
    if report.scenarios:
        console.print()
        print_strips(console, _strips(report), _styles(report), width, totals=False)
        console.print()
        _notes(console, report, room)
    for plans in report.plans:
        console.print()
        _plans(console, report, plans, width)
    for note in dict.fromkeys(note for plans in report.plans for note in plans.assumptions):
        _say(console, note, room, "dim", "  ")


def _head(report: WhatIf, calendar: Calendar) -> str:
    since = report.selection.since.isoformat() if report.selection.since else "the beginning"
    until = (report.selection.until or calendar.date_of(report.generated_at)).isoformat()
    month = f"~{words.money(report.a_month(report.cost))} a month"
    return (
        f"{since} to {until}: {words.plural(report.responses, 'response')}, "
        f"{words.money(report.cost)} at list price, {month}"
    )


def _strips(report: WhatIf) -> list[Strip]:
    """The columns of the scenarios."""
    every = report.scenarios
    top = max((abs(each.difference) for each in every), default=0)
    return [
        plain_strip(Title("", 9), [str(number + 1) for number in range(len(every))], ""),
        _named("What if", [words.clean(scenario_title(each)) for each in every]),
        plain_strip(Title("Cost", 8), [words.money(each.cost) for each in every], ""),
        plain_strip(
            Title("Recounted", 4),
            ["" if each.adjusted is None else f"~{words.money(each.adjusted)}" for each in every],
            "",
        ),
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
    """What the figures rest on, a line each, with the numbers of the scenarios that it holds for."""
    _say(console, "What this rests on", room, "bold")
    numbers: dict[str, list[str]] = {note: ["all"] for note in report.assumptions}
    for number, each in enumerate(report.scenarios, 1):
        for note in each.assumptions:
            numbers.setdefault(note, []).append(str(number))
    heads = [", ".join(held) for held in numbers.values()]
    margin = max(map(len, heads), default=0)
    for note, head in zip(numbers, heads, strict=True):
        _say(console, note, room, "dim", f"{head:>{margin}}  ")


def _say(console: Console, text: str, room: int, style: str, prefix: str = "") -> None:
    """A sentence, broken between words, its later lines set in."""
    width = max(room, LEAST_NOTE + len(prefix))
    for line in textwrap.wrap(words.clean(text), width, initial_indent=prefix, subsequent_indent=" " * len(prefix)):
        console.print(Text(line, style=style), soft_wrap=True)


def _plans(console: Console, report: WhatIf, plans: PlanReport, width: int) -> None:
    """One account's table of plans."""
    room = min(width, WIDEST)
    worth = words.money(report.a_month(plans.cost))
    whose = f" of {plans.account}" if len(report.plans) > 1 else ""
    _say(console, f"Plans: the use{whose} is worth ~{worth} a month at list price", room, "bold")
    best = plans.best(report.months)
    styles = ["green" if plan is best else "" for plan in plans.plans]
    print_strips(console, _plan_strips(report, plans), styles, width, totals=False)


def _plan_strips(report: WhatIf, plans: PlanReport) -> list[Strip]:
    every = plans.plans
    value = report.a_month(plans.cost)

    def column(title: str, importance: int, cells: Iterable[str]) -> Strip:
        return plain_strip(Title(title, importance), [*cells], "")

    names = [TITLES[plan.plan] + (" (yours)" if plan.is_current else "") for plan in every]
    return [
        _named("Plan", names),
        column("A month", 9, (("" if plan.five_hours else "~") + words.money(plan.price) for plan in every)),
        column("Use / price", 5, (_times(value, plan) for plan in every)),
        column("5 h too small", 7, (_share(plan.five_hours, plan) for plan in every)),
        column("Weeks too small", 6, (_share(plan.weeks, plan) for plan in every)),
        column("With extra use", 8, (f"~{words.money(plan.total(report.months))}" for plan in every)),
    ]


def _times(value: int, plan: PlanCost) -> str:
    if not plan.price or plan.five_hours is None:
        return ""
    times = value / plan.price
    return f"{times:.1f}x" if times >= 1 else f"{times:.2f}x"


def _share(fit: WindowFit | None, plan: PlanCost) -> str:
    """How many windows would have been too small; an estimate."""
    if fit is None:
        return ""
    share = f"{fit.too_small / fit.windows:.0%}" if fit.windows else "0%"
    return f"{'' if plan.is_calibrated else '~'}{fit.too_small} of {fit.windows}, {share.replace('%', ' %')}"
