"""What was done when: days, hours, tools, and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tokentide.render.activity_json import activity_csv, activity_json, tools_csv, week_hours_csv
from tokentide.web.activity import PictureQuery, activity_of, activity_picture
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import FAULTS, JSON_OR_CSV, Responses
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.replies import reply

router = APIRouter(tags=["activity"])
TABLES = {"days": activity_csv, "week_hours": week_hours_csv, "tools": tools_csv}
SVG = "image/svg+xml"
PICTURE: Responses = {
    200: {"description": "The picture", "content": {SVG: {"schema": {"type": "string"}}}},
    304: {"description": "Nothing has changed since the entity tag that was sent"},
    **FAULTS,
}


class ActivityFileQuery(Filters):
    """Activity, and how it is written."""

    format: Literal["json", "csv"] = Field(default="json", description="JSON, or a table of it as CSV")
    table: Literal["days", "week_hours", "tools"] = Field(default="days", description="which table CSV holds")


@router.get("/activity", responses=JSON_OR_CSV)
async def activity(request: Request, asked: Annotated[ActivityFileQuery, Query()]) -> Response:
    """Days, streaks, hours, tools, lines, commits; without days asked for, the last year."""

    def make(sight: Sight) -> Answer:
        found = activity_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(TABLES[asked.table](found), CSV, f"tokentide-activity-{asked.table}.csv")
        return Answer.of(activity_json(found))

    return await reply(request, make)


@router.get("/activity.svg", responses=PICTURE, response_class=Response)
async def picture(request: Request, asked: Annotated[PictureQuery, Query()]) -> Response:
    """The picture to share: without names unless they are asked for, never with an account."""

    def make(sight: Sight) -> Answer:
        return Answer.of(activity_picture(sight, asked), SVG, f"tokentide-activity-{asked.theme}.svg")

    return await reply(request, make)
