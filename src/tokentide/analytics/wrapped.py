"""A year on one page: what `activity` knows of it, months, models and projects, and what a plan was worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from tokentide.analytics.activity import Activity, ActivityAsk, build_activity
from tokentide.analytics.activity_days import Day, Slot
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import KINDS, Ask, Row, build_report
from tokentide.analytics.selection import Selection
from tokentide.clock import DAY_US
from tokentide.store.query import CostMode, Sums
from tokentide.store.sqlite.ledger import Ledger

if TYPE_CHECKING:
    from tokentide.analytics.plans import PlanWish

TOP_PROJECTS = 5


@dataclass(frozen=True, slots=True)
class PlanValue:
    """What a subscription was worth beside its price, if it was had in every month with use."""

    title: str
    usd_per_month: int
    months: int
    """With any use."""
    list_cost: int
    """Nano-USD, of the whole year."""

    @property
    def usd(self) -> int:
        """What the plan cost in these months, USD."""
        return self.usd_per_month * self.months

    @property
    def times(self) -> float:
        """How many times its price the use was worth."""
        return self.list_cost / (self.usd * 10**9) if self.usd else 0.0


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A year."""

    year: int
    is_over: bool
    activity: Activity
    """From the first of January to the last of December, or to today."""
    months: tuple[Slot, ...]
    """Twelve."""
    models: tuple[Row, ...]
    """The dearest first."""
    projects: tuple[Row, ...]
    """The dearest first, at most TOP_PROJECTS."""
    plan: PlanValue | None
    """None where no plan is known, or several accounts were in use."""
    years: tuple[int, ...]
    """That hold any use, ascending."""

    @property
    def is_empty(self) -> bool:
        """True for a year without any response."""
        return not self.activity.active_days


def build_wrapped(
    ledger: Ledger, year: int, ask: ActivityAsk, *, now: int, problems: int = 0, wish: PlanWish | None = None
) -> Wrapped:
    """Ask the ledger for a year; the days in `ask` are not looked at. `now` is µs UTC."""
    calendar, today = ask.calendar, ask.calendar.date_of(now)
    is_over = today > date(year, 12, 31)
    last = date(year, 12, 31) if is_over else max(today, date(year, 1, 1))
    selection = replace(ask.selection, since=date(year, 1, 1), until=last)
    activity = build_activity(ledger, replace(ask, selection=selection), now=now, problems=problems)
    report_ask = Ask(selection, calendar, ask.mode)
    models, projects = (build_report(ledger, KINDS[kind], report_ask, now=now).rows for kind in ("model", "project"))
    months = tuple(_month(activity, month) for month in range(1, 13))
    return Wrapped(
        year=year,
        is_over=is_over,
        activity=activity,
        months=months,
        models=models,
        projects=projects[:TOP_PROJECTS],
        plan=_plan(ledger, selection, months, wish, now),
        years=years_with_use(ledger, calendar),
    )


def years_with_use(ledger: Ledger, calendar: Calendar) -> tuple[int, ...]:
    """The years that hold any usage, ascending; a UTC day at a year's edge counts for the year that its noon is in."""
    return tuple(sorted({calendar.date_of(day * DAY_US + DAY_US // 2).year for day in ledger.days()}))


def _month(activity: Activity, month: int) -> Slot:
    """The days of a month together."""
    slot = Slot(Sums())
    for day in _days_of(activity, month):
        slot.sums.add(day.sums)
        slot.prompts += day.prompts
    return slot


def _days_of(activity: Activity, month: int) -> list[Day]:
    return [day for day in activity.days if day.day.month == month]


def _plan(
    ledger: Ledger, selection: Selection, months: tuple[Slot, ...], wish: PlanWish | None, now: int
) -> PlanValue | None:
    """The plan of the only account, where it is known and sold by the month."""
    from tokentide.analytics.limits import read_limits
    from tokentide.analytics.plans import PLAN_PRICES, PlanWish, plan_known

    names = ledger.values("account")
    if len(names) != 1 or selection.filters.models or selection.filters.projects or selection.filters.sessions:
        return None
    wish = wish or PlanWish()
    known = [plan_known(each.account, each.profile, wish) for each in read_limits(ledger, now=now)]
    plan = next(
        (PLAN_PRICES[name] for name in (*known, wish.by_account.get(names[0], "")) if name in PLAN_PRICES), None
    )
    used = [slot for slot in months if slot.sums.responses]
    if plan is None or not used:
        return None
    start, end = _bounds(used)
    cost = ledger.used(selection.filters, CostMode.CALCULATE, start, end).cost
    return PlanValue(plan.title, plan.usd, len(used), cost)


def _bounds(used: list[Slot]) -> tuple[int, int]:
    """From the first response to the last, the end outside."""
    return min(slot.sums.first_at for slot in used), max(slot.sums.last_at for slot in used) + 1
