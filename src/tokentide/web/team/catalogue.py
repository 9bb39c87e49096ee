"""All pages of a team, in the order of the navigation."""

from __future__ import annotations

from typing import Any

from tokentide.web.frame import Page
from tokentide.web.team.pages import adoption, cost, coverage, output, overview, people, reliability, server, tools

PAGES: tuple[Page[Any, Any], ...] = (
    overview.PAGE,
    adoption.PAGE,
    output.PAGE,
    cost.PAGE,
    reliability.PAGE,
    tools.PAGE,
    people.PAGE,
    coverage.PAGE,
    server.PAGE,
)
