"""Lines of made-up transcripts as Claude Code 2.1.220 writes them: what a conversation is made of, and what it uses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from tokentide.clock import HOUR_US, MINUTE_US, SECOND_US

Json = Mapping[str, object]
SYSTEM_TOKENS = 15_500
"""What the system prompt and the tools of a made-up client weigh."""
BYTES_PER_TOKEN = {"text": 2.55, "code": 2.18, "call": 2.47}
"""About those of tokentide.analytics.token_estimate for models since Opus 4.7; older ones get three parts in four as
many tokens out of a byte."""
CALL_TOKENS = 70
"""What a call weighs beside its arguments."""
OLDER = ("claude-haiku-4-5", "claude-sonnet-4-6")
_WORDS = (
    "the order keeps its total when a line is taken out and the tax is worked out again from what is left so that "
    "nobody pays a cent too much or too little and the test that fails now says which of the two sums is wrong "
)
_CODE = (
    "def total_of(lines):\n    amount = 0\n    for line in lines:\n        amount += line.price * line.count\n"
    "    return rounded(amount)\n\n\nclass Basket:\n    def __init__(self, owner):\n        self.owner = owner\n\n"
)
_PROSE = _WORDS * 400
_SOURCE = _CODE * 500


def prose(size_bytes: int) -> str:
    """Filler that reads like a sentence that does not end."""
    return _PROSE[:size_bytes]


def source(size_bytes: int) -> str:
    """Filler that looks like a program."""
    return _SOURCE[:size_bytes]


def source_lines(count: int) -> list[str]:
    """So many lines of that program."""
    return _SOURCE[: count * 60].split("\n")[:count]


@dataclass(slots=True)
class Chain:
    """One transcript while it is written: a session's own, or that of one of its sub-agents."""

    project: str
    branch: str
    model: str
    session: str
    at: datetime
    chance: Random
    version: str
    entry_point: str = "cli"
    effort: str = ""
    agent: str = ""
    """The sub-agent's id; empty for a session's own transcript."""
    skill: str = ""
    """The skill at work."""
    lines: list[str] = field(default_factory=list)
    sent: int = 0
    """Tokens of the last request, all of them in the cache since."""
    answered: datetime | None = None
    """When that was."""
    added: int = SYSTEM_TOKENS
    """Tokens that the next request sends for the first time."""

    def tokens(self, size_bytes: int, kind: str) -> int:
        """About how many tokens so many bytes are to the model; the same size is not always the same number."""
        rate = BYTES_PER_TOKEN[kind] * (4 / 3 if self.model.startswith(OLDER) else 1)
        return max(1, round(size_bytes / rate * self.chance.uniform(0.93, 1.07)))

    def size(self, tokens: int, kind: str) -> int:
        """The reverse, without chance: bytes."""
        return round(tokens * BYTES_PER_TOKEN[kind] * (4 / 3 if self.model.startswith(OLDER) else 1))

    def say(self, text: str, **more: object) -> None:
        """A line of a user: a prompt, or what the client puts there."""
        self.added += self.tokens(len(text), "text")
        self._line("user", message={"role": "user", "content": text}, **more)

    def attach(self, kind: str, size_bytes: int, **more: object) -> None:
        """An attachment of about that size."""
        self.added += self.tokens(size_bytes, "text")
        self._line("attachment", attachment={"type": kind, **more})

    def answer(self, blocks: Sequence[Json], output_tokens: int) -> None:
        """A response, a line a block, that reads all there is and keeps it in the cache."""
        prompt = self.sent + self.added
        fresh = min(self.chance.randrange(2, 12), self.added)
        is_warm = self.answered is not None and (self.at - self.answered).total_seconds() * SECOND_US < self._life()
        read = self.sent if is_warm else 0
        usage = self._usage(fresh, prompt - fresh - read, read, output_tokens)
        message = {
            "id": f"msg_{self.chance.getrandbits(96):024x}",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "stop_reason": "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn",
            "usage": usage,
        }
        request = f"req_{self.chance.getrandbits(96):024x}"
        for block in blocks:
            named = {"attributionSkill": self.skill} if self.skill else {}
            self._line("assistant", message={**message, "content": [block]}, requestId=request, **named)
        self.sent, self.added, self.answered = prompt, output_tokens, self.at

    def compact(self, summary_tokens: int, trigger: str) -> None:
        """Everything said so far gives way to its summary."""
        before = self.sent + self.added
        after = SYSTEM_TOKENS + summary_tokens
        told = {"trigger": trigger, "preTokens": before, "postTokens": after, "durationMs": 41_000}
        self._line("system", subtype="compact_boundary", level="info", compactMetadata=told)
        self.sent, self.added, self.answered = 0, SYSTEM_TOKENS, None
        self.say(prose(self.size(summary_tokens, "text")), isCompactSummary=True, isVisibleInTranscriptOnly=True)

    def result(self, tool_id: str, text: str, outcome: object, *, is_error: bool) -> None:
        """What a tool gave back."""
        self.added += self.tokens(len(text), "code")
        block = {"type": "tool_result", "tool_use_id": tool_id, "content": text}
        given = {**block, "is_error": True} if is_error else block
        self._line("user", message={"role": "user", "content": [given]}, toolUseResult=outcome)

    def event(self, kind: str, **more: object) -> None:
        """A line of any other type."""
        self._line(kind, **more)

    def bare(self, **line: object) -> None:
        """A line without what the others bear."""
        self.lines.append(json.dumps(line, separators=(",", ":")))

    def _life(self) -> int:
        """How long the cache holds, µs: an hour for a person's own conversation, five minutes for the others."""
        return HOUR_US if self._is_kept_long() else 5 * MINUTE_US

    def _is_kept_long(self) -> bool:
        return not self.agent and not self.entry_point.startswith("sdk")

    def _usage(self, fresh: int, written: int, read: int, output: int) -> Json:
        long = written if self._is_kept_long() else 0
        return {
            "input_tokens": fresh,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "output_tokens": output,
            "cache_creation": {"ephemeral_5m_input_tokens": written - long, "ephemeral_1h_input_tokens": long},
            "service_tier": "standard",
        }

    def _line(self, kind: str, **more: object) -> None:
        number = self.chance.getrandbits(128)
        digits = f"{number:032x}"
        agent = {"agentId": self.agent} if self.agent else {}
        effort = {"effort": self.effort} if self.effort and kind == "assistant" else {}
        self.bare(
            type=kind,
            isSidechain=bool(self.agent),
            userType="external",
            entrypoint=self.entry_point,
            cwd=self.project,
            sessionId=self.session,
            version=self.version,
            gitBranch=self.branch,
            **agent,
            **effort,
            **more,
            uuid=f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}",
            timestamp=self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
