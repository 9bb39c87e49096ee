"""Routes of the personal dashboard's pages."""

from __future__ import annotations

from fastapi import APIRouter

from tokentide.web.page_routes import page_routes
from tokentide.web.pages.catalogue import BELOW, PAGES
from tokentide.web.replies import reply


def pages_router() -> APIRouter:
    """All of them."""
    return page_routes(PAGES, BELOW, reply)
