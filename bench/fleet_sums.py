"""What a fleet told, added up exactly: the other side of every question that a server can be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

TOKENS = ("input", "output", "cache_read", "cache_creation_5m", "cache_creation_1h")
USAGE = ("responses", *(f"{name}_tokens" for name in TOKENS), "cost_micros")
"""What is added up of responses; cost in millionths of a dollar, as the client tells it."""


@dataclass
class Sums:
    """Sums of batches; a batch bears its own."""

    posts: int = 0
    records: int = 0
    """Log records and data points."""
    usage: dict[str, list[int]] = field(default_factory=dict)
    """By team, in the order of USAGE."""
    events: Counter[str] = field(default_factory=Counter)
    """Log records by name."""
    points: Counter[str] = field(default_factory=Counter)
    """Increases by metric and type (`lines_of_code.count:added`), in millionths of the unit."""
    users: set[str] = field(default_factory=set)
    """Who told of responses."""
    sessions: set[str] = field(default_factory=set)
    """In which they were."""

    def respond(self, team: str, counts: Iterable[int]) -> None:
        """Count a response; `counts` in the order of USAGE."""
        now = self.usage.setdefault(team, [0] * len(USAGE))
        for index, count in enumerate(counts):
            now[index] += count

    def add(self, other: Sums) -> None:
        """Take in what another one counted."""
        self.posts += other.posts
        self.records += other.records
        for team, counts in other.usage.items():
            self.respond(team, counts)
        self.events.update(other.events)
        self.points.update(other.points)
        self.users |= other.users
        self.sessions |= other.sessions

    @property
    def total(self) -> dict[str, int]:
        """The usage of all teams, by name."""
        return dict(zip(USAGE, map(sum, zip(*self.usage.values(), strict=True)), strict=False)) or dict.fromkeys(
            USAGE, 0
        )

    def as_json(self) -> dict[str, object]:
        """As the report of a run tells it."""
        return {
            "posts": self.posts,
            "records": self.records,
            "usage": self.total,
            "teams": {team: dict(zip(USAGE, counts, strict=True)) for team, counts in sorted(self.usage.items())},
            "events": dict(sorted(self.events.items())),
            "points_micro": dict(sorted(self.points.items())),
            "users": len(self.users),
            "sessions": len(self.sessions),
        }
