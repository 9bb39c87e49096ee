"""What meters count: all usage of the ledger by model and by project, and how it stands now with limits and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.burn import Burn, burn_now
from tokentide.analytics.forecasting.latest import latest_forecasts
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.analytics.live import LiveAsk, Spent, spent_in
from tokentide.clock import QUARTER_US
from tokentide.store.query import UNKNOWN_MODEL, CostMode, Period, Query, Sums

if TYPE_CHECKING:
    from tokentide.store.sqlite.ledger import Ledger

ALL_TIME = Period("", 0, QUARTER_US << 32)


@dataclass(frozen=True, slots=True)
class UsageMeters:
    """All usage there is; since the ledger forgets nothing, these grow."""

    by_model: Mapping[str, Sums]
    by_project: Mapping[str, Sums]
    """By folder; empty for usage that no folder is known of."""

    @property
    def responses(self) -> int:
        """Of all models."""
        return sum(sums.responses for sums in self.by_model.values())


@dataclass(frozen=True, slots=True)
class Meters:
    """Everything at one instant."""

    usage: UsageMeters
    limits: tuple[AccountLimits, ...]
    forecasts: Mapping[str, Forecast]
    """By `Account.key`."""
    burn: Burn
    spent: tuple[Spent, ...]
    """Today, this week, this month."""
    newest_at: int | None
    """The newest response, µs UTC; None for an empty ledger."""


def read_meters(ledger: Ledger, ask: LiveAsk, *, now: int) -> Meters:
    """Ask the ledger. `now` is µs UTC. Raises LedgerError."""
    limits = read_limits(ledger, now=now, wish=ask.wish)
    return Meters(
        usage=usage_meters(ledger, ask.mode),
        limits=limits,
        forecasts=latest_forecasts(ledger, limits, ask.calendar, now=now),
        burn=burn_now(ledger, ask.mode, now=now),
        spent=tuple(spent_in(ledger, ask, grain, now) for grain in ("day", "week", "month")),
        newest_at=ledger.newest_at(),
    )


def usage_meters(ledger: Ledger, mode: CostMode) -> UsageMeters:
    """All usage by model and by project, in one pass."""
    models: dict[str, Sums] = {}
    projects: dict[str, Sums] = {}
    for group in ledger.totals(Query(("model", "project"), (ALL_TIME,), mode=mode)):
        model, project = group.keys
        models.setdefault(model or UNKNOWN_MODEL, Sums()).add(group.sums)
        projects.setdefault(project, Sums()).add(group.sums)
    return UsageMeters(models, projects)
