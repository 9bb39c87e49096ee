"""What scenarios and changes of money are called; shared by screens, JSON and whatever else shows them."""

from __future__ import annotations

from collections.abc import Iterable

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.what_if.model import (
    BATCH,
    CACHE_1H,
    CACHE_5M,
    CHEAP,
    MODEL,
    NO_CACHE,
    PRICE,
    RESIDENCY,
    SPEED,
    PlanCost,
    PlanReport,
    ScenarioCost,
    WhatIf,
    WindowFit,
)
from tokentide.analytics.what_if.plan_costs import TITLES
from tokentide.render import words
from tokentide.render.console_columns import signed_money

ALL = "all"
DIGITS = frozenset("0123456789")
_TITLES = {
    MODEL: "all on {}",
    CHEAP: "small steps on {}",
    BATCH: "batches for programs",
    NO_CACHE: "no prompt cache",
    CACHE_1H: "1 h writes, not 5 min",
    CACHE_5M: "5 min writes, not 1 h",
    PRICE: "another price: {}",
    RESIDENCY: "computed in: {}",
    SPEED: "speed: {}",
}


def scenario_title(scenario: ScenarioCost) -> str:
    """A scenario in a few words."""
    targets = ", ".join(map(words.model_name, scenario.target.split(", ")))
    return _TITLES[scenario.kind].format(targets)


def change(nano: int) -> str:
    """A difference of money with its sign; nothing is $0.00."""
    return f"+{words.money(nano)}" if nano > 0 else signed_money(nano)


def roughly(nano: int) -> str:
    """An amount that is an estimate; less than a cent is so without a mark."""
    text = words.money(nano)
    return text if text.startswith("<") else f"~{text}"


def percent_change(difference: int, base: int) -> str:
    """A difference in percent of what it was, with its sign; empty where there was nothing."""
    if not base or not difference:
        return ""
    share = 100 * difference / base
    if 0 < abs(share) < 0.05:
        return "<0.1 %"
    return f"{share:+,.0f} %" if abs(share) >= 1 else f"{share:+.1f} %"


def change_style(difference: int) -> str:
    """Green for less, red for more."""
    return "red" if difference > 0 else "green" if difference < 0 else ""


def head(report: WhatIf, calendar: Calendar) -> str:
    """The days, as far as anything is known of them, and what they came to."""
    since = calendar.date_of(report.since)
    is_short = report.selection.since is not None and since > report.selection.since
    until = (report.selection.until or calendar.date_of(report.generated_at)).isoformat()
    month = f"{roughly(report.a_month(report.cost))} a month"
    return (
        f"{since}{', the first day known,' if is_short else ''} to {until}: "
        f"{words.plural(report.responses, 'response')}, {words.money(report.cost)} at list price, {month}"
    )


def rests_on(report: WhatIf) -> list[tuple[str, str]]:
    """What the figures rest on: the numbers of the scenarios, or `all`, with the sentences that they share."""
    holders: dict[str, list[str]] = {note: [ALL] for note in report.assumptions}
    for number, each in enumerate(report.scenarios, 1):
        for note in each.assumptions:
            holders.setdefault(note, []).append(str(number))
    paragraphs: dict[str, list[str]] = {}
    for note, held in holders.items():
        paragraphs.setdefault(", ".join(held), []).append(note)
    return [(numbers, sentences(notes)) for numbers, notes in paragraphs.items()]


def sentences(notes: Iterable[str]) -> str:
    """Notes in a row; a model's name, which has digits, begins as it is written."""
    return " ".join(f"{note if set(note.split()[0]) & DIGITS else note[0].upper() + note[1:]}." for note in notes)


def plans_head(report: WhatIf, plans: PlanReport) -> str:
    """What an account's use is worth, and in how many windows."""
    worth = f"is worth {roughly(report.a_month(plans.cost))} a month at list price"
    whose = f" of {plans.account}" if len(report.plans) > 1 else ""
    return f"the use{whose} {worth}{_windows(plans.plans)}"


def plan_title(plan: PlanCost) -> str:
    """A plan's name, and whether it is the person's."""
    return TITLES[plan.plan] + (" (yours)" if plan.is_current else "")


def plan_price(plan: PlanCost) -> str:
    """A month of it; paying as you go is an estimate."""
    return words.money(plan.price) if plan.five_hours else roughly(plan.price)


def _windows(plans: Iterable[PlanCost]) -> str:
    """How many windows the shares are of."""
    fits = next(((plan.five_hours, plan.weeks) for plan in plans if plan.five_hours and plan.weeks), None)
    if fits is None:
        return ""
    five_hours, weeks = (fit.windows for fit in fits)
    return f", in {words.plural(five_hours, 'five-hour window')} and {words.plural(weeks, 'week')}"


def times_worth(value: int, plan: PlanCost) -> str:
    """How many times its price a month's use is worth; empty where there is none."""
    if not plan.price or plan.five_hours is None:
        return ""
    times = value / plan.price
    return f"{times:.1f}x" if times >= 1 else f"{times:.2f}x"


def share_full(fit: WindowFit | None) -> str:
    """The share of the windows that would have been too small; an estimate."""
    if fit is None:
        return ""
    share = 100 * fit.too_small / fit.windows if fit.windows else 0.0
    return f"~{share:.0f} %" if share >= 1 or not share else "<1 %"


def unpriced_note(report: WhatIf) -> str:
    """What is on neither side for want of a price; empty where nothing is."""
    if not report.unpriced_responses:
        return ""
    models = ", ".join(map(words.clean, report.unpriced))
    return (
        f"left out of both sides: {words.plural(report.unpriced_responses, 'response')} without a price ({models}); "
        "see `tokentide prices`, or set one in the settings"
    )
