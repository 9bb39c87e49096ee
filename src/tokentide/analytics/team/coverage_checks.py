"""Where the ways to know use contradict each other, or one of them is missing."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.coverage_ways import COST_METRIC, NANO_PER_MICRO, Ways
from tokentide.analytics.team.desk import IN_SESSION, Desk, named
from tokentide.store.team.differing import Comparison
from tokentide.store.team.query import TeamQuery
from tokentide.store.team.tables import TALLY, USAGE

DEVIATION_PER_CENT = 2
"""A session in which metrics and events differ by more than this is counted."""
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
    by, days, own = ("session_id", "user_id"), (desk.whole,), (*desk.ask.conditions, IN_SESSION)
    events = TeamQuery(USAGE, ("telemetry_cost", "last_at"), by, days, own)
    metrics = TeamQuery(TALLY, ("amount",), by, days, (*own, named(COST_METRIC)))
    told = desk.store.compared(
        desk.ask.scope, Comparison(events, metrics, NANO_PER_MICRO, DEVIATION_PER_CENT, MOST_SHOWN)
    )
    rows = (Deviation(row.keys[0], row.keys[1], row.one, row.other, row.second) for row in told.largest)
    return Deviations(told.groups, told.differing, tuple(rows))


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
