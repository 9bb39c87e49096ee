"""Sample transcripts, made up, for `tokentide demo`: a month or a year of three projects, the same but for the date."""

from __future__ import annotations

import json
import os
import random
from datetime import datetime, timedelta, timezone

from tokentide.clock import SECOND_US
from tokentide.sample_lines import Chain
from tokentide.sample_work import Session, hold

DAYS = 30
YEAR = 365
PROJECTS = (
    ("/home/sam/shop-api", "main", 5),
    ("/home/sam/mobile-app", "feature/login", 3),
    ("/home/sam/notes", "main", 1),
)
"""Folder, branch, weight."""
MODELS = (("claude-opus-5", 4), ("claude-sonnet-5", 5), ("claude-haiku-4-5-20251001", 1))
OLD_MODELS = (("claude-opus-4-8", 3), ("claude-sonnet-4-6", 6), ("claude-haiku-4-5-20251001", 1))
OLD_DAYS = 150
"""So long ago the models were others."""
TITLES = (
    "Fix the checkout rounding",
    "Move the login to passkeys",
    "Tidy the build",
    "Write the release notes",
    "Chase a flaky test",
)
SESSIONS_A_DAY = (0, 1, 2, 2, 3, 4)
WEEKEND_SESSIONS = (0, 0, 0, 1, 2)
HOURS = (9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 16, 17, 20, 21)
"""When sessions of more than a month ago begin, UTC."""
VERSIONS = ((12, "2.1.220"), (60, "2.1.205"), (YEAR, "2.1.170"))
"""Up to so many days ago, the client was this one."""
ENTRY_POINTS = (("cli", 14), ("claude-desktop", 3), ("sdk-cli", 2))
EFFORTS = ("medium", "medium", "high", "high", "xhigh")
SEED = 20260104
"""One whose present week is neither empty nor over."""
EMAIL = "sam@example.com"
"""Who the sample belongs to; its limits are in sample_limits."""


def write_sample(folder: str, now: int, days: int = DAYS) -> None:
    """Write `folder`, a configuration folder, and the login beside it; the last response is minutes before `now`.

    What lies more than DAYS back has shorter sessions, at the hours of an office.
    """
    chance = random.Random(SEED)  # noqa: S311
    end = datetime.fromtimestamp(now // SECOND_US, timezone.utc) - timedelta(minutes=4)
    for back in reversed(range(DAYS)):
        for number in range(chance.choice(SESSIONS_A_DAY) if back else 2):
            start = end - timedelta(days=back, hours=1.5 * number, minutes=chance.randrange(20, 60) + 40 * (not back))
            responses = _length(chance) if back or number else 200
            _write(folder, _session(chance, start, end, responses))
    for back in range(DAYS, days):
        _write_old_day(folder, chance, end, back)
    login = {"accountUuid": "sample", "organizationUuid": "sample", "emailAddress": EMAIL}
    with open(f"{folder}.json", "w", encoding="utf-8") as file:
        json.dump({"oauthAccount": login}, file)


def _length(chance: random.Random) -> int:
    """How many responses a session has; one in ten is so long that it has to be compacted."""
    return chance.randrange(70, 130) if chance.random() < 0.1 else chance.randrange(8, 48)


def _write_old_day(folder: str, chance: random.Random, end: datetime, back: int) -> None:
    """A day of the past: busier in some months than in others, and a fortnight off."""
    day = (end - timedelta(days=back)).replace(minute=0, second=0, microsecond=0)
    if 96 <= back < 110:
        return
    busy = chance.choice(WEEKEND_SESSIONS if day.weekday() >= 5 else SESSIONS_A_DAY)
    for _ in range(busy if back % 90 < 50 else busy // 2):
        start = day.replace(hour=chance.choice(HOURS)) + timedelta(minutes=chance.randrange(60))
        _write(folder, _session(chance, start, end, chance.randrange(3, 16)))


def _session(chance: random.Random, start: datetime, end: datetime, responses: int) -> Session:
    """A conversation with everything chosen but what is said."""
    back = (end - start).days
    project, branch, _ = chance.choices(PROJECTS, [weight for _, _, weight in PROJECTS])[0]
    models = OLD_MODELS if back >= OLD_DAYS else MODELS
    model = chance.choices([name for name, _ in models], [weight for _, weight in models])[0]
    entry = chance.choices([name for name, _ in ENTRY_POINTS], [weight for _, weight in ENTRY_POINTS])[0]
    identity = f"{chance.getrandbits(32):08x}-0000-4000-8000-{chance.getrandbits(48):012x}"
    version = next((name for days, name in VERSIONS if back < days), VERSIONS[-1][1])
    effort = chance.choice(EFFORTS)
    chain = Chain(project, branch, model, identity, min(start, end), chance, version, entry, effort)
    return Session(chain, responses, end)


def _write(folder: str, session: Session) -> None:
    """Let it happen, and write its transcripts."""
    chain = session.chain
    hold(session, chain.chance.choice(TITLES))
    name = chain.project.replace("/", "-")
    session.write(os.path.join(folder, "projects", name, f"{chain.session}.jsonl"))
