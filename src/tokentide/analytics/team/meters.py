"""What a team's metrics count: totals since the beginning, who is active now, and histograms of durations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum

from tokentide.analytics.team.activity import IN_EVENTS, WORKING
from tokentide.analytics.team.desk import IN_SESSION, NAMED, Keys
from tokentide.clock import DAY_US, HOUR_US, QUARTER_US
from tokentide.model.latency import middle_of
from tokentide.model.telemetry import MICRO
from tokentide.store.query import CostMode, Period
from tokentide.store.team.query import SESSIONS, USERS, Condition, Scope, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import LATENCY, TALLY, USAGE, Cube

NANO = 10**9
MS = 1000
WINDOWS = {"1h": HOUR_US, "1d": DAY_US, "7d": 7 * DAY_US, "30d": 30 * DAY_US}
"""Over which active people are counted, back from now; the quarter hour that runs is in each of them."""
COST = "cost"
"""Stands for the measure of the cost mode."""
PARTS = (
    "query_source",
    "effort",
    "speed",
    "agent",
    "skill",
    "plugin",
    "mcp_server",
    "project",
    "cost_center",
    "customer",
    "version",
)
"""What cost is told apart by beside team and model."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Something that is counted, ever since the beginning."""

    name: str
    told: str
    """One sentence."""
    cube: Cube
    labels: Mapping[str, str]
    """What it is told apart by: label to dimension."""
    measures: Mapping[str, str]
    """Value of the label `kind` to measure; one measure under an empty name needs no such label."""
    unit: int = 1
    """How many of the measure are one of the metric."""
    event: str = ""
    """Of TALLY: the name of the telemetry record."""
    kind: str = "type"
    """The label that tells measures apart."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Labels with a value that is always the same."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """All labels, in order."""
        return (*self.fixed, *self.labels, *(() if "" in self.measures else (self.kind,)))


@dataclass(frozen=True, slots=True)
class Metered:
    """A meter with what it counted."""

    meter: Meter
    rows: Mapping[Keys, int]
    """By the values of the labels in order; in the unit of the measure."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How long something took, by what it is told apart by."""

    name: str
    told: str
    labels: tuple[str, ...]
    counts: Mapping[Keys, Mapping[int, int]]
    """By label values, and by bucket of tokentide.model.latency."""

    def seconds(self, keys: Keys) -> float:
        """All durations together, as right as the buckets are."""
        return fsum(middle_of(bucket) * count for bucket, count in self.counts[keys].items()) / MS


@dataclass(frozen=True, slots=True)
class TeamMeters:
    """Everything that is measured, of what a viewer may see."""

    counters: tuple[Metered, ...]
    histograms: tuple[Histogram, ...]
    active_users: Mapping[str, int]
    """By window."""
    active_by_team: Mapping[tuple[str, str], int]
    """By team and window; who works for two teams counts in both."""
    active_sessions: Mapping[str, int]
    """By team, of the last hour."""
    version_users: Mapping[str, int]
    """By version of the client, of the last seven days."""
    missing: tuple[str, ...]
    """Shards that could not be reached."""


def _event(name: str, record: str, told: str, unit: int = 1, measure: str = "records", **labels: str) -> Meter:
    """Of telemetry records of a name; label to dimension."""
    return Meter(name, told, TALLY, {"team": "team", **labels}, {"": measure}, unit, record)


def _used(name: str, told: str, measures: Mapping[str, str], unit: int = 1, kind: str = "type") -> Meter:
    return Meter(name, told, USAGE, {"team": "team", "model": "model"}, measures, unit, kind=kind)


