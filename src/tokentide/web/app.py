"""Puts the application together: the gate, the pages, the API, what it serves of its own files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from tokentide import __version__
from tokentide.web.api import events, limits, reports
from tokentide.web.desk import Desk
from tokentide.web.files import files_router
from tokentide.web.gate import Access, Doorway, Gate
from tokentide.web.hub import Hub
from tokentide.web.keeper import Keeper
from tokentide.web.pages.routes import pages_router
from tokentide.web.replies import handle_errors

API_ROUTERS = (events.router, limits.router, reports.router)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served, to whom."""

    environ: Mapping[str, str]
    clock: Callable[[], int]
    """The present instant, µs UTC."""
    doorway: Doorway
    access: Access | None = None
    may_ask: bool = True
    """Whether accounts may be asked for their limits."""


def create_app(plan: Plan) -> Gate:
    """The application; it follows the transcripts while it runs. Raises SettingsError when it starts."""
    app = FastAPI(
        title="tokentide",
        version=__version__,
        summary="Usage, cost and limits of Claude, from the ledger on this machine.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lambda app: _life(app, plan),
    )
    for router in API_ROUTERS:
        app.include_router(router, prefix="/api/v1")
    app.include_router(files_router())
    app.include_router(pages_router())
    handle_errors(app)
    return Gate(app, plan.doorway, plan.access)


@asynccontextmanager
async def _life(app: FastAPI, plan: Plan) -> AsyncIterator[None]:
    """The desk and its keeper, from the first request to the last."""
    hub = Hub()
    keeper = Keeper(plan.environ, plan.clock, may_ask=plan.may_ask, tell=hub.publish)
    desk = Desk(keeper, hub, plan.environ, plan.clock)
    app.state.desk = desk
    keeper.start()
    try:
        yield
    finally:
        hub.close()
        await asyncio.to_thread(keeper.stop)
        await asyncio.to_thread(desk.close)
