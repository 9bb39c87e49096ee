"""What one of something costs: a pull request, a commit, a session, a prompt, an hour, a line."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.activity import session_cube
from tokentide.analytics.team.desk import Desk, Keys, Values, named
from tokentide.model.telemetry import MICRO
from tokentide.store.query import Period
from tokentide.store.team.query import SESSIONS
from tokentide.store.team.tables import TALLY, USAGE

RELIABILITY = {
    "pull_request": "high",
    "commit": "medium",
    "session": "medium",
    "prompt": "medium",
    "active_hour": "medium",
    "accepted_line": "low",
}
"""How far a count stands for value, the most reliable first; see docs/explanation/team-figures.md."""
COUNTED = named(
    "pull_request.count", "commit.count", "user_prompt", "active_time.total", "lines_of_code.count", "session.count"
)
PROMPTS = "user_prompt"
HOUR = 3600


@dataclass(frozen=True, slots=True)
class UnitCost:
    """What one of something costs: the cost of those whose clients count it, divided by how many they made."""

    unit: str
    """`pull_request`, `commit`, `accepted_line`, `session`, `prompt` or `active_hour`."""
    units: float
    cost: int
    """Nano-USD, of all work of these people; of sessions, which are known without telemetry, of everybody's."""
    reliability: str
    """How far the count stands for value: `high`, `medium` or `low`."""
    units_before: float = 0
    cost_before: int = 0

    @property
    def each(self) -> int | None:
        """Nano-USD; None where none were made."""
        return round(self.cost / self.units) if self.units else None

    @property
    def each_before(self) -> int | None:
        """The same of the period before."""
        return round(self.cost_before / self.units_before) if self.units_before else None


def unit_costs_of(desk: Desk) -> tuple[UnitCost, ...]:
    """What one of everything costs; of nothing where telemetry cannot be narrowed as asked."""
    now, before = (_units(desk, period) for period in (desk.whole, desk.previous))
    return tuple(
        UnitCost(unit, *now[unit], reliability, *before.get(unit, (0, 0)))
        for unit, reliability in RELIABILITY.items()
        if unit in now
    )


def _units(desk: Desk, period: Period) -> dict[str, tuple[float, int]]:
    """How many of each were made in a period, and what all work of those cost whose clients count them."""
    if desk.asks_for(TALLY, (COUNTED,)):
        return {}
    told = desk.groups(
        "cost of one", TALLY, ("records", "amount"), ("name", "detail", "user_id"), (COUNTED,), (period,)
    )
    costs = desk.groups("cost of one", USAGE, desk.cost[:1], ("user_id",), (), (period,))
    cube, where = session_cube(desk)
    begun = desk.groups("cost of one", cube, (SESSIONS,), (), where, (period,))

    def amount(name: str, detail: str = "") -> int:
        return sum(values[1] for keys, values in told.items() if keys[0] == name and detail in ("", keys[1]))

    def cost_of(senders: set[str]) -> int:
        return sum(values[0] for (user,), values in costs.items() if user in senders)

    by_metrics = cost_of(_senders(told, prompts=False))
    return {
        "pull_request": (amount("pull_request.count") // MICRO, by_metrics),
        "commit": (amount("commit.count") // MICRO, by_metrics),
        "session": (sum(values[0] for values in begun.values()), sum(values[0] for values in costs.values())),
        "prompt": (
            sum(values[0] for keys, values in told.items() if keys[0] == PROMPTS),
            cost_of(_senders(told, prompts=True)),
        ),
        "active_hour": (amount("active_time.total") / MICRO / HOUR, by_metrics),
        "accepted_line": (amount("lines_of_code.count", "added") // MICRO, by_metrics),
    }


def _senders(told: dict[Keys, Values], *, prompts: bool) -> set[str]:
    """The people whose clients tell of prompts, or send metrics."""
    return {keys[2] for keys in told if (keys[0] == PROMPTS) is prompts}
