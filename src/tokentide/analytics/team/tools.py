"""Tools: what is used, what of it succeeds, what people reject."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.client_faults import FAILURES
from tokentide.analytics.team.desk import NAMED, Desk, Keys, Values, folded, named
from tokentide.analytics.team.figures import Figure, Head, Quantiles, Share, Unit
from tokentide.analytics.team.last_events import LastEvent, last_events
from tokentide.analytics.team.waiting import DURATION, waits
from tokentide.model.telemetry import MICRO
from tokentide.store.team.query import PERIOD, USERS, Condition
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY

HOT_SPOT = 10
"""With more rejections than these, a tool is where people get stuck."""


RESULTS, DECISIONS = named("tool_result"), named("tool_decision")
USED = {
    "skill": "skill_activated",
    "plugin": "plugin_loaded",
    "mcp_server": "mcp_server_connection",
    "agent": "subagent_completed",
    "command": "user_prompt",
    "mention": "at_mention",
}
"""What else is used, and the event whose `detail` names it."""
TOLD = Condition("detail", ("",), is_not=True)


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool."""

    name: str
    succeeded: int
    failed: int
    accepted: int
    rejected: int
    """Decisions, by a person, a rule or a hook."""
    users: int
    duration: Quantiles
    result_bytes: int
    """Of all results together."""

    @property
    def uses(self) -> int:
        """Results, good and bad."""
        return self.succeeded + self.failed

    @property
    def success_rate(self) -> Share:
        """Of the results."""
        return Share(self.succeeded, self.uses)

    @property
    def accept_rate(self) -> Share:
        """Of the decisions."""
        return Share(self.accepted, self.accepted + self.rejected)

    @property
    def is_hot_spot(self) -> bool:
        """Rejected more than HOT_SPOT times."""
        return self.rejected > HOT_SPOT

    @property
    def mean_result_bytes(self) -> int | None:
        """Of a result."""
        return self.result_bytes // self.uses if self.uses else None


@dataclass(frozen=True, slots=True)
class ToolDay:
    """One tool on one day; days without a use are left out."""

    day: str
    name: str
    uses: int
    succeeded: int


@dataclass(frozen=True, slots=True)
class ToolFailure:
    """Failures of a tool, of one type."""

    name: str
    error_type: str
    """Empty where not told."""
    failures: int


@dataclass(frozen=True, slots=True)
class Rejections:
    """Who or what decided against a tool."""

    name: str
    source: str
    """`user_reject`, `user_abort`, `config`, `hook`, …"""
    rejected: int


@dataclass(frozen=True, slots=True)
class Use:
    """A skill, plugin, MCP server, sub-agent, slash command or mention."""

    kind: str
    """`skill`, `plugin`, `mcp_server`, `agent`, `command` or `mention`."""
    name: str
    uses: int
    users: int
    failed: int = 0
    """Of MCP servers' connections and of mentions."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the client's tools do."""

    head: Head
    figures: tuple[Figure, ...]
    """uses, success_rate, accept_rate, rejected, hot_spots, tools."""
    tools: tuple[ToolUse, ...]
    """The most used first."""
    tool_days: tuple[ToolDay, ...]
    failures: tuple[ToolFailure, ...]
    rejections: tuple[Rejections, ...]
    used: tuple[Use, ...]
    """By kind, then the most used first."""
    last_results: tuple[LastEvent, ...]
    """The newest of the last days, one by one."""


def build_tools(store: TeamStore, ask: TeamAsk, *, now: int) -> Tools:
    """Ask the store and add up. `now` is µs UTC. Raises UsageError and StoreError."""
    desk = Desk("tools", store, ask, now)
    tools = _tools(desk)
    return Tools(
        figures=_figures(desk, tools),
        tools=tools,
        tool_days=_tool_days(desk),
        failures=_failures(desk),
        rejections=_rejections(desk),
        used=_used(desk),
        last_results=last_events(desk, "tool_result"),
        head=desk.head(),
    )


