"""Who was active when: with a response, a prompt, or a tool's result, by whatever way it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tokentide.analytics.team.desk import IN_SESSION, NAMED, Desk, Keys, Values, named
from tokentide.store.query import Period
from tokentide.store.team.query import MOST_BITS, PERIODS, SESSIONS, Condition
from tokentide.store.team.tables import TALLY, USAGE, Cube

WORKING = named("user_prompt", "tool_result", "api_request", "active_time.total")
"""Telemetry by which a person is active; starting the client is none of it."""
IN_EVENTS = named("user_prompt", "tool_result", "api_request")
"""The events by which a session has begun; those before the first prompt bear a session id that is thrown away."""


@dataclass(slots=True)
class Lives:
    """When somebody was active, µs UTC."""

    first_at: int
    last_at: int
    teams: dict[str, int] = field(default_factory=dict)
    """When in which team last."""

    @property
    def team(self) -> str:
        """Where they were last."""
        return max(self.teams, key=lambda name: (self.teams[name], name)) if self.teams else ""


def by_cubes(
    desk: Desk,
    measures: Sequence[str],
    dimensions: Sequence[str],
    periods: Sequence[Period] | None = None,
    part: str = "who was active",
) -> list[dict[Keys, Values]]:
    """The same question about what people used, and about what telemetry tells of them."""
    return [
        desk.groups(f"{part}, by use", USAGE, measures, dimensions, (NAMED,), periods),
        desk.groups(f"{part}, by telemetry", TALLY, measures, dimensions, (NAMED, WORKING), periods),
    ]


def active_by_day(desk: Desk, periods: Sequence[Period]) -> dict[str, set[str]]:
    """The people active in each period, by its name."""
    users: dict[str, set[str]] = {period.name: set() for period in periods}
    for first in range(0, len(periods), MOST_BITS):
        some = periods[first : first + MOST_BITS]
        for user, bits in _periods_of_users(desk, some):
            for number in range(len(some)):
                if bits >> number & 1:
                    users[some[number].name].add(user)
    return users


def _periods_of_users(desk: Desk, periods: Sequence[Period]) -> Iterator[tuple[str, int]]:
    """Everybody active in any of these, once for each cube, with a bit for each period."""
    for groups in by_cubes(desk, (PERIODS,), ("user_id",), periods):
        for (user,), (bits,) in groups.items():
            yield user, bits


def lives(desk: Desk, periods: Sequence[Period] | None = None) -> dict[str, Lives]:
    """Everybody active in these periods, in the report's, or with an empty tuple ever."""
    known: dict[str, Lives] = {}
    for groups in by_cubes(desk, ("first_at", "last_at"), ("user_id", "team"), periods):
        for (user, team), (first, last) in groups.items():
            life = known.setdefault(user, Lives(first, last))
            life.first_at, life.last_at = min(life.first_at, first), max(life.last_at, last)
            life.teams[team] = max(life.teams.get(team, 0), last)
    return known


def sessions(desk: Desk, dimensions: Sequence[str] = (), periods: Sequence[Period] | None = None) -> dict[Keys, int]:
    """How many sessions there were; of what is used, else, narrowed to what that does not tell, of events."""
    cube, where = session_cube(desk)
    groups = desk.groups("sessions", cube, (SESSIONS,), dimensions, where, periods)
    return {keys: values[0] for keys, values in groups.items()}


def session_cube(desk: Desk) -> tuple[Cube, tuple[Condition, ...]]:
    """Which cube tells of sessions, and on which conditions."""
    return (TALLY, (IN_SESSION, IN_EVENTS)) if desk.asks_for(USAGE) else (USAGE, (IN_SESSION,))
