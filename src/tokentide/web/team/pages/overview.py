"""Overview: the headline figures of every report, each beside the period before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokentide.analytics.team.cost import build_cost
from tokentide.analytics.team.reports import TeamReport, build_team_report
from tokentide.web.team.asked import TeamFilters
from tokentide.web.team.cards import Card, cards_of
from tokentide.web.team.desk import TeamSight
from tokentide.web.team.panels import over_time, split_by_day
from tokentide.web.team.report_page import around, team_page

SHOWN = {
    "adoption": ("Adoption", ("daily_users", "weekly_users", "monthly_users", "sessions", "active_seconds")),
    "cost": ("Cost", ("cost", "cost_to_date", "projected", "cost_per_user", "saved_by_cache")),
    "output": ("Output", ("pull_requests", "commits", "lines_added", "accept_rate", "cost_per_pull_request")),
    "reliability": ("Reliability", ("requests", "error_rate", "p50_ms", "p95_ms", "ttft_p50_ms")),
    "tools": ("Tools", ("uses", "success_rate", "rejected", "hot_spots")),
    "coverage": ("Coverage", ("coverage", "metrics_only_cost", "deviating_sessions", "skewed")),
}
"""By report its title and the figures that say most."""
CHARTS = {
    "cost": split_by_day("Cost on each day by team", "team_days", "team", "cost_usd", "money"),
    "adoption": over_time("People active on each day", "days", (("daily_users", "people"),)),
}


@dataclass(frozen=True, slots=True)
class Section:
    """What stands here of a report."""

    name: str
    title: str
    cards: list[Card]


def build(sight: TeamSight, asked: TeamFilters, _item: str) -> Mapping[str, Any]:
    """A section a report."""
    ask = sight.ask(asked)

    def made(name: str) -> TeamReport:
        if name == "cost":  # what it is divided by is not shown here
            return build_cost(sight.store, ask, now=sight.now, by=())
        return build_team_report(name, sight.store, ask, now=sight.now)

    first = made("adoption")
    reports = {} if first.head.is_empty else {name: first if name == "adoption" else made(name) for name in SHOWN}
    sections = [
        Section(name, title, cards_of((each for each in reports[name].figures if each.name in wanted), ask.calendar))
        for name, (title, wanted) in SHOWN.items()
        if name in reports
    ]
    return {"name": "overview", **around(sight, first), "sections": sections, "charts": CHARTS}


PAGE = team_page("/", "Overview", "team/overview.html", build)
