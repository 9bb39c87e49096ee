"""Transcripts made by hand from the formats: single lines of every kind, and whole small machines of sessions.

What a line may look like stands in the research notes on log formats, sections 3 to 6.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

EPOCH = datetime(2026, 3, 10, 6, 0, tzinfo=timezone.utc)
"""When the first session opens; everything else is told in minutes from here."""
SESSIONS = 3
FOLDERS = ("/w/alpha", "/w/beta", "/w/alpha")
"""Where each session works; none of these exists on any machine."""
OPENING_MINUTES = 60
"""Sessions open within the first hour, responses come later."""

Json = Mapping[str, object]


@dataclass(frozen=True)
class Transcript:
    """One file of a machine: its name below `projects/`, and its complete lines."""

    name: str
    lines: tuple[bytes, ...]
    fixed: int = 0
    """So many first lines stay at the top whatever is shuffled: titles, snapshots, the opening."""

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return b"".join(line + b"\n" for line in self.lines)


@dataclass(frozen=True)
class Reply:
    """One response, and where its sightings stand."""

    number: int
    ids: str = "both"
    """`both`, `message`, `request`, `none`; `two_messages` and `two_requests` where its copies disagree."""
    home: int = 0
    """The session that it was spent in."""
    minute: int = OPENING_MINUTES
    model: str = "claude-opus-4-8"
    counts: tuple[int, int, int, int, int] = (100, 50, 0, 0, 0)
    """Input, output, writes for 5 minutes, writes for an hour, reads."""
    growth: tuple[int, ...] = ()
    """How much each further streamed copy adds to the output."""
    forks: tuple[int, ...] = ()
    """Later sessions that repeat its lines."""
    fork_folder: bool = False
    """True if these repeat them in a folder of their own."""
    agent: str = "no"
    """`no`; `agent`: of a sub-agent, in its file and in progress lines; `both`: also on the main chain."""
    iterations: str = "none"
    """`none`, `same`, `other` (a pass on another model), `compaction`."""
    version: str = "2.1.100"
    stop: bool = True


def encoded(line: Json) -> bytes:
    """A line as Claude Code writes it."""
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode()


def stamp(minute: float) -> str:
    """The instant so many minutes after `EPOCH`, as it is written."""
    moment = EPOCH + timedelta(minutes=minute)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def session_name(number: int) -> str:
    """A session's id."""
    return f"5e551011-0000-4000-8000-{number:012}"


def opening_line(session: int, minute: float) -> bytes:
    """A person's prompt: the first timestamped line of a file."""
    return encoded(
        {
            "parentUuid": None,
            "isSidechain": False,
            "userType": "external",
            "cwd": FOLDERS[session],
            "sessionId": session_name(session),
            "version": "2.1.100",
            "type": "user",
            "message": {"role": "user", "content": "hello"},
            "uuid": f"0b000000-0000-4000-8000-{session:012}",
            "timestamp": stamp(minute),
        }
    )


UNTIMED = (
    encoded({"type": "summary", "summary": "An older session", "leafUuid": "1eaf0000-0000-4000-8000-000000000001"}),
    encoded({"type": "file-history-snapshot", "messageId": "m", "snapshot": {}, "isSnapshotUpdate": False}),
    encoded({"type": "last-prompt", "lastPrompt": "hello", "sessionId": session_name(0)}),
    encoded({"type": "permission-mode", "permissionMode": "default", "sessionId": session_name(0)}),
)
"""Lines that real files begin with and that bear no time."""


def noise_line(kind: str, session: int, minute: float) -> bytes:
    """A line that adds nothing to any total."""
    head: dict[str, object] = {
        "sessionId": session_name(session),
        "timestamp": stamp(minute),
        "uuid": f"{kind}-{minute}",
    }
    usage = {"input_tokens": 999_999, "output_tokens": 999_999}
    lines: dict[str, bytes] = {
        "blank": b"",
        "broken": b'{"type":"assistant","message":{"usage":{"input_tokens":12,',
        "text": b"not JSON at all",
        "array": b"[1,2,3]",
        "title": encoded({"type": "ai-title", "aiTitle": f"Title of {session}", "sessionId": session_name(session)}),
        "synthetic": encoded(
            {**head, "type": "assistant", "message": {"model": "<synthetic>", "id": "syn", "usage": usage}}
        ),
        "error": encoded(
            {**head, "type": "assistant", "isApiErrorMessage": True, "message": {"id": "err", "usage": usage}}
        ),
        "sum": encoded({**head, "type": "user", "toolUseResult": {"usage": usage, "totalTokens": 999_999}}),
        "compact": encoded(
            {**head, "type": "system", "subtype": "compact_boundary", "compactMetadata": {"preTokens": 9}}
        ),
    }
    return lines[kind]


NOISE = ("blank", "broken", "text", "array", "title", "synthetic", "error", "sum", "compact")


