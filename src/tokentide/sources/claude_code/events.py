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
    MICROCOMPACTION,
    NOTICE,
    PULL_REQUEST,
    REFUSAL,
    SIDE_CHAIN,
    Answer,
    Event,
    Mark,
    Prompt,
)
from tokentide.sources.claude_code.attachments import attachment_events
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.sources.claude_code.lines import read_values
from tokentide.sources.claude_code.measuring import REFUSED, block_of, hash_of, result_of, size_of
from tokentide.sources.claude_code.prompts import command_of, prompt_events, speaker_of, tag_of
from tokentide.sources.claude_code.sightings import response_tokens
from tokentide.sources.claude_code.wire_activity import (
    ContentBlock,
    Inner,
    Spoken,
    Told,
    decode_told,
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
        yield from attachment_events(line, session, at, chain)
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
    command = command_of(text)
    speaker = speaker_of(line, text, command, chain)
    if speaker == NOTICE:
        command = command or tag_of(text)
    images = sum(block.type == "image" for block in said)
    yield from prompt_events(Prompt(at, chain, key, speaker, size_of(text), command, images), session)


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
