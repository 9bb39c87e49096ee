"""The tables of Output, Reliability and Tools."""

from __future__ import annotations

from tokentide.analytics.team.figures import Unit
from tokentide.render.team_columns import TeamColumn
from tokentide.render.team_table import TeamTable
from tokentide.render.team_tables_people import DAY, NO_NAME

_MADE = (
    TeamColumn("Lines +", "lines_added", importance=7),
    TeamColumn("Lines -", "lines_removed", importance=5),
    TeamColumn("Net", "lines_net", importance=4),
    TeamColumn("Accepted", "accept_rate", Unit.SHARE, 6),
    TeamColumn("Accepted edits", "accepted", importance=2),
    TeamColumn("Rejected edits", "rejected", importance=1),
    TeamColumn("Commits", "commits", importance=8),
    TeamColumn("PRs", "pull_requests", importance=8),
    TeamColumn("Cost", "cost", Unit.MONEY, 7),
)
_ACCEPTED = (
    TeamColumn("Accepted", "accepted", importance=7),
    TeamColumn("Rejected", "rejected", importance=7),
    TeamColumn("Rate", "accept_rate", Unit.SHARE, 8),
)


def _name(title: str, field: str = "name", path: str = "") -> TeamColumn:
    return TeamColumn(title, field, Unit.TEXT, 9, path, empty=NO_NAME)


def _waits(prefix: str, title: str, importance: int) -> tuple[TeamColumn, ...]:
    """Three percentiles of a Quantiles, from a histogram."""
    return tuple(
        TeamColumn(
            f"{title} p{share}",
            f"{prefix}_p{share}_ms",
            Unit.MS,
            importance - step,
            f"{prefix}.p{share}_ms",
            is_estimate=True,
        )
        for step, share in enumerate((50, 95, 99))
    )


def _last(name: str, title: str, what: str, *more: TeamColumn) -> TeamTable:
    """Single events, the newest first."""
    return TeamTable(
        name,
        title,
        (
            TeamColumn("When", "happened_at", Unit.INSTANT, 8),
            TeamColumn(what, "what", Unit.TEXT, 9),
            TeamColumn("Outcome", "outcome", Unit.TEXT, 7),
            TeamColumn("Time", "duration_ms", Unit.MS, 6),
            *more,
            TeamColumn("Person", "user_id", Unit.TEXT, 4, empty=NO_NAME),
            TeamColumn("Team", "team", Unit.TEXT, 1),
            TeamColumn("Session", "session_id", Unit.TEXT, 0),
        ),
        "none in the last 7 days of these",
    )


OUTPUT = (
    TeamTable("days", "By day", (_name("Day", "day", "name"), *_MADE), is_series=True),
    TeamTable("teams", "By team", (_name("Team", "team", "name"), *_MADE)),
    TeamTable(
        "users", "By person", (_name("Person", "user_id", "name"), TeamColumn("Team", "team", Unit.TEXT, 3), *_MADE)
    ),
    TeamTable(
        "unit_costs",
        "Cost of one",
        (
            TeamColumn("One", "unit", Unit.TEXT, 9),
            TeamColumn("Made", "units", Unit.NUMBER, 7),
            TeamColumn("Cost of all", "cost", Unit.MONEY, 5),
            TeamColumn("Each", "each", Unit.FINE_MONEY, 9),
            TeamColumn("Before", "each_before", Unit.FINE_MONEY, 6),
            TeamColumn("Says of value", "reliability", Unit.TEXT, 8),
        ),
    ),
    TeamTable("tools", "Edits by tool", (_name("Tool"), *_ACCEPTED), "no edit was decided on"),
    TeamTable("languages", "Edits by language", (_name("Language"), *_ACCEPTED), "no edit was decided on"),
)

