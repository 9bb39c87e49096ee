"""A stand-in for the Messages API on loopback: it answers with scripted usage and records what it was asked.

It speaks as much of the API as Claude Code 2.1.197 asks for in print mode, and takes its OpenTelemetry logs (OTLP
over HTTP, JSON), so that base URL and telemetry endpoint can be one server.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from tests.loopback import running

LOOPBACK = "127.0.0.1"

JsonObject = Mapping[str, object]


@dataclass(frozen=True)
class ScriptedUsage:
    """What one response shall claim to have used; counts are tokens, web searches are requests."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_5m: int = 0
    cache_creation_1h: int = 0
    cache_read: int = 0
    service_tier: str = "standard"
    speed: str | None = None
    """`fast`, `standard`, or None: the key is not sent."""
    inference_geo: str | None = None
    """`us`, `global`, `not_available`, or None: the key is not sent."""
    web_search_requests: int = 0
    iterations: tuple[JsonObject, ...] = ()
    """The parts of the response as the API lists them, such as an advisor's own usage; empty: the key is not sent."""

    def final(self) -> dict[str, object]:
        """The usage object of a finished message, as the API words it."""
        return self._circumstances() | self.at_end()

    def at_start(self) -> dict[str, object]:
        """The usage object of `message_start`: all but the output, of which a placeholder is known."""
        return self._counts() | self._circumstances() | {"output_tokens": min(self.output_tokens, 1)}

    def at_end(self) -> dict[str, object]:
        """The cumulative usage object of `message_delta`: the flat counts and what is known at the end alone.

        Lifetimes, tier, speed and residency are not repeated in it.
        """
        searches = {"web_search_requests": self.web_search_requests, "web_fetch_requests": 0}
        ended: dict[str, object] = {"server_tool_use": searches} if self.web_search_requests else {}
        return self._counts() | ended | ({"iterations": list(self.iterations)} if self.iterations else {})

    def _counts(self) -> dict[str, object]:
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.cache_creation_5m + self.cache_creation_1h,
            "cache_read_input_tokens": self.cache_read,
            "output_tokens": self.output_tokens,
        }

    def _circumstances(self) -> dict[str, object]:
        lifetimes: dict[str, object] = {
            "ephemeral_5m_input_tokens": self.cache_creation_5m,
            "ephemeral_1h_input_tokens": self.cache_creation_1h,
        }
        optional = {"speed": self.speed, "inference_geo": self.inference_geo}
        always: dict[str, object] = {"cache_creation": lifetimes, "service_tier": self.service_tier}
        return always | {key: value for key, value in optional.items() if value is not None}


@dataclass(frozen=True)
class ScriptedTurn:
    """One answer of the stand-in: a sentence, then a tool call if one is named."""

    usage: ScriptedUsage
    tool: str = ""
    """Name of the tool to call, such as `Bash` or `Agent`; empty ends the client's turn."""
    tool_input: JsonObject = field(default_factory=dict)
    text: str = "Done."
    breaks_off: bool = False
    """True ends a stream after its first block, without the final usage, as a lost connection does."""
    is_refused: bool = False
    """True answers 429, as when a limit is reached; why stands in the headers."""

    @property
    def stop_reason(self) -> str:
        """`tool_use` where a tool is called, else `end_turn`."""
        return "tool_use" if self.tool else "end_turn"

    def blocks(self) -> list[dict[str, object]]:
        """The content blocks, finished."""
        said: list[dict[str, object]] = [{"type": "text", "text": self.text}]
        if self.tool:
            said.append({"type": "tool_use", "id": new_id("toolu"), "name": self.tool, "input": dict(self.tool_input)})
        return said


@dataclass(frozen=True)
class SeenRequest:
    """One request that arrived, with the ids that the answer carried (empty where it carried none)."""

    method: str
    path: str
    body: JsonObject
    turn: ScriptedTurn | None = None
    """The answer, where one was scripted."""
    message_id: str = ""
    request_id: str = ""


UNSCRIPTED = ScriptedTurn(ScriptedUsage(input_tokens=1, output_tokens=1), text="Not in the script.")
"""What a request gets that no lane foresaw, or that comes after the end of its lane."""


def new_id(kind: str) -> str:
    """An id as the API makes them, unique: `msg_01…`, `req_011…`."""
    return f"{kind}_01{uuid.uuid4().hex[:22]}"


class ApiStandIn(ThreadingHTTPServer):
    """The server: for each marker a lane of turns, taken by requests whose first user message holds the marker.

    A sub-agent's first user message is the prompt that its parent gave it, so that a lane of its own answers it,
    however its requests and the parent's interleave.
    """

    daemon_threads = True

    def __init__(self, lanes: Mapping[str, Sequence[ScriptedTurn]], headers: Mapping[str, str]) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.message_headers = headers
        """What every answer to `/v1/messages` bears besides."""
        self.requests: list[SeenRequest] = []
        """All requests but telemetry, in order of arrival."""
        self.telemetry: list[JsonObject] = []
        """The decoded bodies of `/v1/logs`."""
        self._lanes = {marker: list(turns) for marker, turns in lanes.items()}
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """What `ANTHROPIC_BASE_URL` and the telemetry endpoint are set to."""
        return f"http://{LOOPBACK}:{self.server_port}"

    @property
    def surprises(self) -> list[str]:
        """Where script and run differ: messages not foreseen, requests to other hosts, turns left over."""
        messages = [seen for seen in self.requests if seen.path == "/v1/messages"]
        unforeseen = [f"not in the script: {first_user_message(seen.body)}" for seen in messages if seen.turn is None]
        outside = [f"to another host: {seen.path}" for seen in self.requests if not seen.path.startswith("/")]
        left = [f"left over after {marker}: {len(turns)}" for marker, turns in self._lanes.items() if turns]
        return unforeseen + outside + left

    def take_turn(self, body: JsonObject) -> ScriptedTurn | None:
        """The next turn of the request's lane; None where nothing was scripted."""
        opening = first_user_message(body)
        with self._lock:
            lanes = (turns for marker, turns in self._lanes.items() if marker in opening and turns)
            lane = next(lanes, None)
            return lane.pop(0) if lane else None

    def record(self, seen: SeenRequest) -> None:
        """Note a request."""
        with self._lock:
            self.requests.append(seen)

    def record_telemetry(self, body: JsonObject) -> None:
        """Note a batch of OTLP log records."""
        with self._lock:
            self.telemetry.append(body)


