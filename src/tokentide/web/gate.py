"""Who may come in: the right host, no foreign page, no flood; and what every answer says of itself."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 64 << 10
"""Settings are small; nothing else is sent to us."""
MOST_HEAD_BYTES = 16 << 10
MOST_HEADERS = 100
MOST_TARGET_BYTES = 8 << 10
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
    # With `no-referrer` browsers send `Origin: null` with our own forms, and the gate could not tell them from others'.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
CLOSING = {"connection": "close"}
NOWHERE: Mapping[str, int] = {}
DEFAULT_PORTS = {"http": 80, "https": 443}


def unheard(_error: BaseException) -> None:
    """Where nobody wants to know of what went wrong."""


class Access(Protocol):
    """Who is let in where more than this machine's own loopback can come."""

    async def answer(self, scope: Scope, receive: Receive) -> Response | None:
        """The answer to someone who may not, or who logs in or out; None for who may go on."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """Where we are reached."""

    hosts: frozenset[str]
    """What a request may call us, `127.0.0.1:8377`, lower case; what names us otherwise was rebound or misled."""
    scheme: str = "http"
    port: int = 0
    takes_any_address: bool = False
    """Whether any numeric address with our port names us: where we listen on all of them. Numbers cannot be rebound."""

    @classmethod
    def of(
        cls,
        port: int,
        names: Iterable[str],
        scheme: str = "http",
        *,
        proxied: Iterable[str] = (),
        any_address: bool = False,
    ) -> Doorway:
        """By names and port; the port may be left out where the scheme implies it.

        `proxied` names are also those of a proxy before us, which has a port of its own; it may be told, `name:8443`.
        """
        implied = port == DEFAULT_PORTS[scheme]
        before = [name.lower() for name in proxied]
        bracketed = [f"[{name}]" if ":" in name else name.lower() for name in names]
        ours = {f"{name}:{port}" for name in (*bracketed, *before)}
        return cls(frozenset(ours | set(before) | set(bracketed if implied else ())), scheme, port, any_address)

    def names_us(self, host: str) -> bool:
        """Whether a Host header, or what an Origin has there, means this server."""
        host = host.lower()
        return host in self.hosts or (self.takes_any_address and self._is_address(host))

    def is_own(self, origin: str) -> bool:
        """Whether a page of that origin is one of ours; a proxy may have put TLS before us."""
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in (self.scheme, "https") and self.names_us(parts.netloc)

    def _is_address(self, host: str) -> bool:
        name, colon, port = host.rpartition(":")
        if not colon or host.endswith("]"):
            name, port = host, str(DEFAULT_PORTS[self.scheme])
        try:
            ipaddress.ip_address(name[1:-1] if name.startswith("[") and name.endswith("]") else name)
        except ValueError:
            return False
        return port == str(self.port)


class BodyTooLongError(HTTPException):
    """More came than a body may hold; as the framework's own class it passes its reader of bodies unchanged."""

    def __init__(self, most: int) -> None:
        super().__init__(413, _too_long(most))


class Gate:
    """The outermost room of the application."""

    def __init__(
        self,
        app: ASGIApp,
        doorway: Doorway,
        access: Access | None = None,
        failed: Callable[[BaseException], None] = unheard,
        roomy: Mapping[str, int] = NOWHERE,
    ) -> None:
        """`failed` is told of errors that nobody expected; `roomy` holds paths where bodies may be longer, in bytes."""
        self._app, self._doorway, self._access, self._failed = app, doorway, access, failed
        self._roomy = roomy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through with a bounded body and our headers; an error ends here."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        telling = _Telling(send)
        try:
            await self._let(scope, _bounded(receive, self._most(scope)), telling)
        except ClientDisconnect:
            return
        except BodyTooLongError as error:
            if not telling.has_begun:
                await _plain(413, error.detail, CLOSING)(scope, receive, telling)
        except Exception as error:  # noqa: BLE001 -- the outermost border: it is told, and the server goes on
            self._failed(error)
            if not telling.has_begun:
                await _plain(500, "That went wrong here; the terminal tells more.")(scope, receive, telling)

    async def _let(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is None and self._access is not None:
            refusal = await self._access.answer(scope, receive)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        misshapen = _misshapen(scope, headers)
        if misshapen is not None:
            return misshapen
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._doorway.names_us(hosts[0]):
            return _plain(
                421,
                "This name is not one that tokentide answers to; open it by the address that it printed, "
                "or add the name with --allow-host.",
            )
        if scope["method"] not in SAFE_METHODS | WRITE_METHODS:
            return _plain(405, "Only GET, HEAD, POST, PUT and DELETE.", {"allow": "GET, HEAD, POST, PUT, DELETE"})
        if self._is_foreign(headers, is_write=scope["method"] in WRITE_METHODS):
            return _plain(403, "Another page may not do that.")
        if _declared(headers) > self._most(scope):
            return _plain(413, _too_long(self._most(scope)), CLOSING)
        return None

    def _most(self, scope: Scope) -> int:
        """How long a body may be, in bytes."""
        return self._roomy.get(scope["path"], MOST_BODY_BYTES)

    def _is_foreign(self, headers: Headers, *, is_write: bool) -> bool:
        """True for what a page of somebody else had its browser ask; a link from there may be followed."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "")
        if origin is not None and not self._doorway.is_own(origin):
            return True
        if is_write:
            return site not in ("", "same-origin") or (origin is None and bool(site))
        return site in ("cross-site", "same-site") and not _is_link(headers)


def _is_link(headers: Headers) -> bool:
    """True where a whole page is asked for; one within a frame would not be shown, but would be made."""
    where = headers.get("sec-fetch-dest", "document")
    return headers.get("sec-fetch-mode") == "navigate" and where == "document"


def _misshapen(scope: Scope, headers: Headers) -> Response | None:
    """The answer to a head that no browser sends: too much of it, or one that a proxy may read in another way."""
    pairs = headers.raw
    if len(pairs) > MOST_HEADERS or sum(len(name) + len(value) for name, value in pairs) > MOST_HEAD_BYTES:
        return _plain(431, "The headers are too many or too long.", CLOSING)
    if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_TARGET_BYTES:
        return _plain(414, "The address is too long.", CLOSING)
    framed_twice = "transfer-encoding" in headers and "content-length" in headers
    if framed_twice or ("transfer-encoding" in headers and scope["http_version"] == "1.0"):
        return _plain(400, "A body has one length.", CLOSING)
    if not scope["raw_path"].startswith(b"/") and scope["method"] in SAFE_METHODS | WRITE_METHODS:
        return _plain(400, "The address of a request begins with a slash.", CLOSING)
    return None


def _plain(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{sentence}\n", status, headers)


def _declared(headers: Headers) -> int:
    """How long the body is said to be; 0 where that is not told."""
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() and len(text) < 20 else sys.maxsize


def _too_long(most: int) -> str:
    return f"A body holds {most >> 10} KiB at most."


def _bounded(receive: Receive, most: int) -> Receive:
    """Lets so much through, whatever was declared."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise BodyTooLongError(most)
        return message

    return bounded


class _Telling:
    """Sends an answer with our headers, and knows whether one has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await self._send(message)
