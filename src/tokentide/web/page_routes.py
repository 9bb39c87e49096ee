"""Routes of pages: what an address asks for, answered by its page's template. Which pages there are is told."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request, Response

from tokentide.analytics.calendar import Calendar
from tokentide.render.currency import currency_of, showing
from tokentide.settings import Settings
from tokentide.web.answers import HTML, PART, Answer
from tokentide.web.frame import Frame, Page, Surroundings
from tokentide.web.html import rendered


class PageSight(Surroundings, Protocol):
    """What a page is made of, as far as its route has to know."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    def calendar(self, asked: Any) -> Calendar:
        """How time is cut. Raises TimeZoneUnknownError."""

    def offers(self, path: str) -> bool:
        """Whether that page stands in the navigation."""


Reply = Callable[[Request, Callable[[Any], Answer], str], Awaitable[Response]]
"""Answers a request with what is made of a sight; the text tells whole pages from parts."""


def page_routes(pages: Sequence[Page[Any, Any]], below: Sequence[Page[Any, Any]], reply: Reply) -> APIRouter:
    """A route a page; none of them is a part of the API's description. `pages` are those of the navigation."""
    router = APIRouter(include_in_schema=False)
    for page in (*pages, *below):
        router.add_api_route(page.path, _route(page, pages, reply), methods=["GET"])
    return router


def _route(page: Page[Any, Any], pages: Sequence[Page[Any, Any]], reply: Reply) -> Any:
    query = page.query

    async def show(request: Request, asked: Annotated[query, Query()]) -> Response:  # type: ignore[valid-type]
        is_part = PART in request.headers
        item = next(iter(request.path_params.values()), "")
        path = request.url.path

        def make(sight: PageSight) -> Answer:
            offered = [each for each in pages if sight.offers(each.path)]
            frame = Frame(page, offered, asked, sight, sight.calendar(asked), path, is_part)
            with showing(currency_of(sight.settings)):
                context = {"frame": frame, "asked": asked, **page.build(sight, asked, item)}
                return Answer.of(rendered(page.template, context), HTML)

        return await reply(request, make, "part" if is_part else "page")

    return show
