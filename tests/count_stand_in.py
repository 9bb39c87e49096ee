"""A stand-in for the count endpoint on loopback: it counts characters, keeps what came, and fails on demand."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import answering

KEY = "sk-ant-api03-THIS-MUST-NOT-APPEAR-ANYWHERE-5kLm"
FRAME = 7
PICTURE, PAGE = 1500, 3000
ALLOWED = {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed"}


@dataclass(frozen=True)
class Trouble:
    """An answer in the place of the right one."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """None for an error in the documented envelope."""
    times: int = 1_000
    message: str = "no"
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class CountStandIn:
    """The rules, the log."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.troubles: list[Trouble] = []
        self.url = ""
        self._served = 0

    def answer(self, asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body."""
        self.asked.append(asked)
        for trouble in self.troubles:
            if self._served < trouble.times:
                self._served += 1
                time.sleep(trouble.delay_seconds)
                return (
                    trouble.status,
                    trouble.headers,
                    trouble.body if trouble.body is not None else error(trouble.message),
                )
        fault = self._fault(asked)
        if fault:
            return fault[0], {}, error(fault[1])
        return 200, {}, json.dumps({"input_tokens": tokens_of(asked.body)}).encode()

    def _fault(self, asked: Asked) -> tuple[int, str] | None:
        """What the documentation says is refused."""
        if asked.headers.get("x-api-key") != KEY or asked.headers.get("anthropic-version") != "2023-06-01":
            return 401, f"invalid x-api-key {asked.headers.get('x-api-key')}"
        if asked.path != "/v1/messages/count_tokens":
            return 404, "not found"
        if not str(asked.body.get("model", "")).startswith("claude-") or "[" in asked.body["model"]:
            return 404, f"model: {asked.body.get('model')}"
        extra = asked.body.keys() - ALLOWED
        if extra:
            return 400, f"{', '.join(sorted(extra))}: Extra inputs are not permitted"
        if not asked.body.get("messages"):
            return 400, "messages: at least one message is required"
        texts = [block for block in blocks_of(asked.body) if block["type"] == "text"]
        return (
            (400, "messages: text content blocks must be non-empty")
            if any(not b["text"].strip() for b in texts)
            else None
        )


def blocks_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All blocks of all messages."""
    contents = [message["content"] for message in body["messages"]]
    return [
        block
        for content in contents
        for block in ([{"type": "text", "text": content}] if isinstance(content, str) else content)
    ]


def tokens_of(body: Mapping[str, Any]) -> int:
    """A token a character, so that every part can be told in the sum."""
    total = (
        FRAME * len(body["messages"])
        + len(body.get("system", ""))
        + (len(json.dumps(body["tools"])) if "tools" in body else 0)
    )
    weights = {"image": PICTURE, "document": PAGE}
    return total + sum(weights.get(block["type"], len(block.get("text", ""))) for block in blocks_of(body))


def error(message: str) -> bytes:
    """The documented envelope."""
    return json.dumps({"type": "error", "error": {"type": "some_error", "message": message}}).encode()


@contextmanager
def count_stand_in() -> Iterator[CountStandIn]:
    """A stand-in that serves until the end of the block."""
    stand_in = CountStandIn()
    with answering(lambda came: stand_in.answer(Asked(came.target, came.headers, json.loads(came.body)))) as url:
        stand_in.url = url
        yield stand_in
