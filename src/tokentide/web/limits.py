"""Windows and forecasts as an address asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.forecasting.latest import latest_forecasts
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight


def limits_of(sight: Sight, asked: Filters) -> list[AccountLimits]:
    """The accounts that are asked for, each with its windows. Raises LedgerError."""
    every = read_limits(sight.ledger, now=sight.now, wish=sight.plan_wish(asked))
    return [each for each in every if not asked.account or any(map(each.account.matches, asked.account))]


def forecasts_of(sight: Sight, asked: Filters, found: Sequence[AccountLimits]) -> dict[str, Forecast]:
    """What is expected of them, by `Account.key`."""
    return latest_forecasts(sight.ledger, found, sight.calendar(asked), now=sight.now)
