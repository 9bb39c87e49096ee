"""Where the ways to know use contradict each other, or one of them is missing."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.coverage_ways import COST_METRIC, NANO_PER_MICRO, Ways
from tokentide.analytics.team.desk import IN_SESSION, Desk, named
from tokentide.store.team.tables import TALLY, USAGE

DEVIATION = 0.02
"""A session in which metrics and events differ by more than this share is counted."""
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Deviation:
    """A session in which metrics and events do not agree."""

    session_id: str
    user_id: str
    events_cost: int
    metrics_cost: int
    """Nano-USD."""
    last_at: int

    @property
    def difference(self) -> int:
        """How much more metrics tell than events, nano-USD."""
        return self.metrics_cost - self.events_cost


@dataclass(frozen=True, slots=True)
class Lopsided:
    """Somebody who pushes and sends no telemetry, or the reverse."""

    user_id: str
    team: str
    lacks: str
    """`telemetry` or `push`."""
    responses: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Skewed:
    """Somebody whose clock was not believed."""

    user_id: str
    records: int
    """Those whose time was replaced by that of their arrival."""
    last_at: int


@dataclass(frozen=True, slots=True)
class Deviations:
    """The cross-check of all sessions."""

    checked: int
    """Sessions of which both metrics and events tell a cost."""
    deviating: int
    largest: tuple[Deviation, ...]


def deviations_of(desk: Desk) -> Deviations:
    """Hold the cost of each session by metrics against the one by events."""
    by = ("session_id", "user_id")
    events = desk.groups("sessions", USAGE, ("telemetry_cost", "last_at"), by, (IN_SESSION,))
    metrics = desk.groups("sessions", TALLY, ("amount",), by, (IN_SESSION, named(COST_METRIC)))
    rows = [
        Deviation(keys[0], keys[1], cost, metrics[keys][0] * NANO_PER_MICRO, last_at)
        for keys, (cost, last_at) in events.items()
        if cost and keys in metrics
    ]
    deviating = [row for row in rows if abs(row.difference) > DEVIATION * max(row.events_cost, row.metrics_cost)]
    deviating.sort(key=lambda row: (-abs(row.difference), row.session_id))
    return Deviations(len(rows), len(deviating), tuple(deviating[:MOST_SHOWN]))


def lopsided_of(users: Ways) -> tuple[Lopsided, ...]:
    """People of whom one way tells nothing; that they do not push only where anybody does."""
    anybody_pushes = bool(users.push_at)
    rows = []
    for name in sorted(filter(None, users.names)):
        covered = users.row(name)
        if name not in users.telemetry_at:
            rows.append(Lopsided(name, covered.team, "telemetry", covered.responses, covered.last_at))
        elif anybody_pushes and name not in users.push_at:
            rows.append(Lopsided(name, covered.team, "push", covered.responses, covered.last_at))
    return tuple(sorted(rows, key=lambda row: (row.lacks != "telemetry", -row.responses, row.user_id)))


def skewed_of(desk: Desk) -> tuple[Skewed, ...]:
    """People whose records bear the time of their arrival, those with most first."""
    told = desk.store.skewed(desk.ask.scope, desk.whole, desk.ask.conditions)
    return tuple(sorted((Skewed(*row) for row in told), key=lambda row: (-row.records, row.user_id)))
