"""The month of one person in the organisation: what it has cost, how fast it grows, where that leads.

Rule and reasons: docs/how-to/console.md, "The hourly rate".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.billing import CODE, ORGANIZATION, CostSnapshot, month_bounds, month_cost_of, month_of
from tokentide.store.sqlite.ledger import Ledger

RATE_WINDOWS_US = (30 * MINUTE_US, HOUR_US, 3 * HOUR_US, 6 * HOUR_US, DAY_US, 7 * DAY_US)
"""Narrow first; the vendor's estimate moves in steps of up to an hour, so that the narrow ones often see nothing."""


@dataclass(frozen=True, slots=True)
class MonthCost:
    """A person's month to date, by the vendor's count."""

    organization: str
    """Its name."""
    person: str
    """E-mail address, or the name of a key; empty where it is not known."""
    month: str
    """YYYY-MM, UTC."""
    cost: int | None
    """Nano-USD; None where the vendor has no rows for this person, which is not $0."""
    projection: int | None
    """Nano-USD at the end of the UTC month at this rate; None without a rate."""
    rate_per_hour: int | None
    """Nano-USD; None where there are not two snapshots yet."""
    rate_window_us: int | None
    """The stretch that the rate was measured over; None without a rate."""
    fetched_at: int
    """When the vendor was last asked, µs UTC; 0 for never."""
    fault: str
    """Why it is not fresh; empty if it is."""


@dataclass(frozen=True, slots=True)
class _Rate:
    """A growth over a time."""

    growth: int
    """Nano-USD."""
    over_us: int
    window_us: int

    def during(self, us: int) -> int:
        """What grows in a stretch of time."""
        return self.growth * us // self.over_us


def month_cost(ledger: Ledger, *, now: int, organization: str, person: str) -> MonthCost:
    """What the ledger knows of a person's month. `organization` is an id, `now` is µs UTC."""
    store, month = ledger.buckets, month_of(now)
    start, end = month_bounds(now)
    cost = month_cost_of(store.select(organization, CODE, start, end), person) if person else None
    rate = _rate(store.snapshots(organization, person, month), now) if cost is not None else None
    return MonthCost(
        organization=next((entry.name for entry in store.directory(organization, ORGANIZATION)), organization),
        person=person,
        month=month,
        cost=cost,
        projection=None if cost is None or rate is None else cost + rate.during(end - now),
        rate_per_hour=rate.during(HOUR_US) if rate else None,
        rate_window_us=rate.window_us if rate else None,
        fetched_at=max((fetch.fetched_at for fetch in store.fetches(organization, CODE, start, end)), default=0),
        fault=ledger.limits.poll(f"month {organization}").fault,
    )


def _rate(snapshots: Sequence[CostSnapshot], now: int) -> _Rate | None:
    """The growth in the narrowest window that saw any; nothing grew where the widest saw none, unknown with one look.

    A cost that fell, because the vendor revised it, counts as one that did not grow.
    """
    still: _Rate | None = None
    for window in RATE_WINDOWS_US:
        seen = [snapshot for snapshot in snapshots if now - window <= snapshot.at <= now]
        if len(seen) < 2:
            continue
        growth = max(seen[-1].cost - seen[0].cost, 0)
        still = _Rate(growth, seen[-1].at - seen[0].at, window)
        if len({snapshot.cost for snapshot in seen}) > 1:
            return still
    return still
