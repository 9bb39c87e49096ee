"""Bodies for the count endpoint: made of files, or taken from a whole request that somebody saved."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tokentide.sources.messages_api.content import Content, UnreadableError
from tokentide.sources.messages_api.media import PDF, TEXT

COUNTED = ("messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed")
"""What the endpoint takes beside the model; everything else of a request has no tokens, or is a beta."""
BETAS = ("mcp_servers", "context_management")
"""Members that have tokens and are not counted."""

Block = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the Messages API takes it, without its model."""

    members: Mapping[str, object]
    """Of COUNTED, those that it has."""
    model: str = ""
    """What it names itself; empty if nothing."""
    left_out: tuple[str, ...] = ()
    """Of BETAS, those that it had."""

    def body(self, model: str) -> bytes:
        """The JSON that is sent. Raises UnreadableError for what is nested too deeply."""
        try:
            text = json.dumps({"model": model, **self.members}, ensure_ascii=False)
        except RecursionError:
            raise UnreadableError("the request", "is nested too deeply") from None
        return text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Frame:
    """What goes around the files."""

    system: str = ""
    tools: Sequence[object] = field(default=())


def whole_request(content: Content) -> Request | None:
    """The request that a text is; None where it is something else: an object with a list `messages`."""
    if content.media != TEXT or content.data is None or not content.data.lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(content.data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found.get("messages"), list):
        return None
    model = found.get("model")
    members = {name: found[name] for name in COUNTED if found.get(name) is not None}
    left_out = tuple(name for name in BETAS if found.get(name))
    return Request(members, model if isinstance(model, str) else "", left_out)


def messages_in(content: Content) -> Request:
    """The request in a file of messages: a whole one, or their list alone. Raises UnreadableError."""
    found = whole_request(content)
    if found is not None:
        return found
    return Request({"messages": _list_in(content, "messages, or an object that has them")})


def tools_in(content: Content) -> Sequence[object]:
    """The tools in a file: a list, or an object that has one. Raises UnreadableError."""
    return _list_in(content, "tools")


def of_files(contents: Sequence[Content], frame: Frame | None = None) -> Request | None:
    """One message of the user with these files; None where one of them is too large to be sent, or nothing is left."""
    blocks = [_block(content) for content in contents if not _is_blank(content)]
    if not blocks or any(block is None for block in blocks):
        return None
    members: dict[str, object] = {"messages": [{"role": "user", "content": blocks}]}
    if frame is not None and frame.system.strip():
        members["system"] = frame.system
    if frame is not None and frame.tools:
        members["tools"] = list(frame.tools)
    return Request(members)


def _list_in(content: Content, what: str) -> Sequence[object]:
    """The JSON list that a file is, or has under its name."""
    if content.media != TEXT or content.data is None:
        raise UnreadableError(content.name, f"must be JSON of up to 32 MB, a list of {what}")
    try:
        found = json.loads(content.data)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise UnreadableError(content.name, f"is no JSON ({reason})") from None
    if isinstance(found, dict):
        found = found.get(what.split(",", maxsplit=1)[0])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found) or not found:
        raise UnreadableError(content.name, f"must hold a JSON list of {what}")
    return found


def _is_blank(content: Content) -> bool:
    """True for a text of white space, which the API does not take as a block."""
    return content.media == TEXT and not any(sample.strip() for sample in content.samples)


def _block(content: Content) -> Block | None:
    """One file as a block of a message."""
    if content.data is None:
        return None
    if content.media == TEXT:
        return {"type": "text", "text": content.data.decode("utf-8", "replace")}
    source = {"type": "base64", "media_type": content.media, "data": b64encode(content.data).decode()}
    return {"type": "document" if content.media == PDF else "image", "source": source}
