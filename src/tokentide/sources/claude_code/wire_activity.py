"""The shapes of transcript lines as far as they tell what happened; see `wire` for what they tell of usage."""

from __future__ import annotations

import msgspec

from tokentide.sources.claude_code.wire import Usage

_NOTHING = msgspec.Raw(b"")


class ContentBlock(msgspec.Struct, gc=False):
    """A block of a message, of an assistant's or a user's."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: msgspec.Raw = _NOTHING
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = _NOTHING
    tool_use_id: str | None = None
    content: msgspec.Raw = _NOTHING
    is_error: bool | None = None


class Spoken(msgspec.Struct):
    """`message` of an assistant's or a user's line."""

    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    content: str | list[ContentBlock] | None = None
    usage: Usage | None = None


class Origin(msgspec.Struct):
    """Where a prompt comes from; since 2.1.119."""

    kind: str | None = None


class CompactMetadata(msgspec.Struct, rename="camel"):
    """What a compaction did."""

    trigger: str | None = None
    pre_tokens: int | None = None
    post_tokens: int | None = None


class Inner(msgspec.Struct, rename="camel"):
    """A whole line inside a progress line: a sub-agent's, from 2.1.14 to 2.1.81."""

    type: str | None = None
    timestamp: str | None = None
    uuid: str | None = None
    request_id: str | None = None
    message: Spoken | None = None
    tool_use_result: msgspec.Raw = _NOTHING


class InnerData(msgspec.Struct, rename="camel"):
    """`data` of a progress line."""

    type: str | None = None
    agent_id: str | None = None
    message: Inner | None = None


class Told(msgspec.Struct, rename="camel"):
    """A transcript line of any type."""

    type: str | None = None
    subtype: str | None = None
    timestamp: str | None = None
    uuid: str | None = None
    session_id: str | None = None
    request_id: str | None = None
    agent_id: str | None = None
    is_sidechain: bool | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    is_api_error_message: bool | None = None
    api_error_status: int | None = None
    effort: str | None = None
    entrypoint: str | None = None
    attribution_skill: str | None = None
    prompt_source: str | None = None
    tool_denial_kind: str | None = None
    origin: Origin | None = None
    pr_url: str | None = None
    message: Spoken | None = None
    tool_use_result: msgspec.Raw = _NOTHING
    attachment: msgspec.Raw = _NOTHING
    compact_metadata: CompactMetadata | None = None
    data: InnerData | None = None


class ToolInput(msgspec.Struct, gc=False):
    """What of a tool's input says what it works on."""

    file_path: str | None = None
    notebook_path: str | None = None
    path: str | None = None
    command: str | None = None
    url: str | None = None
    pattern: str | None = None
    skill: str | None = None
    subagent_type: str | None = None


class ResultBlock(msgspec.Struct, gc=False):
    """A block of a tool's result."""

    type: str = ""
    text: str | None = None


class Hunk(msgspec.Struct, gc=False):
    """A changed stretch of a file, its lines beginning with ` `, `+` or `-`."""

    lines: list[str] = []


class GitOperation(msgspec.Struct, gc=False):
    """What a shell command did with git; since 2.1.2xx."""

    commit: msgspec.Raw = _NOTHING


class ToolOutcome(msgspec.Struct, rename="camel"):
    """`toolUseResult`, as far as it says more than the result that the model read."""

    type: str | None = None
    structured_patch: list[Hunk] | None = None
    content: msgspec.Raw = _NOTHING
    git_operation: GitOperation | None = None
    agent_id: str | None = None


class AttachmentBody(msgspec.Struct, rename="camel"):
    """`attachment`; of most kinds only the size matters."""

    type: str = ""
    hook_name: str | None = None
    display_path: str | None = None
    path: str | None = None
    filename: str | None = None
    names: list[str] | None = None
    added_names: list[str] | None = None
    added_types: list[str] | None = None
    added_lines: list[str] | None = None
    added_blocks: list[str] | None = None
    content: msgspec.Raw = _NOTHING
    prompt: msgspec.Raw = _NOTHING
    snippet: str | None = None
    source_uuid: str | None = msgspec.field(default=None, name="source_uuid")


decode_told = msgspec.json.Decoder(Told).decode
decode_input = msgspec.json.Decoder(ToolInput).decode
decode_outcome = msgspec.json.Decoder(ToolOutcome).decode
decode_attachment = msgspec.json.Decoder(AttachmentBody).decode
decode_result_blocks = msgspec.json.Decoder(list[ResultBlock]).decode
decode_text = msgspec.json.Decoder(str).decode
