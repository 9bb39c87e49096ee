"""Puts the application together: the gate, the pages, the API, what it serves of its own files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from fastapi import FastAPI

from tokentide.web.api.routers import add_api
from tokentide.web.desk import Desk
from tokentide.web.files import files_router
from tokentide.web.gate import NOWHERE, Access, Doorway, Gate, unheard
from tokentide.web.heads import Heads
from tokentide.web.html import warm
from tokentide.web.hub import Hub
from tokentide.web.keeper import Keeper
from tokentide.web.metrics.router import add_metrics
from tokentide.web.pages.routes import pages_router
from tokentide.web.replies import handle_errors

WARM_AFTER_SECONDS = 0.5
"""Who asks at once is not to wait for what others will ask for."""


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
    failed: Callable[[BaseException], None] = unheard
    """Told of errors that nobody expected; from any thread."""


class Served(Protocol):
    """What the gate has to know of a plan."""

    @property
    def doorway(self) -> Doorway:
        """Where we are reached."""

    @property
    def access(self) -> Access | None:
        """Who is let in."""

    @property
    def failed(self) -> Callable[[BaseException], None]:
        """Told of errors that nobody expected."""


class Application(Gate):
    """The gate with all that is behind it."""

    def __init__(self, app: FastAPI, plan: Served, roomy: Mapping[str, int] = NOWHERE) -> None:
        super().__init__(app, plan.doorway, plan.access, plan.failed, roomy)
        self._fastapi = app

    def end_streams(self) -> None:
        """Let those go who listen for events, so that nobody waits for them."""
        hub: Hub = self._fastapi.state.desk.hub
        hub.close()


def create_app(plan: Plan) -> Application:
    """The application; it follows the transcripts while it runs. Raises SettingsError when it starts."""
    app = FastAPI(
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lambda app: _life(app, plan),
    )
    add_api(app)
    app.include_router(files_router())
    add_metrics(app)
    app.add_middleware(Heads)
    app.include_router(pages_router())
    handle_errors(app)
    return Application(app, plan)


@asynccontextmanager
async def _life(app: FastAPI, plan: Plan) -> AsyncIterator[None]:
    """The desk and its keeper, from the first request to the last."""
    hub = Hub()
    keeper = Keeper(plan.environ, plan.clock, may_ask=plan.may_ask, tell=hub.publish, failed=plan.failed)
    desk = Desk(keeper, hub, plan.environ, plan.clock, has_login=plan.access is not None)
    app.state.desk = desk
    keeper.start()
    warming = asyncio.create_task(warmed())
    try:
        yield
    finally:
        warming.cancel()
        hub.close()
        await asyncio.to_thread(keeper.stop)
        await asyncio.to_thread(desk.close)


async def warmed() -> None:
    """Make ready what pages to come need."""
    await asyncio.sleep(WARM_AFTER_SECONDS)
    await asyncio.to_thread(warm)
