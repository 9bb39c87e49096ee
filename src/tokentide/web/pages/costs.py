"""Costs: what was spent by day, week or month, stacked by what it went to, beside what one meant to spend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from tokentide.analytics.reports import Report
from tokentide.render.columns import part_name
from tokentide.render.words import cost, cost_basis_note, model_name, project_names, short_tokens, tokens
from tokentide.web.asked import Filters
from tokentide.web.budgets import budgets
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.reports import asking, usage_report
from tokentide.web.tables import Cell, Head, HtmlTable, report_table

KINDS = {"day": "daily", "week": "weekly", "month": "monthly"}
STACKS = ("model", "project", "source", "account", "agent")
RANGE = "30d"
NANO = 10**9
MOST_SERIES = 8
"""Parts that the chart has a colour for."""


class CostsQuery(Filters):
    """The page of costs."""

    grain: Literal["day", "week", "month"] = Field(default="day", description="the width of a bar")
    stack: Literal["model", "project", "source", "account", "agent"] = Field(
        default="model", description="what bars are stacked by"
    )


def build(sight: Sight, asked: CostsQuery, _item: str) -> Mapping[str, Any]:
    """The report over time, and what it went to."""
    kind = KINDS[asked.grain]
    report = usage_report(sight, asking(asked, by=asked.stack), kind, RANGE)
    names = _names(report, asked.stack)
    return {
        "report": report,
        "kind": kind,
        "basis": cost_basis_note(sight.mode(asked)),
        "table": report_table(report, sight.calendar(asked), f"Cost by {asked.grain}"),
        "parts": _parts(report, asked.stack, names),
        "names": dict(list(names.items())[:MOST_SERIES]),
        "lines": [
            {"usd": each.amount / NANO, "label": each.label, "level": "high"} for each in budgets(sight, asked.grain)
        ],
        "stacks": STACKS,
        "grains": tuple(KINDS),
    }


def _names(report: Report, stack: str) -> Mapping[str, str]:
    """What each part is called in the chart and below it; no two projects are called the same."""
    keys = [part.key for part in report.totals.breakdown]
    if stack == "project":
        return project_names(keys)
    return {key: model_name(key) if stack == "model" and key else part_name(stack, key) for key in keys}


def _parts(report: Report, stack: str, names: Mapping[str, str]) -> HtmlTable:
    """What the whole stretch went to."""
    whole = report.totals.sums
    return HtmlTable(
        f"Cost by {stack}",
        (Head(stack.capitalize(), is_number=False), Head("Tokens"), Head("Responses", importance=3), Head("Cost")),
        [
            [
                Cell(names[part.key] or part_name(stack, part.key), title=part.key),
                Cell(short_tokens(part.sums.total_tokens), value=str(part.sums.total_tokens)),
                Cell(tokens(part.sums.responses)),
                Cell(cost(part.sums), value=str(part.sums.cost)),
            ]
            for part in report.totals.breakdown
        ],
        ("Total", short_tokens(whole.total_tokens), tokens(whole.responses), cost(whole)),
    )


PAGE = Page("/costs", "Costs", "costs.html", build, CostsQuery, usual_range=RANGE)
