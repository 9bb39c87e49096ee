"""From the lines of a transcript to what happened, in order: prompts, answers, results, attachments, marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tokentide.model.activity import (
    API_ERROR,
    COMPACTION,
    INTERRUPTION,
    MAIN_CHAIN,
    MCP_SERVER,
    MICROCOMPACTION,
    NOTICE,
    PERSON,
    PROGRAM,
    PROMPT,
    PULL_REQUEST,
    REFUSAL,
    SIDE_CHAIN,
    SUMMARY,
    TASK,
    Answer,
    Attachment,
    Event,
    Mark,
    Prompt,
    mcp_parts,
)
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.sources.claude_code.lines import read_values
from tokentide.sources.claude_code.measuring import REFUSED, block_of, hash_of, result_of, size_of
from tokentide.sources.claude_code.sightings import response_tokens
from tokentide.sources.claude_code.wire_activity import (
    AttachmentBody,
    ContentBlock,
    Inner,
    Spoken,
    Told,
    decode_attachment,
    decode_result_blocks,
    decode_text,
    decode_told,
)

_COMMAND = re.compile(r"<command-name>\s*(/?[\w:.-]{1,80})\s*</command-name>")
_TAG = re.compile(r"<([a-z][a-z-]{1,40})>")
_NOTICES = (
    "<local-command-",
    "<task-notification>",
    "<bash-input>",
    "<bash-stdout>",
    "<bash-stderr>",
    "<system-reminder>",
    "<user-memory-input>",
    "Caveat: The messages below",
)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_ABSENT = object()
MOST_ODD_FIELDS = 16
"""A line with more is not looked at."""
_INTERRUPTED = "[Request interrupted by user"
_SYSTEM_MARKS = {
    "compact_boundary": COMPACTION,
    "microcompact_boundary": MICROCOMPACTION,
    "api_error": API_ERROR,
    "model_refusal_fallback": REFUSAL,
    "api_refusal": REFUSAL,
}
_LOCAL_COMMANDS = frozenset(
    {
        "/add-dir",
        "/agents",
        "/bug",
        "/clear",
        "/config",
        "/context",
        "/copy",
        "/cost",
        "/doctor",
        "/effort",
        "/exit",
        "/export",
        "/fast",
        "/help",
        "/hooks",
        "/ide",
        "/login",
        "/logout",
        "/mcp",
        "/memory",
        "/model",
        "/output-style",
        "/permissions",
        "/plugin",
        "/quit",
        "/release-notes",
        "/reload-plugins",
        "/rename",
        "/resume",
        "/rewind",
        "/stats",
        "/status",
        "/statusline",
        "/tasks",
        "/terminal-setup",
        "/theme",
        "/todos",
        "/usage",
        "/vim",
    }
)
"""Slash commands that the client answers by itself: no response is made for them."""


def events_of(raw: bytes, session: str) -> Iterator[Event]:
    """What a line tells; nothing for a line that tells nothing, or that cannot be read (the reader of usage counts it).

    `session` is the session of the file, for lines that name none.
    """
    try:
        yield from _of_line(decode_told(raw), session)
    except REFUSED:
        for value in read_values(raw):
            if isinstance(value, dict):
                yield from _tolerantly(value, session)


def _tolerantly(value: dict[object, object], session: str) -> Iterator[Event]:
    """An object that strict decoding refused, without those of its fields that have not the types they should."""
    for _ in range(MOST_ODD_FIELDS):
        try:
            line = decode_told(msgspec.json.encode(value))
        except msgspec.ValidationError as error:
            if not _without_odd_field(value, str(error)):
                return
        except (*REFUSED, TypeError):
            return
        else:
            yield from _of_line(line, session)
            return


def _without_odd_field(value: object, fault: str) -> bool:
    """Take the field that the decoder names (`… - at `$.message.content[0]``) out of an object; False if it cannot."""
    path = [*_STEP.findall(fault.rpartition("`$")[2])]
    for name, index in path[:-1]:
        value = _inside(value, name, index)
    name, index = path[-1] if path else ("", "")
    if isinstance(value, list) and index:
        del value[int(index)]
        return True
    return isinstance(value, dict) and value.pop(name, _ABSENT) is not _ABSENT


def _inside(value: object, name: str, index: str) -> object:
    """One step down."""
    if isinstance(value, list):
        return value[int(index)] if index else None
    return value.get(name) if isinstance(value, dict) else None


def _of_line(line: Told, session: str) -> Iterator[Event]:
    """Events of a decoded line; nothing without a valid time."""
    at = (parse_instant(line.timestamp) if line.timestamp else None) or 0
    session = line.session_id or session
    kind = line.type
    if not at:
        return
    chain = line.agent_id or (SIDE_CHAIN if line.is_sidechain else MAIN_CHAIN)
    if kind == "assistant" or (kind is None and line.message is not None and line.message.usage is not None):
        yield from _assistant(line, session, at, chain)
    elif kind == "user":
        yield from _user(line, session, at, chain)
    elif kind == "attachment":
        yield from _attachment(line, session, at, chain)
    elif kind == "system":
        yield from _system(line, session, at, chain)
    elif kind == "progress":
        yield from _progress(line, session)
    elif kind == "pr-link" and line.pr_url:
        yield Mark(session, f"pr:{hash_of(line.pr_url):x}", at, PULL_REQUEST)


def _assistant(line: Told, session: str, at: int, chain: str) -> Iterator[Event]:
    """One line of a response, or an error that stands in its place."""
    message = line.message
    if line.is_api_error_message:
        yield Mark(session, line.uuid or str(at), at, API_ERROR, amount=line.api_error_status or 0, chain=chain)
    elif message is not None and message.usage is not None and message.model != "<synthetic>":
        yield _answer(line, message, at, chain)


def _answer(line: Told, message: Spoken, at: int, chain: str) -> Answer:
    content = message.content if isinstance(message.content, list) else ()
    blocks = tuple(block for found in content if (block := block_of(found)) is not None)
    request = line.request_id or ""
    return Answer(
        at,
        chain,
        message.id or (f"request:{request}" if request else ""),
        message.model or "",
        *response_tokens(message.usage),
        blocks=blocks,
        effort=line.effort or "",
        entry_point=line.entrypoint or "",
        skill=line.attribution_skill or "",
        stop_reason=message.stop_reason or "",
    )


def _user(line: Told, session: str, at: int, chain: str) -> Iterator[Event]:
    """Results of tools, and what is said beside them."""
    content = line.message.content if line.message is not None else None
    blocks = content if isinstance(content, list) else [ContentBlock("text", content)] if content else []
    results = [block for block in blocks if block.type == "tool_result"]
    for block in results:
        yield result_of(block, line.tool_use_result, at, chain, denied=line.tool_denial_kind is not None)
    said = [block for block in blocks if block.type != "tool_result"]
    if not said:
        return
    text = "\n".join(block.text for block in said if block.text)
    key = line.uuid or str(at)
    if text.startswith(_INTERRUPTED):
        yield Mark(session, key, at, INTERRUPTION, chain=chain)
        return
    command = _command(text)
    speaker = _speaker(line, text, command, chain)
    if speaker == NOTICE:
        command = command or _tag(text)
    images = sum(block.type == "image" for block in said)
    yield from _prompt(Prompt(at, chain, key, speaker, size_of(text), command, images), session)


def _prompt(prompt: Prompt, session: str) -> Iterator[Event]:
    """A prompt, with a mark where a person or a program speaks in the main chain."""
    if prompt.speaker in (PERSON, PROGRAM) and prompt.chain == MAIN_CHAIN:
        yield Mark(session, prompt.key, prompt.at, PROMPT, prompt.command, prompt.size_bytes)
    yield prompt


def _command(text: str) -> str:
    found = _COMMAND.search(text[:4000]) if text.startswith(("<command-", "\n<command-")) else None
    return f"/{found[1].lstrip('/')}" if found else ""


def _tag(text: str) -> str:
    """What a notice of the client is, as its first tag says: task-notification; empty without any."""
    found = _TAG.match(text) if text.startswith(_NOTICES) else None
    return found[1] if found else ""


def _speaker(line: Told, text: str, command: str, chain: str) -> str:
    """Who says it; the client's own fields first, then how the text begins."""
    if line.is_compact_summary:
        return SUMMARY
    if chain != MAIN_CHAIN:
        return TASK
    origin = line.origin.kind if line.origin is not None else None
    if line.is_meta or line.prompt_source == "system" or origin == "task-notification":
        return NOTICE
    if text.startswith(_NOTICES) or command in _LOCAL_COMMANDS:
        return NOTICE
    if line.prompt_source == "sdk" or (line.entrypoint or "").startswith("sdk"):
        return PROGRAM
    return PERSON


