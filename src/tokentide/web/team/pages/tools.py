"""Tools: what is used, what of it succeeds, what people reject."""

from __future__ import annotations

from tokentide.web.team.panels import Panel, split_by_day, split_by_name
from tokentide.web.team.report_page import report_page

PANELS = (
    Panel(
        "tool_days",
        "Use by day",
        split_by_day("Uses of tools on each day", "tool_days", "name", "uses"),
        nothing="No tool was used in these days.",
        is_wide=True,
    ),
    Panel("tools", "Tools", is_wide=True),
    Panel(
        "rejections",
        "Rejections",
        split_by_name("Rejections by tool, and by whom or what", "rejections", "source", "rejected"),
        note="A tool that is rejected more than ten times is where people get stuck.",
        nothing="Nothing was rejected.",
    ),
    Panel(
        "failures",
        "Failures",
        split_by_name("Failures by tool and kind of error", "failures", "error_type", "failures"),
        nothing="No tool failed.",
    ),
    Panel(
        "used",
        "Skills, plugins, servers, agents, commands",
        nothing="None of these was used, or clients do not tell names.",
        is_wide=True,
    ),
)
PAGE = report_page("tools", "Tools", PANELS)