_SERVED = (
    TeamColumn("Requests", "requests", importance=8),
    TeamColumn("Errors", "errors", importance=7),
    TeamColumn("Error rate", "error_rate", Unit.SHARE, 7),
    TeamColumn("Refusals", "refusals", importance=3),
    *_waits("duration", "Response", 6),
    *_waits("ttft", "First token", 4),
)
_ERRORS = (TeamColumn("Errors", "errors", importance=8), TeamColumn("Attempts", "attempts", importance=5))
_STATUS = TeamColumn("Status", "status", Unit.TEXT, 9)
_NO_ERRORS = "no request failed"
RELIABILITY = (
    TeamTable("days", "By day", (_name("Day", "day", "name"), *_SERVED), is_series=True),
    TeamTable("models", "By model", (_name("Model", "model", "name"), *_SERVED)),
    TeamTable(
        "model_days",
        "By day and model",
        (DAY, _name("Model", "model"), *_waits("duration", "Response", 8), *_waits("ttft", "First token", 6)),
        is_series=True,
    ),
    TeamTable("statuses", "API errors by status", (_STATUS, *_ERRORS), _NO_ERRORS),
    TeamTable("status_days", "API errors by day", (DAY, _STATUS, *_ERRORS), _NO_ERRORS, is_series=True),
    TeamTable("status_models", "API errors by model", (_STATUS, _name("Model", "model"), *_ERRORS), _NO_ERRORS),
    TeamTable(
        "refusals",
        "Refusals",
        (
            TeamColumn("Category", "category", Unit.TEXT, 9, empty=NO_NAME),
            TeamColumn("Outcome", "outcome", Unit.TEXT, 7),
            TeamColumn("Model", "model", Unit.TEXT, 6),
            TeamColumn("Refusals", "records", importance=8),
        ),
        "nothing was refused",
    ),
    TeamTable(
        "compactions",
        "Compactions",
        (
            TeamColumn("Trigger", "trigger", Unit.TEXT, 9),
            TeamColumn("Succeeded", "succeeded", importance=8),
            TeamColumn("Failed", "failed", importance=6),
            TeamColumn("Tokens won", "tokens_won", importance=7),
            TeamColumn("Time", "seconds", Unit.SECONDS, 5),
        ),
        "no context was compacted",
    ),
    TeamTable(
        "hooks",
        "Hooks",
        (
            TeamColumn("Hook", "name", Unit.TEXT, 9),
            TeamColumn("Event", "event", Unit.TEXT, 3),
            TeamColumn("Runs", "runs", importance=8),
            TeamColumn("Blocked", "blocked", importance=7),
            TeamColumn("Errors", "errors", importance=6),
            TeamColumn("Cancelled", "cancelled", importance=1),
            TeamColumn("Time", "ms", Unit.MS, 8),
            TeamColumn("Mean", "mean_ms", Unit.MS, 5),
            *_waits("duration", "Run", 4),
        ),
        "no hook ran",
    ),
    TeamTable(
        "mcp",
        "MCP connections",
        (
            _name("Server", "server"),
            TeamColumn("Transport", "transport", Unit.TEXT, 4),
            TeamColumn("Connected", "connected", importance=7),
            TeamColumn("Failed", "failed", importance=8),
            TeamColumn("Other", "other", importance=1),
            TeamColumn("Failure rate", "failure_rate", Unit.SHARE, 6),
        ),
        "no MCP server was connected to",
    ),
    TeamTable(
        "internal_errors",
        "Internal errors of the client",
        (
            _name("Error"),
            TeamColumn("Code", "code", Unit.TEXT, 5),
            TeamColumn("Times", "records", importance=8),
            TeamColumn("Users", "users", importance=6),
        ),
        "none",
    ),
    _last(
        "last_errors",
        "Last API errors",
        "Status",
        TeamColumn("Attempts", "why", Unit.TEXT, 3),
        TeamColumn("Model", "model", Unit.TEXT, 5),
    ),
)

TOOLS = (
    TeamTable(
        "tools",
        "By tool",
        (
            _name("Tool"),
            TeamColumn("Uses", "uses", importance=8),
            TeamColumn("Succeeded", "success_rate", Unit.SHARE, 8),
            TeamColumn("Failed", "failed", importance=5),
            TeamColumn("Accepted", "accept_rate", Unit.SHARE, 6),
            TeamColumn("Rejected", "rejected", importance=7),
            TeamColumn("Hot spot", "is_hot_spot", Unit.FLAG, 4),
            TeamColumn("Users", "users", importance=3),
            *_waits("duration", "Time", 5),
            TeamColumn("Result, mean", "mean_result_bytes", Unit.BYTES, 2),
            TeamColumn("Results", "result_bytes", Unit.BYTES, 1),
        ),
        "no tool was used",
    ),
    TeamTable(
        "tool_days",
        "By day and tool",
        (
            DAY,
            _name("Tool"),
            TeamColumn("Uses", "uses", importance=8),
            TeamColumn("Succeeded", "succeeded", importance=6),
        ),
        is_series=True,
    ),
    TeamTable(
        "rejections",
        "Rejections",
        (
            _name("Tool"),
            TeamColumn("By", "source", Unit.TEXT, 8, empty=NO_NAME),
            TeamColumn("Rejected", "rejected", importance=8),
        ),
        "nothing was rejected",
    ),
    TeamTable(
        "failures",
        "Failures",
        (
            _name("Tool"),
            TeamColumn("Error", "error_type", Unit.TEXT, 8, empty=NO_NAME),
            TeamColumn("Failures", "failures", importance=8),
        ),
        "nothing failed",
    ),
    TeamTable(
        "used",
        "Skills, plugins, MCP servers, agents, commands, mentions",
        (
            TeamColumn("Kind", "kind", Unit.TEXT, 9),
            _name("Name"),
            TeamColumn("Uses", "uses", importance=8),
            TeamColumn("Users", "users", importance=7),
            TeamColumn("Failed", "failed", importance=4),
        ),
        group_by="kind",
    ),
    _last(
        "last_results",
        "Last tool executions",
        "Tool",
        TeamColumn("Error", "why", Unit.TEXT, 5),
        TeamColumn("Result", "result_bytes", Unit.BYTES, 2),
    ),
)
