"""Reliability: how long people wait, what fails, what hooks and compactions take."""

from __future__ import annotations

from tokentide.web.team.panels import Panel, over_time, ranked, split_by_day
from tokentide.web.team.report_page import report_page

PANELS = (
    Panel(
        "days",
        "Waiting for an answer",
        over_time(
            "Seconds that requests took on each day: half, 95 and 99 of 100 took no longer",
            "days",
            (("duration_p50_ms", "~ p50"), ("duration_p95_ms", "~ p95"), ("duration_p99_ms", "~ p99")),
            "seconds",
            shape="line",
        ),
        note="From histograms, right to 2.2 %.",
        nothing="No request was told of in these days.",
    ),
    Panel(
        "days",
        "Time to the first token",
        over_time(
            "Seconds to the first token on each day",
            "days",
            (("ttft_p50_ms", "~ p50"), ("ttft_p95_ms", "~ p95")),
            "seconds",
            shape="line",
        ),
        id="ttft",
        only_chart=True,
    ),
    Panel("models", "Models", is_wide=True),
    Panel(
        "status_days",
        "Errors by day",
        split_by_day("Failed requests on each day, by status", "status_days", "status", "errors"),
        nothing="No request failed after its last retry.",
    ),
    Panel(
        "statuses",
        "Errors by status",
        ranked("Failed requests by status", "statuses", (("errors", "errors"),), x="status"),
    ),
    Panel("status_models", "Errors by model"),
    Panel("refusals", "Refusals", nothing="No request was refused."),
    Panel("compactions", "Compactions", nothing="No conversation was compacted."),
    Panel(
        "hooks",
        "Hooks",
        note="What people wait for beside the model; those that take most time first.",
        nothing="No hook ran.",
        is_wide=True,
    ),
    Panel("mcp", "MCP connections", nothing="No MCP server was connected to."),
    Panel("internal_errors", "Errors inside the client", nothing="The client told of no error of its own."),
)
PAGE = report_page("reliability", "Reliability", PANELS)