def _figures(desk: Desk, tools: tuple[ToolUse, ...]) -> tuple[Figure, ...]:
    def part(name: str, whole: Condition, outcome: str) -> Figure:
        every = desk.pair("tools", TALLY, ("records",), (whole,))
        some = desk.pair("tools", TALLY, ("records",), (whole, Condition("outcome", (outcome,))))
        pairs = ((some.now, every.now), (some.before, every.before))
        now, before = (Share(of[0], out_of[0]) if of and out_of else None for of, out_of in pairs)
        return Figure(name, Unit.SHARE, now, before)

    is_told = not desk.asks_for(TALLY, (RESULTS,))
    return (
        desk.pair("tools", TALLY, ("records",), (RESULTS,)).count("uses"),
        part("success_rate", RESULTS, "success"),
        part("accept_rate", DECISIONS, "accept"),
        desk.pair("tools", TALLY, ("records",), (DECISIONS, Condition("outcome", ("reject",)))).count("rejected"),
        Figure("hot_spots", Unit.COUNT, sum(tool.is_hot_spot for tool in tools) if is_told else None),
        Figure("tools", Unit.COUNT, len(tools) if is_told else None),
    )


def _tools(desk: Desk) -> tuple[ToolUse, ...]:
    results = desk.groups("tools", TALLY, ("records", "amount"), ("detail", "outcome"), (RESULTS,))
    decisions = desk.groups("tools", TALLY, ("records",), ("detail", "outcome"), (DECISIONS,))
    users = desk.groups("tools", TALLY, (USERS,), ("detail",), (NAMED, named("tool_result", "tool_decision")))
    took = waits(desk, ("tool_result",), DURATION, ("detail",))
    sizes = folded(results, lambda keys: keys[:1])

    def row(name: str) -> ToolUse:
        good, bad = (results.get((name, outcome), (0, 0))[0] for outcome in ("success", "failure"))
        yes, no = (decisions.get((name, outcome), (0,))[0] for outcome in ("accept", "reject"))
        people = users.get((name,), (0,))[0]
        size = sizes.get((name,), (0, 0))[1] // MICRO
        return ToolUse(name, good, bad, yes, no, people, took.get((name,), Quantiles()), size)

    names = {keys[0] for keys in (*results, *decisions)}
    return tuple(sorted(map(row, names), key=lambda tool: (-tool.uses, -tool.rejected, tool.name)))


def _tool_days(desk: Desk) -> tuple[ToolDay, ...]:
    groups = desk.groups("tools", TALLY, ("records",), (PERIOD, "detail", "outcome"), (RESULTS,), desk.days)
    uses = folded(groups, lambda keys: keys[:2])
    rows = (
        ToolDay(day, name, count, groups.get((day, name, "success"), (0,))[0]) for (day, name), (count,) in uses.items()
    )
    return tuple(sorted(rows, key=lambda row: (row.day, -row.uses, row.name)))


def _failures(desk: Desk) -> tuple[ToolFailure, ...]:
    where = (RESULTS, Condition("outcome", ("failure",)))
    groups = desk.groups("tools", TALLY, ("records",), ("detail", "extra"), where)
    rows = (ToolFailure(name, kind, count) for (name, kind), (count,) in groups.items())
    return tuple(sorted(rows, key=lambda row: (-row.failures, row.name, row.error_type)))


def _rejections(desk: Desk) -> tuple[Rejections, ...]:
    where = (DECISIONS, Condition("outcome", ("reject",)))
    groups = desk.groups("tools", TALLY, ("records",), ("detail", "extra"), where)
    rows = (Rejections(name, source, count) for (name, source), (count,) in groups.items())
    return tuple(sorted(rows, key=lambda row: (-row.rejected, row.name, row.source)))


def _used(desk: Desk) -> tuple[Use, ...]:
    rows: list[Use] = []
    for kind, event in USED.items():
        where = (named(event), *((TOLD,) if kind == "command" else ()))
        counts = desk.groups(f"{kind}s", TALLY, ("records",), ("detail", "outcome"), where)
        users = desk.groups(f"{kind}s", TALLY, (USERS,), ("detail",), (NAMED, *where))
        rows += sorted(_uses(kind, counts, users), key=lambda use: (-use.uses, use.name))
    return tuple(rows)


def _uses(kind: str, counts: dict[Keys, Values], users: dict[Keys, Values]) -> list[Use]:
    """The rows of one kind."""
    return [
        Use(
            kind,
            name,
            uses,
            users.get((name,), (0,))[0],
            sum(counts.get((name, outcome), (0,))[0] for outcome in FAILURES),
        )
        for (name,), (uses,) in folded(counts, lambda keys: keys[:1]).items()
    ]
