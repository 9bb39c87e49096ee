"""A comparison as JSON, format 1, and as CSV."""

from __future__ import annotations

from tokentide.analytics.compare.report import Comparison
from tokentide.analytics.compare.sides import Side
from tokentide.render.compare_words import MEASURES, Measure, Number
from tokentide.render.csv_text import csv_lines, safe
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import head_json, instant, sums_json


def comparison_json(report: Comparison) -> str:
    """Both sides, `b` less `a`, and the causes, which add up to `difference.cost_usd`."""
    return dumps(
        {
            **head_json("compare", report.generated_at, report.timezone),
            "a": _side(report.one),
            "b": _side(report.other),
            "difference": {measure.name: _difference(measure, report) for measure in MEASURES},
            "causes": [{"cause": cause, "difference_usd": usd(amount)} for cause, amount in report.causes.items()],
            "problems": report.problems,
        }
    )


def comparison_csv(report: Comparison) -> str:
    """A line a figure, then a line a cause with its difference alone."""
    lines = [
        [
            measure.name,
            *(_cell(_machine(measure, measure.value(side))) for side in (report.one, report.other)),
            _cell(_difference(measure, report)),
        ]
        for measure in MEASURES
    ]
    lines += [[f"cause_{cause}_usd", "", "", _cell(usd(amount))] for cause, amount in report.causes.items()]
    heading = ["figure", safe(report.one.operand.text), safe(report.other.operand.text), "difference"]
    return csv_lines(heading, lines)


def models_csv(report: Comparison) -> str:
    """A line a model of either side, the dearest first: what it cost on each."""
    costs = {
        name: tuple(side.models[name].sums.cost if name in side.models else 0 for side in (report.one, report.other))
        for name in {**report.one.models, **report.other.models}
    }
    ordered = sorted(costs.items(), key=lambda item: (-sum(item[1]), item[0]))
    lines = ([safe(name), *(_cell(usd(cost)) for cost in (one, other, other - one))] for name, (one, other) in ordered)
    return csv_lines(["model", "a_cost_usd", "b_cost_usd", "difference_usd"], lines)


def _side(side: Side) -> dict[str, Json]:
    """Totals, and what they come from."""
    operand = side.operand
    return {
        "operand": operand.text,
        "kind": operand.kind,
        "since": operand.days.first.isoformat() if operand.days else None,
        "until": operand.days.last.isoformat() if operand.days else None,
        "ends_at": instant(operand.end) if operand.days else None,
        "is_cut": operand.is_cut,
        **sums_json(side.sums),
        **{
            measure.name: _machine(measure, measure.value(side))
            for measure in MEASURES
            if measure.name not in sums_json(side.sums)
        },
        "models": [{"model": name, **sums_json(use.sums)} for name, use in side.top_models(len(side.models))],
        "unpriced_models": sorted(side.unpriced),
    }


def _machine(measure: Measure, value: Number) -> Json:
    """A figure for machines; null where there is none."""
    if value is None:
        return None
    if measure.unit in ("usd", "rate"):
        return usd(int(value))
    return round(float(value), 6) if measure.unit == "share" else int(value)


def _difference(measure: Measure, report: Comparison) -> Json:
    one, other = measure.value(report.one), measure.value(report.other)
    return None if one is None or other is None else _machine(measure, other - one)


def _cell(value: Json) -> str:
    return "" if value is None else dumps(value)
