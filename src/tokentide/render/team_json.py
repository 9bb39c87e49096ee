"""A report about a team as JSON, format 1: headline figures, then every table. See docs/reference/team-json.md."""

from __future__ import annotations

from tokentide.analytics.team.figures import Figure, Head
from tokentide.analytics.team.reports import TeamReport
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json, instant
from tokentide.render.team_columns import RATE_DIGITS, members, rounded
from tokentide.render.team_tables import TEAM_TABLES


def team_json(report: TeamReport) -> str:
    """The whole report as one JSON object."""
    head = report.head
    tables: dict[str, Json] = {}
    for table in TEAM_TABLES[head.name]:
        rows = table.rows(report)
        tables[table.name] = rows[0] if table.is_single else rows
    extra: dict[str, Json] = {name: getattr(report, name) for name in COUNTS if hasattr(report, name)}
    return dumps({**team_head_json(head), "figures": figures_json(report.figures), **extra, **tables})


COUNTS = ("checked_sessions", "deviating_sessions")
"""Counts beside the tables, of the report that has them."""


def team_head_json(head: Head) -> dict[str, Json]:
    """What every report about a team says of itself."""
    return {
        **head_json(f"team_{head.name}", head.generated_at, head.timezone),
        "since": head.since.isoformat(),
        "until": head.until.isoformat(),
        "before_since": head.before_since.isoformat(),
        "before_until": head.before_until.isoformat(),
        "mode": head.mode.value,
        "last_at": instant(head.last_at) if head.last_at else None,
        "filters": {
            condition.column: {"values": list(condition.values), "is_not": condition.is_not}
            for condition in head.conditions
        },
        "left_out": list(head.left_out),
        "missing_shards": list(head.missing),
        "unmatched": [{"column": each.column, "value": each.value, "near": list(each.near)} for each in head.unmatched],
    }


def figures_json(figures: tuple[Figure, ...]) -> dict[str, Json]:
    """Headline figures by name: the value, the same before, how much it changed, whether it is an estimate."""
    return {figure.name: _figure(figure) for figure in figures}


def _figure(figure: Figure) -> dict[str, Json]:
    return {
        "unit": figure.unit.value,
        **members("value", figure.unit, figure.value),
        **members("before", figure.unit, figure.before),
        "change": None if figure.change is None else rounded(figure.change, RATE_DIGITS),
        "is_estimate": figure.is_estimate,
    }
