"""What is counted, taken apart into what weighs: text by its shape, pictures by their pixels, pages, calls of tools.

A part is measured once and estimated for as many models as are asked for; its text is not kept.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tokentide.analytics.text_shape import FEATURES, shape_of
from tokentide.analytics.token_estimate import (
    MESSAGE_TOKENS,
    TOOL_CALL_TOKENS,
    TokenEstimate,
    estimate_shape,
    exactly,
    family_of,
    image_tokens,
    total_of,
)
from tokentide.pricing.names import parse_name
from tokentide.sources.messages_api.content import Content, UnreadableError
from tokentide.sources.messages_api.media import IMAGES, PDF, TEXT, image_size, pdf_pages
from tokentide.sources.messages_api.requests import Request

PAGE_TEXT = (1500, 2000, 3000)
"""Tokens of a page's text. Source: platform documentation, "PDF support", "Estimate your costs": 1,500 to 3,000."""
PAGE_PIXELS = (1240, 1754)
"""Every page is sent as a picture too; an A4 page at 150 dots an inch, which the vendor does not tell."""
UNKNOWN_IMAGE = (1024, 1024)
"""A picture that is named by its address or id alone."""
TOO_DEEP = "is nested too deeply"
USUAL_TOOLS_PROMPT = 400
_TOOLS_PROMPTS = (((5, 0), 320), ((4, 8), 290), ((4, 7), 675), ((4, 5), 497))
"""Tokens of the hidden prompt that tools bring along, from this generation on: Opus 5 has 286 and Sonnet 5 354.

Source: platform documentation, "Tool use", "Pricing".
"""
_NO_SHAPE = (0.0,) * len(FEATURES)


@dataclass(frozen=True, slots=True)
class Part:
    """One file, a system prompt, tools or a request, by what weighs in it."""

    name: str
    what: str
    """`text`, `image`, `pdf`, `request`, `system`, `tools` or `message`."""
    size_bytes: int
    shape: tuple[float, ...] = _NO_SHAPE
    """How often each of FEATURES is in its texts."""
    text_bytes: int = 0
    images: tuple[tuple[int, int], ...] = ()
    """Width and height of each picture, pixels."""
    pages: int = 0
    calls: int = 0
    """Calls and results of tools."""
    fixed_tokens: int = 0
    has_tools: bool = False


@dataclass(slots=True)
class _Scale:
    """Adds up what weighs."""

    shape: list[float] = field(default_factory=lambda: [*_NO_SHAPE])
    text_bytes: int = 0
    images: list[tuple[int, int]] = field(default_factory=list)
    pages: int = 0
    calls: int = 0
    messages: int = 0

    def text(self, text: str) -> None:
        """Add a text."""
        self.text_bytes += len(text.encode("utf-8", "surrogatepass"))
        self.shape = [sum(pair) for pair in zip(self.shape, shape_of(text), strict=True)]

    def json(self, value: object) -> None:
        """Add what is sent as JSON."""
        self.text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def part(self, name: str, what: str, size_bytes: int, *, has_tools: bool = False) -> Part:
        """All of it."""
        fixed = self.messages * MESSAGE_TOKENS
        return Part(
            name, what, size_bytes, (*self.shape,), self.text_bytes, (*self.images,), self.pages, self.calls, fixed,
            has_tools,
        )  # fmt: skip


def part_of(content: Content, what: str = "") -> Part:
    """A file, measured; of a long text the sample stands for the whole."""
    if content.media in IMAGES:
        return Part(content.name, what or "image", content.size_bytes, images=((content.width, content.height),))
    if content.media == PDF:
        return Part(content.name, what or "pdf", content.size_bytes, pages=content.pages)
    scale = _Scale()
    for sample in content.samples:
        scale.text(sample)
    whole = content.size_bytes / content.sampled_bytes if content.sampled_bytes else 1.0
    shape = tuple(count * whole for count in scale.shape)
    return Part(content.name, what or TEXT, content.size_bytes, shape, content.size_bytes)


