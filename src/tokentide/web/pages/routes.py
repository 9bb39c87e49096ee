"""Routes of the pages: what an address asks for, answered by its page's template."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tokentide.render.currency import currency_of, showing
from tokentide.web.answers import HTML, PART, Answer
from tokentide.web.desk import Sight
from tokentide.web.frame import Frame, Page
from tokentide.web.html import rendered
from tokentide.web.pages.catalogue import BELOW, PAGES
from tokentide.web.replies import reply


def pages_router() -> APIRouter:
    """A route a page; none of them is a part of the API's description."""
    router = APIRouter(include_in_schema=False)
    for page in (*PAGES, *BELOW):
        router.add_api_route(page.path, _route(page), methods=["GET"])
    return router


def _route(page: Page[Any]) -> Any:
    query = page.query

    async def show(request: Request, asked: Annotated[query, Query()]) -> Response:  # type: ignore[valid-type]
        is_part = PART in request.headers
        item = next(iter(request.path_params.values()), "")
        path = request.url.path

        def make(sight: Sight) -> Answer:
            frame = Frame(page, PAGES, asked, sight, sight.calendar(asked), path, is_part)
            with showing(currency_of(sight.settings)):
                context = {"frame": frame, "asked": asked, **page.build(sight, asked, item)}
                return Answer.of(rendered(page.template, context), HTML)

        return await reply(request, make, "part" if is_part else "page")

    return show
