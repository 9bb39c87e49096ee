"""What runs now."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tokentide.analytics.live import status_of
from tokentide.render.live_csv import chart_csv, chart_json, responses_csv, responses_json, sessions_csv
from tokentide.render.live_json import live_json
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import JSON_OR_CSV
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.live import live_of, responses_of
from tokentide.web.replies import reply

router = APIRouter(tags=["live"])


class LiveQuery(Filters):
    """What runs now; days mean nothing here."""

    format: Literal["json", "csv"] = Field(default="json", description="JSON, or the sessions or responses as CSV")


@router.get("/live", responses=JSON_OR_CSV)
async def live(request: Request, asked: Annotated[LiveQuery, Query()]) -> Response:
    """Limits, forecast, burn rate, block, running sessions, twelve hours of cost; as `tokentide live --once --json`."""

    def make(sight: Sight) -> Answer:
        state = live_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(sessions_csv(state), CSV, "tokentide-live.csv")
        status = status_of(state.accounts, sight.now)
        return Answer.of(live_json(state, status, status.code, sight.settings.limit_thresholds))

    return await reply(request, make)


@router.get("/live/chart", responses=JSON_OR_CSV)
async def chart(request: Request, asked: Annotated[LiveQuery, Query()]) -> Response:
    """Cost of each five minutes of the last twelve hours."""

    def make(sight: Sight) -> Answer:
        state = live_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(chart_csv(state), CSV, "tokentide-hours.csv")
        return Answer.of(chart_json(state))

    return await reply(request, make)


@router.get("/live/responses", responses=JSON_OR_CSV)
async def responses(request: Request, asked: Annotated[LiveQuery, Query()]) -> Response:
    """The responses that came last, the newest first: at most 20 of the last hour."""

    def make(sight: Sight) -> Answer:
        found = responses_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(responses_csv(found), CSV, "tokentide-responses.csv")
        return Answer.of(responses_json(found, timezone=sight.calendar(asked).name, now=sight.now))

    return await reply(request, make)