def part_of_tools(content: Content, tools: Sequence[object]) -> Part:
    """The definitions of tools. Raises UnreadableError for what is nested too deeply."""
    scale = _Scale()
    try:
        for tool in tools:
            scale.json(tool)
    except RecursionError:
        raise UnreadableError(content.name, TOO_DEEP) from None
    return scale.part(content.name, "tools", content.size_bytes, has_tools=True)


def part_of_request(content: Content, request: Request) -> Part:
    """A whole request; the thinking of earlier turns is not counted, as the vendor has it.

    Raises UnreadableError for what is nested too deeply.
    """
    scale = _Scale()
    try:
        _weigh_members(request.members, scale)
    except RecursionError:
        raise UnreadableError(content.name, TOO_DEEP) from None
    return scale.part(content.name, "request", content.size_bytes, has_tools=bool(request.members.get("tools")))


def message_part() -> Part:
    """What a message weighs beside the files in it."""
    return Part("the message around it", "message", 0, fixed_tokens=MESSAGE_TOKENS)


def estimate_part(part: Part, model: str) -> TokenEstimate:
    """What a part will be to a model."""
    family = family_of(model)
    fixed = part.fixed_tokens + part.calls * TOOL_CALL_TOKENS + sum(image_tokens(*size, model) for size in part.images)
    if part.has_tools:
        fixed += tools_prompt(model)
    found = [exactly(fixed, family), estimate_shape(part.shape, part.text_bytes, model)]
    if part.pages:
        picture = image_tokens(*PAGE_PIXELS, model)
        low, likely, high = (part.pages * (tokens + picture) for tokens in PAGE_TEXT)
        found.append(TokenEstimate(low, likely, high, family))
    return total_of(found, family)


def tools_prompt(model: str) -> int:
    """Tokens of the hidden prompt that comes with any tool."""
    name = parse_name(model)
    generation = name.generation if name is not None and name.claude else None
    if generation is None:
        return USUAL_TOOLS_PROMPT
    return next((tokens for since, tokens in _TOOLS_PROMPTS if generation >= since), USUAL_TOOLS_PROMPT)


def _weigh_members(members: Mapping[str, object], scale: _Scale) -> None:
    """System prompt, tools and messages."""
    _weigh(members.get("system"), scale)
    tools = members.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        scale.json(tool)
    messages = members.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            scale.messages += 1
            _weigh(message.get("content"), scale)


def _weigh(content: object, scale: _Scale) -> None:
    """A text, or a list of blocks."""
    if isinstance(content, str):
        scale.text(content)
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            _weigh_block(block, scale)


def _weigh_block(block: Mapping[str, object], scale: _Scale) -> None:
    """One block of a message, of whatever type; signatures, ids and thinking have no weight of their own."""
    kind = block.get("type")
    if kind == "text":
        scale.text(_text(block.get("text")))
    elif kind in ("image", "document"):
        _weigh_source(block.get("source"), scale)
    elif kind in ("tool_use", "server_tool_use"):
        scale.calls += 1
        scale.json(block.get("input"))
    elif kind == "tool_result":
        _weigh(block.get("content"), scale)
    elif kind not in ("thinking", "redacted_thinking"):
        for text in _texts(block):
            scale.text(text)


def _weigh_source(source: object, scale: _Scale) -> None:
    """A picture or a document: its data where they are here, else the usual size."""
    if not isinstance(source, dict):
        return
    media, data = _text(source.get("media_type")), _text(source.get("data"))
    if source.get("type") == "text":
        scale.text(data)
    elif isinstance(source.get("content"), str | list):
        _weigh(source["content"], scale)
    elif media in IMAGES:
        scale.images.append(image_size(_bytes(data), media) or UNKNOWN_IMAGE)
    elif media == PDF:
        scale.pages += pdf_pages(_bytes(data)) or 1
    else:
        scale.images.append(UNKNOWN_IMAGE)


def _bytes(data: str) -> bytes:
    try:
        return b64decode(data)
    except ValueError:
        return b""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> Iterator[str]:
    """All texts within something, in order; iterative, since the nesting is another's."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting.extend(reversed([item for name, item in each.items() if name not in ("type", "signature")]))
        elif isinstance(each, list):
            waiting.extend(reversed(each))