@contextmanager
def serving(
    lanes: Mapping[str, Sequence[ScriptedTurn]], headers: Mapping[str, str] | None = None
) -> Iterator[ApiStandIn]:
    """A running stand-in on a free port, closed at the end; `headers` go with every answer to a message."""
    server = ApiStandIn(lanes, headers or {})
    with running(server):
        yield server


def first_user_message(body: JsonObject) -> str:
    """The first user message as JSON text; empty without one."""
    messages = cast("list[JsonObject]", body.get("messages") or [])
    return next((json.dumps(one["content"]) for one in messages if one.get("role") == "user"), "")


def finished_message(turn: ScriptedTurn, *, model: str, message_id: str) -> dict[str, object]:
    """The whole message, as the API answers without streaming."""
    head = {"id": message_id, "type": "message", "role": "assistant", "model": model, "content": turn.blocks()}
    return head | {"stop_reason": turn.stop_reason, "stop_sequence": None, "usage": turn.usage.final()}


def streamed_events(turn: ScriptedTurn, *, model: str, message_id: str) -> Iterator[dict[str, object]]:
    """The same message as the events of a stream, in order."""
    message = finished_message(turn, model=model, message_id=message_id)
    empty: dict[str, object] = {"content": [], "stop_reason": None, "usage": turn.usage.at_start()}
    yield {"type": "message_start", "message": message | empty}
    for index, block in enumerate(cast("list[dict[str, object]]", message["content"])):
        yield from _block_events(index, block)
        if turn.breaks_off:
            return
    end = {"stop_reason": turn.stop_reason, "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": turn.usage.at_end()}
    yield {"type": "message_stop"}


def _block_events(index: int, block: dict[str, object]) -> Iterator[dict[str, object]]:
    start: dict[str, object]
    delta: dict[str, object]
    if block["type"] == "text":
        start, delta = {"text": ""}, {"type": "text_delta", "text": block["text"]}
    else:
        start, delta = {"input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    yield {"type": "content_block_start", "index": index, "content_block": block | start}
    yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


class _Handler(BaseHTTPRequestHandler):
    """One connection: one request, one answer, closed."""

    protocol_version = "HTTP/1.1"
    server: ApiStandIn

    def do_POST(self) -> None:
        body = cast("JsonObject", json.loads(self._read_body() or b"{}"))
        path = self.path.partition("?")[0]
        if path == "/v1/messages":
            self._answer_message(body)
        elif path == "/v1/logs":
            self.server.record_telemetry(body)
            self._answer_json(200, {})
        else:
            self.server.record(SeenRequest("POST", path, body))
            count = path == "/v1/messages/count_tokens"
            self._answer_json(*((200, {"input_tokens": 10}) if count else (404, _NOT_FOUND)))

    def do_GET(self) -> None:
        self.server.record(SeenRequest(self.command, self.path, {}))
        self._answer_json(404, _NOT_FOUND)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_CONNECT(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
        """Say nothing: what was asked is in `requests`."""

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _answer_message(self, body: JsonObject) -> None:
        scripted = self.server.take_turn(body)
        turn = scripted or UNSCRIPTED
        message_id, request_id, model = new_id("msg"), new_id("req"), str(body["model"])
        self.server.record(SeenRequest("POST", "/v1/messages", body, scripted, message_id, request_id))
        if turn.is_refused:
            self._answer_json(429, _REFUSED, request_id, self.server.message_headers)
        elif body.get("stream"):
            events = streamed_events(turn, model=model, message_id=message_id)
            frames = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
            self._answer(200, "text/event-stream", frames.encode(), request_id, self.server.message_headers)
        else:
            message = finished_message(turn, model=model, message_id=message_id)
            self._answer_json(200, message, request_id, self.server.message_headers)

    def _answer_json(
        self, status: int, payload: JsonObject, request_id: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        self._answer(status, "application/json", json.dumps(payload).encode(), request_id, headers or {})

    def _answer(
        self, status: int, content_type: str, payload: bytes, request_id: str, headers: Mapping[str, str]
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("Connection", "close")
        self.send_header("request-id", request_id or new_id("req"))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)


_NOT_FOUND: JsonObject = {"type": "error", "error": {"type": "not_found_error", "message": "not in this stand-in"}}
_REFUSED: JsonObject = {
    "type": "error",
    "error": {"type": "rate_limit_error", "message": "This request would exceed your account's rate limit."},
}
