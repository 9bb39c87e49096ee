"""The organisation's usage, cost and Claude Code activity, cut in every way that the vendor tells.

The vendor's buckets are added up, nothing is reckoned: what a report does not split stands in a row of its own, so that
every cut has the same totals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from tokentide.analytics.console_buckets import TIMES, Names, current_buckets, fetched_days, key_of
from tokentide.clock import DAY_US
from tokentide.errors import UsageError
from tokentide.model.billing import (
    CODE,
    COST,
    ORGANIZATION,
    TOKEN_COUNTERS,
    USAGE,
    USAGE_HOURS,
    date_of,
    day_of,
    days,
    first_day_of,
)
from tokentide.store.sqlite.ledger import Ledger

SPEND = "spend"
"""Usage and cost side by side; what is shown without a choice."""
REPORTS = (USAGE, COST, CODE)
CUTS = (*TIMES, "model", "workspace", "key", "user", "tier", "description")
_CUTS_OF = {
    SPEND: tuple(cut for cut in CUTS if cut not in ("hour", "description")),
    USAGE: tuple(cut for cut in CUTS if cut != "description"),
    COST: tuple(cut for cut in CUTS if cut != "hour"),
    CODE: ("day", "month", "user", "model"),
}
_FIRST_CUT = {SPEND: "day", USAGE: "day", COST: "description", CODE: "user"}
_BUCKETS_OF = {SPEND: (USAGE, COST), USAGE: (USAGE,), COST: (COST,), CODE: (CODE,)}
TOP = 5


@dataclass(frozen=True, slots=True)
class ConsoleAsk:
    """What is asked of an organisation's buckets."""

    organization: str
    """Its id."""
    start: int
    """The first day, a midnight UTC in µs."""
    end: int
    """The midnight after the last."""
    report: str = SPEND
    by: str = ""
    """One of CUTS; empty for the report's usual one."""
    person: str = ""
    """Only what this e-mail address is said to have used; empty for everybody."""

    def settled(self) -> ConsoleAsk:
        """With a cut; one that only usage or only cost has decides about the report. Raises UsageError."""
        by = self.by or _FIRST_CUT[self.report]
        report = {"hour": USAGE, "description": COST}.get(by, self.report) if self.report == SPEND else self.report
        if by not in _CUTS_OF[report]:
            raise UsageError(f"--report {report} is not told by {by}; choose one of {', '.join(_CUTS_OF[report])}")
        return ConsoleAsk(self.organization, self.start, self.end, report, by, self.person)

    @property
    def buckets(self) -> tuple[str, ...]:
        """The classic reports that the answer is made of."""
        return tuple(USAGE_HOURS if self.by == "hour" else report for report in _BUCKETS_OF[self.report])


