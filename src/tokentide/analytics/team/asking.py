"""What a report about a team is asked: for whom, which days, narrowed to what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tokentide.analytics.calendar import Calendar
from tokentide.clock import DAY_US
from tokentide.errors import UsageError
from tokentide.model.usage import UsageRecord
from tokentide.store.query import CostMode, Period
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.tables import PARTY, SENIOR

USUAL_DAYS = 30
"""The range of a report where no days were asked for: these, with today."""
MOST_DAYS = 1100
"""Three years: more days than that in one series are a mistake."""
_CLIENT = ("version", "terminal", "entrypoint")
NARROWS: dict[str, tuple[str, ...]] = {
    "adoption": (*PARTY, *_CLIENT),
    "output": (*PARTY, "version"),
    "cost": (*SENIOR, "source"),
    "reliability": (*PARTY, "model", *_CLIENT),
    "tools": (*PARTY, *_CLIENT),
    "people": (*PARTY, "version"),
    "coverage": (*PARTY, "version"),
}
"""What each report can be narrowed by: columns of conditions. A part of it that does not know one, such as percentiles
a version, is left out and named in Head.left_out."""

Price = Callable[[UsageRecord], int | None]
"""List price of a response, nano-USD; None if no price is known."""
Vendor = Callable[[str], Mapping[str, int]]
"""What the vendor's own buckets say of a tenant's Claude Code, nano-USD by UTC day (2026-11-22)."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report, both ends inclusive, and as many before them to compare with."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days; at least one."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> Span:
        """The same number of days right before."""
        return Span(self.since - timedelta(days=self.days), self.since - timedelta(days=1))

    def period(self, calendar: Calendar, name: str = "") -> Period:
        """All of it as one stretch of time."""
        return Period(name, calendar.start_of(self.since), calendar.end_of(self.until))

    def each_day(self, calendar: Calendar) -> tuple[Period, ...]:
        """A stretch for each day, named as 2026-11-22."""
        days = (self.since + timedelta(days=number) for number in range(self.days))
        return tuple(Period(day.isoformat(), calendar.start_of(day), calendar.end_of(day)) for day in days)


@dataclass(frozen=True, slots=True)
class TeamAsk:
    """The question; the scope is the viewer's, never what somebody typed."""

    scope: Scope
    calendar: Calendar
    since: date | None = None
    until: date | None = None
    """Both inclusive, days of the calendar; None for today, and for USUAL_DAYS with it."""
    conditions: tuple[Condition, ...] = ()
    """On NARROWING; all must hold."""
    mode: CostMode = CostMode.AUTO
    price: Price | None = None
    """For what the cache saved and what a model would cost; without one these are not told."""

    vendor: Vendor | None = None
    """For Coverage; without one nothing of the vendor is told."""

    def vendor_costs(self, days: Sequence[Period]) -> Mapping[str, int]:
        """What the vendor says of these days, where the question is about a whole tenant and days are cut in UTC."""
        is_whole = not self.conditions and not self.scope.conditions() and not any(day.start % DAY_US for day in days)
        return self.vendor(self.scope.tenant) if self.vendor and is_whole else {}

    def span(self, now: int) -> Span:
        """The days that are meant. `now` is µs UTC. Raises UsageError for none, or far too many."""
        until = self.until or max(self.calendar.date_of(now), self.since or date.min)
        since = self.since or until - timedelta(days=USUAL_DAYS - 1)
        if since > until:
            raise UsageError(f"since {since} is after until {until}: swap them")
        span = Span(since, until)
        if span.days > MOST_DAYS:
            raise UsageError(f"{since} to {until} are {span.days} days; ask for at most {MOST_DAYS}")
        return span

    def check(self, report: str) -> None:
        """Whether that report can be narrowed so. Raises UsageError for a condition it does not know."""
        known = NARROWS[report]
        for condition in self.conditions:
            if condition.column not in known:
                raise UsageError(f"{report} cannot be narrowed by {condition.column}, only by {', '.join(known)}")
