"""The rules of the team store in plain Python, over rows in memory: what every engine's answers are compared with.

Written from the rules alone (docs of tokentide.model.merging and of the rows), knowing no SQL and no rollups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tokentide.clock import QUARTER_US
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, NOT_TOLD, Sighting, TelemetryRecord
from tokentide.store.team.query import PERIOD, PERIODS, SESSIONS, USERS, Scope, TeamGroup, TeamQuery
from tokentide.store.team.tables import COUNTERS, LATENCY, SENIOR, TALLY, USAGE

Fact = dict[str, str | int]
"""Dimensions and measures of one response, record or duration."""


@dataclass
class Oracle:
    """Holds rows; the order in which they come, and how often, does not matter."""

    records: dict[tuple[str, str], TelemetryRecord] = field(default_factory=dict)
    sightings: dict[tuple[str, str], Sighting] = field(default_factory=dict)
    _known: dict[str, list[Fact]] = field(default_factory=dict)

    def take(self, records: Iterable[TelemetryRecord], sightings: Iterable[Sighting]) -> None:
        self._known.clear()
        self.records.update({(row.tenant, row.id): row for row in records})
        self.sightings.update({(row.tenant, row.id): row for row in sightings})

    def totals(self, scope: Scope, query: TeamQuery) -> list[TeamGroup]:
        """The groups of an answer, sorted by their keys."""
        groups: defaultdict[tuple[str | int, ...], list[Fact]] = defaultdict(list)
        for fact in self._facts(query):
            number = _number(fact, query)
            if _is_seen(fact, scope, query) and number is not None:
                groups[tuple(number if name == PERIOD else fact[name] for name in query.dimensions)].append(fact)
        if not query.dimensions and not groups:
            groups[()] = []
        ordered = [
            (keys, tuple(_measure(facts, name, query) for name in query.measures)) for keys, facts in groups.items()
        ]
        if query.most:
            ordered = sorted(ordered, key=lambda group: (-group[1][0], _as_bytes(group[0])))[: query.most]
        named = (TeamGroup(_names(keys, query), values) for keys, values in ordered)
        return sorted(named, key=lambda group: group.keys)

    def _facts(self, query: TeamQuery) -> Iterable[Fact]:
        makers: dict[str, Callable[[], Iterable[Fact]]] = {
            USAGE.quarter.name: self._responses,
            TALLY.quarter.name: self._tallies,
            LATENCY.quarter.name: self._durations,
        }
        name = query.cube.quarter.name
        if name not in self._known:
            self._known[name] = list(makers[name]())
        return self._known[name]

    def _responses(self) -> Iterable[Fact]:
        told = {(row.tenant, row.session_id) for row in self.sightings.values() if row.source != BY_METRICS}
        by_key: defaultdict[tuple[str, str], list[Sighting]] = defaultdict(list)
        for row in self.sightings.values():
            if row.source != BY_METRICS or (row.tenant, row.session_id) not in told:
                by_key[row.tenant, row.key].append(row)
        return (_response(rows) for rows in by_key.values())

    def _tallies(self) -> Iterable[Fact]:
        for row in self.records.values():
            fact = _of(row, TALLY.quarter.dimensions)
            fact |= {"records": 1, "amount": row.amount, "duration_ms": max(row.duration_ms, 0)}
            yield fact | {"first_at": row.happened_at, "last_at": row.happened_at}

    def _durations(self) -> Iterable[Fact]:
        names = [name for name in LATENCY.quarter.dimensions if name not in ("clock", "bucket")]
        for row in self.records.values():
            for clock, bucket in (("duration", row.duration_bucket), ("ttft", row.ttft_bucket)):
                if bucket >= 0:
                    yield _of(row, names) | {"clock": clock, "bucket": bucket, "records": 1}


def _of(row: TelemetryRecord | Sighting, names: Iterable[str]) -> Fact:
    fact: Fact = {"tenant": row.tenant, "quarter": row.quarter}
    fact.update((name, getattr(row, name)) for name in names)
    return fact


def _response(rows: Sequence[Sighting]) -> Fact:
    """The sightings of one response as one."""
    first_first = sorted(rows, key=lambda row: (row.seniority, row.id))
    at = min(row.happened_at for row in rows)
    fact: Fact = {"tenant": rows[0].tenant, "quarter": at // QUARTER_US * QUARTER_US, "first_at": at, "last_at": at}
    for name in SENIOR:
        fact[name] = next((text for row in first_first if (text := getattr(row, name))), "")
    pushed = [row.source for row in first_first if row.source not in (BY_EVENTS, BY_METRICS)]
    fact["source"] = pushed[0] if pushed else min(row.source for row in rows)
    for name in COUNTERS:
        fact[name] = max(getattr(row, name) for row in rows)
    written = max(row.cache_creation_5m_tokens + row.cache_creation_1h_tokens for row in rows)
    fact["cache_creation_5m_tokens"] = written - max(row.cache_creation_1h_tokens for row in rows)
    responses = max(row.responses for row in rows)
    fact["responses"] = responses
    reported, listed = max(row.reported_cost for row in rows), max(row.list_cost for row in rows)
    auto = listed if reported == NOT_TOLD else reported
    for mode, cost in (("auto", auto), ("calculate", listed), ("display", reported)):
        fact[f"{mode}_cost"] = max(cost, 0)
        fact[f"{mode}_unpriced"] = responses if cost == NOT_TOLD else 0
    fact["lower_bound_responses"] = 0 if any(row.output_is_final for row in rows) else responses
    told_by_events = any(row.source == BY_EVENTS for row in rows)
    for name, is_told in (("telemetry", told_by_events), ("transcript", bool(pushed))):
        fact[f"{name}_responses"] = int(is_told)
        fact[f"{name}_cost"] = max(auto, 0) if is_told else 0
    tokens = (
        "input_tokens",
        "output_tokens",
        "cache_creation_5m_tokens",
        "cache_creation_1h_tokens",
        "cache_read_tokens",
    )
    fact["telemetry_tokens"] = sum(int(fact[name]) for name in tokens) if told_by_events else 0
    return fact


def _number(fact: Fact, query: TeamQuery) -> int | None:
    """Which period it is in; None for none of them. Without periods all is in."""
    if not query.periods:
        return -1
    at = int(fact["quarter"])
    return next((number for number, period in enumerate(query.periods) if period.start <= at < period.end), None)


def _is_seen(fact: Fact, scope: Scope, query: TeamQuery) -> bool:
    return (
        fact["tenant"] == scope.tenant
        and (scope.teams is None or fact["team"] in scope.teams)
        and (scope.users is None or fact["user_id"] in scope.users)
        and all((fact[each.column] in each.values) is not each.is_not for each in query.conditions)
    )


def _measure(facts: Sequence[Fact], name: str, query: TeamQuery) -> int:
    if name == PERIODS:
        return sum(1 << number for number in {_number(fact, query) for fact in facts} if number is not None)
    if name in (USERS, SESSIONS):
        return len({fact["user_id" if name == USERS else "session_id"] for fact in facts})
    values = [int(fact[name]) for fact in facts]
    return (min if name == "first_at" else max if name == "last_at" else sum)(values or [0])


def _as_bytes(keys: Iterable[str | int]) -> tuple[bytes | int, ...]:
    """Engines order text by its bytes."""
    return tuple(key.encode() if isinstance(key, str) else key for key in keys)


def _names(keys: Sequence[str | int], query: TeamQuery) -> tuple[str, ...]:
    return tuple(
        query.periods[int(key)].name if name == PERIOD else str(key)
        for name, key in zip(query.dimensions, keys, strict=True)
    )
