"""Single responses of the team store, merged from their sightings when they are asked for, a week at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tokentide.clock import DAY_US
from tokentide.model.telemetry import NOT_TOLD
from tokentide.store.query import CostMode
from tokentide.store.team.compiler import fulfilled
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.rollups import responses_between
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import COUNTERS, SENIOR

MOST_DAYS = 7
"""So many days are merged by one statement, so that memory stays bounded."""
COLUMNS = ("source", "session_id", "project", "agent", "model", "speed")
"""What is told of a response beside its instant and counters, all of it text."""
_COST = {
    CostMode.AUTO: "CASE WHEN reported >= 0 THEN reported ELSE listed END",
    CostMode.CALCULATE: "listed",
    CostMode.DISPLAY: "reported",
}


class TeamResponse(NamedTuple):
    """One response as it was merged."""

    at: int
    """µs UTC."""
    source: str
    session_id: str
    project: str
    agent: str
    """The kind of sub-agent; empty on the main chain."""
    model: str
    speed: str
    counters: tuple[int, ...]
    """As in `Sums`."""
    cost: int | None
    """nano-USD; None where none is known in the mode that was asked for."""
    is_final: bool


def responses(
    store: TeamStore, scope: Scope, conditions: Sequence[Condition], mode: CostMode, spans: Sequence[tuple[int, int]]
) -> Iterator[TeamResponse]:
    """The responses within spans of time (µs UTC, ascending, ends outside), in the order of time.

    Raises UsageError for a condition that usage does not have, and StoreError.
    """
    wanted, values = fulfilled((*scope.conditions(), *conditions), (*SENIOR, "source"))
    for start, end in spans:
        merged, bound = responses_between(store.engine.dialect, scope.tenant, start, end)
        statement = (
            f"SELECT at_, {', '.join(COLUMNS)}, {', '.join(f'{name}_' for name in COUNTERS)}, {_COST[mode]}, final_ "
            f"FROM ({merged}) m WHERE responses_ > 0{wanted} ORDER BY at_, key_"
        )
        for row in store.engine.ask(statement, [*bound, *values]):
            yield _response(row)


def weeks(days: Sequence[int], start: int, end: int) -> list[tuple[int, int]]:
    """Spans from `start` to `end` (µs UTC) that cover these days (since 1970, ascending), none longer than a week."""
    spans: list[tuple[int, int]] = []
    for day in days:
        first, last = max(day * DAY_US, start), min((day + 1) * DAY_US, end)
        if first >= last:
            continue
        if spans and spans[-1][1] == first and last - spans[-1][0] <= MOST_DAYS * DAY_US:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _response(row: tuple[str | int, ...]) -> TeamResponse:
    source, session_id, project, agent, model, speed = map(str, row[1 : 1 + len(COLUMNS)])
    *counters, cost, final = map(int, row[1 + len(COLUMNS) :])
    told = None if cost == NOT_TOLD else cost
    return TeamResponse(
        int(row[0]), source, session_id, project, agent, model, speed, tuple(counters), told, bool(final)
    )
