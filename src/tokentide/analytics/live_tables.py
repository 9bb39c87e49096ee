"""The tables of the live view: reports by day, week, month, session and project, and what lies below a row of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tokentide.analytics.live import LiveAsk
from tokentide.analytics.reports import KINDS, Ask, Row, build_report
from tokentide.analytics.selection import Selection
from tokentide.store.query import Sums
from tokentide.store.sqlite.ledger import Ledger

REALTIME = "realtime"
RESPONSES = "responses"
VIEWS = (REALTIME, "daily", "weekly", "monthly", "session", "project")
"""What there is to choose from, in the order of its keys."""
ALL_TIME = (0, 2**62)


@dataclass(frozen=True, slots=True)
class View:
    """One screen: a report, or the single responses of a session; as a whole or below a row of another."""

    name: str
    """One of VIEWS, or RESPONSES."""
    title: str = ""
    """Of the row that it lies below; empty for a whole report."""
    since: date | None = None
    until: date | None = None
    """Both inclusive."""
    project: str | None = None
    session: str | None = None
    source: str = ""
    """Of the session."""


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One row of a table."""

    key: str
    """Tells it from the others, also when the table is read again."""
    label: str
    """A day, a session's title or the beginning of its id, a folder; empty for a response."""
    sums: Sums
    models: tuple[str, ...]
    project: str = ""
    agent: str = ""
    """Who responded: of a response."""
    below: View | None = None
    """What opens with it."""


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A view's rows, in the order of the report."""

    view: View
    rows: tuple[LiveRow, ...]
    totals: Sums


def build_table(ledger: Ledger, view: View, ask: LiveAsk, *, now: int) -> LiveTable:
    """Ask the ledger. `now` is µs UTC. Raises LedgerError."""
    if view.name == RESPONSES:
        return _responses(ledger, view, ask)
    filters = ask.filters if view.project is None else replace(ask.filters, projects=(view.project,))
    selection = Selection(view.since, view.until, filters)
    report = build_report(ledger, KINDS[view.name], Ask(selection, ask.calendar, ask.mode), now=now)
    return LiveTable(view, tuple(_row(view, row) for row in report.rows), report.totals.sums)


def _row(view: View, row: Row) -> LiveRow:
    """A report's row, with what lies below it."""
    if view.name == "session":
        title = (row.facts.title if row.facts else "") or row.key[:8]
        project = row.facts.project if row.facts else ""
        below = View(RESPONSES, title, view.since, view.until, view.project, row.key, row.source)
        return LiveRow(f"{row.source}\t{row.key}", title, row.sums, row.models, project, below=below)
    if view.name == "project":
        below = View("session", row.key, view.since, view.until, row.key)
        return LiveRow(row.key, row.key, row.sums, row.models, below=below)
    first, last = _days_of(view.name, row.key)
    return LiveRow(row.key, row.key, row.sums, row.models, below=View("session", row.key, first, last))


def _days_of(name: str, key: str) -> tuple[date, date]:
    """The first and the last day of a day, a week or a month."""
    if name == "monthly":
        year, month = map(int, key.split("-"))
        following = date(year + month // 12, month % 12 + 1, 1)
        return date(year, month, 1), following - timedelta(days=1)
    first = date.fromisoformat(key)
    return first, first + timedelta(days=6 if name == "weekly" else 0)


def _responses(ledger: Ledger, view: View, ask: LiveAsk) -> LiveTable:
    """The single responses of a session, the newest first."""
    start, end = ALL_TIME
    if view.since is not None and view.until is not None:
        start, end = ask.calendar.start_of(view.since), ask.calendar.start_of(view.until + timedelta(days=1))
    filters = replace(
        ask.filters,
        sessions=(view.session or "",),
        sources=(view.source,),
        projects=ask.filters.projects if view.project is None else (view.project,),
    )
    found = list(ledger.responses(filters, ask.mode, start, end))
    rows = (
        LiveRow(str(number), "", each.sums, (each.model,), each.project, each.agent)
        for number, each in enumerate(found)
    )
    return LiveTable(view, tuple(rows)[::-1], total(each.sums for each in found))


def total(every: Iterable[Sums]) -> Sums:
    """All of these together."""
    total = Sums()
    for sums in every:
        total.add(sums)
    return total
