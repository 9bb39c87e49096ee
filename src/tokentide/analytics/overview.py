"""The main screen's figures: today, this week, this month, the block, thirty days, top models and projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tokentide.analytics.block_report import BlockRow, block_row
from tokentide.analytics.blocks import SESSION_HOURS, length_us
from tokentide.analytics.burn import Burn, burn_now
from tokentide.analytics.forecasting.latest import latest_forecasts
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.analytics.reports import KINDS, Ask, Row, build_report
from tokentide.analytics.selection import Selection
from tokentide.store.query import CostMode, Sums
from tokentide.store.sqlite.ledger import Ledger

if TYPE_CHECKING:
    from tokentide.analytics.plans import PlanWish

CHART_DAYS = 30
TOP = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """One line of the head of the screen."""

    name: str
    """`today`, `week` or `month`."""
    since: str
    """Its first day."""
    row: Row


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the main screen."""

    stretches: tuple[Stretch, ...]
    limits: tuple[AccountLimits, ...]
    """The official windows, of each account that any is known of."""
    forecasts: Mapping[str, Forecast]
    """What to expect of these windows, by `Account.key`."""
    burn: Burn
    """How fast it burns now, over all accounts."""
    block: BlockRow | None
    """The open block."""
    days: tuple[tuple[str, Sums], ...]
    """The last thirty days, oldest first, days without use included."""
    models: tuple[Row, ...]
    """The dearest of the month."""
    projects: tuple[Row, ...]
    newest_at: int | None
    """Instant of the newest response; None for an empty ledger."""
    mode: CostMode
    timezone: str
    generated_at: int
    problems: int


def build_overview(ledger: Ledger, ask: Ask, *, now: int, problems: int = 0, wish: PlanWish | None = None) -> Overview:
    """Ask the ledger. `now` is µs UTC; `wish` tells how windows are estimated that nobody tells of.

    Of `ask` the filters narrow what was used, windows are of all use anyway; its days are the main screen's own.
    """
    calendar, mode, only = ask.calendar, ask.mode, ask.selection.filters
    today = calendar.date_of(now)

    def rows(kind: str, since_days: int | None, grain: str = "day") -> tuple[Row, tuple[Row, ...]]:
        """Total and rows of a report that ends today."""
        first = calendar.first_day(today, grain) if since_days is None else today - timedelta(days=since_days - 1)
        report = build_report(ledger, KINDS[kind], Ask(Selection(first, today, only), calendar, mode), now=now)
        return report.totals, report.rows

    burn, limits = burn_now(ledger, mode, now=now, filters=only), _measured(read_limits(ledger, now=now, wish=wish))
    stretches = tuple(
        Stretch(name, calendar.first_day(today, grain).isoformat(), rows("daily", None, grain)[0])
        for name, grain in (("today", "day"), ("week", "week"), ("month", "month"))
    )
    by_day = {row.key: row.sums for row in rows("daily", CHART_DAYS)[1]}
    days = [(today - timedelta(days=back)).isoformat() for back in reversed(range(CHART_DAYS))]
    return Overview(
        stretches=stretches,
        limits=limits,
        forecasts=latest_forecasts(ledger, limits, calendar, now=now),
        burn=burn,
        block=None if burn.block is None else block_row(burn.block, now, length_us(SESSION_HOURS)),
        days=tuple((day, by_day.get(day, Sums())) for day in days),
        models=rows("model", None, "month")[1][:TOP],
        projects=rows("project", None, "month")[1][:TOP],
        newest_at=ledger.newest_at(),
        mode=mode,
        timezone=calendar.name,
        generated_at=now,
        problems=problems,
    )


def _measured(found: Sequence[AccountLimits]) -> tuple[AccountLimits, ...]:
    """The accounts with the windows that a percentage is known of: that one is open, the block tells better."""
    return tuple(
        replace(limits, windows=windows)
        for limits in found
        if (
            windows := tuple(
                window for window in limits.windows if not window.is_estimate or window.percent is not None
            )
        )
    )
