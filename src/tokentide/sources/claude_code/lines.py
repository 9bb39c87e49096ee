"""The tolerant way to read a line, for those that the typed decoder refuses.

It reads what a strict one would drop: several objects glued on one line, an object behind a torn one, a byte order
mark, NUL bytes, lone surrogates, invalid UTF-8, nesting of thousands, integers written as `1e2`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from tokentide.sources.claude_code.wire import (
    MAX_COUNT,
    AgentResult,
    CacheCreation,
    Counts,
    Iteration,
    Line,
    Message,
    Nested,
    ProgressData,
    ServerToolUse,
    Usage,
)

MAX_DEPTH = 100
"""Values nested deeper are replaced by null; nothing that is read lies below level 6."""
MAX_FRAGMENT_BYTES = 1 << 26
MAX_RESTARTS = 32
"""How many later places in a torn line are tried as the start of a whole object."""

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)|[{}\[\]]', re.DOTALL)
"""A string, which may lack its end, or a bracket."""
_OBJECT_START = re.compile(rb'\{\s*"\w+"\s*:')
_LONE_SURROGATE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PADDING = b"\x00\xef\xbb\xbf \t\r\n"
_C = TypeVar("_C", bound=Counts)


class BadCountError(ValueError):
    """A counter is no whole number from 0 to MAX_COUNT."""


def read_objects(raw: bytes) -> Iterator[Line | str]:
    """Every transcript object of a line in order; a string stands for a part that could not be read and says why."""
    for value in read_values(raw):
        yield value if isinstance(value, str) else _as_line(value)


def read_values(raw: bytes) -> Iterator[dict[object, object] | str]:
    """The same as plain JSON objects."""
    rest = raw.strip(_PADDING)
    while rest:
        chunk, rest = _first_object(rest)
        value = _decode(chunk) if chunk else None
        if isinstance(value, dict):
            yield value
            continue
        yield "no JSON object" if value is not None or not chunk else "broken JSON"
        rest = _restart(chunk + rest if chunk else rest)


def half_written(path: str, offset: int) -> int:
    """Bytes behind the last line end that are no whole line yet; 0 for a last line that only lacks its end."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            rest = file.read(MAX_FRAGMENT_BYTES)
    except OSError:
        return 0
    return len(rest) if any(isinstance(found, str) for found in read_objects(rest)) else 0


def _as_line(value: dict[object, object]) -> Line | str:
    """The typed line, or why its counts cannot be used."""
    try:
        return _line(value)
    except BadCountError as error:
        return str(error)


def _first_object(data: bytes) -> tuple[bytes, bytes]:
    """Split off the first balanced object, pruned of deep nesting; an unbalanced one takes the whole line."""
    if data[:1] != b"{":
        return b"", data
    depth, cut, kept, start = 0, 0, [], 0
    for token in _TOKEN.finditer(data):
        kind = data[token.start()]
        if kind in b"{[":
            depth += 1
            cut = token.start() if depth == MAX_DEPTH + 1 else cut
        elif kind in b"}]":
            depth -= 1
            if depth == MAX_DEPTH:
                kept += [data[start:cut], b"null"]
                start = token.end()
            elif depth == 0:
                kept.append(data[start : token.end()])
                return b"".join(kept), data[token.end() :].lstrip(_PADDING)
    return data, b""


def _restart(data: bytes) -> bytes:
    """What follows the first later place where a whole transcript object begins; empty if there is none."""
    for number, match in enumerate(_OBJECT_START.finditer(data, 1)):
        if number == MAX_RESTARTS:
            break
        chunk, _ = _first_object(data[match.start() :])
        value = _decode(chunk)
        if isinstance(value, dict) and "sessionId" in value:  # a line nested in a torn one has none
            return data[match.start() :]
    return b""


def _decode(chunk: bytes) -> object:
    """The value of a JSON text; None where it is broken."""
    for text in (chunk, _repaired(chunk)):
        try:
            value: object = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return value
    return _decode_any_number(_repaired(chunk))


