"""Output: lines, edits, commits, pull requests, and what one of them costs."""

from __future__ import annotations

from tokentide.web.team.panels import Panel, over_time, ranked
from tokentide.web.team.report_page import report_page

DECIDED = (("accepted", "accepted"), ("rejected", "rejected"))
PANELS = (
    Panel(
        "unit_costs",
        "What one costs",
        note="The cost of people who send telemetry, by what they made; how far such a count stands for value differs.",
        nothing="Nothing was made in these days that clients count.",
        is_wide=True,
    ),
    Panel(
        "days",
        "Lines",
        over_time(
            "Lines added and removed on each day",
            "days",
            (("lines_added", "added"), ("lines_removed", "removed")),
        ),
        nothing="Nothing was made in these days.",
    ),
    Panel(
        "days",
        "Commits and pull requests",
        over_time(
            "Commits and pull requests on each day",
            "days",
            (("commits", "commits"), ("pull_requests", "pull requests")),
        ),
        id="commits",
        only_chart=True,
    ),
    Panel(
        "tools",
        "Edits by tool",
        ranked("Edits accepted and rejected, by tool", "tools", DECIDED, stack=True),
        nothing="No edit was decided on.",
    ),
    Panel(
        "languages",
        "Edits by language",
        ranked("Edits accepted and rejected, by language", "languages", DECIDED, stack=True),
        nothing="No edit was decided on.",
    ),
    Panel("teams", "Teams", ranked("Lines added, by team", "teams", (("lines_added", "lines"),), x="team")),
    Panel("users", "People", is_wide=True),
)
PAGE = report_page("output", "Output", PANELS)
