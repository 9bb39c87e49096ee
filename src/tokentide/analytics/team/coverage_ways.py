"""The ways by which use is known: events, transcripts that machines push, metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tokentide.analytics.team.desk import Desk, Keys, Values, folded, named, summed
from tokentide.analytics.team.figures import Share
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, MICRO
from tokentide.store.query import Period
from tokentide.store.team.query import PERIOD, Condition
from tokentide.store.team.tables import TALLY, USAGE

NANO_PER_MICRO = 1000
MEASURES = (
    "responses",
    "telemetry_responses",
    "transcript_responses",
    "auto_cost",
    "telemetry_cost",
    "transcript_cost",
    "telemetry_tokens",
)
"""Cost is the one reported, else at list price: what is compared here is who told, not how it is priced."""
COST_METRIC, TOKENS_METRIC = "cost.usage", "token.usage"
METRICS = named(COST_METRIC, TOKENS_METRIC)
PUSHED = Condition("source", (BY_EVENTS, BY_METRICS), is_not=True)


@dataclass(frozen=True, slots=True)
class Covered:
    """A day, or a person: the same use by who told of it."""

    name: str
    """A day as 2026-11-22, or a user id."""
    responses: int
    """All that are known, each once."""
    both_responses: int
    telemetry_responses: int
    """Told by events, whoever else tells of them."""
    transcript_responses: int
    """Told by machines that push, whoever else."""
    cost: int
    """All, nano-USD."""
    both_cost: int
    telemetry_cost: int
    transcript_cost: int
    metrics_only_cost: int
    """Of sessions of which only metrics tell."""
    metrics_cost: int
    """What metrics say of everything, for the cross-check."""
    metrics_tokens: int
    events_tokens: int
    """Tokens of responses that events tell of."""
    vendor_cost: int | None = None
    """Of the vendor's buckets, nano-USD; None where there are none."""
    last_at: int = 0
    """Of a person: when the newest record happened, µs UTC."""
    last_telemetry_at: int = 0
    last_push_at: int = 0
    team: str = ""

    @property
    def coverage(self) -> Share:
        """Responses that telemetry told, of all known."""
        return Share(self.telemetry_responses, self.responses)

    @property
    def metrics_to_events(self) -> Share:
        """What metrics say against what events say, nano-USD; 1 where they agree."""
        return Share(self.metrics_cost, self.telemetry_cost)


@dataclass(frozen=True, slots=True)
class Ways:
    """What each way tells, by one dimension."""

    usage: Mapping[str, Values]
    """Of MEASURES."""
    metrics_only: Mapping[str, Values]
    """Of the same, what only metrics tell."""
    metrics: Mapping[tuple[str, str], int]
    """By value and metric, millionths."""
    telemetry_at: Mapping[str, int]
    push_at: Mapping[str, int]
    teams: Mapping[str, str]
    """Of people, where they were last."""

    @classmethod
    def by(cls, desk: Desk, dimension: str, periods: Sequence[Period] | None = None) -> Ways:
        """Ask, by PERIOD or by user_id."""
        asked = desk.groups("coverage", USAGE, MEASURES, (dimension, "source"), (), periods)
        alone = {keys: values for keys, values in asked.items() if keys[1] == BY_METRICS}
        metrics = desk.groups("metrics", TALLY, ("amount",), (dimension, "name"), (METRICS,), periods)
        with_teams = dimension != PERIOD
        return cls(
            _by_name(folded(asked, lambda keys: keys[:1])),
            _by_name(folded(alone, lambda keys: keys[:1])),
            {(name, metric): amount for (name, metric), (amount,) in metrics.items()},
            _last(desk.groups("telemetry", TALLY, ("last_at",), (dimension,), (), periods)),
            _last(desk.groups("push", USAGE, ("last_at",), (dimension,), (PUSHED,), periods)),
            _teams(desk) if with_teams else {},
        )

    @property
    def names(self) -> set[str]:
        """Every value that anything tells of."""
        return {*self.usage, *self.telemetry_at, *self.push_at}

    def row(self, name: str, vendor_cost: int | None = None) -> Covered:
        """One value; zeros where nothing tells of it."""
        nothing = (0,) * len(MEASURES)
        latest = max(self.telemetry_at.get(name, 0), self.push_at.get(name, 0))
        covered = _covered(
            name,
            self.usage.get(name, nothing),
            self.metrics_only.get(name, nothing),
            (self.metrics.get((name, COST_METRIC), 0), self.metrics.get((name, TOKENS_METRIC), 0)),
        )
        return replace(
            covered,
            vendor_cost=vendor_cost,
            last_at=latest,
            last_telemetry_at=self.telemetry_at.get(name, 0),
            last_push_at=self.push_at.get(name, 0),
            team=self.teams.get(name, ""),
        )

    def total(self, vendor_cost: int | None) -> Covered:
        """All values together."""
        telemetry_at, push_at = (max(told.values(), default=0) for told in (self.telemetry_at, self.push_at))
        cost, tokens = (
            sum(amount for (_, metric), amount in self.metrics.items() if metric == wanted)
            for wanted in (COST_METRIC, TOKENS_METRIC)
        )
        usage, alone = (summed(told.values(), len(MEASURES)) for told in (self.usage, self.metrics_only))
        return replace(
            _covered("", usage, alone, (cost, tokens)),
            vendor_cost=vendor_cost,
            last_at=max(telemetry_at, push_at),
            last_telemetry_at=telemetry_at,
            last_push_at=push_at,
        )


def _covered(name: str, usage: Values, alone: Values, metrics: tuple[int, int]) -> Covered:
    """What both tell is what is counted twice when the two ways are added."""
    responses, by_events, by_push, cost, events_cost, push_cost, events_tokens = usage
    return Covered(
        name=name,
        responses=responses,
        both_responses=by_events + by_push - responses,
        telemetry_responses=by_events,
        transcript_responses=by_push,
        cost=cost,
        both_cost=events_cost + push_cost + alone[3] - cost,
        telemetry_cost=events_cost,
        transcript_cost=push_cost,
        metrics_only_cost=alone[3],
        metrics_cost=metrics[0] * NANO_PER_MICRO,
        metrics_tokens=metrics[1] // MICRO,
        events_tokens=events_tokens,
    )


def _by_name(groups: Mapping[Keys, Values]) -> dict[str, Values]:
    return {keys[0]: values for keys, values in groups.items()}


def _last(groups: Mapping[Keys, Values]) -> dict[str, int]:
    return {keys[0]: values[0] for keys, values in groups.items()}


def _teams(desk: Desk) -> dict[str, str]:
    """Where each person was last."""
    latest: dict[str, tuple[int, str]] = {}
    for cube in (USAGE, TALLY):
        for (user, team), (at,) in desk.groups("teams", cube, ("last_at",), ("user_id", "team")).items():
            latest[user] = max(latest.get(user, (0, "")), (at, team))
    return {user: team for user, (_, team) in latest.items()}
