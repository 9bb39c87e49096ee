"""Reliability: how long people wait, what fails, and what hooks and compactions take."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.client_faults import (
    FAILURES,
    ApiErrors,
    Compactions,
    Hooks,
    InternalErrors,
    McpConnections,
    api_errors,
    compactions_of,
    hooks_of,
    internal_errors_of,
    mcp_of,
)
from tokentide.analytics.team.desk import BEFORE, NOW, Desk, Keys, named
from tokentide.analytics.team.figures import Figure, Head, Quantiles, Share, Unit
from tokentide.analytics.team.last_events import LastEvent, last_events
from tokentide.analytics.team.waiting import DURATION, TTFT, waits
from tokentide.store.team.query import PERIOD, Condition
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY

EVENTS = ("api_request", "api_error", "api_refusal")
REQUESTS = named(*EVENTS)
FAILED = Condition("outcome", FAILURES)


@dataclass(frozen=True, slots=True)
class Served:
    """Requests of a day, or to a model."""

    name: str
    """A day as 2026-11-22, or a model's id."""
    requests: int
    """Answered."""
    errors: int
    """Failed, after the last retry."""
    refusals: int
    duration: Quantiles
    ttft: Quantiles
    """Time to the first token."""

    @property
    def error_rate(self) -> Share:
        """Errors of all requests, answered or not."""
        return Share(self.errors, self.requests + self.errors)


@dataclass(frozen=True, slots=True)
class ModelDay:
    """Waiting for a model on a day; days without a request are left out."""

    day: str
    model: str
    duration: Quantiles
    ttft: Quantiles


@dataclass(frozen=True, slots=True)
class Refusals:
    """Requests that a model refused."""

    category: str
    """Empty where the client does not tell it."""
    outcome: str
    """`refused`, or `fallback` where the server went on with another model."""
    model: str
    records: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well it works, as the clients tell it."""

    head: Head
    figures: tuple[Figure, ...]
    """requests, errors, error_rate, retries_exhausted, refusals, p50_ms, p95_ms, ttft_p50_ms, compactions,
    hook_ms_per_prompt, mcp_failures, internal_errors."""
    days: tuple[Served, ...]
    models: tuple[Served, ...]
    model_days: tuple[ModelDay, ...]
    statuses: tuple[ApiErrors, ...]
    """The most frequent first."""
    status_days: tuple[ApiErrors, ...]
    status_models: tuple[ApiErrors, ...]
    refusals: tuple[Refusals, ...]
    compactions: tuple[Compactions, ...]
    hooks: tuple[Hooks, ...]
    """Those that take most time first."""
    mcp: tuple[McpConnections, ...]
    internal_errors: tuple[InternalErrors, ...]
    last_errors: tuple[LastEvent, ...]
    """API errors of the last days, the newest first."""


def build_reliability(store: TeamStore, ask: TeamAsk, *, now: int) -> Reliability:
    """Ask the store and add up. `now` is µs UTC. Raises UsageError and StoreError."""
    desk = Desk("reliability", store, ask, now)
    errors = api_errors(desk)
    return Reliability(
        figures=_figures(desk),
        days=_served(desk, PERIOD, [day.name for day in desk.days]),
        models=_served(desk, "model"),
        model_days=_model_days(desk),
        statuses=errors.statuses,
        status_days=errors.days,
        status_models=errors.models,
        refusals=_refusals(desk),
        compactions=compactions_of(desk),
        hooks=hooks_of(desk),
        mcp=mcp_of(desk),
        internal_errors=internal_errors_of(desk),
        last_errors=last_events(desk, "api_error"),
        head=desk.head(),
    )


def _figures(desk: Desk) -> tuple[Figure, ...]:
    both = (desk.previous, desk.whole)
    duration, ttft = (waits(desk, ("api_request",), clock, (PERIOD,), both) for clock in (DURATION, TTFT))

    def count(name: str, *events: str) -> Figure:
        return desk.pair(name, TALLY, ("records",), (named(*events),)).count(name)

    def quantile(name: str, told: dict[Keys, Quantiles], which: str) -> Figure:
        now, before = (getattr(told[(key,)], which) if (key,) in told else None for key in (NOW, BEFORE))
        return Figure(name, Unit.MS, now, before, is_estimate=True)

    requests, errors = count("requests", "api_request"), count("errors", "api_error")
    return (
        requests,
        errors,
        _rate(requests, errors),
        count("retries_exhausted", "api_retries_exhausted"),
        count("refusals", "api_refusal"),
        quantile("p50_ms", duration, "p50_ms"),
        quantile("p95_ms", duration, "p95_ms"),
        quantile("ttft_p50_ms", ttft, "p50_ms"),
        count("compactions", "compaction"),
        _hook_time(desk),
        _mcp_failures(desk),
        count("internal_errors", "internal_error"),
    )


def _rate(requests: Figure, errors: Figure) -> Figure:
    """Errors of all requests."""
    pairs = ((errors.value, requests.value), (errors.before, requests.before))
    now, before = (
        Share(bad, good + bad) if isinstance(good, int) and isinstance(bad, int) else None for bad, good in pairs
    )
    return Figure("error_rate", Unit.SHARE, now, before)


def _hook_time(desk: Desk) -> Figure:
    """Time in hooks for each prompt, ms."""
    hooks = desk.pair("hooks", TALLY, ("duration_ms",), (named("hook_execution_complete"),))
    prompts = desk.pair("hooks", TALLY, ("records",), (named("user_prompt"),))
    pairs = ((hooks.now, prompts.now), (hooks.before, prompts.before))
    now, before = (ms[0] / count[0] if ms and count and count[0] else None for ms, count in pairs)
    return Figure("hook_ms_per_prompt", Unit.MS, now, before)


def _mcp_failures(desk: Desk) -> Figure:
    where = (named("mcp_server_connection"), FAILED)
    return desk.pair("MCP servers", TALLY, ("records",), where).count("mcp_failures")


def _served(desk: Desk, dimension: str, names: list[str] | None = None) -> tuple[Served, ...]:
    """Requests by a dimension: these values in their order, else those there are, the most asked first."""
    periods = desk.days if dimension == PERIOD else None
    counts = desk.groups("requests", TALLY, ("records",), (dimension, "name"), (REQUESTS,), periods)
    duration, ttft = (waits(desk, ("api_request",), clock, (dimension,), periods) for clock in (DURATION, TTFT))
    none = Quantiles()

    def row(name: str) -> Served:
        requests, errors, refusals = (counts.get((name, event), (0,))[0] for event in EVENTS)
        return Served(name, requests, errors, refusals, duration.get((name,), none), ttft.get((name,), none))

    rows = map(row, names or {keys[0] for keys in counts})
    return tuple(rows if names else sorted(rows, key=lambda row: (-row.requests - row.errors, row.name)))


def _model_days(desk: Desk) -> tuple[ModelDay, ...]:
    duration, ttft = (waits(desk, ("api_request",), clock, (PERIOD, "model"), desk.days) for clock in (DURATION, TTFT))
    none = Quantiles()
    keys = sorted({*duration, *ttft})
    return tuple(
        ModelDay(day, model, duration.get((day, model), none), ttft.get((day, model), none)) for day, model in keys
    )


def _refusals(desk: Desk) -> tuple[Refusals, ...]:
    groups = desk.groups("refusals", TALLY, ("records",), ("detail", "outcome", "model"), (named("api_refusal"),))
    rows = (Refusals(category, outcome, model, records) for (category, outcome, model), (records,) in groups.items())
    return tuple(sorted(rows, key=lambda row: (-row.records, row.category, row.outcome, row.model)))
