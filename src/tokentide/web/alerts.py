"""What was raised, as an address asks for it."""

from __future__ import annotations

from tokentide.clock import DAY_US
from tokentide.model.alerts import Alert
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight

USUAL_US = 7 * DAY_US
"""So far back it is looked where no days are asked for."""


def alerts_since(sight: Sight, asked: Filters) -> int:
    """From when on, µs UTC. Raises UsageError."""
    first = sight.selection(asked).since
    return sight.now - USUAL_US if first is None else sight.calendar(asked).start_of(first)


def alerts_of(sight: Sight, asked: Filters) -> list[Alert]:
    """The alerts of these days, newest first; also those that quiet hours hold back. Raises UsageError, LedgerError."""
    found, last = sight.ledger.alerts.recent(alerts_since(sight, asked)), sight.selection(asked).until
    calendar = sight.calendar(asked)
    return found if last is None else [each for each in found if calendar.date_of(each.at) <= last]
