"""Compare: two periods, projects or models side by side, and a waterfall of why their costs differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from tokentide.analytics.compare.causes import CAUSES
from tokentide.analytics.compare.operands import KINDS
from tokentide.analytics.compare.report import Comparison
from tokentide.render.compare_words import (
    CAUSE_TITLES,
    MEASURES,
    cause_fact,
    heads,
    model_rows,
    notes,
    short_names,
    shown,
    shown_difference,
    shown_percent,
    style_of,
    why,
)
from tokentide.render.what_if_words import change, change_style
from tokentide.render.words import clean
from tokentide.web.desk import Sight
from tokentide.web.frame import EVERYTHING, TIME, Page
from tokentide.web.insight import CompareQuery, comparison_of, filter_fields, is_much
from tokentide.web.tables import Cell, Head, HtmlTable

SHORTCUTS = (
    ("", "", "Last 7 days"),
    ("30d", "", "Last 30 days"),
    ("this-week", "", "This week"),
    ("this-month", "", "This month"),
    ("last-month", "", "Last month"),
)
"""Periods that are compared with the one before, as shown."""
LEVELS = {"green": "low", "red": "full"}
"""Better and worse, as classes of cells."""
MOST_NAMED = 200
SUGGESTED = ("project", "model", "branch")


class ComparePageQuery(CompareQuery):
    """The page of comparisons."""

    at_once: bool = Field(default=False, description="with all that takes its time")


def build(sight: Sight, asked: ComparePageQuery, _item: str) -> Mapping[str, Any]:
    """Both sides; periods bring their own days, whatever the filter of time says."""
    is_of_periods = not any(text.partition(":")[0] in KINDS for text in (asked.a, asked.b))
    if is_of_periods:
        asked = asked.model_copy(update={"since": "", "until": "", "last": "", "today": False})
    common: dict[str, Any] = {
        "is_late": not asked.at_once and is_much(sight, asked),
        "shortcuts": SHORTCUTS,
        "suggestions": [*_suggestions(sight)],
        "fields": filter_fields(asked),
        "changes": dict.fromkeys(TIME, "") if is_of_periods else {},
        "is_of_periods": is_of_periods,
    }
    return common if common["is_late"] else {**common, **_compared(sight, asked)}


def _compared(sight: Sight, asked: ComparePageQuery) -> dict[str, Any]:
    report, calendar = comparison_of(sight, asked), sight.calendar(asked)
    names = [clean(side.operand.text) for side in (report.one, report.other)]
    return {
        "report": report,
        "heads": [*heads(report, calendar)],
        "names": names,
        "why": why(report),
        "figures": _figures(report),
        "models": _models(report),
        "causes": _causes(report),
        "titles": [CAUSE_TITLES[cause] for cause in CAUSES],
        "notes": [*notes(report)],
        "has_both": bool(report.one.sums.responses and report.other.sums.responses),
        "has_any": bool(report.one.sums.responses or report.other.sums.responses),
    }


def _suggestions(sight: Sight) -> Iterator[str]:
    """What can stand on a side, for who types."""
    yield from ("7d", "30d", "today", "yesterday", "this-week", "last-week", "this-month", "last-month")
    for kind in SUGGESTED:
        yield from (f"{kind}:{clean(value)}" for value in sight.ledger.values(kind)[:MOST_NAMED] if value)


def _figures(report: Comparison) -> HtmlTable:
    """All measures of both sides."""
    rows = [(measure, measure.value(report.one), measure.value(report.other)) for measure in MEASURES]
    return HtmlTable(
        "Both sides in figures",
        (Head("Figure", is_number=False), *map(Head, short_names(report)), Head("Difference"), Head("Percent")),
        [
            [
                Cell(measure.title),
                Cell(shown(measure, one)),
                Cell(shown(measure, other)),
                Cell(shown_difference(measure, one, other), level=LEVELS.get(style_of(measure, one, other), "")),
                Cell(shown_percent(measure, one, other)),
            ]
            for measure, one, other in rows
        ],
    )


def _models(report: Comparison) -> HtmlTable:
    """What the dearest models of either side cost."""
    return HtmlTable(
        "The dearest models",
        (Head("Model", is_number=False), *map(Head, short_names(report)), Head("Difference"), Head("Percent")),
        [[Cell(text.strip()) for text in row] for row in model_rows(report)],
    )


def _causes(report: Comparison) -> HtmlTable:
    """What each cause adds, and what it rests on."""
    return HtmlTable(
        "Why they differ",
        (Head("Cause", is_number=False), Head("Adds"), Head("From what", is_number=False)),
        [
            [
                Cell(CAUSE_TITLES[cause]),
                Cell(change(report.causes[cause]), level=LEVELS.get(change_style(report.causes[cause]), "")),
                Cell(cause_fact(cause, report)),
            ]
            for cause in CAUSES
        ],
        ["Difference", change(report.difference), ""],
    )


PAGE = Page(
    "/insight/compare", "Compare", "insight_compare.html", build, ComparePageQuery, filters=EVERYTHING, nav="Insight"
)
