"""The responses that a what-if is about, in the order of time, with the chain of requests that each belongs to."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.selection import Selection
from tokentide.clock import DAY_US
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.query import UNKNOWN_MODEL
from tokentide.store.sqlite.ledger import Ledger

FOREVER = 1 << 62
"""An instant after all others."""


@dataclass(slots=True)
class Situation:
    """Responses whose tokens have the same prices, whatever is asked: added up as one."""

    sample: UsageRecord
    """The first of them."""
    total: UsageRecord
    """The same with the tokens of all."""
    cost: int
    """At list price, nano-USD."""
    responses: int


@dataclass(frozen=True)
class History:
    """Responses with a price; the lists are in the same order."""

    records: list[UsageRecord]
    costs: list[int]
    """At list price, nano-USD."""
    chains: list[int]
    """A number for each conversation: a session's own, or one of its sub-agents'."""
    unpriced: Counter[str]
    """Responses without a price, by model; they are in none of the lists."""
    places: dict[int, Place]
    entry_points: dict[str, str]
    """How the client was started, by identity, where it is known."""
    tools: dict[str, tuple[str, ...]]
    """The tools that a response called, by identity, where it is known."""
    span_us: int
    since: int = 0
    """The beginning of the first day that is asked for and known, µs UTC."""

    @cached_property
    def cost(self) -> int:
        """What it was at list price, nano-USD."""
        return sum(self.costs)

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Their models, sorted."""
        return tuple(sorted({record.model for record in self.records}))

    def prompts_above(self, tokens: int) -> list[int]:
        """The lengths of all prompts that are longer."""
        return [prompt for prompt in self._prompts if prompt > tokens]

    @cached_property
    def _prompts(self) -> list[int]:
        return [record.prompt_tokens for record in self.records]

    def situations(self, bounds: Sequence[int], period_us: int) -> list[Situation]:
        """Responses that can be priced as one: of one model, speed, tier, place and period, and alike in length.

        `bounds` are the lengths of prompts above which a price may be another, ascending.
        """
        found: dict[tuple[object, ...], list[int]] = {}
        for index, record in enumerate(self.records):
            key = (
                record.model,
                record.speed,
                record.service_tier,
                record.inference_geo,
                record.at // period_us,
                bisect_left(bounds, self._prompts[index]),
            )
            found.setdefault(key, []).append(index)
        return [self._together(indexes) for indexes in found.values()]

    def _together(self, indexes: Sequence[int]) -> Situation:
        records = [self.records[index] for index in indexes]
        total = replace(
            records[0],
            input_tokens=sum(each.input_tokens for each in records),
            output_tokens=sum(each.output_tokens for each in records),
            cache_creation_5m_tokens=sum(each.cache_creation_5m_tokens for each in records),
            cache_creation_1h_tokens=sum(each.cache_creation_1h_tokens for each in records),
            cache_read_tokens=sum(each.cache_read_tokens for each in records),
            web_search_requests=sum(each.web_search_requests for each in records),
        )
        return Situation(records[0], total, sum(self.costs[index] for index in indexes), len(records))

    def account_of(self, record: UsageRecord) -> str:
        """Whose it was."""
        return self.places[record.place].account


def bounds(selection: Selection, calendar: Calendar) -> tuple[int, int]:
    """The instants that the days of a selection begin and end at."""
    start = calendar.start_of(selection.since) if selection.since else -FOREVER
    return start, calendar.end_of(selection.until) if selection.until else FOREVER


def read_history(
    ledger: Ledger, selection: Selection, calendar: Calendar, *, now: int, details: bool = False
) -> History:
    """Ask the ledger for every response of the selection; with `details` also for entry points and tools."""
    start, end = bounds(selection, calendar)
    since = max(start, first_known(ledger, calendar, now))
    store = ledger.priced
    places = store.places()
    chain_of = chain_numbers(places)
    records: list[UsageRecord] = []
    costs: list[int] = []
    unpriced: Counter[str] = Counter()
    for record, cost in store.records(selection.filters, start, end):
        if cost is None:
            unpriced[record.model or UNKNOWN_MODEL] += 1
        else:
            records.append(record)
            costs.append(cost)
    return History(
        records,
        costs,
        [chain_of[record.place] for record in records],
        unpriced,
        places,
        store.entry_points(start, end) if details else {},
        store.tools(start, end) if details else {},
        max(min(end, now) - since, DAY_US),
        since,
    )


def chain_numbers(places: dict[int, Place]) -> dict[int, int]:
    """The chain of each place; a session that goes on in another folder or branch is one."""
    numbers: dict[tuple[object, ...], int] = {}
    return {
        key: numbers.setdefault((place.source, place.session_id, place.agent_id, place.is_sidechain), len(numbers))
        for key, place in places.items()
    }


def first_known(ledger: Ledger, calendar: Calendar, now: int) -> int:
    """The beginning of the first day that anything is known of; now where nothing is."""
    days = ledger.days()
    return calendar.start_of(calendar.date_of(days[0] * DAY_US)) if days else now
