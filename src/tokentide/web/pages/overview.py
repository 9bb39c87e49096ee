"""Overview: windows with odds, what was spent, how fast, what is expected, what was raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokentide.clock import DAY_US
from tokentide.model.alerts import HELD
from tokentide.render.block_lines import block_origin, outlook
from tokentide.render.words import cost_basis_note, project_names
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.expected import expected_table
from tokentide.web.frame import USAGE, Page
from tokentide.web.reports import overview_of
from tokentide.web.windows import WindowLook, account_cards

STRETCHES = {"today": "Today", "week": "This week", "month": "This month"}


def build(sight: Sight, asked: Filters, _item: str) -> Mapping[str, Any]:
    """The figures of the main screen, and the alerts of the last day."""
    overview = overview_of(sight, asked)
    look = WindowLook(sight.calendar(asked), sight.settings.limit_thresholds, sight.now)
    alerts = [each for each in sight.ledger.alerts.recent(sight.now - DAY_US) if each.state != HELD]
    return {
        "overview": overview,
        "accounts": account_cards(overview.limits, overview.forecasts, look),
        "stretches": [(STRETCHES[stretch.name], stretch.row.sums) for stretch in overview.stretches],
        "basis": cost_basis_note(sight.mode(asked)),
        "ahead": expected_table(overview.forecasts.values(), look.calendar, sight.now),
        "alerts": alerts,
        "block_outlook": outlook(overview.block) if overview.block else "",
        "block_origin": block_origin(overview.block.block) if overview.block else "",
        "project_names": project_names(row.key for row in overview.projects),
        "is_empty": overview.newest_at is None and not overview.limits,
    }


PAGE = Page("/", "Overview", "overview.html", build, Filters, USAGE)
