"""Projects: what each cost, and the branches of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokentide.analytics.reports import Row
from tokentide.render.words import project_names
from tokentide.web.asked import Filters, address_of, filters_of
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.reports import asking, usage_report
from tokentide.web.usage import usage_table

RANGE = "30d"
MOST_BARS = 12


def build(sight: Sight, asked: Filters, _item: str) -> Mapping[str, Any]:
    """The report of projects; where it is narrowed to one, that of its branches too."""
    calendar = sight.calendar(asked)
    report = usage_report(sight, asking(asked, by="session"), "project", RANGE)

    def to_costs(row: Row) -> str:
        return f"/costs{address_of(filters_of(asked), project=row.key)}"

    def to_project(row: Row) -> str:
        return f"/projects{address_of(filters_of(asked), project=row.key)}"

    only = report.rows[0].key if len(report.rows) == 1 and asked.project else ""
    branches = usage_report(sight, asking(asked, by="session"), "branch", RANGE) if only else None
    return {
        "report": report,
        "only": only,
        "names": project_names([row.key for row in report.rows if row.sums.cost][:MOST_BARS]),
        "table": usage_table(report, calendar, "Projects", to_costs if only else to_project),
        "costs": f"/costs{address_of(filters_of(asked))}",
        "sessions": f"/sessions{address_of(filters_of(asked), last=asked.wishes(RANGE).last)}",
        "branches": branches,
        "branch_table": usage_table(branches, calendar, "Branches", lambda _row: "") if branches else None,
    }


PAGE = Page("/projects", "Projects", "projects.html", build, Filters, usual_range=RANGE)
