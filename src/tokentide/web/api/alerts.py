"""What was raised."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tokentide.render.alerts_csv import history_csv
from tokentide.render.alerts_json import history_json
from tokentide.web.alerts import alerts_of, alerts_since
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import JSON_OR_CSV
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.replies import reply

router = APIRouter(tags=["alerts"])


class AlertsQuery(Filters):
    """Alerts of these days; other filters mean nothing here."""

    format: Literal["json", "csv"] = Field(default="json", description="JSON, or CSV to keep")


@router.get("/alerts", responses=JSON_OR_CSV)
async def alerts(request: Request, asked: Annotated[AlertsQuery, Query()]) -> Response:
    """The history of alerts, newest first; the last seven days unless told otherwise."""

    def make(sight: Sight) -> Answer:
        found = alerts_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(history_csv(found), CSV, "tokentide-alerts.csv")
        return Answer.of(history_json(found, since=alerts_since(sight, asked), now=sight.now))

    return await reply(request, make)
