"""Cost: where it went, over time, and where it heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from tokentide.analytics.team.cost import Cost, Cut, CutBy
from tokentide.render.team_tables import team_table
from tokentide.render.words import cost_basis_note
from tokentide.web.tables import HtmlTable
from tokentide.web.team.asked import TeamFilters
from tokentide.web.team.desk import TeamSight
from tokentide.web.team.panels import Panel, over_time, split_by_day
from tokentide.web.team.report_page import MOST_ROWS, calendar_of, html_table, report_page

DIMENSIONS = {
    "team": "Team",
    "user_id": "Person",
    "project": "Project",
    "cost_center": "Cost center",
    "customer": "Customer",
    "model": "Model",
    "query_class": "Part of the work",
    "query_source": "Query source",
    "effort": "Effort",
    "speed": "Speed",
    "skill": "Skill",
    "plugin": "Plugin",
    "mcp_server": "MCP server",
    "mcp_tool": "MCP tool",
    "agent": "Agent",
    "version": "Version",
    "source": "Told by",
}
"""What the cost can be divided by, as people call it."""
PANELS = (
    Panel(
        "days",
        "Cache",
        over_time(
            "Share of prompts' tokens that came from the cache on each day",
            "days",
            (("cache_hits", "read from the cache"),),
            "share",
            shape="line",
        ),
        note="What is saved is an estimate, at list price.",
        nothing="Nothing was spent in these days.",
    ),
    Panel("wastes", "Beside the work", nothing="Nothing was spent beside the work."),
    Panel("projection", "The month", note="If working days and weekends go on like those of the last four weeks."),
)


class TeamCostQuery(TeamFilters):
    """The page of costs."""

    stack: Literal["team", "model"] = Field(default="model", description="what bars are stacked by")
    by: CutBy = Field(default="team", description="what the whole is divided by")


def more(sight: TeamSight, asked: TeamCostQuery, report: Cost) -> Mapping[str, Any]:
    """The chart over time, and the cut that is looked at."""
    cuts = {cut.dimension: cut for cut in report.cuts}
    cut = cuts.get(asked.by, Cut(asked.by, ()))
    stack = split_by_day(f"Cost on each day by {asked.stack}", f"{asked.stack}_days", asked.stack, "cost_usd", "money")
    return {
        "basis": cost_basis_note(sight.ask(asked).mode),
        "stack": stack,
        "dimensions": [(name, DIMENSIONS[name]) for name in DIMENSIONS if name in cuts],
        "dimension": DIMENSIONS[asked.by],
        "cut": _cut_table(cut, report, asked),
        "cut_rows": len(cut.rows),
        "bars": {
            "rows": "cuts",
            "only": {"dimension": asked.by},
            "x": "name",
            "series": (("cost_usd", "cost"),),
            "unit": "money",
            "shape": "lying",
        },
    }


def _cut_table(cut: Cut, report: Cost, asked: TeamCostQuery) -> HtmlTable:
    table = team_table("cost", "cuts")
    if table is None:
        raise KeyError("cuts")
    rows = table.flatten((cut,))[:MOST_ROWS]
    table = replace(table, columns=table.columns[1:], title=f"Cost by {DIMENSIONS[cut.dimension].lower()}")
    return html_table(
        table, [{"dimension": cut.dimension, **table.row(each)} for each in rows], calendar_of(report), asked, "/cost"
    )


PAGE = report_page("cost", "Cost", PANELS, template="team/cost.html", query=TeamCostQuery, more=more)
