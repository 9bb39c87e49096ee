"""Turns answers and errors into HTTP."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tokentide.errors import LedgerError, StoreError, TokentideError, UsageError
from tokentide.render.json_text import dumps
from tokentide.web.answers import HTML, PART, Answer, TooBusyError
from tokentide.web.desk import Desk, Sight
from tokentide.web.gate import BodyTooLongError
from tokentide.web.html import error_page
from tokentide.web.hub import FullHouseError
from tokentide.web.replays import ReplayRunsError

API = "/api/"
RETRY = {"retry-after": "5"}
PLAIN = {"extra_forbidden": "not known here", "missing": "is needed"}
"""Words for what the validating library says in its own terms."""


def desk_of(request: Request) -> Desk:
    """The server's desk."""
    desk: Desk = request.app.state.desk
    return desk


def holds_of(request: Request) -> Callable[[], bool]:
    """Tells whether whoever asks may still go on."""
    holds: Callable[[], bool] = getattr(request.state, "holds", lambda: True)
    return holds


async def reply(request: Request, make: Callable[[Sight], Answer], kind: str = "") -> Response:
    """What was asked, from what is kept if it still holds; 304 to who has it already. `kind` tells it from others."""
    key = f"{kind} {request.url.path}?{request.url.query}"
    return sent(request, await desk_of(request).answer(key, make))


def sent(request: Request, answer: Answer) -> Response:
    """An answer as HTTP."""
    headers = {"etag": answer.tag, "cache-control": "private, no-cache", "vary": PART}
    if request.headers.get("if-none-match") == answer.tag:
        return Response(status_code=304, headers=headers)
    if answer.filename:
        headers["content-disposition"] = f'attachment; filename="{answer.filename}"'
    return Response(answer.body, media_type=answer.media_type, headers=headers)


def handle_errors(app: FastAPI) -> None:
    """Answer what goes wrong in a sentence: as JSON to who asks the API, as a page to everyone else."""

    async def usage(request: Request, error: Exception) -> Response:
        return failed(request, 400, str(error))

    async def invalid(request: Request, error: Exception) -> Response:
        return failed(request, 422, _sentence(error))

    async def ledger(request: Request, error: Exception) -> Response:
        return failed(request, 503, str(error))

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        told = str(error.detail) if isinstance(error, HTTPException) else ""
        return failed(request, status, "There is no such page." if status == 404 and told == "Not Found" else told)

    async def too_long(request: Request, _error: Exception) -> Response:
        return failed(request, 413, "The body is too long.")

    async def full(request: Request, _error: Exception) -> Response:
        return failed(request, 503, "Too many listen already; close some of the open pages.")

    async def busy(request: Request, _error: Exception) -> Response:
        return failed(request, 503, "Too much is asked at once; try again in a moment.")

    async def unexpected(request: Request, error: Exception) -> Response:
        return failed(request, 500, f"That went wrong here ({type(error).__name__}); the terminal tells more.")

    for kind, handler in (
        (UsageError, usage),
        (RequestValidationError, invalid),
        (LedgerError, ledger),
        (StoreError, ledger),
        (ReplayRunsError, ledger),
        (TokentideError, usage),
        (HTTPException, http),
        (BodyTooLongError, too_long),
        (FullHouseError, full),
        (TooBusyError, busy),
        (Exception, unexpected),
    ):
        app.add_exception_handler(kind, handler)


def failed(request: Request, status: int, sentence: str) -> Response:
    """A fault in a sentence."""
    headers = RETRY if status == 503 else {}
    if request.url.path.startswith(API):
        return Response(dumps({"error": sentence}), status, headers, "application/json")
    return Response(error_page(status, sentence), status, headers, HTML)


def _sentence(error: Exception) -> str:
    """What a value should have been, by its name."""
    if not isinstance(error, RequestValidationError):
        return str(error)
    told = (
        f"{'.'.join(map(str, each['loc'][1:])) or 'the body'}: {PLAIN.get(each['type'], each['msg'])}"
        for each in error.errors()
    )
    return "; ".join(list(dict.fromkeys(told))[:5])