@dataclass(frozen=True, slots=True)
class ConsoleRow:
    """One row."""

    key: str | None
    """The vendor's id, or the time; None for what the vendor does not split so."""
    name: str
    measures: Mapping[str, int]
    """A measure that is absent was not told; money in nano-USD."""

    @property
    def total_tokens(self) -> int | None:
        """The sum of the five counters; None where none was told."""
        told = [self.measures[name] for name in TOKEN_COUNTERS if name in self.measures]
        return sum(told) if told else None

    @property
    def acceptance(self) -> Fraction | None:
        """The share of edits that was accepted; None where there was none to decide about."""
        accepted, rejected = self.measures.get("accepted", 0), self.measures.get("rejected", 0)
        return Fraction(accepted, accepted + rejected) if accepted + rejected else None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How well the ledger knows a stretch of days."""

    fetched_at: int
    """When its newest day was last asked for, µs UTC; 0 for never."""
    reaches_at: int
    """Until when the vendor said that its own data reaches, µs UTC; 0 if it did not."""
    missing_days: int
    """How many days up to today were never fetched whole."""


@dataclass(frozen=True, slots=True)
class ConsoleReport:
    """A report as every format gets it."""

    ask: ConsoleAsk
    organization: str
    """Its name."""
    rows: tuple[ConsoleRow, ...]
    totals: ConsoleRow
    freshness: Freshness
    generated_at: int
    """µs UTC."""

    @property
    def since(self) -> str:
        """The first UTC day."""
        return date_of(self.ask.start).isoformat()

    @property
    def until(self) -> str:
        """The last UTC day."""
        return date_of(self.ask.end - DAY_US).isoformat()


@dataclass(frozen=True, slots=True)
class ConsoleSummary:
    """The main screen of the organisation."""

    spend: ConsoleReport
    """By model."""
    workspaces: ConsoleReport
    spenders: ConsoleReport
    """By user where any is told, else by key."""
    code: ConsoleReport
    """Claude Code by user."""


def build_summary(ledger: Ledger, ask: ConsoleAsk, *, now: int) -> ConsoleSummary:
    """All parts of the main screen over one stretch of days. `now` is µs UTC."""
    spend = ConsoleAsk(ask.organization, ask.start, ask.end, SPEND, "model", ask.person)
    models, workspaces, users, keys = _cut(ledger, spend, ("model", "workspace", "user", "key"), now)
    code = ConsoleAsk(ask.organization, ask.start, ask.end, CODE, "user", ask.person)
    by_user = any(row.key for row in users.rows)
    return ConsoleSummary(models, workspaces, users if by_user else keys, build_console(ledger, code, now=now))


def build_console(ledger: Ledger, ask: ConsoleAsk, *, now: int) -> ConsoleReport:
    """Add up the buckets. `now` is µs UTC. Raises UsageError for a cut that the report does not have."""
    ask = ask.settled()
    return _cut(ledger, ask, (ask.by,), now)[0]


def _cut(ledger: Ledger, ask: ConsoleAsk, cuts: tuple[str, ...], now: int) -> list[ConsoleReport]:
    """One report for each cut, from one look at the buckets."""
    names = Names(ledger, ask.organization)
    drafts: dict[str, dict[str | None, dict[str, int]]] = {by: {} for by in cuts}
    totals: dict[str, int] = {}
    for report in ask.buckets:
        for bucket in current_buckets(ledger, ask.organization, report, ask.start, ask.end):
            names.learn(bucket)
            if ask.person and not names.is_of(bucket, ask.person):
                continue
            _add(totals, bucket.measures)
            for by, rows in drafts.items():
                _add(rows.setdefault(key_of(bucket, by), {}), bucket.measures)
    organization = next((e.name for e in ledger.buckets.directory(ask.organization, ORGANIZATION)), ask.organization)
    fresh = _freshness(ledger, ask, now)
    return [
        ConsoleReport(
            ask=replace(ask, by=by),
            organization=organization,
            rows=_ordered((ConsoleRow(key, names.name(by, key), sums) for key, sums in rows.items()), by),
            totals=ConsoleRow("", "Total", totals),
            freshness=fresh,
            generated_at=now,
        )
        for by, rows in drafts.items()
    ]


def _add(sums: dict[str, int], measures: Mapping[str, int]) -> None:
    """Add measures; decisions about edits also under one name over all tools."""
    for name, count in measures.items():
        sums[name] = sums.get(name, 0) + count
        decision = _decision(name)
        if decision:
            sums[decision] = sums.get(decision, 0) + count


@lru_cache(1024)
def _decision(measure: str) -> str:
    """`accepted` or `rejected` for a measure of one tool's edits; empty for any other."""
    tool, _, decision = measure.rpartition("_")
    return decision if tool and decision in ("accepted", "rejected") else ""


def _ordered(rows: Iterable[ConsoleRow], by: str) -> tuple[ConsoleRow, ...]:
    """Time upwards, else cost downwards, then tokens, what is not split last; equal ones by name."""
    if by in TIMES:
        return tuple(sorted(rows, key=lambda row: row.key or ""))

    def place(row: ConsoleRow) -> tuple[bool, int, int, str, str]:
        cost, tokens = row.measures.get("cost", 0), row.total_tokens or 0
        return row.key is None, -cost, -tokens, row.name.lower(), row.key or ""

    return tuple(sorted(rows, key=place))


def _freshness(ledger: Ledger, ask: ConsoleAsk, now: int) -> Freshness:
    """The worst of the reports that an answer is made of."""
    end = min(ask.end, day_of(now) + DAY_US)
    fetched = {report: fetched_days(ledger, ask.organization, report, ask.start, end) for report in ask.buckets}
    missing = {
        day
        for report, known in fetched.items()
        for day in days(max(ask.start, first_day_of(report)), end)
        if day not in known
    }
    newest = [known[max(known)] for known in fetched.values() if known]
    reached = [fetch.reaches_at for fetch in newest if fetch.reaches_at]
    asked_at = min(max((fetch.fetched_at for fetch in known.values()), default=0) for known in fetched.values())
    return Freshness(asked_at, min(reached, default=0), len(missing))
