"""The tables of every report about a team, and how headline figures are called."""

from __future__ import annotations

from tokentide.render.team_table import TeamTable
from tokentide.render.team_tables_cost import COST, COVERAGE
from tokentide.render.team_tables_people import ADOPTION, PEOPLE
from tokentide.render.team_tables_work import OUTPUT, RELIABILITY, TOOLS

TEAM_TABLES: dict[str, tuple[TeamTable, ...]] = {
    "adoption": ADOPTION,
    "output": OUTPUT,
    "cost": COST,
    "reliability": RELIABILITY,
    "tools": TOOLS,
    "people": PEOPLE,
    "coverage": COVERAGE,
}
"""By report; the first table is the one that CSV has unless another is asked for."""

FIGURE_TITLES = {
    "daily_users": "Daily active users",
    "weekly_users": "Weekly active users",
    "monthly_users": "Monthly active users",
    "active_users": "Active users",
    "new_users": "New users",
    "sessions": "Sessions",
    "prompts": "Prompts",
    "active_seconds": "Active time",
    "pull_requests": "Pull requests",
    "commits": "Commits",
    "lines_added": "Lines added",
    "lines_removed": "Lines removed",
    "lines_net": "Lines, net",
    "accept_rate": "Accepted",
    "cost_per_pull_request": "Cost per pull request",
    "cost_per_commit": "Cost per commit",
    "cost": "Cost",
    "total_tokens": "Tokens",
    "responses": "Responses",
    "cost_per_user": "Cost per user",
    "cache_hits": "Read from cache",
    "saved_by_cache": "Saved by cache",
    "cost_to_date": "Month to date",
    "projected": "Month, projected",
    "requests": "Requests",
    "errors": "API errors",
    "error_rate": "Error rate",
    "retries_exhausted": "Retries exhausted",
    "refusals": "Refusals",
    "p50_ms": "Response, median",
    "p95_ms": "Response, p95",
    "ttft_p50_ms": "First token, median",
    "compactions": "Compactions",
    "hook_ms_per_prompt": "Hooks per prompt",
    "mcp_failures": "MCP failures",
    "internal_errors": "Internal errors",
    "uses": "Tool uses",
    "success_rate": "Succeeded",
    "rejected": "Rejected",
    "hot_spots": "Rejection hot spots",
    "tools": "Tools",
    "users": "People",
    "median_cost_per_user": "Median cost per user",
    "coverage": "Told by telemetry",
    "coverage_cost": "Told by telemetry, of cost",
    "metrics_only_cost": "Known from metrics alone",
    "deviating_sessions": "Deviating sessions",
    "lopsided": "Told one way only",
    "skewed": "Skewed clocks",
    "last_at": "Newest record",
}
"""Of every figure's name."""


def team_table(report: str, name: str = "") -> TeamTable | None:
    """A report's table of that name, its first one without; None where it has no such table."""
    tables = TEAM_TABLES[report]
    return tables[0] if not name else next((table for table in tables if table.name == name), None)
