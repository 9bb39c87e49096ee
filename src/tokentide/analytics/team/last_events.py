"""The last events of a kind, one by one: what a log would show."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.desk import Desk
from tokentide.clock import DAY_US
from tokentide.model.telemetry import MICRO
from tokentide.store.query import Period
from tokentide.store.team.latest import MOST_DAYS, LatestQuery

SHOWN = 50


@dataclass(frozen=True, slots=True)
class LastEvent:
    """One event."""

    happened_at: int
    """µs UTC."""
    user_id: str
    team: str
    session_id: str
    what: str
    """The tool, or the status of a failed request."""
    outcome: str
    """How it ended; of a failed request the class of the error."""
    why: str
    """The type of a tool's error; of a failed request how often it was tried."""
    model: str
    duration_ms: int | None
    result_bytes: int | None
    """Of a tool."""


def last_events(desk: Desk, name: str) -> tuple[LastEvent, ...]:
    """The newest events of that name in the last days of the report, the newest first."""
    end = desk.whole.end
    last_days = Period("", max(desk.whole.start, end - MOST_DAYS * DAY_US), end)
    rows = desk.store.latest(desk.ask.scope, LatestQuery((name,), last_days, desk.ask.conditions, SHOWN))
    return tuple(
        LastEvent(
            row.happened_at,
            row.user_id,
            row.team,
            row.session_id,
            row.detail,
            row.outcome,
            row.extra,
            row.model,
            row.duration_ms if row.duration_ms >= 0 else None,
            row.amount // MICRO if name == "tool_result" else None,
        )
        for row in rows
    )
