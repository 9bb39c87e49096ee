"""Official windows, how they went, what to expect of them, and what was raised."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from tokentide.render.forecast_json import forecasts_json
from tokentide.render.limits_json import limits_json
from tokentide.web.answers import Answer
from tokentide.web.api.describing import JSON_REPORT
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.limits import forecasts_of, limits_of
from tokentide.web.replies import reply

router = APIRouter(tags=["limits"])


@router.get("/limits", responses=JSON_REPORT)
async def limits(request: Request, asked: Annotated[Filters, Query()]) -> Response:
    """The windows of every account; of the filters only the account means anything here."""

    def make(sight: Sight) -> Answer:
        found = limits_of(sight, asked)
        zone = sight.calendar(asked).name
        return Answer.of(limits_json(found, sight.settings.limit_thresholds, timezone=zone, now=sight.now))

    return await reply(request, make)


@router.get("/forecast", responses=JSON_REPORT)
async def forecast(request: Request, asked: Annotated[Filters, Query()]) -> Response:
    """What is expected of these windows until their resets."""

    def make(sight: Sight) -> Answer:
        found = forecasts_of(sight, asked, limits_of(sight, asked))
        return Answer.of(forecasts_json(list(found.values()), timezone=sight.calendar(asked).name, now=sight.now))

    return await reply(request, make)
