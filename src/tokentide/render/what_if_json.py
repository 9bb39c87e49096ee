"""A what-if as JSON, format 1, and as CSV: the scenarios, or the plans."""

from __future__ import annotations

from fractions import Fraction

from tokentide.analytics.what_if.model import PlanCost, PlanReport, ScenarioCost, WhatIf, WindowFit
from tokentide.clock import DAY_US
from tokentide.render.csv_text import csv_cell, csv_lines, safe
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import head_json, selection_json

_SCENARIO_COLUMNS = (
    "scenario",
    "target",
    "cost_usd",
    "difference_usd",
    "difference_percent",
    "per_month_usd",
    "difference_per_month_usd",
    "adjusted_cost_usd",
    "responses_changed",
)
_PLAN_COLUMNS = (
    "plan",
    "is_current",
    "is_cheapest",
    "price_per_month_usd",
    "value_ratio",
    "with_extra_use_per_month_usd",
    "is_calibrated",
)
_FIT_COLUMNS = ("windows", "too_small", "too_small_percent", "budget_usd", "over_usd")
_FITS = ("five_hours", "weeks")


def what_if_json(report: WhatIf) -> str:
    """One object; everything `per_month` is an estimate from the days of the history."""
    return dumps(
        {
            **head_json("what_if", report.generated_at, report.timezone),
            "filters": selection_json(report.selection),
            "days": round(report.span_us / DAY_US, 3),
            "responses": report.responses,
            "unpriced_responses": report.unpriced_responses,
            "unpriced_models": list(report.unpriced),
            "cost_usd": usd(report.cost),
            "per_month_usd": usd(report.a_month(report.cost)),
            "assumptions": list(report.assumptions),
            "scenarios": [_scenario(report, each) for each in report.scenarios],
            "skipped": list(report.skipped),
            "plans": [_plans(each, report) for each in report.plans],
            "problems": report.problems,
        }
    )


def what_if_csv(report: WhatIf) -> str:
    """A line a scenario."""
    rows = (_scenario(report, each) for each in report.scenarios)
    return csv_lines(_SCENARIO_COLUMNS, ([csv_cell(row[name]) for name in _SCENARIO_COLUMNS] for row in rows))


def plans_csv(report: WhatIf) -> str:
    """A line a plan of each account; nothing where a plan has no such window."""
    heading = ["account", *_PLAN_COLUMNS, *(f"{fit}_{name}" for fit in _FITS for name in _FIT_COLUMNS)]
    return csv_lines(heading, (_plan_line(plan, each, report) for each in report.plans for plan in each.plans))


def _plan_line(plan: PlanCost, each: PlanReport, report: WhatIf) -> list[str]:
    told = _plan(plan, each, report)
    fits = [_fit(fit) or {} for fit in (plan.five_hours, plan.weeks)]
    cells = [csv_cell(fit.get(name)) for fit in fits for name in _FIT_COLUMNS]
    return [safe(each.account), *(csv_cell(told[name]) for name in _PLAN_COLUMNS), *cells]


def _scenario(report: WhatIf, each: ScenarioCost) -> dict[str, Json]:
    """`adjusted_cost_usd` is an estimate, null where the other model counts tokens in the same way."""
    return {
        "scenario": each.kind,
        "target": each.target or None,
        "cost_usd": usd(each.cost),
        "difference_usd": usd(each.difference),
        "difference_percent": _percent(each.difference, report.cost),
        "per_month_usd": usd(report.a_month(each.cost)),
        "difference_per_month_usd": usd(report.a_month(each.difference)),
        "adjusted_cost_usd": None if each.adjusted is None else usd(each.adjusted),
        "responses_changed": each.responses,
        "assumptions": list(each.assumptions),
    }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _plans(each: PlanReport, report: WhatIf) -> dict[str, Json]:
    return {
        "account": each.account,
        "cost_usd": usd(each.cost),
        "value_per_month_usd": usd(report.a_month(each.cost)),
        "plans": [_plan(plan, each, report) for plan in each.plans],
        "assumptions": list(each.assumptions),
    }


def _plan(plan: PlanCost, each: PlanReport, report: WhatIf) -> dict[str, Json]:
    """`break_even_usd`: the use a month, at list price, from which the plan costs less than the API."""
    return {
        "plan": plan.plan,
        "is_current": plan.is_current,
        "is_cheapest": plan is each.best(report.months),
        "price_per_month_usd": usd(plan.price),
        "break_even_usd": usd(plan.price),
        "value_ratio": _ratio(report.a_month(each.cost), plan.price),
        "with_extra_use_per_month_usd": usd(plan.total(report.months)),
        "five_hours": _fit(plan.five_hours),
        "weeks": _fit(plan.weeks),
        "is_calibrated": plan.is_calibrated,
    }


def _ratio(part: int, whole: int) -> float | None:
    return round(float(Fraction(part, whole)), 3) if whole else None


def _fit(fit: WindowFit | None) -> dict[str, Json] | None:
    if fit is None:
        return None
    return {
        "windows": fit.windows,
        "too_small": fit.too_small,
        "too_small_percent": _percent(fit.too_small, fit.windows),
        "budget_usd": usd(fit.budget),
        "over_usd": usd(fit.over),
    }
