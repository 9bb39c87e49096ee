"""Conversations made by hand: prompts, answers with tool calls, results, sub-agents, as the client writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from tests.conftest import Machine

OPENED = datetime(2026, 3, 10, 10, 0, tzinfo=timezone.utc)
SONNET = "claude-sonnet-4-20250514"
Block = dict[str, object]


def text(size: int) -> Block:
    """Something said, of so many bytes."""
    return {"type": "text", "text": "x" * size}


def call(run: str, tool: str, **given: object) -> Block:
    """A call of a tool."""
    return {"type": "tool_use", "id": run, "name": tool, "input": given}


@dataclass
class Talk:
    """A transcript while it is written; instants are minutes since OPENED."""

    session: str = "5e551011-0000-4000-8000-00000000000a"
    agent: str = ""
    """The id of the sub-agent whose transcript it is; empty for the session's own."""
    cwd: str = "/w/alpha"
    lines: list[dict[str, object]] = field(default_factory=list)

    def prompt(self, minute: float, size: int = 10, words: str = "", **fields: object) -> None:
        """A person says something."""
        content = words or "p" * size
        self._add("user", minute, message={"role": "user", "content": content}, **fields)

    def answer(
        self, minute: float, message: str, *blocks: Block, counts: tuple[int, int, int, int, int], **fields: object
    ) -> None:
        """A response; counts are input, output, writes for 5 minutes, writes for an hour, reads."""
        fresh, output, short, long, read = counts
        usage = {
            "input_tokens": fresh,
            "output_tokens": output,
            "cache_creation_input_tokens": short + long,
            "cache_read_input_tokens": read,
            "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long},
        }
        model = fields.pop("model", SONNET)
        body = {"id": message, "model": model, "usage": usage, "stop_reason": "end_turn", "content": [*blocks]}
        self._add("assistant", minute, message=body, requestId=f"req-{message}", **fields)

    def result(self, minute: float, run: str, size: int, *, failed: bool = False, agent: str = "") -> None:
        """What a tool gave back."""
        block = {"type": "tool_result", "tool_use_id": run, "content": "r" * size, "is_error": failed}
        more: dict[str, object] = {"toolUseResult": {"agentId": agent}} if agent else {}
        self._add("user", minute, message={"role": "user", "content": [block]}, **more)

    def system(self, minute: float, subtype: str, **fields: object) -> None:
        """A line of the client's own."""
        self._add("system", minute, subtype=subtype, **fields)

    def write(self, machine: Machine) -> None:
        """The file, where the client has it."""
        folder = self.cwd.replace("/", "-")
        name = f"{self.session}/subagents/agent-{self.agent}" if self.agent else self.session
        machine.write(f"{folder}/{name}.jsonl", *self.lines)

    def _add(self, kind: str, minute: float, **fields: object) -> None:
        at = OPENED + timedelta(minutes=minute)
        head: dict[str, object] = {
            "type": kind,
            "sessionId": self.session,
            "cwd": self.cwd,
            "gitBranch": "main",
            "version": "2.1.150",
            "entrypoint": "cli",
            "uuid": f"{self.session[:8]}-{self.agent}-{len(self.lines)}",
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "isSidechain": bool(self.agent),
        }
        if self.agent:
            head["agentId"] = self.agent
        self.lines.append({**head, **fields})


def two_answers() -> Talk:
    """The example of docs/explanation/attribution.md."""
    talk = Talk()
    talk.prompt(0, 40)
    talk.answer(
        1,
        "m1",
        text(50),
        call("t1", "Read", file_path="x.py"),
        call("t2", "Bash", command="pytest -q tests."),
        counts=(1000, 300, 0, 0, 0),
    )
    talk.result(2, "t1", 3000)
    talk.result(2, "t2", 1000, failed=True)
    talk.answer(3, "m2", text(10), counts=(10, 100, 2000, 0, 1000))
    return talk
