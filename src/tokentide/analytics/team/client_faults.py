"""What goes wrong or takes time at the client: API errors, compactions, hooks, MCP connections, internal errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tokentide.analytics.team.desk import NAMED, Desk, Keys, Values, folded, named
from tokentide.analytics.team.figures import Quantiles, Share
from tokentide.analytics.team.waiting import DURATION, waits
from tokentide.model.telemetry import MICRO
from tokentide.store.team.query import PERIOD, USERS
from tokentide.store.team.tables import TALLY

CONNECTED, FAILURES = ("connected", "success"), ("failed", "failure", "error", "timeout")
"""How a connection to an MCP server ends."""
HOOK_ENDS = ("ok", "blocked", "error", "cancelled")


@dataclass(frozen=True, slots=True)
class ApiErrors:
    """Failed requests of one status, to one model, or on one day."""

    status: str
    """An HTTP status, or `network`."""
    model: str
    """Empty in sums over all models."""
    day: str
    """Empty in sums over all days."""
    errors: int
    attempts: int
    """Tries in all, the first ones included."""


@dataclass(frozen=True, slots=True)
class Compactions:
    """Compactions of one kind."""

    trigger: str
    """`auto` or `manual`."""
    succeeded: int
    failed: int
    tokens_won: int
    """Of the context, over those that succeeded."""
    seconds: int


@dataclass(frozen=True, slots=True)
class Hooks:
    """Runs of one hook."""

    name: str
    event: str
    runs: int
    ok: int
    blocked: int
    errors: int
    cancelled: int
    ms: int
    """Time in all."""
    duration: Quantiles

    @property
    def mean_ms(self) -> float | None:
        """Of a run."""
        return self.ms / self.runs if self.runs else None


@dataclass(frozen=True, slots=True)
class McpConnections:
    """Attempts to connect to one MCP server."""

    server: str
    """Empty where the client does not tell names."""
    transport: str
    connected: int
    failed: int
    other: int
    """Of another status than these."""

    @property
    def failure_rate(self) -> Share:
        """Failed of all that connected or failed."""
        return Share(self.failed, self.connected + self.failed)


@dataclass(frozen=True, slots=True)
class InternalErrors:
    """Errors inside the client, of one name."""

    name: str
    code: str
    records: int
    users: int


@dataclass(frozen=True, slots=True)
class ApiErrorTables:
    """API errors by status, by status and day, by status and model."""

    statuses: tuple[ApiErrors, ...]
    days: tuple[ApiErrors, ...]
    models: tuple[ApiErrors, ...]


def api_errors(desk: Desk) -> ApiErrorTables:
    """Failed requests; `extra` of the event is the number of its last attempt."""
    asked = (PERIOD, "detail", "model", "extra")
    groups = desk.groups("API errors", TALLY, ("records",), asked, (named("api_error"),), desk.days)
    counted: dict[Keys, Values] = {keys: (records, records * _attempts(keys[3])) for keys, (records,) in groups.items()}
    return ApiErrorTables(
        tuple(sorted(_errors(folded(counted, lambda keys: (keys[1], "", ""))), key=_frequent)),
        tuple(
            sorted(_errors(folded(counted, lambda keys: (keys[1], "", keys[0]))), key=lambda row: (row.day, row.status))
        ),
        tuple(sorted(_errors(folded(counted, lambda keys: (keys[1], keys[2], ""))), key=_frequent)),
    )


def _errors(groups: dict[Keys, Values]) -> Iterable[ApiErrors]:
    return (
        ApiErrors(status, model, day, errors, attempts) for (status, model, day), (errors, attempts) in groups.items()
    )


def _frequent(row: ApiErrors) -> tuple[int, str, str]:
    return -row.errors, row.status, row.model


def _attempts(extra: str) -> int:
    """How often it was tried; once where that was not told."""
    return int(extra[:6]) if extra.isascii() and extra.isdecimal() else 1


def compactions_of(desk: Desk) -> tuple[Compactions, ...]:
    """By trigger, the most frequent first."""
    measures = ("records", "amount", "duration_ms")
    groups = desk.groups("compactions", TALLY, measures, ("detail", "outcome"), (named("compaction"),))
    rows = []
    for trigger in {keys[0] for keys in groups}:
        good, bad = (groups.get((trigger, outcome), (0, 0, 0)) for outcome in ("success", "failure"))
        rows.append(Compactions(trigger, good[0], bad[0], good[1] // MICRO, (good[2] + bad[2]) // 1000))
    return tuple(sorted(rows, key=lambda row: (-row.succeeded - row.failed, row.trigger)))


def hooks_of(desk: Desk) -> tuple[Hooks, ...]:
    """By hook and event, those that take most time first."""
    where = (named("hook_execution_complete"),)
    groups = desk.groups("hooks", TALLY, ("records", "duration_ms"), ("detail", "extra", "outcome"), where)
    took = waits(desk, ("hook_execution_complete",), DURATION, ("detail",))
    rows = []
    for (name, event), (runs, ms) in folded(groups, lambda keys: keys[:2]).items():
        ok, blocked, errors, cancelled = (groups.get((name, event, end), (0, 0))[0] for end in HOOK_ENDS)
        duration = took.get((name,), Quantiles())
        rows.append(Hooks(name, event, runs, ok, blocked, errors, cancelled, ms, duration))
    return tuple(sorted(rows, key=lambda row: (-row.ms, row.name, row.event)))


def mcp_of(desk: Desk) -> tuple[McpConnections, ...]:
    """By server and transport, those that fail most first."""
    where = (named("mcp_server_connection"),)
    groups = desk.groups("MCP servers", TALLY, ("records",), ("detail", "extra", "outcome"), where)
    rows = []
    for (server, transport), (records,) in folded(groups, lambda keys: keys[:2]).items():
        good, bad = (
            sum(groups.get((server, transport, outcome), (0,))[0] for outcome in outcomes)
            for outcomes in (CONNECTED, FAILURES)
        )
        rows.append(McpConnections(server, transport, good, bad, records - good - bad))
    return tuple(sorted(rows, key=lambda row: (-row.failed, -row.connected, row.server, row.transport)))


def internal_errors_of(desk: Desk) -> tuple[InternalErrors, ...]:
    """By name and code, the most frequent first."""
    where = (named("internal_error"),)
    groups = desk.groups("internal errors", TALLY, ("records",), ("detail", "extra"), where)
    users = desk.groups("internal errors", TALLY, (USERS,), ("detail", "extra"), (NAMED, *where))
    rows = (
        InternalErrors(name, code, records, users.get((name, code), (0,))[0])
        for (name, code), (records,) in groups.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.records, row.name, row.code)))
