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
from tokentide.render.what_if_words import change, change_style, percent_change, roughly, scenario_title

BAR = 12
"""Cells of the longest bar."""
WIDEST = 100
ALL = "all"
LEAST_NOTE = 20
DIGITS = frozenset("0123456789")
MOST_ACCOUNTS = 3
"""The plans are shown for so many, the dearest."""


def print_what_if(console: Console, report: WhatIf, calendar: Calendar, width: int) -> tuple[str, ...]:
    """Print the screen; returns the columns that had no room in `width`."""
    room = min(width, WIDEST)
    dropped: list[str] = []
    _say(console, _head(report, calendar), room, "bold")
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


def _head(report: WhatIf, calendar: Calendar) -> str:
    """The days, as far as anything is known of them, and what they came to."""
    since = calendar.date_of(report.since)
    is_short = report.selection.since is not None and since > report.selection.since
    until = (report.selection.until or calendar.date_of(report.generated_at)).isoformat()
    month = f"{roughly(report.a_month(report.cost))} a month"
    return (
        f"{since}{', the first day known,' if is_short else ''} to {until}: "
        f"{words.plural(report.responses, 'response')}, {words.money(report.cost)} at list price, {month}"
    )


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
    holders: dict[str, list[str]] = {note: [ALL] for note in report.assumptions}
    for number, each in enumerate(report.scenarios, 1):
        for note in each.assumptions:
            holders.setdefault(note, []).append(str(number))
    paragraphs: dict[str, list[str]] = {}
    for note, held in holders.items():
        paragraphs.setdefault(", ".join(held), []).append(note)
    margin = max(map(len, paragraphs), default=0)
    for head, notes in paragraphs.items():
        _say(console, _sentences(notes), room, "", f"{head:>{margin}}  ")


def _plan_notes(console: Console, report: WhatIf, room: int) -> None:
    """What the plans rest on."""
    for note in dict.fromkeys(note for plans in report.plans for note in plans.assumptions):
        _say(console, _sentences([note]), room, "", "  ")


def _sentences(notes: Iterable[str]) -> str:
    """Notes in a row; a model's name, which has digits, begins as it is written."""
    return " ".join(f"{note if set(note.split()[0]) & DIGITS else note[0].upper() + note[1:]}." for note in notes)


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
    worth = f"is worth {roughly(report.a_month(plans.cost))} a month at list price"
    whose = f" of {plans.account}" if len(report.plans) > 1 else ""
    _say(console, f"Plans: the use{whose} {worth}{_windows(plans.plans)}", min(width, WIDEST), "bold")
    best = plans.best(report.months)
    styles = ["green" if plan is best else "" for plan in plans.plans]
    return print_strips(console, _plan_strips(report, plans), styles, width, totals=False)


def _windows(plans: Iterable[PlanCost]) -> str:
    """How many windows the shares are of."""
    fits = next(((plan.five_hours, plan.weeks) for plan in plans if plan.five_hours and plan.weeks), None)
    if fits is None:
        return ""
    five_hours, weeks = (fit.windows for fit in fits)
    return f", in {words.plural(five_hours, 'five-hour window')} and {words.plural(weeks, 'week')}"


def _plan_strips(report: WhatIf, plans: PlanReport) -> list[Strip]:
    every = plans.plans
    value = report.a_month(plans.cost)

    def column(title: str, importance: int, cells: Iterable[str]) -> Strip:
        return plain_strip(Title(title, importance), [*cells], "")

    names = [TITLES[plan.plan] + (" (yours)" if plan.is_current else "") for plan in every]
    return [
        _named("Plan", names),
        column("A month", 9, (words.money(plan.price) if plan.five_hours else roughly(plan.price) for plan in every)),
        column("Use / price", 5, (_times(value, plan) for plan in every)),
        column("5 h full", 7, (_share(plan.five_hours) for plan in every)),
        column("Weeks full", 6, (_share(plan.weeks) for plan in every)),
        column("With extra", 8, (roughly(plan.total(report.months)) for plan in every)),
    ]


def _times(value: int, plan: PlanCost) -> str:
    if not plan.price or plan.five_hours is None:
        return ""
    times = value / plan.price
    return f"{times:.1f}x" if times >= 1 else f"{times:.2f}x"


def _share(fit: WindowFit | None) -> str:
    """The share of the windows that would have been too small; an estimate."""
    if fit is None:
        return ""
    share = 100 * fit.too_small / fit.windows if fit.windows else 0.0
    return f"~{share:.0f} %" if share >= 1 or not share else "<1 %"
