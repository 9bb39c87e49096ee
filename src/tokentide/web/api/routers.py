"""All routes of the API, and the document that describes them."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI

from tokentide import __version__
from tokentide.web.api import (
    activity,
    alert_rules,
    alerts,
    data,
    events,
    insight,
    limits,
    live,
    prices,
    reports,
    sessions,
    settings,
)
from tokentide.web.api.describing import PREFIX, Schema, described

API_ROUTERS = (
    events.router,
    alerts.router,
    limits.router,
    live.router,
    activity.router,
    insight.router,
    sessions.router,
    prices.router,
    data.router,
    settings.router,
    alert_rules.router,
    reports.router,
)
"""A route that takes any word below the prefix comes last."""
SUMMARY = "Usage, cost and limits of Claude, from the ledger on this machine."


def add_api(app: FastAPI) -> None:
    """Give an application the routes and their description."""
    for router in API_ROUTERS:
        app.include_router(router, prefix=PREFIX.rstrip("/"))
    app.openapi = api_document  # type: ignore[method-assign]  # the way that the framework offers


@cache
def api_document() -> Schema:
    """The OpenAPI document: of the API alone, whatever else is served beside it."""
    app = FastAPI(title="tokentide", version=__version__, summary=SUMMARY)
    for router in API_ROUTERS:
        app.include_router(router, prefix=PREFIX.rstrip("/"))
    return described(app)
