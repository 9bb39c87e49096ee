"""What the client puts into the context beside the conversation: files, listings, prompts that were typed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tokentide.model.activity import (
    MAIN_CHAIN,
    MCP_SERVER,
    NOTICE,
    PERSON,
    TASK,
    Attachment,
    Event,
    Mark,
    Prompt,
    mcp_parts,
)
from tokentide.sources.claude_code.measuring import REFUSED, size_of
from tokentide.sources.claude_code.prompts import is_notice, prompt_events, tag_of
from tokentide.sources.claude_code.wire_activity import (
    AttachmentBody,
    Told,
    decode_attachment,
    decode_result_blocks,
    decode_text,
)


def attachment_events(line: Told, session: str, at: int, chain: str) -> Iterator[Event]:
    """What the client added; a queued command is a prompt, listed servers leave a mark each."""
    try:
        body = decode_attachment(bytes(line.attachment))
    except REFUSED:
        return
    key = line.uuid or str(at)
    if body.type == "queued_command":
        yield from prompt_events(_queued(line, body, at, chain), session)
        return
    names = (*(body.names or ()), *(body.added_names or ()), *(body.added_types or ()))
    name = body.display_path or body.path or body.filename or body.hook_name or ""
    yield Attachment(at, chain, key, body.type, _attached_bytes(body, line.attachment), name, names)
    for server, size in _servers(body).items():
        yield Mark(session, f"{body.type}:{server}", at, MCP_SERVER, server, size)


def _queued(line: Told, body: AttachmentBody, at: int, chain: str) -> Prompt:
    """A prompt that was typed while the model worked; its copy in a user line would bear `source_uuid`."""
    text, images = _said(bytes(body.prompt))
    speaker = NOTICE if is_notice(text) else TASK if chain != MAIN_CHAIN else PERSON
    tag = tag_of(text) if speaker == NOTICE else ""
    return Prompt(at, chain, body.source_uuid or line.uuid or str(at), speaker, size_of(text), tag, images)


def _said(raw: bytes) -> tuple[str, int]:
    """The text of a prompt and the number of its pictures; a text, or blocks as in a message."""
    try:
        if raw[:1] == b'"':
            return decode_text(raw), 0
        blocks = decode_result_blocks(raw) if raw[:1] == b"[" else []
    except REFUSED:
        return "", 0
    return "\n".join(block.text for block in blocks if block.text), sum(block.type == "image" for block in blocks)


def _attached_bytes(body: AttachmentBody, raw: msgspec.Raw) -> int:
    """About how much text an attachment gives the model."""
    listed = (body.added_lines, body.added_blocks)
    if any(lines is not None for lines in listed):
        return sum(size_of(text) for lines in listed for text in lines or ())
    content = bytes(body.content)
    if content:
        return len(content) - 2
    return size_of(body.snippet) or len(bytes(raw))


def _servers(body: AttachmentBody) -> dict[str, int]:
    """MCP servers that an attachment makes known, with the bytes it takes to say so."""
    sizes: dict[str, int] = {}
    if body.type == "mcp_instructions_delta":
        for name, text in zip(body.added_names or (), body.added_blocks or (), strict=False):
            sizes[name] = sizes.get(name, 0) + size_of(text)
    elif body.type == "deferred_tools_delta":
        lines = body.added_lines or []
        for number, tool in enumerate(body.added_names or ()):
            server, _ = mcp_parts(tool)
            if server:
                sizes[server] = sizes.get(server, 0) + size_of(lines[number] if number < len(lines) else tool)
    return sizes