def message_of(reply: Reply, copy: int) -> tuple[dict[str, object], str | None]:
    """One streamed copy of a response: the message, and its request id."""
    fresh, output, short, long, read = reply.counts
    usage: dict[str, object] = {
        "input_tokens": fresh,
        "output_tokens": output + sum(reply.growth[:copy]),
        "cache_creation_input_tokens": short + long,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long},
        "service_tier": "standard",
    }
    usage.update(_iterations(reply, usage))
    last = copy == len(reply.growth)
    message: dict[str, object] = {
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [{"type": "text", "text": "…"}],
        "stop_reason": "end_turn" if reply.stop and last else None,
        "usage": usage,
    }
    n, odd = reply.number, copy % 2
    if reply.ids in {"both", "message", "two_requests"}:
        message["id"] = f"msg_{n:04}"
    elif reply.ids == "two_messages":
        message["id"] = f"msg_{n:04}_{odd}"
    requests = {"both": f"req_{n:04}", "request": f"req_{n:04}", "two_messages": f"req_{n:04}"}
    requests["two_requests"] = f"req_{n:04}_{odd}"
    return message, requests.get(reply.ids)


def _iterations(reply: Reply, usage: Json) -> Json:
    own = {name: value for name, value in usage.items() if name.endswith("_tokens")}
    other = {"input_tokens": 7, "output_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 11}
    return {
        "none": {},
        "same": {"iterations": [{"type": "message", **own}]},
        "other": {
            "iterations": [{"type": "message", "model": "claude-haiku-4-5", **other}, {"type": "message", **own}]
        },
        "compaction": {"iterations": [{"type": "compaction", **other}, {"type": "message", **own}]},
    }[reply.iterations]


def sightings(reply: Reply) -> Iterator[tuple[str, bytes]]:
    """Every line that a response stands in, with the name of its file."""
    for copy in range(len(reply.growth) + 1):
        for session in (reply.home, *reply.forks):
            folder = FOLDERS[session if reply.fork_folder else reply.home]
            if reply.agent in {"no", "both"}:
                yield main_file(session), encoded(_assistant(reply, copy, session, folder))
            if reply.agent in {"agent", "both"} and session == reply.home:
                line = {**_assistant(reply, copy, session, folder), "isSidechain": True, "agentId": f"a{session}"}
                yield agent_file(session), encoded(line)
                yield main_file(session), encoded(_progress(line, session))


def _assistant(reply: Reply, copy: int, session: int, folder: str) -> dict[str, object]:
    message, request = message_of(reply, copy)
    line: dict[str, object] = {
        "parentUuid": None,
        "isSidechain": False,
        "userType": "external",
        "cwd": folder,
        "sessionId": session_name(session),
        "version": reply.version,
        "gitBranch": "main",
        "type": "assistant",
        "message": message,
        "uuid": f"a5515700-{reply.number:04}-4000-8000-{copy:012}",
        "timestamp": stamp(reply.minute + copy / 30),
    }
    if request is not None:
        line["requestId"] = request
    return line


def _progress(line: Json, session: int) -> dict[str, object]:
    nested = {name: line[name] for name in ("type", "message", "uuid", "timestamp", "requestId") if name in line}
    outer = {name: line[name] for name in ("cwd", "sessionId", "version", "gitBranch")}
    data = {"type": "agent_progress", "agentId": f"a{session}", "prompt": "", "message": nested}
    return {**outer, "type": "progress", "data": data, "uuid": f"p-{line['uuid']}", "timestamp": line["timestamp"]}


def main_file(session: int) -> str:
    """A session's transcript, below `projects/`."""
    return f"{FOLDERS[session].replace('/', '-')}/{session_name(session)}.jsonl"


def agent_file(session: int) -> str:
    """The transcript of a session's sub-agent."""
    return f"{FOLDERS[session].replace('/', '-')}/{session_name(session)}/subagents/agent-a{session}.jsonl"


@dataclass
class World:
    """All transcripts of a machine, and how many distinct responses they hold."""

    files: list[Transcript] = field(default_factory=list)

    def write(self, home: Path) -> None:
        """Write every file below the home's `.claude/projects/`."""
        for transcript in self.files:
            write_bytes(home, transcript.name, transcript.data)


def write_bytes(home: Path, name: str, data: bytes) -> Path:
    """Write one transcript of the home."""
    path = home / ".claude" / "projects" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def world_of(replies: Iterable[Reply], noise: Sequence[tuple[str, int]] = (), untimed: int = 0) -> World:
    """The files that these responses and noise lines make; lines stand in the order of `sightings`."""
    tops: dict[str, list[bytes]] = {}
    bodies: dict[str, list[bytes]] = {}
    for session in range(SESSIONS):
        tops[main_file(session)] = [*UNTIMED[:untimed], opening_line(session, session)]
        tops[agent_file(session)] = [opening_line(session, 10 + session)]
    for reply in replies:
        for name, line in sightings(reply):
            bodies.setdefault(name, []).append(line)
    for number, (kind, session) in enumerate(noise):
        bodies.setdefault(main_file(session), []).append(noise_line(kind, session, OPENING_MINUTES + number))
    return World([Transcript(name, (*tops[name], *body), len(tops[name])) for name, body in sorted(bodies.items())])
