"""Server: which tokens are in use, for admins; what comes in, what waits, how the store is, for who runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException

from tokentide.web.team.asked import TeamFilters
from tokentide.web.team.desk import SERVER_PATH, TeamSight
from tokentide.web.team.report_page import team_page
from tokentide.web.team.serverside import intake_cards, requests_table, store_cards, tally, tokens_table


def build(sight: TeamSight, _asked: TeamFilters, _item: str) -> Mapping[str, Any]:
    """One look at the server, and the tokens of the viewer's tenant."""
    if not sight.viewer.is_admin:
        raise HTTPException(403, "The server's own figures are for admins.")
    found = sight.plan.status()
    directory = sight.plan.directory
    known = [each for each in directory.tokens() if each.tenant == sight.scope.tenant] if directory else []
    return {
        "status": found,
        "is_shown": sight.viewer.sees_server,
        "missing": found.missing,
        "fault": found.engine_fault,
        "endpoint": sight.plan.endpoint,
        "intake": intake_cards(found, sight.now),
        "stored": store_cards(found, sight.now),
        "requests": requests_table(found),
        "tokens": tokens_table(known, sight.now),
        "tally": tally(known, sight.now),
    }


PAGE = team_page(SERVER_PATH, "Server", "team/server.html", build, filters=())
