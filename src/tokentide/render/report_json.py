"""A report as JSON, format 1. The schema is `report.schema.json` beside this file.

History: 1, the first.
"""

from __future__ import annotations

from datetime import datetime, timezone

from tokentide.analytics.reports import Report, Row
from tokentide.analytics.selection import Selection
from tokentide.clock import SECOND_US
from tokentide.render.json_text import Json, dumps, usd
from tokentide.store.query import Sums

FORMAT = 1


def report_json(report: Report) -> str:
    """The whole report as one JSON object."""
    return dumps(
        {
            **head_json(report.kind.name, report.generated_at, report.timezone),
            "filters": filters_json(report),
            "rows": [_row(report, row) for row in report.rows],
            "totals": {
                **sums_json(report.totals.sums),
                "models": list(report.totals.models),
                "breakdown": _breakdown(report, report.totals),
            },
            "problems": report.problems,
        }
    )


def filters_json(report: Report) -> dict[str, Json]:
    """What the report was narrowed to; null and empty where it was not."""
    return {**selection_json(report.selection), "mode": report.mode.value, "by": report.by or None}


def selection_json(selection: Selection) -> dict[str, Json]:
    """Days and filters; null and empty where there are none."""
    return {
        "since": selection.since.isoformat() if selection.since else None,
        "until": selection.until.isoformat() if selection.until else None,
        "models": list(_named(selection.filters.models)),
        "projects": list(_named(selection.filters.projects)),
        "sources": list(_named(selection.filters.sources)),
        "accounts": list(_named(selection.filters.accounts)),
        "sessions": list(_named(selection.filters.sessions)),
    }


def sums_json(sums: Sums) -> dict[str, Json]:
    """Totals with the names that every report uses; `cost_usd` is null where nothing has a price."""
    return {
        "input_tokens": sums.input_tokens,
        "output_tokens": sums.output_tokens,
        "cache_creation_5m_tokens": sums.cache_creation_5m_tokens,
        "cache_creation_1h_tokens": sums.cache_creation_1h_tokens,
        "cache_read_tokens": sums.cache_read_tokens,
        "total_tokens": sums.total_tokens,
        "web_search_requests": sums.web_search_requests,
        "cost_usd": usd(sums.cost) if sums.has_cost else None,
        "responses": sums.responses,
        "unpriced_responses": sums.unpriced_responses,
        "lower_bound_responses": sums.lower_bound_responses,
    }


def head_json(report: str, at: int, zone: str | None = None) -> dict[str, Json]:
    """How every report begins; without a time zone where no day is told."""
    head: dict[str, Json] = {"format": FORMAT, "report": report, "generated_at": instant(at)}
    return head if zone is None else {**head, "timezone": zone}


def instant(at: int) -> str:
    """An instant in RFC 3339, UTC, to the millisecond."""
    moment = datetime.fromtimestamp(at // SECOND_US, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % SECOND_US // 1000:03}Z"


def _named(values: tuple[str, ...]) -> tuple[str, ...]:
    """Filter values; one that matched nothing is no value."""
    return tuple(value for value in values if value != "\x00")


def _row(report: Report, row: Row) -> dict[str, Json]:
    """One row, its key first."""
    return {
        report.kind.key: row.key,
        **_facts(report, row),
        **sums_json(row.sums),
        "models": list(row.models),
        "breakdown": _breakdown(report, row),
    }


def _facts(report: Report, row: Row) -> dict[str, Json]:
    """What sessions and branches bear beside their totals."""
    if row.facts is None:
        return {}
    if report.kind.name == "branch":
        return {"project": row.facts.project}
    return {
        "title": row.facts.title or None,
        "project": row.facts.project,
        "branch": row.facts.branch,
        "source": row.source,
        "first_at": instant(row.sums.first_at),
        "last_at": instant(row.sums.last_at),
    }


def _breakdown(report: Report, row: Row) -> list[Json]:
    """The parts of a row by the dimension asked for; empty without one."""
    return [{report.by: part.key, **sums_json(part.sums), "models": list(part.models)} for part in row.breakdown]
