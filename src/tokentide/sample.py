"""Sample transcripts, made up, for `tokentide demo`: thirty days of three projects, the same but for the date."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from tokentide.clock import SECOND_US

DAYS = 30
PROJECTS = (
    ("/home/sam/shop-api", "main", 5),
    ("/home/sam/mobile-app", "feature/login", 3),
    ("/home/sam/notes", "main", 1),
)
"""Folder, branch, weight."""
MODELS = (("claude-opus-5", 4), ("claude-sonnet-5", 5), ("claude-haiku-4-5-20251001", 1))
TITLES = (
    "Fix the checkout rounding",
    "Move the login to passkeys",
    "Tidy the build",
    "Write the release notes",
    "Chase a flaky test",
)
SESSIONS_A_DAY = (0, 1, 2, 2, 3, 4)
VERSION = "2.1.220"
EMAIL = "sam@example.com"
"""Who the sample belongs to; its limits are in sample_limits."""


@dataclass(slots=True)
class _Session:
    """One made-up conversation while it is written."""

    project: str
    branch: str
    model: str
    id: str
    at: datetime
    chance: random.Random
    lines: list[dict[str, object]] = field(default_factory=list)
    context: int = 18_000


def write_sample(folder: str, now: int) -> None:
    """Write `folder`, a configuration folder, and the login beside it; the last response is minutes before `now`."""
    chance = random.Random(20260101)  # noqa: S311
    end = datetime.fromtimestamp(now // SECOND_US, timezone.utc) - timedelta(minutes=4)
    for back in reversed(range(DAYS)):
        sessions = chance.choice(SESSIONS_A_DAY) if back else 2
        for number in range(sessions):
            start = end - timedelta(days=back, hours=1.5 * number, minutes=chance.randrange(20, 60))
            _write(folder, _session(chance, start, end), end)
    login = {"accountUuid": "sample", "organizationUuid": "sample", "emailAddress": EMAIL}
    with open(f"{folder}.json", "w", encoding="utf-8") as file:
        json.dump({"oauthAccount": login}, file)


def _session(chance: random.Random, start: datetime, end: datetime) -> _Session:
    """A conversation with everything chosen but what is said."""
    project, branch, _ = chance.choices(PROJECTS, [weight for _, _, weight in PROJECTS])[0]
    model = chance.choices([name for name, _ in MODELS], [weight for _, weight in MODELS])[0]
    identity = f"{chance.getrandbits(32):08x}-0000-4000-8000-{chance.getrandbits(48):012x}"
    return _Session(project, branch, model, identity, min(start, end), chance)


def _write(folder: str, session: _Session, end: datetime) -> None:
    """Its transcript, with a title at the end."""
    lines = list(_responses(session, end))
    lines.append({"type": "ai-title", "sessionId": session.id, "aiTitle": session.chance.choice(TITLES)})
    path = os.path.join(folder, "projects", session.project.replace("/", "-"), f"{session.id}.jsonl")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def _responses(session: _Session, end: datetime) -> Iterator[dict[str, object]]:
    """Responses that read a growing context from the cache, until the session or the time ends."""
    chance = session.chance
    for number in range(chance.randrange(6, 40)):
        if session.at > end:
            return
        written, output = chance.randrange(400, 4_000), int(chance.lognormvariate(6.2, 0.8))
        usage = {
            "input_tokens": chance.randrange(2, 12),
            "output_tokens": output,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": session.context if number else 0,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": written},
            "service_tier": "standard",
        }
        yield _line(session, usage)
        session.context += written + output
        session.at += timedelta(seconds=chance.randrange(8, 240))


def _line(session: _Session, usage: dict[str, object]) -> dict[str, object]:
    """One assistant line, without text."""
    chance = session.chance
    message = {
        "id": f"msg_{chance.getrandbits(96):024x}",
        "type": "message",
        "role": "assistant",
        "model": session.model,
        "content": [],
        "stop_reason": "end_turn",
        "usage": usage,
    }
    return {
        "type": "assistant",
        "isSidechain": False,
        "cwd": session.project,
        "sessionId": session.id,
        "version": VERSION,
        "gitBranch": session.branch,
        "message": message,
        "requestId": f"req_{chance.getrandbits(96):024x}",
        "timestamp": session.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
