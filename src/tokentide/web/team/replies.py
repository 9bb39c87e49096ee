"""Answers requests for the eyes of who asks."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request, Response

from tokentide.web.answers import Answer
from tokentide.web.replies import sent
from tokentide.web.team.access import viewer_in
from tokentide.web.team.desk import TeamDesk, TeamSight


def team_desk(request: Request) -> TeamDesk:
    """The server's desk."""
    desk: TeamDesk = request.app.state.desk
    return desk


async def team_reply(request: Request, make: Callable[[TeamSight], Answer], kind: str = "") -> Response:
    """What was asked, from what is kept for this viewer if it still holds; `kind` tells it from others."""
    key = f"{kind} {request.url.path}?{request.url.query}"
    return sent(request, await team_desk(request).answer(viewer_in(request), key, make))


async def team_reply_now(request: Request, make: Callable[[TeamSight], Answer]) -> Response:
    """The same of what changes all the time, and is not kept."""
    return sent(request, await team_desk(request).work(viewer_in(request), make))
