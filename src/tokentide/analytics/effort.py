"""How much there is to go through, for who would have to wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.analytics.what_if.history import bounds
from tokentide.store.query import CostMode, Period, Query

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.selection import Selection
    from tokentide.store.sqlite.ledger import Ledger


def responses_in(ledger: Ledger, selection: Selection, calendar: Calendar) -> int:
    """How many responses a selection has; told by totals, without going through them."""
    period = Period("", *bounds(selection, calendar))
    groups = ledger.totals(Query((), (period,), selection.filters, CostMode.AUTO))
    return sum(group.sums.responses for group in groups)
