"""The list of sessions, and one of them as a timeline."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from tokentide.render.csv_text import report_csv
from tokentide.render.report_json import report_json
from tokentide.render.timeline_csv import timeline_csv
from tokentide.render.timeline_json import timeline_json
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import FAULT, JSON_OR_CSV, Responses
from tokentide.web.asked import LONGEST_TEXT
from tokentide.web.desk import Sight
from tokentide.web.replies import reply
from tokentide.web.reports import By
from tokentide.web.sessions import OneSession, SessionsQuery, one_session, session_list

router = APIRouter(tags=["sessions"])
Format = Literal["json", "csv"]
UNKNOWN: Responses = {404: {"description": "No session begins so, or several do", "content": FAULT}}


class SessionsFileQuery(SessionsQuery):
    """The list of sessions, and how it is written."""

    by: By = Field(default="", description="break each row down by model, project, branch, agent, source, account")
    format: Format = Field(default="json", description="JSON, or CSV to keep")


class OneSessionFileQuery(OneSession):
    """One session's timeline, and how it is written."""

    format: Format = Field(default="json", description="JSON, or CSV to keep: one line a turn")


@router.get("/session", responses=JSON_OR_CSV)
async def sessions(request: Request, asked: Annotated[SessionsFileQuery, Query()]) -> Response:
    """Usage and cost by session, sorted by any column, narrowed to what is searched for."""

    def make(sight: Sight) -> Answer:
        report = session_list(sight, asked, by=asked.by)
        if asked.format == "csv":
            return Answer.of(report_csv(report), CSV, "tokentide-sessions.csv")
        return Answer.of(report_json(report))

    return await reply(request, make)


@router.get("/session/{session_id:path}", responses={**JSON_OR_CSV, **UNKNOWN})
async def session(
    request: Request,
    session_id: Annotated[str, Path(max_length=LONGEST_TEXT, description="the id or its beginning, or latest")],
    asked: Annotated[OneSessionFileQuery, Query()],
) -> Response:
    """One session: its prompts, what came of each, sub-agents, tools, pauses and the growth of its context."""

    def make(sight: Sight) -> Answer:
        zone = sight.calendar(asked).name
        timeline = one_session(sight, asked, session_id)
        if asked.format == "csv":
            return Answer.of(timeline_csv(timeline), CSV, "tokentide-session.csv")
        return Answer.of(timeline_json(timeline, timeline.turns, timezone=zone, now=sight.now))

    return await reply(request, make)