TOKENS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_creation_5m": "cache_creation_5m_tokens",
    "cache_creation_1h": "cache_creation_1h_tokens",
    "cache_read": "cache_read_tokens",
}
TOLD = {"telemetry": "telemetry_responses", "transcript": "transcript_responses"}
METERS = (
    _used("cost_usd", "Cost in USD.", {"": COST}, NANO),
    _used("tokens", "Tokens by type.", TOKENS),
    _used("responses", "Responses of models.", {"": "responses"}),
    _used("unpriced_responses", "Responses that no price is known of.", {"": "unpriced"}),
    _used("told_responses", "Responses by who told of them; some by both.", TOLD, kind="by"),
    *(
        Meter(
            "part_cost_usd",
            "Cost in USD by another thing than the model.",
            USAGE,
            {"team": "team", "name": part},
            {"": COST},
            NANO,
            fixed={"part": part},
        )
        for part in PARTS
    ),
    _event("sessions", "session.count", "Sessions started.", MICRO, "amount", start_type="detail"),
    _event("lines", "lines_of_code.count", "Lines of code accepted.", MICRO, "amount", type="detail"),
    _event("commits", "commit.count", "Commits made.", MICRO, "amount"),
    _event("pull_requests", "pull_request.count", "Pull requests made.", MICRO, "amount"),
    _event("active_seconds", "active_time.total", "Seconds of activity.", MICRO, "amount", type="detail"),
    _event(
        "edit_decisions",
        "code_edit_tool.decision",
        "Edits decided about.",
        MICRO,
        "amount",
        tool="detail",
        decision="outcome",
        language="extra",
    ),
    _event("prompts", "user_prompt", "Prompts."),
    _event("requests", "api_request", "Requests that were answered.", model="model"),
    _event("errors", "api_error", "Requests that failed for good.", model="model", status="detail"),
    _event("retries_exhausted", "api_retries_exhausted", "Requests given up.", model="model", status="detail"),
    _event("refusals", "api_refusal", "Refusals.", model="model", outcome="outcome"),
    _event("tool_results", "tool_result", "Tool calls that ended.", tool="detail", outcome="outcome"),
    _event("tool_seconds", "tool_result", "Seconds that tools took.", MS, "duration_ms", tool="detail"),
    _event("tool_decisions", "tool_decision", "Decisions.", tool="detail", decision="outcome", source="extra"),
    _event("compactions", "compaction", "Compactions.", trigger="detail", outcome="outcome"),
    _event("compacted_tokens", "compaction", "Tokens that compactions saved.", MICRO, "amount", trigger="detail"),
    _event("hook_runs", "hook_execution_complete", "Runs of hooks.", event="extra", outcome="outcome"),
    _event("hook_seconds", "hook_execution_complete", "Seconds that hooks took.", MS, "duration_ms", event="extra"),
    _event("mcp_connections", "mcp_server_connection", "Connections.", server="detail", status="outcome"),
    _event("skills", "skill_activated", "Skills activated.", skill="detail"),
    _event("plugins", "plugin_loaded", "Plugins loaded.", plugin="detail"),
    _event("subagents", "subagent_completed", "Sub-agents that ended.", agent="detail"),
    Meter("events", "Events of every name.", TALLY, {"team": "team", "name": "name"}, {"": "records"}),
)
PEOPLE = (
    Meter(
        "user_cost_usd",
        "Cost in USD by person.",
        USAGE,
        {"user": "user_id", "team": "team", "model": "model"},
        {"": COST},
        NANO,
    ),
    Meter("user_tokens", "Tokens by person.", USAGE, {"user": "user_id", "team": "team"}, TOKENS),
    Meter(
        "user_lines",
        "Lines of code accepted by person.",
        TALLY,
        {"user": "user_id", "team": "team", "type": "detail"},
        {"": "amount"},
        MICRO,
        "lines_of_code.count",
    ),
)
"""Told only where that was asked for."""


