"""Brings an account's evidence out of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.analytics.forecasting.evidence import DEPTH_US, Evidence
from tokentide.analytics.forecasting.spending import read_spending
from tokentide.analytics.limits import believed_states
from tokentide.clock import HOUR_US

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
    spending = read_spending(ledger, account.name, begin, max(now - exact_us, begin), now)
    return Evidence(spending, states, begin=begin, now=now)