def _attachment(line: Told, session: str, at: int, chain: str) -> Iterator[Event]:
    """What the client added; a queued command is a prompt, listed servers leave a mark each."""
    try:
        body = decode_attachment(bytes(line.attachment))
    except REFUSED:
        return
    key = line.uuid or str(at)
    if body.type == "queued_command":
        yield from _prompt(_queued(line, body, at, chain), session)
        return
    names = (*(body.names or ()), *(body.added_names or ()), *(body.added_types or ()))
    name = body.display_path or body.path or body.filename or body.hook_name or ""
    yield Attachment(at, chain, key, body.type, _attached_bytes(body, line.attachment), name, names)
    for server, size in _servers(body).items():
        yield Mark(session, f"{body.type}:{server}", at, MCP_SERVER, server, size)


def _queued(line: Told, body: AttachmentBody, at: int, chain: str) -> Prompt:
    """A prompt that was typed while the model worked; its copy in a user line would bear `source_uuid`."""
    text, images = _said(bytes(body.prompt))
    speaker = NOTICE if text.startswith(_NOTICES) else TASK if chain != MAIN_CHAIN else PERSON
    tag = _tag(text) if speaker == NOTICE else ""
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


def _system(line: Told, session: str, at: int, chain: str) -> Iterator[Event]:
    """Compactions, errors and refusals."""
    kind = _SYSTEM_MARKS.get(line.subtype or "")
    if kind is None:
        return
    done = line.compact_metadata
    trigger, before, after = (
        (done.trigger or "", done.pre_tokens or 0, done.post_tokens or 0) if done is not None else ("", 0, 0)
    )
    yield Mark(session, line.uuid or str(at), at, kind, trigger, before, chain, after)


def _progress(line: Told, session: str) -> Iterator[Event]:
    """A sub-agent's line that is wrapped in one of its parent's."""
    inner = line.data.message if line.data is not None else None
    if line.data is None or inner is None or line.data.type != "agent_progress":
        return
    yield from _of_line(_unwrapped(line, inner, line.data.agent_id), session)


def _unwrapped(line: Told, inner: Inner, agent: str | None) -> Told:
    return Told(
        type=inner.type,
        timestamp=inner.timestamp or line.timestamp,
        uuid=inner.uuid,
        session_id=line.session_id,
        request_id=inner.request_id,
        agent_id=agent,
        is_sidechain=True,
        entrypoint=line.entrypoint,
        message=inner.message,
        tool_use_result=inner.tool_use_result,
    )
