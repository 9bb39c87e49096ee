"""Coverage: how much of what is known telemetry told, and where the ways to know it differ."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.coverage_checks import (
    Deviation,
    Lopsided,
    Skewed,
    deviations_of,
    lopsided_of,
    skewed_of,
)
from tokentide.analytics.team.coverage_ways import Covered, Ways
from tokentide.analytics.team.desk import BEFORE, NOW, Desk
from tokentide.analytics.team.figures import Figure, Head, Share, Unit
from tokentide.store.team.query import PERIOD
from tokentide.store.team.store import TeamStore


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether what the other reports say is all."""

    head: Head
    figures: tuple[Figure, ...]
    """coverage, coverage_cost, metrics_only_cost, deviating_sessions, lopsided, skewed, last_at."""
    total: Covered
    days: tuple[Covered, ...]
    users: tuple[Covered, ...]
    """Those silent for longest last."""
    checked_sessions: int
    """Sessions of which both metrics and events tell the cost."""
    deviations: tuple[Deviation, ...]
    """The largest first, at most 50."""
    deviating_sessions: int
    lopsided: tuple[Lopsided, ...]
    skewed: tuple[Skewed, ...]


def build_coverage(store: TeamStore, ask: TeamAsk, *, now: int) -> Coverage:
    """Ask the store and add up. `now` is µs UTC. Raises UsageError and StoreError."""
    desk = Desk("coverage", store, ask, now)
    vendor = ask.vendor_costs(desk.days)
    days, users = Ways.by(desk, PERIOD, desk.days), Ways.by(desk, "user_id")
    checks = deviations_of(desk)
    lopsided, skewed = lopsided_of(users), skewed_of(desk)
    total = users.total(sum(vendor.get(day.name, 0) for day in desk.days) if vendor else None)
    return Coverage(
        figures=(
            *_figures(desk),
            Figure("deviating_sessions", Unit.COUNT, checks.deviating),
            Figure("lopsided", Unit.COUNT, len(lopsided)),
            Figure("skewed", Unit.COUNT, len(skewed)),
            Figure("last_at", Unit.INSTANT, total.last_at),
        ),
        total=total,
        days=tuple(days.row(day.name, vendor.get(day.name)) for day in desk.days),
        users=tuple(sorted(map(users.row, users.names), key=lambda row: (-row.last_at, row.name))),
        checked_sessions=checks.checked,
        deviations=checks.largest,
        deviating_sessions=checks.deviating,
        lopsided=lopsided,
        skewed=skewed,
        head=desk.head(),
    )


def _figures(desk: Desk) -> tuple[Figure, ...]:
    both = Ways.by(desk, PERIOD, (desk.previous, desk.whole))
    now, before = both.row(NOW), both.row(BEFORE)
    cost, cost_before = (Share(row.telemetry_cost, row.cost) for row in (now, before))
    return (
        Figure("coverage", Unit.SHARE, now.coverage, before.coverage),
        Figure("coverage_cost", Unit.COST_SHARE, cost, cost_before),
        Figure("metrics_only_cost", Unit.MONEY, now.metrics_only_cost, before.metrics_only_cost),
    )
