"""Which usage a report is about: a stretch of days, and filters that name what the ledger holds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from tokentide.analytics.calendar import Calendar
from tokentide.errors import UsageError
from tokentide.store.query import Filters

if TYPE_CHECKING:
    from tokentide.store.reading import UsageReading

_LAST = re.compile(r"(\d{1,4})([dwm]?)", re.ASCII)
_GRAIN_OF = {"d": "day", "w": "week", "m": "month"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for, as typed; empty where they did not."""

    since: str = ""
    until: str = ""
    last: str = ""
    """`7d`, `4w`, `3m`; a bare number counts in the report's own unit."""
    today: bool = False
    models: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()

    @property
    def has_range(self) -> bool:
        """Whether any days were asked for."""
        return bool(self.since or self.until or self.last or self.today)

    def within(self, usual_range: str) -> Wishes:
        """The same, for `usual_range` as in `last` where no days were asked for."""
        return self if self.has_range else replace(self, last=usual_range)


@dataclass(frozen=True, slots=True)
class Selection:
    """What these wishes mean for one ledger: days, both inclusive, and filters."""

    since: date | None
    until: date | None
    filters: Filters
    unmatched: tuple[str, ...] = ()
    """Filters that name nothing in the ledger, as `project 'x'`."""


def select(wishes: Wishes, ledger: UsageReading, calendar: Calendar, today: date, grain: str = "day") -> Selection:
    """Make the wishes definite. Raises UsageError for a date that is none, or an end before its beginning."""
    since, until = asked_days(wishes, calendar, today, grain)
    unmatched: list[str] = []

    def found(dimension: str, wanted: Iterable[str], matches: Callable[[str, str], bool]) -> tuple[str, ...]:
        """The values of the ledger that any wish means; an impossible value where it means none."""
        asked = tuple(wanted)
        known = ledger.values(dimension) if asked else []
        unmatched.extend(f"{dimension} {wish!r}" for wish in asked if not any(matches(value, wish) for value in known))
        return tuple(value for value in known if any(matches(value, wish) for wish in asked)) or (
            ("\x00",) if asked else ()
        )

    filters = Filters(
        models=found("model", wishes.models, lambda value, wish: wish.lower() in value.lower()),
        projects=found("project", wishes.projects, _is_project),
        sources=found("source", wishes.sources, lambda value, wish: value == wish.replace("-", "_")),
        accounts=found("account", wishes.accounts, lambda value, wish: wish.lower() in value.lower()),
        sessions=found("session", wishes.sessions, lambda value, wish: value.startswith(wish)),
    )
    return Selection(since, until, filters, tuple(unmatched))


def _is_project(path: str, wish: str) -> bool:
    """True if the wish is the folder, its last part, its slug, or a way to it from here."""
    from tokentide.repositories import slug_of

    last = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    typed = os.path.abspath(os.path.expanduser(wish)) if wish[:1] in "./~" else wish
    return path in (wish, typed) or last.lower() == wish.lower() or slug_of(path) == wish


def asked_days(wishes: Wishes, calendar: Calendar, today: date, grain: str = "day") -> tuple[date | None, date | None]:
    """The first and the last day, None where none was asked for. Raises UsageError."""
    since, until = _date("--since", wishes.since), _date("--until", wishes.until)
    if wishes.today:
        since = until = today
    if wishes.last:
        match = _LAST.fullmatch(wishes.last)
        if match is None or int(match[1]) == 0:
            raise UsageError(f"--last {wishes.last}: give a number of days, weeks or months, such as 7d, 4w or 3m")
        since, until = calendar.back(today, int(match[1]), _GRAIN_OF.get(match[2], grain)), until or today
    if since and until and since > until:
        raise UsageError(f"--since {since} is after --until {until}: swap them")
    return since, until


def _date(option: str, text: str) -> date | None:
    """A day written as YYYY-MM-DD or YYYYMMDD."""
    if not text:
        return None
    digits = text.replace("-", "") if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text, re.ASCII) else ""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise UsageError(f"{option} {text}: give a day as 2026-03-31 or 20260331") from None
