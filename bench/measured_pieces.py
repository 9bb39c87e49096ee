"""Pieces of real conversations with the tokens that the vendor counted them as, read from transcripts.

Two figures of a transcript are exact: what a response came to (`output_tokens`), and what the prompt of the next
request grew by. So a response without thinking that is all text, or one call of a tool, tells the tokens of its bytes;
and between two requests of one model, where only results of tools were added, the growth less the response is theirs.
Thinking of the turn stays in the prompt: growth less `output_tokens` is the same with and without it.

Left out, not averaged in: other models in between, compactions, errors, pictures, attachments, prompts (the client adds
reminders to them that no file shows), and counts that are stream placeholders (clients before 2.1.100, `stop_reason`
null). Of those older clients only results count that are five times as large as the response before them.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokentide.analytics.token_estimate import CODE, JSON, RATES, TEXT, TOOL_CALL_TOKENS, family_of

Line = Mapping[str, Any]
SURE_SINCE = (2, 1, 100)
PROSE_TOOLS = frozenset({"Agent", "Task", "WebFetch", "WebSearch"})
SMALL_SHARE = 5
"""Results of older clients are at least so many times as large as the response that asked for them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of one kind, and what they came to."""

    family: str
    kind: str
    is_result: bool
    """True for results of tools, False for what the model wrote."""
    size_bytes: int
    tokens: int
    session: str


@dataclass(slots=True)
class Response:
    """One response, put together from its lines."""

    model: str
    version: tuple[int, ...]
    prompt: int
    output: int = 0
    is_final: bool = False
    has_thinking: bool = False
    text_bytes: int = 0
    calls: list[int] = field(default_factory=list)
    """Bytes of the arguments of each call."""
    has_others: bool = False

    @property
    def is_sure(self) -> bool:
        """True where its output count is no placeholder."""
        return self.is_final and self.version >= SURE_SINCE

    @property
    def seen_bytes(self) -> int:
        """What of it can be seen."""
        return self.text_bytes + sum(self.calls)


@dataclass(slots=True)
class Between:
    """What was added between two requests."""

    result_bytes: int = 0
    tools: set[str] = field(default_factory=set)
    is_spoilt: bool = False


def pieces_in(folder: Path) -> Iterator[Piece]:
    """Every piece of the transcripts below a folder, gzipped ones too; copies of a response count once."""
    told: set[str] = set()
    for path in sorted([*folder.rglob("projects/**/*.jsonl"), *folder.rglob("projects/**/*.jsonl.gz")]):
        yield from _Session(str(path), told).pieces(_lines(path))


class _Session:
    """Reads one file."""

    def __init__(self, name: str, told: set[str]) -> None:
        self._name = name
        self._told = told
        self._responses: dict[str, Response] = {}
        self._tools: dict[str, str] = {}
        self._order: list[str | Between] = []

    def pieces(self, lines: Iterator[Line]) -> Iterator[Piece]:
        """All pieces of the file."""
        for line in lines:
            if not line.get("isSidechain"):
                self._take(line)
        last, between = "", Between()
        for item in self._order:
            if isinstance(item, Between):
                between.result_bytes += item.result_bytes
                between.tools |= item.tools
                between.is_spoilt |= item.is_spoilt
                continue
            if item not in self._told:
                yield from self._written(self._responses[item])
            if last and f"{last} {item}" not in self._told:
                yield from self._grown(self._responses[last], self._responses[item], between)
            self._told |= {item, f"{last} {item}"}
            last, between = item, Between()

    def _written(self, response: Response) -> Iterator[Piece]:
        """What the model wrote, where it is of one kind."""
        if not response.is_sure or response.has_thinking or response.has_others:
            return
        family = family_of(response.model)
        if response.text_bytes and not response.calls:
            yield Piece(family, TEXT, False, response.text_bytes, response.output, self._name)
        elif len(response.calls) == 1 and not response.text_bytes:
            yield Piece(family, JSON, False, response.calls[0], response.output - TOOL_CALL_TOKENS, self._name)

    def _grown(self, before: Response, after: Response, between: Between) -> Iterator[Piece]:
        """What the results of tools came to."""
        if between.is_spoilt or not between.result_bytes or before.model != after.model:
            return
        family = family_of(before.model)
        written = before.output
        if not before.is_sure:
            if before.has_thinking or before.seen_bytes * SMALL_SHARE > between.result_bytes or family == "other":
                return
            written = max(written, round(before.seen_bytes * RATES[family, JSON].likely / 1000))
        are_json = all(tool.startswith("mcp__") for tool in between.tools)
        kind = TEXT if between.tools <= PROSE_TOOLS else JSON if are_json else CODE
        tokens = after.prompt - before.prompt - written
        yield Piece(family, kind, True, between.result_bytes, tokens, self._name)

    def _take(self, line: Line) -> None:
        message = line.get("message") if isinstance(line.get("message"), dict) else {}
        assert isinstance(message, dict)
        if line.get("type") == "assistant":
            self._take_response(line, message)
        elif line.get("type") == "user":
            self._order.append(_between(line, message.get("content"), self._tools))
        elif line.get("type") == "attachment" or str(line.get("subtype")).endswith(("_boundary", "_fallback")):
            self._order.append(Between(is_spoilt=True))

    def _take_response(self, line: Line, message: Line) -> None:
        identity = message.get("id")
        if not identity or message.get("model") == "<synthetic>" or line.get("isApiErrorMessage"):
            self._order.append(Between(is_spoilt=True))
            return
        usage = message.get("usage") or {}
        if identity not in self._responses:
            counters = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
            version = tuple(map(int, re.findall(r"\d+", str(line.get("version")))[:3]))
            prompt = sum(usage.get(name) or 0 for name in counters)
            self._responses[identity] = Response(str(message.get("model")), version, prompt)
            self._order.append(identity)
        response = self._responses[identity]
        response.output = max(response.output, usage.get("output_tokens") or 0)
        response.is_final |= message.get("stop_reason") is not None
        for block in message.get("content") or ():
            self._take_block(response, block)

    def _take_block(self, response: Response, block: Line) -> None:
        kind = block.get("type")
        if kind == "text":
            response.text_bytes += _size(block.get("text"))
        elif kind == "tool_use":
            if block["id"] not in self._tools:
                self._tools[block["id"]] = str(block.get("name"))
                response.calls.append(_size(json.dumps(block.get("input"), ensure_ascii=False, separators=(",", ":"))))
        elif kind in ("thinking", "redacted_thinking"):
            response.has_thinking = True
        else:
            response.has_others = True


def _between(line: Line, content: object, tools: Mapping[str, str]) -> Between:
    """What one line of the user's side adds."""
    found = Between(is_spoilt=not isinstance(content, list) or bool(line.get("isCompactSummary")))
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict) or block.get("type") != "tool_result":
            found.is_spoilt = True
            continue
        found.tools.add(tools.get(str(block.get("tool_use_id")), ""))
        inner = block.get("content")
        for part in inner if isinstance(inner, list) else [{"type": "text", "text": inner}]:
            found.is_spoilt |= part.get("type") != "text"
            found.result_bytes += _size(part.get("text"))
    return found


def _size(text: object) -> int:
    return len(text.encode("utf-8", "replace")) if isinstance(text, str) else 0


def _lines(path: Path) -> Iterator[Line]:
    """The lines that are objects."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found