def _decode_any_number(text: bytes) -> object:
    """The value by the standard decoder, which takes numbers of any size; None where the text is broken."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _repaired(chunk: bytes) -> bytes:
    """The text with invalid UTF-8 and lone surrogates replaced, and raw control characters made spaces."""
    text = chunk.decode("utf-8", "replace").encode()
    text = _LONE_SURROGATE.sub(rb"\1\\ufffd", text)
    return bytes(text).translate(_CONTROLS_TO_SPACES)


_CONTROLS_TO_SPACES = bytes(max(byte, 0x20) for byte in range(256))


def _line(value: dict[object, object]) -> Line:
    """A line from what JSON gave; fields of a wrong type count as absent, wrong counters raise BadCountError."""
    data = _object(value.get("data"))
    return Line(
        timestamp=_text(value.get("timestamp")),
        session_id=_text(value.get("sessionId")),
        request_id=_text(value.get("requestId")),
        cwd=_text(value.get("cwd")),
        git_branch=_text(value.get("gitBranch")),
        version=_text(value.get("version")),
        agent_id=_text(value.get("agentId")),
        is_sidechain=_flag(value.get("isSidechain")),
        is_api_error_message=_flag(value.get("isApiErrorMessage")),
        cost_usd=_number(value.get("costUSD")),
        message=_message(value.get("message")),
        data=ProgressData(_text(data.get("agentId")), _nested(data.get("message"))) if data else None,
        tool_use_result=_agent_result(value.get("toolUseResult")),
    )


def _nested(value: object) -> Nested | None:
    found = _object(value)
    return (
        Nested(_text(found.get("timestamp")), _text(found.get("requestId")), _message(found.get("message")))
        if found
        else None
    )


def _message(value: object) -> Message | None:
    found = _object(value)
    if not found:
        return None
    return Message(
        _text(found.get("id")), _text(found.get("model")), _text(found.get("stop_reason")), _usage(found.get("usage"))
    )


def _usage(value: object) -> Usage | None:
    """The usage object; raises BadCountError."""
    if not isinstance(value, dict):
        return None
    iterations = value.get("iterations")
    usage = _counts(Usage(), value)
    usage.server_tool_use = ServerToolUse(_count(_object(value.get("server_tool_use")), "web_search_requests"))
    usage.service_tier = _text(value.get("service_tier"))
    usage.inference_geo = _text(value.get("inference_geo"))
    usage.speed = _text(value.get("speed"))
    usage.iterations = (
        [_iteration(item) for item in iterations if isinstance(item, dict)] if isinstance(iterations, list) else None
    )
    return usage


def _iteration(value: dict[object, object]) -> Iteration:
    iteration = _counts(Iteration(), value)
    iteration.type = _text(value.get("type"))
    iteration.model = _text(value.get("model"))
    return iteration


def _counts(into: _C, value: dict[object, object]) -> _C:
    """Fill the shared counters; raises BadCountError."""
    into.input_tokens = _count(value, "input_tokens")
    into.output_tokens = _count(value, "output_tokens")
    into.cache_creation_input_tokens = _count(value, "cache_creation_input_tokens")
    into.cache_read_input_tokens = _count(value, "cache_read_input_tokens")
    split = _object(value.get("cache_creation"))
    into.cache_creation = (
        CacheCreation(_count(split, "ephemeral_5m_input_tokens"), _count(split, "ephemeral_1h_input_tokens"))
        if split
        else None
    )
    return into


def _count(value: dict[object, object], name: str) -> int | None:
    """A counter; whole numbers in any JSON spelling are taken. Raises BadCountError."""
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= MAX_COUNT:
        raise BadCountError(f"{name} is no token count")
    return found


def _agent_result(value: object) -> msgspec.Raw:
    """The kind of a finished sub-agent, as it would stand in a readable line."""
    found = _object(value)
    kind = AgentResult(_text(found.get("agentId")), _text(found.get("agentType")))
    return msgspec.Raw(msgspec.json.encode(kind)) if kind.agent_type else msgspec.Raw(b"")


def _object(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
