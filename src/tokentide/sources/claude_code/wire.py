"""The shapes of transcript lines, as far as they matter here; msgspec skips everything else unread.

Names are the vendor's: those of the client in camel case, those of the API in snake case. Nothing above the parser
sees these types.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

MAX_COUNT = 10**9
"""Largest count believed: a hundred times any context. Costs of such counts still fit 64 bits."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]


class CacheCreation(msgspec.Struct, gc=False):
    """Cache writes by lifetime; since 1.0.98."""

    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class ServerToolUse(msgspec.Struct, gc=False):
    """Uses of the vendor's own tools."""

    web_search_requests: Count | None = None


class Counts(msgspec.Struct):
    """The counters that a usage object and each of its iterations share."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation: CacheCreation | None = None


class Iteration(Counts):
    """One pass inside a response: a retry on another model, an advisor, a compaction."""

    type: str | None = None
    model: str | None = None


class Usage(Counts):
    """`message.usage`."""

    server_tool_use: ServerToolUse | None = None
    service_tier: str | None = None
    inference_geo: str | None = None
    speed: str | None = None
    iterations: list[Iteration] | None = None


class Message(msgspec.Struct):
    """`message` of an assistant line."""

    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: Usage | None = None


class Nested(msgspec.Struct, rename="camel"):
    """A whole line inside a progress line."""

    timestamp: str | None = None
    request_id: str | None = None
    message: Message | None = None


class ProgressData(msgspec.Struct, rename="camel"):
    """`data` of a progress line; since 2.1.14 it repeats a sub-agent's responses."""

    agent_id: str | None = None
    message: Nested | None = None


class Line(msgspec.Struct, rename="camel"):
    """A transcript line."""

    timestamp: str | None = None
    session_id: str | None = None
    request_id: str | None = None
    cwd: str | None = None
    git_branch: str | None = None
    version: str | None = None
    agent_id: str | None = None
    is_sidechain: bool | None = None
    is_api_error_message: bool | None = None
    cost_usd: float | None = msgspec.field(default=None, name="costUSD")
    message: Message | None = None
    data: ProgressData | None = None
    tool_use_result: msgspec.Raw = msgspec.Raw(b"")


class AgentResult(msgspec.Struct, rename="camel"):
    """`toolUseResult` of a finished sub-agent: names its kind."""

    agent_id: str | None = None
    agent_type: str | None = None


class Stamp(msgspec.Struct):
    """Only the time of a line."""

    timestamp: str | None = None


class Title(msgspec.Struct, rename="camel"):
    """A line that names a session."""

    type: str | None = None
    session_id: str | None = None
    custom_title: str | None = None
    ai_title: str | None = None
    summary: str | None = None
    leaf_uuid: str | None = None
    """A message of the session that a summary names, which may be another one."""


decode_line = msgspec.json.Decoder(Line).decode
decode_stamp = msgspec.json.Decoder(Stamp).decode
decode_title = msgspec.json.Decoder(Title).decode
decode_agent_result = msgspec.json.Decoder(AgentResult).decode
