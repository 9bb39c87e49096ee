"""What the vendor reports of an organisation: buckets, whether they were fetched whole, names, and snapshots of cost.

Days and months are cut in UTC, as the vendor cuts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from tokentide.clock import DAY_US, SECOND_US

USAGE, USAGE_HOURS, COST, CODE = "usage", "usage_hours", "cost", "code"
"""The classic reports: tokens a day and an hour, cost a day, Claude Code a day."""
ANALYTICS_USAGE, ANALYTICS_USAGE_HOURS, ANALYTICS_COST = "analytics_usage", "analytics_usage_hours", "analytics_cost"
"""The newer ones, which replace the first three where the key may read them."""
SUCCESSORS = {USAGE: ANALYTICS_USAGE, USAGE_HOURS: ANALYTICS_USAGE_HOURS, COST: ANALYTICS_COST}

ORGANIZATION, USER, WORKSPACE, API_KEY = "organization", "user", "workspace", "api_key"
"""The kinds of entries of the directory."""
DEFAULT_WORKSPACE = ""
"""The id of the workspace that has none in the reports."""

TOKEN_COUNTERS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "cache_read_tokens",
)
"""Measures of a usage report; the names that our own records have."""
NANO_PER_CENT = 10_000_000
_MOST_DIGITS = 15
"""An amount of more digits of cents is no amount of money."""


class Bucket(NamedTuple):
    """One group of one stretch of a report."""

    start: int
    """µs UTC."""
    end: int
    dimensions: Mapping[str, str]
    """What the vendor grouped by; empty where it says null."""
    measures: Mapping[str, int]
    """Counts; money in nano-USD."""


class Stretch(NamedTuple):
    """One UTC day of a report that came in whole, whatever comes after it."""

    start: int
    """µs UTC, midnight."""
    buckets: tuple[Bucket, ...]
    reaches_at: int = 0
    """Until when the vendor's own data reaches, µs UTC; 0 if it does not tell."""

    @property
    def end(self) -> int:
        """The next midnight."""
        return self.start + DAY_US


class Fetch(NamedTuple):
    """That a day of a report was fetched whole."""

    report: str
    start: int
    end: int
    fetched_at: int
    """µs UTC."""
    reaches_at: int = 0
    """As in Stretch."""


class DirectoryEntry(NamedTuple):
    """One user, workspace or key, or the organisation itself."""

    kind: str
    id: str
    """The vendor's; DEFAULT_WORKSPACE for that one."""
    name: str
    details: Mapping[str, str] = {}
    """E-mail, role, status and the like; empty texts are left out."""
    fetched_at: int = 0
    """µs UTC."""


class CostSnapshot(NamedTuple):
    """What a person's month had cost at an instant."""

    person: str
    at: int
    """µs UTC."""
    month: str
    """YYYY-MM, UTC."""
    cost: int
    """Nano-USD since the month began."""


def nano_of_cents(cents: Decimal) -> int:
    """An amount in cents as nano-USD, halves to even beyond these.

    Raises ValueError for what is no amount of money: infinite, no number, or absurdly large.
    """
    if not cents.is_finite() or (cents and cents.adjusted() >= _MOST_DIGITS):
        raise ValueError("no amount of money")
    return int((cents * NANO_PER_CENT).to_integral_value(ROUND_HALF_EVEN))


def day_of(at: int) -> int:
    """The midnight UTC before an instant."""
    return at // DAY_US * DAY_US


def day_start(day: date) -> int:
    """The first instant of a UTC date, µs."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp()) * SECOND_US


def date_of(at: int) -> date:
    """The UTC date of an instant."""
    return datetime.fromtimestamp(at // SECOND_US, timezone.utc).date()


FIRST_DAY = day_start(date(2023, 1, 1))
"""Nobody could use the API before."""
FIRST_CODE_DAY = day_start(date(2025, 1, 1))
"""Nobody could use Claude Code before."""


def first_day_of(report: str) -> int:
    """The first day that a report can have anything of."""
    return FIRST_CODE_DAY if report == CODE else FIRST_DAY


def days(start: int, end: int) -> Iterator[int]:
    """Every midnight from one to before another."""
    return iter(range(day_of(start), end, DAY_US))


def month_of(at: int) -> str:
    """The UTC month of an instant, YYYY-MM."""
    return date_of(at).isoformat()[:7]


def month_bounds(at: int) -> tuple[int, int]:
    """The first instant of the UTC month, and of the next."""
    first = date_of(at).replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return day_start(first), day_start(following)


def month_cost_of(buckets: Iterable[Bucket], person: str) -> int | None:
    """What Claude Code's rows of a person add up to, nano-USD; None without a row, which is not the same as nothing."""
    costs = [bucket.measures.get("cost", 0) for bucket in buckets if bucket.dimensions.get("actor") == person]
    return sum(costs) if costs else None
