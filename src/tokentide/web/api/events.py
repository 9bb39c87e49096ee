"""Live changes, as server-sent events, and how the server stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from tokentide import __version__
from tokentide.render.json_text import dumps
from tokentide.render.report_json import head_json
from tokentide.web.api.describing import FAULT, JSON_REPORT, Responses
from tokentide.web.hub import Event, stream_of
from tokentide.web.replies import desk_of, holds_of


class Nothing(BaseModel):
    """No parameters: what nobody reads is an error here as everywhere."""

    model_config = ConfigDict(extra="forbid")


router = APIRouter(tags=["live"])
STREAM: Responses = {
    200: {
        "description": "Events `changed`, `progress` and `alert`, until you hang up",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    422: {"description": "A parameter is unknown", "content": FAULT},
    503: {"description": "Too many listen", "content": FAULT},
}


@router.get("/events", responses=STREAM, response_class=StreamingResponse)
async def events(request: Request, _asked: Annotated[Nothing, Query()]) -> Response:
    """A stream that tells when reports would say anything new."""
    desk = desk_of(request)
    condition = desk.condition
    first = Event("changed", version=condition.version, fault=condition.fault)
    return await stream_of(desk.hub, first, holds_of(request))


@router.get("/status", responses=JSON_REPORT)
async def status(request: Request, _asked: Annotated[Nothing, Query()]) -> Response:
    """How the server stands: what it has read, what is wrong, how many listen."""
    desk = desk_of(request)
    condition = desk.condition
    told = {
        **head_json("status", desk.clock()),
        "version": __version__,
        "is_ready": condition.is_ready,
        "fault": condition.fault or None,
        "files": condition.files,
        "problems": condition.problems,
        "read_bytes": condition.read_bytes,
        "total_bytes": condition.total_bytes,
        "listeners": desk.hub.listeners,
    }
    return Response(dumps(told), media_type="application/json")
