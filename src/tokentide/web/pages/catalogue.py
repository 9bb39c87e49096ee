"""All pages, in the order of the navigation; those below another page come after it."""

from __future__ import annotations

from typing import Any

from tokentide.web.frame import Page
from tokentide.web.pages import (
    activity,
    api,
    costs,
    data,
    insight,
    insight_breakdown,
    insight_compare,
    insight_context,
    insight_what_if,
    limits,
    live,
    models,
    overview,
    projects,
    replay,
    session,
    sessions,
    settings,
)

PAGES: tuple[Page[Any, Any], ...] = (
    overview.PAGE,
    costs.PAGE,
    sessions.PAGE,
    projects.PAGE,
    models.PAGE,
    activity.PAGE,
    limits.PAGE,
    insight.PAGE,
    live.PAGE,
    data.PAGE,
    settings.PAGE,
)
BELOW: tuple[Page[Any, Any], ...] = (
    insight_context.PAGE,
    insight_breakdown.PAGE,
    insight_compare.PAGE,
    insight_what_if.PAGE,
    session.PAGE,
    replay.PAGE,
    api.PAGE,
)
"""Pages of one thing, reached from a page of many."""
