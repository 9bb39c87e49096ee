"""What the operands of a comparison mean: a stretch of days, or all of a project, model, session, branch, and so on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tokentide.analytics.selection import Selection, Wishes, select
from tokentide.analytics.what_if.history import bounds
from tokentide.errors import UsageError
from tokentide.store.query import Filters

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.store.sqlite.ledger import Ledger

PERIOD = "period"
KINDS = ("project", "model", "session", "branch", "account", "source")
"""What can stand before a colon."""
USUAL = "7d"
PERIODS = (
    "2026-10, 2026-W41, 2026-10-01, 2026-10-01..2026-10-07, 7d, 4w, 3m, today, yesterday, this-week, last-week, "
    "this-month, last-month"
)
"""What a period looks like, for people."""
MOST_NAMED = 5
FIRST_YEAR, LAST_YEAR = 2000, 2999
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LAST = re.compile(r"(\d{1,4})([dwm])", re.ASCII)
_GRAINS = {"d": "day", "w": "week", "m": "month"}
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """A stretch of whole days, both ends inclusive."""

    first: date
    last: date
    is_month: bool = False
    """True for calendar months: the stretch before one is as many months, however long."""

    def before(self) -> Days:
        """The stretch of the same length that ends where this one begins."""
        last = self.first - _ONE_DAY
        if not self.is_month:
            return Days(last - (self.last - self.first), last)
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        first = last.replace(day=1)
        for _ in range(months - 1):
            first = (first - _ONE_DAY).replace(day=1)
        return Days(first, last, is_month=True)


@dataclass(frozen=True, slots=True)
class Operand:
    """One side of a comparison: which responses belong to it."""

    text: str
    """As it was typed; of a side that was not, its days."""
    kind: str
    """PERIOD, or one of KINDS."""
    filters: Filters
    start: int
    """µs UTC."""
    end: int
    """µs UTC, outside."""
    days: Days | None = None
    """Of a period; None for the others."""
    is_cut: bool = False
    """True where only the part is compared that has passed of the other side too."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes operands of what was typed."""

    ledger: Ledger
    calendar: Calendar
    wishes: Wishes
    """Range and filters that hold for both sides; the range only for what is no period."""
    now: int

    @property
    def today(self) -> date:
        """The local day."""
        return self.calendar.date_of(self.now)

    def pair(self, texts: tuple[str, ...], *, whole: bool) -> tuple[Operand, Operand]:
        """Both sides; with one operand the stretch before it comes first. Raises UsageError.

        Unless `whole`, a period that is not over is compared with the same part of the other one.
        """
        if len(texts) == 2:
            one, other = self.operand(texts[0]), self.operand(texts[1])
        else:
            other = self.operand(texts[0] if texts else USUAL)
            if other.days is None:
                raise UsageError(
                    f"compare {other.text}: give a second one to compare it with, such as {other.kind}:NAME"
                )
            one = self._period(other.days.before(), "")
        if one.days and other.days and self.wishes.has_range:
            raise UsageError(
                "compare: periods have their own days, so that --since, --until, --last and --today do nothing: "
                "name the days as a period, such as `tokentide compare 30d`"
            )
        return (one, other) if whole else self._aligned(one, other)

    def operand(self, text: str) -> Operand:
        """One side. Raises UsageError for what makes no sense or is not there."""
        kind, colon, name = text.partition(":")
        if colon and kind in KINDS:
            return self._named(text, kind, name)
        days = parse_days(text, self.calendar, self.today)
        if days is None:
            raise UsageError(
                f"compare {_printable(text)}: give a period ({PERIODS}) or one of {':NAME, '.join(KINDS)}:NAME"
            )
        return self._period(days, text)

    def _period(self, days: Days, text: str) -> Operand:
        selection = replace(self._selected(self.wishes), since=days.first, until=days.last)
        start, end = bounds(selection, self.calendar)
        span = str(days.first) if days.first == days.last else f"{days.first}..{days.last}"
        return Operand(text or span, PERIOD, selection.filters, start, end, days)

    def _named(self, text: str, kind: str, name: str) -> Operand:
        if kind == "branch":
            selection = self._selected(self.wishes)
            known = self.ledger.values("branch")
            if name not in known:
                raise self._unknown(text, kind, name, known)
            filters = replace(selection.filters, branches=(name,))
        else:
            selection = self._selected(_WISHING[kind](self.wishes, name))
            if any(each.startswith(f"{kind} ") for each in selection.unmatched):
                raise self._unknown(text, kind, name, self.ledger.values(kind))
            filters = selection.filters
        return Operand(text, kind, filters, *bounds(selection, self.calendar))

    def _selected(self, wishes: Wishes) -> Selection:
        return select(wishes, self.ledger, self.calendar, self.today)

    def _unknown(self, text: str, kind: str, name: str, known: Iterable[str]) -> UsageError:
        """Says what there is instead."""
        there = [each for each in known if each]
        near = get_close_matches(name, there, MOST_NAMED, 0.4) or there[:MOST_NAMED]
        more = f" and {len(there) - len(near)} more" if len(there) > len(near) else ""
        names = ", ".join(map(_printable, near)) or "none"
        return UsageError(f"compare {_printable(text)}: no such {kind} here; there is {names}{more}")

    def _aligned(self, one: Operand, other: Operand) -> tuple[Operand, Operand]:
        """Both cut to the part that has passed, where one of two periods is not over."""
        if one.days is None or other.days is None:
            return one, other
        pairs = ((one, one.days), (other, other.days))
        spans = [self._passed(days) for operand, days in pairs if operand.end > self.now]
        if not spans:
            return one, other
        first, second = (self._cut(operand, days, min(spans)) for operand, days in pairs)
        return first, second

    def _passed(self, days: Days) -> tuple[int, int]:
        """How much of a period has passed: whole local days, and µs of the day."""
        if days.first > self.today:
            return 0, 0
        return (self.today - days.first).days, self.now - self.calendar.start_of(self.today)

    def _cut(self, operand: Operand, days: Days, passed: tuple[int, int]) -> Operand:
        """The operand up to what has passed; days that follow a change of the clock keep their time of day."""
        end = self.calendar.start_of(days.first + timedelta(days=passed[0])) + passed[1]
        return replace(operand, end=end, is_cut=True) if end < operand.end else operand


