"""The usage reports: rows with totals, the same for every output format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.selection import Selection
from tokentide.store.query import UNKNOWN_MODEL, CostMode, Group, Query, SessionFacts, Sums

if TYPE_CHECKING:
    from tokentide.store.reading import UsageReading


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of report."""

    name: str
    key: str
    """The name of a row's key, in JSON and CSV."""
    dimensions: tuple[str, ...]
    """What makes a row; the first is the key."""
    grain: str = ""
    """day, week or month for a report over time."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind("daily", "date", ("period",), "day"),
        Kind("weekly", "week", ("period",), "week"),
        Kind("monthly", "month", ("period",), "month"),
        Kind("session", "session_id", ("session",)),
        Kind("project", "project", ("project",)),
        Kind("model", "model", ("model",)),
        Kind("branch", "branch", ("branch", "project")),
    )
}
BREAKDOWNS = ("model", "project", "session", "branch", "agent", "source", "account")
SORT_KEYS = ("key", "cost", "tokens", "input", "output", "cache-write", "cache-read", "responses", "last")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a report, or one part of a row's breakdown."""

    key: str
    sums: Sums
    models: tuple[str, ...] = ()
    """Ids of the models, sorted."""
    breakdown: tuple[Row, ...] = ()
    """Its parts by the dimension that was asked for, the dearest first."""
    source: str = ""
    """Of a session."""
    facts: SessionFacts | None = None
    """Of a session; of a branch only its project."""


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are sorted; an empty `by` leaves it to the report: time upwards, else cost downwards."""

    by: str = ""
    descending: bool | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report as every format gets it."""

    kind: Kind
    rows: tuple[Row, ...]
    totals: Row
    selection: Selection
    mode: CostMode
    timezone: str
    generated_at: int
    """Instant, µs UTC."""
    by: str = ""
    """The dimension of the breakdown; empty for none."""
    problems: int = 0
    """Lines and folders that could not be read."""


@dataclass(slots=True)
class _Draft:
    """A row while its groups are added up."""

    sums: Sums = field(default_factory=Sums)
    models: set[str] = field(default_factory=set)
    parts: dict[str, _Draft] = field(default_factory=dict)

    def add(self, sums: Sums, model: str, part: str | None) -> None:
        self.sums.add(sums)
        self.models.add(model)
        if part is not None:
            self.parts.setdefault(part, _Draft()).add(sums, model, None)

    def row(self, key: str) -> Row:
        parts = tuple(
            draft.row(name)
            for name, draft in sorted(self.parts.items(), key=lambda item: (-item[1].sums.cost, item[0]))
        )
        return Row(key, self.sums, tuple(sorted(self.models)), parts)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a report is made of, beside its kind."""

    selection: Selection
    calendar: Calendar
    mode: CostMode = CostMode.AUTO
    by: str = ""
    order: Order = field(default_factory=Order)


def build_report(ledger: UsageReading, kind: Kind, ask: Ask, *, now: int, problems: int = 0) -> Report:
    """Ask the ledger and add up. `now` is the instant that the report bears, µs UTC."""
    groups = _groups(ledger, kind, ask)
    width = len(kind.dimensions)
    drafts: dict[tuple[str, ...], _Draft] = {}
    total = _Draft()
    for group in groups:
        part = _shown(ask.by, group.keys[width + 1]) if ask.by else None
        model = group.keys[width] or UNKNOWN_MODEL
        drafts.setdefault(group.keys[:width], _Draft()).add(group.sums, model, part)
        total.add(group.sums, model, part)
    rows = _dressed(ledger, kind, [(keys, draft.row(keys[0])) for keys, draft in drafts.items()])
    ordered = tuple(in_order(rows, kind, ask.order))
    return Report(kind, ordered, total.row(""), ask.selection, ask.mode, ask.calendar.name, now, ask.by, problems)


def _groups(ledger: UsageReading, kind: Kind, ask: Ask) -> list[Group]:
    """The ledger's totals by the row's dimensions, model, and breakdown."""
    selection = ask.selection
    dimensions = (*kind.dimensions, "model", *((ask.by,) if ask.by else ()))
    periods = ask.calendar.periods(ledger.days(), kind.grain or "day", selection.since, selection.until)
    if not kind.grain and periods:
        periods = tuple(replace(period, name="") for period in periods)
    return ledger.totals(Query(dimensions, periods, selection.filters, ask.mode))


def _dressed(ledger: UsageReading, kind: Kind, rows: Sequence[tuple[tuple[str, ...], Row]]) -> list[Row]:
    """Rows with what is known of them beside their totals."""
    if kind.name == "session":
        facts = ledger.session_facts()
        return [
            replace(row, key=_session_id(row.key), source=row.key.partition("\t")[0], facts=facts.get(row.key))
            for _, row in rows
        ]
    if kind.name == "branch":
        return [replace(row, facts=SessionFacts(project=keys[1], branch=row.key)) for keys, row in rows]
    return [replace(row, key=row.key or UNKNOWN_MODEL) if kind.name == "model" else row for _, row in rows]


def _session_id(key: str) -> str:
    return key.partition("\t")[2]


def _shown(dimension: str, value: str) -> str:
    """A key of a breakdown as it is shown."""
    if dimension == "session":
        return _session_id(value)
    return value or (UNKNOWN_MODEL if dimension in ("model", "served_model") else value)


def in_order(rows: Iterable[Row], kind: Kind, order: Order) -> list[Row]:
    """Rows in the order asked for; equal ones by key."""
    by = order.by or ("key" if kind.grain else "cost")
    descending = order.descending if order.descending is not None else by != "key"
    return sorted(sorted(rows, key=lambda row: row.key), key=lambda row: _sort_key(row, by), reverse=descending)


def _sort_key(row: Row, by: str) -> str | int:
    sums = row.sums
    keys: dict[str, str | int] = {
        "key": row.key,
        "cost": sums.cost,
        "tokens": sums.total_tokens,
        "input": sums.input_tokens,
        "output": sums.output_tokens,
        "cache-write": sums.cache_creation_5m_tokens + sums.cache_creation_1h_tokens,
        "cache-read": sums.cache_read_tokens,
        "responses": sums.responses,
        "last": sums.last_at,
    }
    return keys[by]
