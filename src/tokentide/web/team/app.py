"""Puts the team's application together: the gate, the pages, the API, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tokentide.web.app import Application, warmed
from tokentide.web.files import files_router
from tokentide.web.heads import Heads
from tokentide.web.hub import Hub
from tokentide.web.page_routes import page_routes
from tokentide.web.replies import handle_errors
from tokentide.web.team.api import ROOMY, add_team_api
from tokentide.web.team.catalogue import PAGES
from tokentide.web.team.desk import TeamDesk, TeamPlan
from tokentide.web.team.metrics import team_metrics_routes
from tokentide.web.team.replies import team_reply

__all__ = ["TeamPlan", "create_team_app"]


def create_team_app(plan: TeamPlan) -> Application:
    """The application; it looks for what is new while it runs."""
    app = FastAPI(
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lambda app: _life(app, plan),
    )
    add_team_api(app)
    app.include_router(files_router())
    app.add_middleware(Heads)
    app.include_router(team_metrics_routes())
    app.include_router(page_routes(PAGES, (), team_reply))
    handle_errors(app)
    return Application(app, plan, ROOMY)


@asynccontextmanager
async def _life(app: FastAPI, plan: TeamPlan) -> AsyncIterator[None]:
    """The desk, from the first request to the last."""
    hub = Hub()
    desk = TeamDesk(plan, hub)
    app.state.desk = desk
    tasks = [asyncio.create_task(desk.follow()), asyncio.create_task(warmed())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        hub.close()
        await asyncio.to_thread(desk.close)
