"""Our own scripts, styles and pictures, and the charts' library out of its package."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from tokentide.web.answers import Answer

PLOTLY = "plotly.js"
"""The name that the charts' library is served by."""
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}


def files_router() -> APIRouter:
    """Files by their names alone: there is no path to climb out of."""
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        known = static_files()
        if name not in known:
            raise HTTPException(404, "There is no such file.")
        return _sent(request, known[name])

    return router


@cache
def static_files() -> Mapping[str, Answer]:
    """What is served, by name."""
    own = [Path(str(each)) for each in files("tokentide.web").joinpath("static").iterdir()]
    found = {path.name: path.read_bytes() for path in own if path.suffix in TYPES}
    found[PLOTLY] = plotly_path().read_bytes()
    return {name: _file(name, body) for name, body in found.items()}


def plotly_path() -> Path:
    """The library of charts, as its Python package carries it; the package itself is not imported."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("plotly")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


@cache
def library_styles() -> tuple[str, ...]:
    """Ids of elements that the charts' library looks for before it puts a style into the page.

    The policy forbids such styles, and we need none of them (they are of maps): a page that has the elements is spared.
    """
    text = static_files()[PLOTLY].body.decode("utf-8")
    return tuple(dict.fromkeys(re.findall(r'document\.getElementById\("([0-9a-f]{40,64})"\)', text)))


def _file(name: str, body: bytes) -> Answer:
    kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Answer(body, kind, "", f'"{blake2b(body, digest_size=12).hexdigest()}"')


def _sent(request: Request, answer: Answer) -> Response:
    headers = {"etag": answer.tag, "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == answer.tag:
        return Response(status_code=304, headers=headers)
    return Response(answer.body, media_type=answer.media_type, headers=headers)
