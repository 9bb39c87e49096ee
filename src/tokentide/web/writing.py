"""What every change by a page or a script goes through: JSON alone, one at a time, in force before it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from tokentide.errors import SettingsError, UsageError
from tokentide.render.json_text import Json, dumps
from tokentide.settings_edit import ChangedMeanwhileError
from tokentide.web.api.describing import FAULT, FAULTS, Responses
from tokentide.web.desk import Desk, Sight
from tokentide.web.replies import desk_of

LONGEST_WAIT_SECONDS = 3.0
"""Longer nobody is kept waiting for the keeper to take a change in; it does so later."""
LOOK_SECONDS = 0.02
REFUSED: dict[str, object] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}, "field": {"type": ["string", "null"]}},
        }
    }
}
DONE: dict[str, object] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["done"],
            "properties": {"done": {"type": "string"}, "tag": {"type": ["string", "null"]}},
        }
    }
}
WRITES: Responses = {
    **FAULTS,
    200: {"description": "It was done, and is in force", "content": DONE},
    409: {"description": "The file is not the one that the change was made from", "content": FAULT},
    415: {"description": "The body is no JSON", "content": FAULT},
    422: {"description": "A value cannot be used; `field` names it where it is a setting", "content": REFUSED},
}


async def json_only(request: Request) -> None:
    """Refuse a body that a form of any page could send. Raises HTTPException."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send application/json.")


class Done(NamedTuple):
    """What came of a change."""

    sentence: str
    is_new: bool = True
    """False where everything was so already."""
    tag: str = ""
    """Of the file as it is now, for the next change to be made from."""


async def written(request: Request, change: Callable[[Sight], Done]) -> Response:
    """Do it off the loop, wait until it is in force, and say what was done; or why not, and which field is wrong."""
    desk = desk_of(request)
    try:
        done = await desk.work(change)
    except ChangedMeanwhileError as error:
        return _refusal(409, str(error))
    except SettingsError as error:
        return _refusal(422, error.reason if error.key else str(error), error.key)
    except UsageError as error:
        return _refusal(422, str(error))
    if done.is_new:
        await _in_force(desk)
    return Response(dumps({"done": done.sentence, "tag": done.tag or None}), media_type="application/json")


async def _in_force(desk: Desk) -> None:
    """Wait until the keeper has taken the change in, whether it is one of a file or of the ledger."""
    before = desk.condition.version
    desk.keeper.settings_changed()
    for _ in range(int(LONGEST_WAIT_SECONDS / LOOK_SECONDS)):
        if desk.condition.version != before and desk.keeper.is_in_force():
            return
        await asyncio.sleep(LOOK_SECONDS)


def _refusal(status: int, sentence: str, field: str | None = None) -> Response:
    told: dict[str, Json] = {"error": sentence, "field": field} if field else {"error": sentence}
    return Response(dumps(told), status, media_type="application/json")
