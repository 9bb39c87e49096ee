"""Who may come in: the right host, no foreign page, no flood; and what every answer says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 64 << 10
"""Settings are small; nothing else is sent to us."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
WRITE_METHODS = frozenset({"POST", "PUT", "DELETE"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Access(Protocol):
    """Who is let in beyond this machine's own loopback."""

    def refusal(self, scope: Scope) -> Response | None:
        """What to answer to someone who may not; None for who may."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """Where we are reached."""

    hosts: frozenset[str]
    """What a request may call us, `127.0.0.1:8377`, lower case; what names us otherwise was rebound or misled."""
    scheme: str = "http"

    @classmethod
    def of(cls, port: int, names: Iterable[str], scheme: str = "http") -> Doorway:
        """By names and port; the port may be left out where the scheme implies it."""
        implied = port == (443 if scheme == "https" else 80)
        bracketed = [f"[{name}]" if ":" in name else name.lower() for name in names]
        return cls(
            frozenset(f"{name}:{port}" for name in bracketed) | (frozenset(bracketed) if implied else frozenset()),
            scheme,
        )


class Gate:
    """The outermost room of the application."""

    def __init__(self, app: ASGIApp, doorway: Doorway, access: Access | None = None) -> None:
        self._app, self._doorway, self._access = app, doorway, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through with a bounded body and our headers."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        telling = _with_headers(send)
        refusal = self._refusal(scope) or (self._access.refusal(scope) if self._access else None)
        if refusal is not None:
            await refusal(scope, receive, telling)
            return
        await self._app(scope, _bounded(receive), telling)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._doorway.hosts:
            return PlainTextResponse(
                "This name is not one that tokentide answers to; open it by the address that it printed, "
                "or add the name with --allow-host.\n",
                421,
            )
        if scope["method"] not in SAFE_METHODS | WRITE_METHODS:
            return PlainTextResponse("Only GET, HEAD, POST, PUT and DELETE.\n", 405)
        if self._is_foreign(headers, is_write=scope["method"] in WRITE_METHODS):
            return PlainTextResponse("Another page may not do that.\n", 403)
        if _declared(headers) > MOST_BODY_BYTES:
            return PlainTextResponse(f"A body holds {MOST_BODY_BYTES >> 10} KiB at most.\n", 413)
        return None

    def _is_foreign(self, headers: Headers, *, is_write: bool) -> bool:
        """True for what a page of somebody else had its browser ask; a link from there may be followed."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "")
        if origin is not None and not self._is_own(origin):
            return True
        if is_write:
            return site not in ("", "same-origin") or (origin is None and bool(site))
        return site in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate"

    def _is_own(self, origin: str) -> bool:
        parts = urlsplit(origin)
        return parts.scheme == self._doorway.scheme and parts.netloc.lower() in self._doorway.hosts


def _declared(headers: Headers) -> int:
    """How long the body is said to be; 0 where that is not told."""
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() else 0


class BodyTooLongError(Exception):
    """More came than a body may hold."""


def _bounded(receive: Receive) -> Receive:
    """Lets so much through, whatever was declared."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY_BYTES:
            raise BodyTooLongError
        return message

    return bounded


def _with_headers(send: Send) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return telling
