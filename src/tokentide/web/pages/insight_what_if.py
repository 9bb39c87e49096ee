"""What if: the same history on other models, with another cache, at other prices, under other plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from tokentide.analytics.plans import PLAN_PRICES, PLAN_PRICES_CHECKED, PLAN_PRICES_SOURCE
from tokentide.analytics.what_if.model import PlanReport, WhatIf
from tokentide.render import words
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
    unpriced_note,
)
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.insight import RECENT, WhatIfQuery, filter_fields, is_much, what_if_of
from tokentide.web.tables import Cell, Head, HtmlTable

TICKS = (
    ("batch", "what programs asked for, as batches"),
    ("no_cache", "without the prompt cache"),
    ("cache_1h", "one-hour cache writes"),
    ("cache_5m", "five-minute cache writes"),
    ("plans", "plans beside your use"),
)
LEVELS = {"green": "low", "red": "full"}
"""Saved and dearer, as classes of cells."""
MOST_ACCOUNTS = 5
SCENARIOS = ("on_model", "cheap", "batch", "no_cache", "cache_1h", "cache_5m", "price", "residency", "speed", "plans")


class WhatIfPageQuery(WhatIfQuery):
    """The page of what-ifs."""

    at_once: bool = Field(default=False, description="with all that takes its time")


def build(sight: Sight, asked: WhatIfPageQuery, _item: str) -> Mapping[str, Any]:
    """The form, and what comes of it."""
    common: dict[str, Any] = {
        "is_late": not asked.at_once and is_much(sight, asked, RECENT),
        "models": [each.asked for each in sight.book.known_models(sight.now)],
        "ticks": [(name, title, bool(getattr(asked, name))) for name, title in TICKS],
        "fields": filter_fields(asked),
        "named": {name: getattr(asked, name) for name in SCENARIOS if getattr(asked, name)},
    }
    if common["is_late"]:
        return common
    report = what_if_of(sight, asked)
    return {
        **common,
        "report": report,
        "head": head(report, sight.calendar(asked)),
        "scenarios": _scenarios(report),
        "titles": [words.clean(scenario_title(each)) for each in report.scenarios],
        "rests_on": rests_on(report),
        "plans": [(plans_head(report, each), _plans(report, each)) for each in report.plans[:MOST_ACCOUNTS]],
        "plan_notes": [sentences([note]) for note in _plan_notes(report)],
        "prices": f"Prices of plans as of {PLAN_PRICES_CHECKED}, from {PLAN_PRICES_SOURCE}.",
        "notes": [unpriced_note(report), *report.skipped],
    }


def _scenarios(report: WhatIf) -> HtmlTable:
    """A line a scenario; what saves most first."""
    return HtmlTable(
        "Scenarios",
        (
            Head("What if", is_number=False),
            Head("Cost"),
            Head("Recounted", importance=3),
            Head("Difference"),
            Head("Percent"),
            Head("A month", importance=4),
        ),
        [
            [
                Cell(f"{number}. {words.clean(scenario_title(each))}"),
                Cell(words.money(each.cost)),
                Cell("" if each.adjusted is None else roughly(each.adjusted)),
                Cell(change(each.difference), level=LEVELS.get(change_style(each.difference), "")),
                Cell(percent_change(each.difference, report.cost)),
                Cell(f"~{change(report.a_month(each.difference))}"),
            ]
            for number, each in enumerate(report.scenarios, 1)
        ],
    )


def _plans(report: WhatIf, plans: PlanReport) -> HtmlTable:
    """One account's plans."""
    value, best = report.a_month(plans.cost), plans.best(report.months)
    return HtmlTable(
        f"Plans, {plans_head(report, plans)}",
        (
            Head("Plan", is_number=False),
            Head("A month"),
            Head("Use / price", importance=4),
            Head("5 h full"),
            Head("Weeks full"),
            Head("With extra"),
        ),
        [
            [
                Cell(plan_title(plan), level="low" if plan is best else "", title=_plan_note(plan.plan)),
                Cell(plan_price(plan)),
                Cell(times_worth(value, plan)),
                Cell(share_full(plan.five_hours)),
                Cell(share_full(plan.weeks)),
                Cell(roughly(plan.total(report.months)), level="low" if plan is best else ""),
            ]
            for plan in plans.plans
        ],
    )


def _plan_note(plan: str) -> str:
    return PLAN_PRICES[plan].note if plan in PLAN_PRICES else ""


def _plan_notes(report: WhatIf) -> list[str]:
    """What the plans rest on, each once."""
    return list(dict.fromkeys(note for plans in report.plans for note in plans.assumptions))


PAGE = Page(
    "/insight/what-if", "What if", "insight_what_if.html", build, WhatIfPageQuery, usual_range=RECENT, nav="Insight"
)
