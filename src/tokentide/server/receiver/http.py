"""OTLP over HTTP, as a bare ASGI application: three signals, pushes, and a word on how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from tokentide.model.telemetry import Entrance
from tokentide.server.receiver.answers import Answer, json_of, protobuf_of
from tokentide.server.receiver.intake import MOST_BODY_BYTES, PUSH, Intake, Post

JSON, PROTOBUF = "application/json", "application/x-protobuf"
_PROTOBUF_TYPES = frozenset((PROTOBUF, "application/protobuf"))
_KINDS = {"/v1/logs": "logs", "/v1/metrics": "metrics", "/v1/traces": "traces", "/v1/push": PUSH}
_ENCODINGS = {"": "", "identity": "", "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
HEALTH = "/healthz"
_MOST_DRAINED_BYTES = 1 << 20
"""A refused body that is longer is not read to its end; its sender is hung up on."""
_PAUSE_SECONDS = 0.02
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _Head(NamedTuple):
    """What a request says before its body."""

    kind: str
    """Its signal; empty for another path."""
    is_json: bool
    length: int
    """-1 where it is not told, as of a chunked body."""
    headers: dict[bytes, bytes]


_GONE = Answer(0)
"""Nobody is there any more who could be answered."""


class HttpDoor:
    """The application."""

    def __init__(self, intake: Intake, fault: Callable[[], str]) -> None:
        """`fault` tells why the log takes nothing now; empty while it does."""
        self._intake, self._fault = intake, fault
        self._seconds = asyncio.get_running_loop().time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = self._seconds()
        if scope["path"] == HEALTH and scope["method"] in {"GET", "HEAD"}:
            await self._tell_health(send)
            return
        head = _head_of(scope)
        try:
            answer = await self._intake.guarded(self._answer(scope["method"], head, receive))
        except asyncio.CancelledError:  # the server ends: 503 is what is sent again to the next one
            answer = self._intake.later("the server is being ended")
        if answer is _GONE:
            return
        await _tell(send, answer, head, is_read=answer.status in {200, 400, 503} or head.length == 0)
        self._intake.tally.answered("http", head.kind, answer.status, self._seconds() - begun)

    async def _answer(self, method: str, head: _Head, receive: Receive) -> Answer:
        checked = self._checked(method, head)
        if isinstance(checked, Answer):
            return checked if await self._drain(head, receive) else _GONE
        room, held = self._intake.room, 0
        parts: list[bytes] = []
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    return _GONE
                part, more = message["body"], message["more_body"]
                parts.append(part)
                held += len(part)
                room.used_bytes += len(part)
                if held > MOST_BODY_BYTES:
                    return _too_long()
                if room.is_over:
                    return self._intake.crowded()
                if more and room.is_tight:
                    await asyncio.sleep(_PAUSE_SECONDS)
            post = Post(checked[0], head.kind, JSON if head.is_json else PROTOBUF, checked[1], _joined(parts))
            parts.clear()
            return await self._intake.take(post)
        finally:
            room.used_bytes -= held

    def _checked(self, method: str, head: _Head) -> tuple[Entrance, str] | Answer:
        """Who sends, and how the body is encoded; or why it is not read."""
        if not head.kind:
            return Answer(404, f"there is nothing here: telemetry goes to {', '.join(_KINDS)}")
        if method != "POST":
            return Answer(405, "telemetry is sent with POST")
        entrance = self._intake.entrance(head.headers)
        if isinstance(entrance, Answer):
            return entrance
        encoding = _encoding_of(head)
        if isinstance(encoding, Answer):
            return encoding
        return (entrance, encoding) if self._intake.room.has(max(0, head.length)) else self._intake.crowded()

    async def _drain(self, head: _Head, receive: Receive) -> bool:
        """Read a short body that is refused: who is hung up on while sending it may never see the answer.

        False where nobody is there any more.
        """
        rest = _MOST_DRAINED_BYTES if head.length <= _MOST_DRAINED_BYTES else 0
        more = head.length != 0
        while more and rest > 0:
            message = await receive()
            if message["type"] != "http.request":
                return False
            more = message["more_body"]
            rest -= len(message["body"])
        return True

    async def _tell_health(self, send: Send) -> None:
        fault = self._fault()
        answer = Answer(503, fault, retry_after=5) if fault else Answer()
        body = json_of(answer, "") if fault else b'{"status":"ok"}'
        await _send(send, answer, body, [(b"content-type", b"application/json")])


def _head_of(scope: Scope) -> _Head:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    length = headers.get(b"content-length")
    kind = _KINDS.get(scope["path"], "")
    return _Head(
        kind,
        _content_type(headers) not in _PROTOBUF_TYPES,
        int(length) if length is not None and length.isdigit() else -1 if b"transfer-encoding" in headers else 0,
        headers,
    )


def _encoding_of(head: _Head) -> str | Answer:
    """How the body is encoded; or why nobody here could read it."""
    kind = _content_type(head.headers)
    if kind != JSON and (kind not in _PROTOBUF_TYPES or head.kind == PUSH):
        return Answer(415, f"the content type is {'' if head.kind == PUSH else PROTOBUF + ' or '}{JSON}")
    encoding = _ENCODINGS.get(head.headers.get(b"content-encoding", b"").decode("latin-1").strip().lower())
    if encoding is None:
        return Answer(415, "the content encoding is gzip, deflate or none")
    return _too_long() if head.length > MOST_BODY_BYTES else encoding


def _content_type(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")


def _joined(parts: list[bytes]) -> bytes:
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_long() -> Answer:
    return Answer(413, f"the body is longer than {MOST_BODY_BYTES >> 20} MiB")


async def _tell(send: Send, answer: Answer, head: _Head, *, is_read: bool) -> None:
    """Say it in the request's own type."""
    body = json_of(answer, head.kind) if head.is_json else protobuf_of(answer)
    headers = [(b"content-type", JSON.encode() if head.is_json else PROTOBUF.encode())]
    if not is_read and not 0 <= head.length <= _MOST_DRAINED_BYTES:
        headers.append((b"connection", b"close"))
    await _send(send, answer, body, headers)


async def _send(send: Send, answer: Answer, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers.append((b"content-length", b"%d" % len(body)))
    if answer.retry_after:
        headers.append((b"retry-after", b"%d" % answer.retry_after))
    if answer.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="tokentide"'))
    elif answer.status == 405:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
