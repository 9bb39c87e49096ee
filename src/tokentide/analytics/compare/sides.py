"""One side of a comparison: its totals, and by model what each kind of token cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.compare.operands import Operand
from tokentide.clock import QUARTER_US
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.pricing.tariff import Rates
from tokentide.store.query import UNKNOWN_MODEL, Sums
from tokentide.store.sqlite.ledger import Ledger

FREE: Rates = (0, 0, 0, 0, 0, 0)
PARTS = len(FREE)
"""Input, output, 5-minute writes, 1-hour writes, reads, and web searches: the order of a tariff's rates."""


@dataclass(slots=True)
class ModelUse:
    """What one model was used for, in the order of PARTS; costs in pico-USD, exact."""

    sums: Sums = field(default_factory=Sums)
    """Responses with a price, at list price."""
    counts: list[int] = field(default_factory=lambda: [0] * PARTS)
    list_costs: list[int] = field(default_factory=lambda: [0] * PARTS)
    """At the model's plain price: standard speed, no batch, no region, the shortest prompt."""
    extra_costs: list[int] = field(default_factory=lambda: [0] * PARTS)
    """What was asked beyond that; below 0 for batches."""


@dataclass(slots=True)
class Side:
    """One side, added up."""

    operand: Operand
    sums: Sums = field(default_factory=Sums)
    """All responses, costs at list price."""
    models: dict[str, ModelUse] = field(default_factory=dict)
    """By id; only responses with a price."""
    unpriced: Counter[str] = field(default_factory=Counter)
    """Responses without a price, by model."""
    sessions: int = 0
    active_days: int = 0
    """Local days with a response."""

    @property
    def priced_responses(self) -> int:
        """Responses with a price."""
        return self.sums.responses - self.sums.unpriced_responses

    @property
    def prompt_tokens(self) -> int:
        """All that was sent."""
        return self.sums.total_tokens - self.sums.output_tokens

    @property
    def cost_a_day(self) -> int | None:
        """Nano-USD for a day with use; None without any."""
        return round(self.sums.cost / self.active_days) if self.active_days else None

    @property
    def cost_a_response(self) -> int | None:
        """Nano-USD for a response with a price; None without any."""
        return round(self.sums.cost / self.priced_responses) if self.priced_responses else None

    @property
    def tokens_a_response(self) -> int | None:
        """None without any."""
        return round(self.sums.total_tokens / self.sums.responses) if self.sums.responses else None

    @property
    def cache_hit_share(self) -> float | None:
        """The share of the prompts that was read from the cache, 0 to 1; None without any."""
        return self.sums.cache_read_tokens / self.prompt_tokens if self.prompt_tokens else None

    def top_models(self, count: int) -> list[tuple[str, ModelUse]]:
        """The dearest."""
        return sorted(self.models.items(), key=lambda item: (-item[1].sums.cost, item[0]))[:count]


def read_side(ledger: Ledger, operand: Operand, book: PriceBook, calendar: Calendar) -> Side:
    """Ask the ledger for every response of one side."""
    store = ledger.priced
    side, plain = Side(operand), _PlainRates(book)
    quarters: set[int] = set()
    places: set[int] = set()
    for record, cost in store.records(operand.filters, operand.start, operand.end):
        quarters.add(record.at // QUARTER_US)
        places.add(record.place)
        sums = _sums(record, cost)
        side.sums.add(sums)
        if cost is None:
            side.unpriced[record.model or UNKNOWN_MODEL] += 1
        else:
            use = side.models.setdefault(record.model, ModelUse())
            use.sums.add(sums)
            _add(use, record, book.rates(record) or FREE, plain.of(record))
    known = store.places()
    side.sessions = len({(known[place].source, known[place].session_id) for place in places})
    side.active_days = len(_days(quarters, calendar))
    return side


def _sums(record: UsageRecord, cost: int | None) -> Sums:
    """One response; the counters of Sums stand in the same order as those of a tariff."""
    return Sums(1, *_counts(record), cost or 0, int(cost is None), 0, record.at, record.at)


class _PlainRates:
    """Plain prices, kept by model and quarter hour: none changes within one."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self._known: dict[tuple[str, int], Rates] = {}

    def of(self, record: UsageRecord) -> Rates:
        """The plain price of a response's model at its instant."""
        key = (record.model, record.at // QUARTER_US)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = plain_rates(self._book, record.model, record.at)
        return found


def plain_rates(book: PriceBook, model: str, at: int) -> Rates:
    """A model's prices at an instant with nothing that makes them dearer or cheaper; 0 for one without a price."""
    return book.rates(UsageRecord("", "", at, 0, model)) or FREE


def _add(use: ModelUse, record: UsageRecord, rates: Rates, plain: Rates) -> None:
    for part, count in enumerate(_counts(record)):
        if count:
            use.counts[part] += count
            use.list_costs[part] += count * plain[part]
            use.extra_costs[part] += count * (rates[part] - plain[part])


def _counts(record: UsageRecord) -> Rates:
    """The counters of a record, in the order of PARTS."""
    return (
        record.input_tokens,
        record.output_tokens,
        record.cache_creation_5m_tokens,
        record.cache_creation_1h_tokens,
        record.cache_read_tokens,
        record.web_search_requests,
    )


def _days(quarters: Iterable[int], calendar: Calendar) -> set[object]:
    return {calendar.date_of(quarter * QUARTER_US) for quarter in quarters}
