"""The main screen as JSON, format 1."""

from __future__ import annotations

from tokentide.analytics.overview import Overview
from tokentide.analytics.reports import Row
from tokentide.render.block_views import block_json
from tokentide.render.burn_json import burn_json
from tokentide.render.forecast_json import forecast_json
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.limits_json import account_json
from tokentide.render.report_json import head_json, instant, sums_json


def overview_json(overview: Overview, thresholds: tuple[int, int, int]) -> str:
    """One JSON object."""
    return dumps(
        {
            **head_json("overview", overview.generated_at, overview.timezone),
            "filters": {"mode": overview.mode.value},
            **{
                stretch.name: {
                    "since": stretch.since,
                    **sums_json(stretch.row.sums),
                    "models": list(stretch.row.models),
                }
                for stretch in overview.stretches
            },
            "limits": [account_json(limits, thresholds, overview.generated_at) for limits in overview.limits],
            "forecasts": [forecast_json(forecast) for forecast in overview.forecasts.values()],
            "burn": burn_json(overview.burn),
            "block": block_json(overview.block, None) if overview.block else None,
            "days": [
                {"date": day, "cost_usd": usd(sums.cost), "total_tokens": sums.total_tokens}
                for day, sums in overview.days
            ],
            "top_models": [_named("model", row) for row in overview.models],
            "top_projects": [_named("project", row) for row in overview.projects],
            "newest_at": None if overview.newest_at is None else instant(overview.newest_at),
            "problems": overview.problems,
        }
    )


def _named(name: str, row: Row) -> dict[str, Json]:
    return {name: row.key, **sums_json(row.sums)}
