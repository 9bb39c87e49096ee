"""Sessions of known composition: transcripts made by hand whose usage follows a table of tokens for each thing in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from tokentide.analytics.token_estimate import CODE, JSON, OLDER, OTHER, RATES, TEXT, TOOL_CALL_TOKENS, family_of

MODEL = "claude-opus-4-8"
SESSION = "c0ffee00-0000-4000-8000-000000000001"
START = datetime(2026, 3, 12, 8, 0, tzinfo=timezone.utc)
Json = Mapping[str, object]


def text_of(tokens: int, kind: str = TEXT, model: str = MODEL) -> str:
    """Filler that weighs about so many tokens by its size."""
    family = family_of(model)
    rate = RATES[OLDER if family == OTHER else family, kind].likely
    return ("some words of a text, and more " * (tokens // 5 + 1))[: round(tokens * 1000 / rate)]


@dataclass
class Made:
    """A transcript as it grows; `prompt` is what the next request will send, by the table."""

    fixed: int = 20_000
    """The client's own part."""
    model: str = MODEL
    long_writes: bool = True
    """One-hour cache writes; else five minutes."""
    lines: list[dict[str, object]] = field(default_factory=list)
    minute: float = 0.0
    prompt: int = 0
    cached: int = 0
    count: int = 0
    chain: str = ""
    final: bool = True

    def __post_init__(self) -> None:
        self.prompt = self.prompt or self.fixed

    def line(self, kind: str, **more: object) -> None:
        """One line, ten seconds after the one before."""
        self.minute += 1 / 6
        at = START + timedelta(minutes=self.minute)
        head: dict[str, object] = {
            "type": kind,
            "sessionId": SESSION,
            "uuid": f"u{len(self.lines)}-{self.chain}",
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "cwd": "/w/alpha",
            "version": "2.1.197",
            "entrypoint": "cli",
        }
        if self.chain:
            head |= {"agentId": self.chain, "isSidechain": True}
        self.lines.append(head | more)

    def said(self, tokens: int, text: str = "", **more: object) -> None:
        """A prompt of so many tokens."""
        self.prompt += tokens
        self.line("user", message={"role": "user", "content": text or text_of(tokens, model=self.model)}, **more)

    def attached(self, kind: str, tokens: int, **more: object) -> None:
        """An attachment of so many tokens."""
        self.prompt += tokens
        self.line("attachment", attachment={"type": kind, "content": text_of(tokens, model=self.model), **more})

    def result(self, tool_id: str, tokens: int, size_tokens: int | None = None, **more: object) -> None:
        """A tool's result of so many tokens; by its size it may look like another number."""
        self.prompt += tokens
        content = text_of(tokens if size_tokens is None else size_tokens, CODE, self.model)
        block = {"type": "tool_result", "tool_use_id": tool_id, "content": content}
        self.line("user", message={"role": "user", "content": [block]}, **more)

    def answer(self, *blocks: tuple[str, int, str], read: int | None = None, effort: str = "high") -> list[str]:
        """A response of blocks (kind, tokens, tool or file); returns the ids of its tool calls.

        Everything up to here has been cached by then, unless `read` says how much was.
        """
        self.count += 1
        read = min(self.cached, self.prompt) if read is None else read
        written, output = self.prompt - read, sum(tokens for _, tokens, _ in blocks)
        life = "ephemeral_1h_input_tokens" if self.long_writes else "ephemeral_5m_input_tokens"
        usage = {
            "input_tokens": 0,
            "output_tokens": output if self.final else 1,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "cache_creation": {life: written},
        }
        ids: list[str] = []
        for number, (kind, tokens, name) in enumerate(blocks):
            block = self._block(kind, tokens, name, number)
            if "id" in block:
                ids.append(str(block["id"]))
            message = {
                "id": f"msg_{self.count}{self.chain}",
                "model": self.model,
                "role": "assistant",
                "content": [block],
                "stop_reason": ("tool_use" if ids else "end_turn") if self.final else None,
                "usage": usage,
            }
            self.line("assistant", message=message, requestId=f"req_{self.count}{self.chain}", effort=effort)
        self.cached = self.prompt
        self.prompt += output
        return ids

    def _block(self, kind: str, tokens: int, name: str, number: int) -> dict[str, object]:
        if kind == "text":
            return {"type": "text", "text": text_of(tokens, model=self.model)}
        if kind == "thinking":
            return {"type": "thinking", "thinking": text_of(tokens // 4, model=self.model), "signature": "c2ln"}
        tool, _, target = name.partition(" ")
        given = {"file_path": target} if target else {}
        size = max(tokens - TOOL_CALL_TOKENS, 1)
        filler = text_of(size, JSON, self.model)
        return {
            "type": "tool_use",
            "id": f"toolu_{self.count}_{number}{self.chain}",
            "name": tool,
            "input": {**given, "content": filler[: max(len(filler) - 15 - len(target), 0)]},
        }

    def compacted(self, summary: int, kept: int = 0) -> None:
        """A compaction: what is left is the client's own part, the summary, and what was kept besides."""
        meta = {"trigger": "auto", "preTokens": self.prompt, "postTokens": summary}
        self.line("system", subtype="compact_boundary", compactMetadata=meta)
        self.prompt, self.cached = self.fixed + kept, 0
        self.said(summary, isCompactSummary=True, isVisibleInTranscriptOnly=True)
