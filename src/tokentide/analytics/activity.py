"""What was done over a stretch of days: how busy each was, streaks, hours, sessions, tools, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from tokentide.analytics.activity_days import (
    Day,
    Sitting,
    Slot,
    Streak,
    Tally,
    ToolUse,
    longest_sitting,
    streaks_of,
    tools_of,
)
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import KINDS, Ask, build_report
from tokentide.analytics.selection import Selection
from tokentide.clock import DAY_US
from tokentide.store.query import CostMode, SessionFacts
from tokentide.store.sqlite.activity import Cover
from tokentide.store.sqlite.ledger import Ledger

YEAR_DAYS = 365
"""So many days with today are shown where nobody asks for others."""
MOST_EMPTY_DAYS = 366
"""Longer stretches are shown from the first use on only."""
TOP_PROJECTS = 3


@dataclass(frozen=True, slots=True)
class Activity:
    """Everything that was done in some days."""

    since: date
    until: date
    days: tuple[Day, ...]
    """Every day from `since` to `until`, those without use included."""
    totals: Day
    """All days added up; its sessions are different ones."""
    hours: tuple[Slot, ...]
    """Twenty-four, by local hour."""
    weekdays: tuple[Slot, ...]
    """Seven, Monday first."""
    week: tuple[tuple[Slot, ...], ...]
    """The hours of each weekday, Monday first."""
    tools: tuple[ToolUse, ...]
    """The most used first."""
    files_changed: int
    agents: int
    """Sub-agents that were started."""
    marks: dict[str, int]
    """How often other things happened, by kind of mark."""
    longest_sitting: Sitting | None
    streak: Streak | None
    """The longest."""
    present_streak: Streak | None
    """The one that reaches to today, or to the day before; None if none does, or if the days end earlier."""
    is_of_now: bool
    """True if the days reach to today."""
    cover: Cover
    """Of how many responses more than the usage is known."""
    details_since: date | None
    """The day of the first of them."""
    selection: Selection
    mode: CostMode
    timezone: str
    generated_at: int
    problems: int = 0

    @property
    def active_days(self) -> int:
        """Days with any response."""
        return sum(day.is_active for day in self.days)

    def busiest(self, by: str) -> Day:
        """The day with the most of it; of several the first."""
        return max(self.days, key=lambda day: day.measure(by))

    @property
    def cost_per_commit(self) -> int | None:
        """All that was spent in these days for each commit made in them, nano-USD; None without any."""
        commits = self.totals.commits
        return self.totals.sums.cost // commits if commits else None

    @property
    def has_gaps(self) -> bool:
        """True where prompts, tools and lines are known of a part of the responses only."""
        return self.cover.with_details < self.cover.responses


@dataclass(frozen=True, slots=True)
class ActivityAsk:
    """What activity is asked for."""

    selection: Selection
    calendar: Calendar
    mode: CostMode = CostMode.AUTO


def build_activity(ledger: Ledger, ask: ActivityAsk, *, now: int, problems: int = 0) -> Activity:
    """Ask the ledger; without a first day, the last YEAR_DAYS. `now` is µs UTC."""
    calendar, filters = ask.calendar, ask.selection.filters
    today = calendar.date_of(now)
    since, until = _days(ledger, ask, today)
    start, end = calendar.start_of(since), calendar.start_of(until + timedelta(days=1))
    store = ledger.activity
    tally = Tally(calendar, since, until)
    stretches = list(store.stretches(filters, ask.mode, start, end))
    tally.add_usage(stretches)
    tally.add_prompts(store.prompts(filters, start, end))
    tally.add_runs(store.runs(filters, start, end))
    longest, present = streaks_of(tally.days)
    cover = store.cover(filters, start, end)
    sitting = longest_sitting(stretches)
    return Activity(
        since=since,
        until=until,
        days=tuple(tally.days),
        totals=tally.totals(),
        hours=tally.hours(),
        weekdays=tally.weekdays(),
        week=tuple(map(tuple, tally.week)),
        tools=tools_of(store.tool_runs(filters, start, end)),
        files_changed=store.files_changed(filters, start, end),
        agents=store.agents(filters, start, end),
        marks=store.marks(filters, start, end),
        longest_sitting=sitting and replace(sitting, facts=_facts(ledger, sitting.session)),
        streak=longest,
        present_streak=present if until >= today else None,
        is_of_now=until >= today,
        cover=cover,
        details_since=None if cover.first_at is None else calendar.date_of(cover.first_at),
        selection=ask.selection,
        mode=ask.mode,
        timezone=calendar.name,
        generated_at=now,
        problems=problems,
    )


def _facts(ledger: Ledger, session: str) -> SessionFacts:
    return ledger.session_facts(session.partition("\t")[2]).get(session, SessionFacts())


def _days(ledger: Ledger, ask: ActivityAsk, today: date) -> tuple[date, date]:
    """The first and the last day; of several years none before the first use.

    Nothing lies ahead of today: a stretch that does is an empty day.
    """
    asked = ask.selection
    if asked.since is not None and asked.since > today:
        tomorrow = today + timedelta(days=1)
        return tomorrow, tomorrow
    until = min(asked.until or today, today)
    year_ago = date.fromordinal(max(until.toordinal() - YEAR_DAYS + 1, 1))
    since = asked.since or year_ago
    if (until - since).days > MOST_EMPTY_DAYS:
        used = ledger.days()
        first = ask.calendar.date_of(used[0] * DAY_US) - timedelta(days=1) if used else year_ago
        since = min(max(since, first), year_ago)
    return since, until


def top_projects(ledger: Ledger, activity: Activity, calendar: Calendar, *, now: int) -> tuple[str, ...]:
    """The folders that most of the cost went to, at most TOP_PROJECTS, the dearest first."""
    selection = replace(activity.selection, since=activity.since, until=activity.until)
    report = build_report(ledger, KINDS["project"], Ask(selection, calendar, activity.mode), now=now)
    return tuple(row.key for row in report.rows[:TOP_PROJECTS])
