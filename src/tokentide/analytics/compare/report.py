"""Builds the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tokentide.analytics.compare.causes import causes
from tokentide.analytics.compare.operands import Operand
from tokentide.analytics.compare.sides import Side, read_side
from tokentide.clock import DAY_US

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.pricing.book import PriceBook
    from tokentide.store.sqlite.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides; differences go from the first to the second."""

    one: Side
    other: Side
    causes: Mapping[str, int]
    """By cause, in the order of causes.CAUSES, nano-USD; they add up to the difference of the costs."""
    known: tuple[date, date] | None
    """The first and the last day that the ledger holds anything of; None for an empty one."""
    timezone: str
    generated_at: int
    problems: int = 0

    @property
    def difference(self) -> int:
        """What the second side costs more, nano-USD."""
        return self.other.sums.cost - self.one.sums.cost


def build_comparison(
    ledger: Ledger, pair: tuple[Operand, Operand], book: PriceBook, calendar: Calendar, *, now: int, problems: int = 0
) -> Comparison:
    """Ask the ledger for both sides, and tell why they differ. `now` is the instant that the report bears, µs UTC."""
    one, other = (read_side(ledger, operand, book, calendar) for operand in pair)
    days = ledger.days()
    known = (calendar.date_of(days[0] * DAY_US), calendar.date_of(ledger.newest_at() or 0)) if days else None
    return Comparison(one, other, causes(one, other, book), known, calendar.name, now, problems)
