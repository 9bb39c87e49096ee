"""Brings an account's evidence out of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.analytics.forecasting.evidence import DEPTH_US, Evidence
from tokentide.analytics.forecasting.spending import Spending
from tokentide.analytics.limits import believed_states
from tokentide.clock import HOUR_US, QUARTER_US

if TYPE_CHECKING:
    from tokentide.model.limits import Account
    from tokentide.store.sqlite.ledger import Ledger

EXACT_US = 6 * HOUR_US
"""The last hours are read response by response, what is older by quarter hour."""


def read_evidence(
    ledger: Ledger, account: Account, *, now: int, depth_us: int = DEPTH_US, exact_us: int = EXACT_US
) -> Evidence:
    """What is known up to `now`, as far back as `depth_us`; `exact_us` of it response by response."""
    readings = ledger.limits.readings(now - depth_us, account.key)
    states = believed_states(readings, now)
    since = now - depth_us
    first = ledger.forecasts.first_use(account.name)
    first_reading = min((found[0].since for found in states.values() if found), default=now)
    begin = max(since, min(now if first is None else first, first_reading))
    spending = _read_spending(ledger, account.name, begin, max(now - exact_us, begin), now)
    return Evidence(spending, states, begin=begin, now=now)


def _read_spending(ledger: Ledger, account: str, since: int, exact_since: int, now: int) -> Spending:
    """What the account's records cost: by quarter hour, and response by response from `exact_since` until now."""
    since, exact_since = since - since % QUARTER_US, exact_since - exact_since % QUARTER_US
    store = ledger.forecasts
    quarters = store.spent_by_quarter(account, since, exact_since)
    responses = store.spent_by_response(account, exact_since, now)
    return Spending(
        [
            *((start, start + QUARTER_US, nano) for start, nano in quarters),
            *((at, at, nano) for at, nano in responses),
        ]
    )
