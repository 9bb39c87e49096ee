"""Advice as JSON, format 1, and as CSV, a line a piece of advice."""

from __future__ import annotations

from collections.abc import Collection

from tokentide.analytics.advice.model import SMALL, AdviceReport, Checked, Part, Ranked, Telling
from tokentide.analytics.advice.rules import RULES
from tokentide.clock import DAY_US
from tokentide.render.csv_text import csv_cell, csv_lines
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import FORMAT, head_json, instant, selection_json

_COLUMNS = (
    "rule",
    "title",
    "finding",
    "saving_usd",
    "saving_per_month_usd",
    "concerned_cost_usd",
    "week_percent",
    "five_hour_windows_per_month",
    "only_if",
    "until",
    "confidence",
    "confidence_reason",
    "counted",
    "count",
    "sessions",
)
"""Of CSV: all of a piece of advice but its lists."""


def advice_json(report: AdviceReport) -> str:
    """One object; everything `per_month` is an estimate from the days that were looked at."""
    return dumps(
        {
            **head_json("advise", report.generated_at, report.timezone),
            "filters": selection_json(report.selection),
            "days": round(report.span_us / DAY_US, 3),
            "sessions": report.sessions,
            "sessions_with_details": report.sessions_with_details,
            "responses": report.responses,
            "unpriced_responses": report.unpriced_responses,
            "cost_usd": usd(report.cost),
            "cost_per_month_usd": usd(report.cost_per_month),
            "missing": report.missing or None,
            "advice": [_ranked(each) for each in report.advice],
            "checked": [_checked(each) for each in report.checked],
            "problems": report.problems,
        }
    )


def advice_csv(report: AdviceReport) -> str:
    """Heading and advice, without its parts and sessions."""
    lines = map(_ranked, report.advice)
    return csv_lines(_COLUMNS, ([csv_cell(line[name]) for name in _COLUMNS] for line in lines))


def rules_json(without: Collection[str]) -> str:
    """The list of rules."""
    rules: list[Json] = [
        {
            "rule": rule.name,
            "summary": rule.summary,
            "needs_details": rule.needs_details,
            "is_on": rule.name not in without,
        }
        for rule in RULES
    ]
    return dumps({"format": FORMAT, "report": "advise_rules", "rules": rules})


def _ranked(each: Ranked) -> dict[str, Json]:
    """Savings of several pieces of advice overlap: they are not to be added up."""
    advice = each.advice
    return {
        "rule": advice.rule,
        "title": advice.title,
        "finding": advice.finding,
        "saving_usd": usd(advice.saving),
        "saving_per_month_usd": usd(each.saving_per_month),
        "concerned_cost_usd": usd(advice.concerned),
        "week_percent": _rounded(advice.week_percent if advice.week_percent is not None else each.share.week_percent),
        "five_hour_windows_per_month": _rounded(each.share.five_hour_windows),
        "only_if": advice.only_if or None,
        "until": instant(advice.until) if advice.until is not None else None,
        "confidence": advice.confidence,
        "confidence_reason": advice.reason,
        "counted": advice.counted,
        "count": advice.count,
        "sessions": advice.sessions,
        "parts": [_part(part) for part in advice.parts],
        "telling_sessions": [_telling(session) for session in advice.telling],
    }


def _part(part: Part) -> dict[str, Json]:
    return {"name": part.name, "count": part.count, "saving_usd": usd(part.saving)}


def _telling(session: Telling) -> dict[str, Json]:
    return {
        "session_id": session.session_id,
        "source": session.source,
        "title": session.title or None,
        "project": session.project or None,
        "first_at": instant(session.at),
        "count": session.count,
        "saving_usd": usd(session.saving),
    }


def _checked(each: Checked) -> dict[str, Json]:
    return {
        "rule": each.rule,
        "outcome": each.outcome,
        "note": each.note or None,
        "saving_per_month_usd": usd(each.saving_per_month) if each.outcome == SMALL else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