def parse_days(text: str, calendar: Calendar, today: date) -> Days | None:
    """The days that a period names; None for what names none. Raises UsageError for days that cannot be."""
    days = _named_days(text, calendar, today)
    if days is not None and not (days.first.year >= FIRST_YEAR and days.last.year <= LAST_YEAR):
        raise UsageError(f"compare {text}: give days from {FIRST_YEAR} to {LAST_YEAR}")
    return days


def _named_days(text: str, calendar: Calendar, today: date) -> Days | None:
    if text in _WORDS:
        return _WORDS[text](calendar, today)
    if match := _LAST.fullmatch(text):
        if int(match[1]) == 0:
            raise UsageError(f"compare {text}: give at least 1")
        grain = _GRAINS[match[2]]
        return Days(calendar.back(today, int(match[1]), grain), today, is_month=grain == "month")
    first, dots, last = text.partition("..")
    try:
        if dots:
            return _ordered(text, _part(first).first, _part(last).last)
        return _part(text)
    except LookupError:
        return None
    except (ValueError, OverflowError):
        raise UsageError(f"compare {text}: there is no such day, week or month") from None


def _printable(name: str) -> str:
    """A name that steers no terminal."""
    return name if name.isprintable() else ascii(name)


def _part(text: str) -> Days:
    """A day, an ISO week or a month. Raises LookupError for none of these, ValueError for one that cannot be."""
    if _DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return Days(day, day)
    if match := _WEEK.fullmatch(text):
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Days(monday, monday + timedelta(days=6))
    if match := _MONTH.fullmatch(text):
        return _month(date(int(match[1]), int(match[2]), 1))
    raise LookupError(text)


def _ordered(text: str, first: date, last: date) -> Days:
    if first > last:
        raise UsageError(f"compare {text}: it ends before it begins")
    return Days(first, last)


def _month(first: date) -> Days:
    following = (first + timedelta(days=31)).replace(day=1)
    return Days(first, following - _ONE_DAY, is_month=True)


def _week(calendar: Calendar, today: date) -> Days:
    first = calendar.first_day(today, "week")
    return Days(first, first + timedelta(days=6))


_WISHING: dict[str, Callable[[Wishes, str], Wishes]] = {
    "project": lambda wishes, name: replace(wishes, projects=(name,)),
    "model": lambda wishes, name: replace(wishes, models=(name,)),
    "session": lambda wishes, name: replace(wishes, sessions=(name,)),
    "account": lambda wishes, name: replace(wishes, accounts=(name,)),
    "source": lambda wishes, name: replace(wishes, sources=(name,)),
}
_WORDS: dict[str, Callable[[Calendar, date], Days]] = {
    "today": lambda _, today: Days(today, today),
    "yesterday": lambda _, today: Days(today - _ONE_DAY, today - _ONE_DAY),
    "this-week": _week,
    "last-week": lambda calendar, today: _week(calendar, today).before(),
    "this-month": lambda _, today: _month(today.replace(day=1)),
    "last-month": lambda _, today: _month(today.replace(day=1)).before(),
}
