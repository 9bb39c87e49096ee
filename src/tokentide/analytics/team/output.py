"""Output: lines, edits accepted, commits, pull requests, and what one of them costs."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.desk import BEFORE, NOW, Desk, Keys, named
from tokentide.analytics.team.figures import Figure, Head, Share, Unit
from tokentide.analytics.team.unit_costs import UnitCost, unit_costs_of
from tokentide.model.telemetry import MICRO
from tokentide.store.query import Period
from tokentide.store.team.query import PERIOD
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, USAGE


@dataclass(frozen=True, slots=True)
class Made:
    """What was made in a day, by a team or by a person."""

    name: str
    """A day as 2026-11-22, a team or a user id."""
    lines_added: int
    lines_removed: int
    """Lines of accepted edits, as the client counts them."""
    commits: int
    pull_requests: int
    accepted: int
    rejected: int
    """Edits that the person, a rule or a hook decided on."""
    cost: int = 0
    """Of the same, nano-USD."""
    team: str = ""
    """Of a person."""

    @property
    def lines_net(self) -> int:
        """Added less removed; may be below nothing."""
        return self.lines_added - self.lines_removed

    @property
    def accept_rate(self) -> Share:
        """Edits accepted of those decided on."""
        return Share(self.accepted, self.accepted + self.rejected)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Edits by a tool, or in a language."""

    name: str
    accepted: int
    rejected: int

    @property
    def accept_rate(self) -> Share:
        """Edits accepted of those decided on."""
        return Share(self.accepted, self.accepted + self.rejected)


@dataclass(frozen=True, slots=True)
class Output:
    """What came of it, as far as clients count it."""

    head: Head
    figures: tuple[Figure, ...]
    """pull_requests, commits, lines_added, lines_removed, lines_net, accept_rate, cost_per_pull_request,
    cost_per_commit."""
    days: tuple[Made, ...]
    teams: tuple[Made, ...]
    users: tuple[Made, ...]
    tools: tuple[Accepted, ...]
    languages: tuple[Accepted, ...]
    unit_costs: tuple[UnitCost, ...]
    """The most reliable first."""


def build_output(store: TeamStore, ask: TeamAsk, *, now: int) -> Output:
    """Ask the store and add up. `now` is µs UTC. Raises UsageError and StoreError."""
    desk = Desk("output", store, ask, now)
    unit_costs = unit_costs_of(desk)
    return Output(
        figures=(*_figures(desk), *_cost_figures(unit_costs)),
        days=_days(desk),
        teams=_made(desk, ("team",)),
        users=_made(desk, ("user_id", "team")),
        tools=_accepted(desk, "detail"),
        languages=_accepted(desk, "extra"),
        unit_costs=unit_costs,
        head=desk.head(),
    )


def _figures(desk: Desk) -> tuple[Figure, ...]:
    whole = counted(desk, (PERIOD,), (desk.previous, desk.whole))
    now, before = (whole.get((name,), Counts()) for name in (NOW, BEFORE))
    names = ("pull_requests", "commits", "lines_added", "lines_removed")
    if desk.asks_for(TALLY, (EDITS,)):
        return tuple(Figure(name, Unit.COUNT, None) for name in names)
    counts = (Figure(name, Unit.COUNT, getattr(now, name), getattr(before, name)) for name in names)
    net = Figure(
        "lines_net", Unit.COUNT, now.lines_added - now.lines_removed, before.lines_added - before.lines_removed
    )
    rate, rate_before = (Share(each.accepted, each.accepted + each.rejected) for each in (now, before))
    return (*counts, net, Figure("accept_rate", Unit.SHARE, rate, rate_before))


def _cost_figures(unit_costs: tuple[UnitCost, ...]) -> tuple[Figure, ...]:
    shown = {"pull_request", "commit"}
    return tuple(
        Figure(f"cost_per_{each.unit}", Unit.MONEY, each.each, each.each_before)
        for each in unit_costs
        if each.unit in shown
    )


@dataclass(slots=True)
class Counts:
    """What the counting metrics say of one group."""

    lines_added: int = 0
    lines_removed: int = 0
    commits: int = 0
    pull_requests: int = 0
    accepted: int = 0
    rejected: int = 0


_COUNTERS = {
    ("lines_of_code.count", "added"): "lines_added",
    ("lines_of_code.count", "removed"): "lines_removed",
    ("commit.count", ""): "commits",
    ("pull_request.count", ""): "pull_requests",
    ("code_edit_tool.decision", "accept"): "accepted",
    ("code_edit_tool.decision", "reject"): "rejected",
}
"""Metric, and its type or decision."""
COUNTING = named(*dict.fromkeys(name for name, _ in _COUNTERS))
EDITS = named("code_edit_tool.decision")


def counted(desk: Desk, dimensions: tuple[str, ...], periods: tuple[Period, ...]) -> dict[Keys, Counts]:
    """The counting metrics by dimensions."""
    asked = (*dimensions, "name", "detail", "outcome")
    width = len(dimensions)
    counts: dict[Keys, Counts] = {}
    for keys, (amount,) in desk.groups("output", TALLY, ("amount",), asked, (COUNTING,), periods).items():
        name, detail, outcome = keys[width:]
        kind = outcome if name == "code_edit_tool.decision" else detail if name == "lines_of_code.count" else ""
        counter = _COUNTERS.get((name, kind))
        if counter:
            group = counts.setdefault(keys[:width], Counts())
            setattr(group, counter, getattr(group, counter) + amount // MICRO)
    return counts


def _days(desk: Desk) -> tuple[Made, ...]:
    counts = counted(desk, (PERIOD,), desk.days)
    costs = desk.groups("cost", USAGE, desk.cost[:1], (PERIOD,), (), desk.days)
    nothing = Counts()
    return tuple(
        _row(period.name, counts.get((period.name,), nothing), costs.get((period.name,), (0,))[0])
        for period in desk.days
    )


def _made(desk: Desk, dimensions: tuple[str, ...]) -> tuple[Made, ...]:
    """By team, or by user and team."""
    counts = counted(desk, dimensions, (desk.whole,))
    costs = desk.groups("cost", USAGE, desk.cost[:1], dimensions)
    nothing = Counts()
    rows = [
        _row(
            keys[0],
            counts.get(keys, nothing),
            costs.get(keys, (0,))[0],
            keys[1] if len(keys) > 1 else "",
        )
        for keys in {*counts, *costs}
    ]
    return tuple(sorted(rows, key=lambda row: (-row.pull_requests, -row.commits, -row.lines_added, row.name, row.team)))


def _row(name: str, counts: Counts, cost: int, team: str = "") -> Made:
    return Made(
        name,
        counts.lines_added,
        counts.lines_removed,
        counts.commits,
        counts.pull_requests,
        counts.accepted,
        counts.rejected,
        cost,
        team,
    )


def _accepted(desk: Desk, dimension: str) -> tuple[Accepted, ...]:
    """Decisions on edits by tool or by language."""
    sums: dict[str, dict[str, int]] = {}
    for (name, outcome), (amount,) in desk.groups(
        "edits", TALLY, ("amount",), (dimension, "outcome"), (EDITS,)
    ).items():
        sums.setdefault(name, {})[outcome] = amount // MICRO
    rows = (Accepted(name, told.get("accept", 0), told.get("reject", 0)) for name, told in sums.items())
    return tuple(sorted(rows, key=lambda row: (-row.accepted - row.rejected, row.name)))
