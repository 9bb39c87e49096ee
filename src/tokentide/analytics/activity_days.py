"""Days, hours, tools and sittings, and how what the ledger tells is added up to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tokentide.analytics.calendar import Calendar
from tokentide.clock import MINUTE_US
from tokentide.store.query import SessionFacts, Sums
from tokentide.store.sqlite.activity import Runs, Stretch, ToolRuns

COST, TOKENS, PROMPTS, RESPONSES = "cost", "tokens", "prompts", "responses"
MEASURES = (COST, TOKENS, PROMPTS, RESPONSES)
"""What a day's shade can stand for."""
PAUSE_US = 30 * MINUTE_US
"""A session that rests longer is another sitting."""


@dataclass(slots=True)
class Day:
    """One local day."""

    day: date
    sums: Sums = field(default_factory=Sums)
    sessions: int = 0
    """That were at work on it."""
    prompts: int = 0
    runs: int = 0
    failed: int = 0
    denied: int = 0
    lines_added: int = 0
    lines_removed: int = 0
    commits: int = 0

    def measure(self, by: str) -> int:
        """One of MEASURES; cost in nano-USD."""
        return {
            COST: self.sums.cost,
            TOKENS: self.sums.total_tokens,
            PROMPTS: self.prompts,
            RESPONSES: self.sums.responses,
        }[by]

    @property
    def is_active(self) -> bool:
        """True for a day with any response."""
        return self.sums.responses > 0


@dataclass(slots=True)
class Slot:
    """An hour of the day, or a day of the week, over all days."""

    sums: Sums = field(default_factory=Sums)
    prompts: int = 0

    def measure(self, by: str) -> int:
        """One of MEASURES; cost in nano-USD."""
        return Day(date.min, self.sums, prompts=self.prompts).measure(by)


@dataclass(frozen=True, slots=True)
class Streak:
    """Days in a row with any use."""

    days: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool over all days."""

    tool: str
    runs: int
    failed: int
    denied: int


@dataclass(frozen=True, slots=True)
class Sitting:
    """A stretch of one session without a pause of more than PAUSE_US."""

    session: str
    """As `source<TAB>session id`."""
    first_at: int
    last_at: int
    responses: int
    cost: int
    """Nano-USD, of the responses that have a price."""
    facts: SessionFacts = field(default_factory=SessionFacts)

    @property
    def length(self) -> int:
        """From its first response to its last, µs."""
        return self.last_at - self.first_at


class Tally:
    """Adds up what the ledger tells, by day, hour and weekday."""

    def __init__(self, calendar: Calendar, since: date, until: date) -> None:
        self.days = [Day(since + timedelta(days=number)) for number in range((until - since).days + 1)]
        self.week = [[Slot() for _ in range(24)] for _ in range(7)]
        """By weekday, Monday first, and local hour."""
        self._since = since
        self._calendar = calendar
        self._places: dict[int, tuple[Day, int]] = {}
        self._sessions: set[str] = set()

    def add_usage(self, stretches: Iterable[Stretch]) -> None:
        """Usage by quarter hour and session."""
        seen: set[tuple[str, date]] = set()
        for quarter, session, sums in stretches:
            day, hour = self._place(quarter)
            day.sums.add(sums)
            self.week[day.day.weekday()][hour].sums.add(sums)
            if (session, day.day) not in seen:
                seen.add((session, day.day))
                day.sessions += 1
        self._sessions.update(session for session, _ in seen)

    def add_prompts(self, prompts: Iterable[tuple[int, int]]) -> None:
        """Prompts by quarter hour."""
        for quarter, count in prompts:
            day, hour = self._place(quarter)
            day.prompts += count
            self.week[day.day.weekday()][hour].prompts += count

    def add_runs(self, runs: Iterable[Runs]) -> None:
        """Tool runs by quarter hour."""
        for each in runs:
            day, _ = self._place(each.quarter)
            day.runs += each.runs
            day.failed += each.failed
            day.denied += each.denied
            day.lines_added += each.lines_added
            day.lines_removed += each.lines_removed
            day.commits += each.commits

    def hours(self) -> tuple[Slot, ...]:
        """Twenty-four, over all weekdays."""
        return tuple(together(day[hour] for day in self.week) for hour in range(24))

    def weekdays(self) -> tuple[Slot, ...]:
        """Seven, Monday first, over all hours."""
        return tuple(map(together, self.week))

    def totals(self) -> Day:
        """All days together."""
        total = Day(self._since, sessions=len(self._sessions))
        for day in self.days:
            total.sums.add(day.sums)
            total.prompts += day.prompts
            total.runs += day.runs
            total.failed += day.failed
            total.denied += day.denied
            total.lines_added += day.lines_added
            total.lines_removed += day.lines_removed
            total.commits += day.commits
        return total

    def _place(self, quarter: int) -> tuple[Day, int]:
        """The day and the hour that a quarter hour lies in."""
        found = self._places.get(quarter)
        if found is None:
            day, hour = self._calendar.day_and_hour(quarter)
            found = self._places[quarter] = self.days[(day - self._since).days], hour
        return found


def tools_of(runs: Iterable[ToolRuns]) -> tuple[ToolUse, ...]:
    """Every tool, the most used first; results whose call is not known have no name and are left out."""
    found = (ToolUse(*each) for each in runs if each.tool)
    return tuple(sorted(found, key=lambda each: (-each.runs, each.tool)))


def together(slots: Iterable[Slot]) -> Slot:
    """Several slots as one."""
    whole = Slot()
    for slot in slots:
        whole.sums.add(slot.sums)
        whole.prompts += slot.prompts
    return whole


def streaks_of(days: Sequence[Day]) -> tuple[Streak | None, Streak | None]:
    """The longest run of active days, of several the latest; and the one that has not ended.

    A last day without use ends nothing: it is not over yet.
    """
    longest: Streak | None = None
    latest: Streak | None = None
    for day in days:
        if not day.is_active:
            continue
        follows = latest is not None and latest.last == day.day - timedelta(days=1)
        latest = Streak(latest.days + 1, latest.first, day.day) if latest and follows else Streak(1, day.day, day.day)
        if longest is None or latest.days >= longest.days:
            longest = latest
    lasts = latest is not None and days[-1].day - latest.last <= timedelta(days=1)
    return longest, latest if lasts else None


def longest_sitting(stretches: Iterable[Stretch]) -> Sitting | None:
    """The longest that any session went on without a pause; None where nothing was used."""
    latest: dict[str, Sitting] = {}
    longest: Sitting | None = None
    for _, session, sums in stretches:
        known = latest.get(session)
        if known is not None and sums.first_at - known.last_at <= PAUSE_US:
            responses, cost = known.responses + sums.responses, known.cost + sums.cost
            sitting = Sitting(session, known.first_at, max(known.last_at, sums.last_at), responses, cost)
        else:
            sitting = Sitting(session, sums.first_at, sums.last_at, sums.responses, sums.cost)
        latest[session] = sitting
        if longest is None or sitting.length > longest.length:
            longest = sitting
    return longest