def read_team_meters(
    store: TeamStore, scope: Scope, mode: CostMode, *, now: int, has_people: bool = False
) -> TeamMeters:
    """Ask the store. `now` is µs UTC. Raises StoreError."""
    meters = (*METERS, *(PEOPLE if has_people else ()))
    users, by_team = _active(store, scope, now)
    return TeamMeters(
        tuple(_counted(store, scope, mode, meter) for meter in meters),
        tuple(_histograms(store, scope)),
        users,
        by_team,
        _active_sessions(store, scope, now),
        _version_users(store, scope, now),
        tuple(store.engine.missing),
    )


def _counted(store: TeamStore, scope: Scope, mode: CostMode, meter: Meter) -> Metered:
    special = {COST: f"{mode.value}_cost", "unpriced": f"{mode.value}_unpriced"}
    measures = [special.get(name, name) for name in meter.measures.values()]
    where = (Condition("name", (meter.event,)),) if meter.event else ()
    answer = store.totals(scope, TeamQuery(meter.cube, tuple(measures), tuple(meter.labels.values()), (), where))
    rows: dict[Keys, int] = {}
    fixed = tuple(meter.fixed.values())
    for group in answer.groups:
        for kind, value in zip(meter.measures, group.values, strict=True):
            if value:
                rows[(*fixed, *group.keys, *((kind,) if kind else ()))] = value
    return Metered(meter, rows)


def _histograms(store: TeamStore, scope: Scope) -> Iterator[Histogram]:
    wanted = (
        ("request_duration_seconds", "How long requests took.", "api_request", "duration", ("model",), "model"),
        ("first_token_seconds", "Time to the first token.", "api_request", "ttft", ("model",), "model"),
        ("tool_duration_seconds", "How long tools took.", "tool_result", "duration", ("tool",), "detail"),
    )
    for name, told, event, clock, labels, dimension in wanted:
        where = (Condition("name", (event,)), Condition("clock", (clock,)))
        answer = store.totals(scope, TeamQuery(LATENCY, ("records",), (dimension, "bucket"), (), where))
        counts: dict[Keys, dict[int, int]] = defaultdict(dict)
        for group in answer.groups:
            counts[group.keys[:1]][int(group.keys[1])] = group.values[0]
        yield Histogram(name, told, labels, counts)


def _since(now: int, length: int) -> tuple[Period, ...]:
    end = (now // QUARTER_US + 1) * QUARTER_US
    return (Period("now", end - length, end),)


def _active(store: TeamStore, scope: Scope, now: int) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """People with a response, a prompt or a tool's result, as the page of adoption counts them."""
    users: dict[str, int] = {}
    by_team: dict[tuple[str, str], int] = {}
    for window, length in WINDOWS.items():
        found: dict[str, set[str]] = defaultdict(set)
        for cube, where in ((USAGE, (NAMED,)), (TALLY, (NAMED, WORKING))):
            query = TeamQuery(cube, ("last_at",), ("team", "user_id"), _since(now, length), where)
            for group in store.totals(scope, query).groups:
                found[group.keys[0]].add(group.keys[1])
        users[window] = len(set().union(*found.values()))
        by_team |= {(team, window): len(people) for team, people in found.items()}
    return users, by_team


def _active_sessions(store: TeamStore, scope: Scope, now: int) -> dict[str, int]:
    """Of telemetry where there is any of that team, else of what is used."""
    found: dict[str, int] = {}
    for cube, where in ((USAGE, (IN_SESSION,)), (TALLY, (IN_SESSION, IN_EVENTS))):
        answer = store.totals(scope, TeamQuery(cube, (SESSIONS,), ("team",), _since(now, HOUR_US), where))
        for group in answer.groups:
            found[group.keys[0]] = max(found.get(group.keys[0], 0), group.values[0])
    return found


def _version_users(store: TeamStore, scope: Scope, now: int) -> dict[str, int]:
    where: Sequence[Condition] = (NAMED, WORKING, Condition("version", ("",), is_not=True))
    query = TeamQuery(TALLY, (USERS,), ("version",), _since(now, 7 * DAY_US), tuple(where))
    return {group.keys[0]: group.values[0] for group in store.totals(scope, query).groups}
