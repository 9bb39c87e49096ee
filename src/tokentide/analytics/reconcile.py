"""The vendor's bill beside our records, for the same UTC days and models, and where the difference comes from.

The parts of a difference always add up to it, to the nano-USD. Rule and reasons: docs/how-to/console.md, "Reconcile".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from msgspec.structs import replace

from tokentide.analytics.console_buckets import current_buckets, fetched_days
from tokentide.clock import DAY_US
from tokentide.model.billing import COST, ORGANIZATION, TOKEN_COUNTERS, USAGE, date_of, day_of, day_start, days
from tokentide.model.usage import UsageRecord
from tokentide.store.query import CostMode, Period, Query, Sums
from tokentide.store.sqlite.ledger import Ledger

Price = Callable[[UsageRecord], int | None]
"""List price of a response, nano-USD; None if no price is known."""

UNPRICED, NOT_SEEN, ELSEWHERE, PRICE, SEARCHES, EXECUTION, OTHER, UNEXPLAINED = PARTS = (
    "unpriced_here",
    "not_seen_here",
    "billed_elsewhere",
    "price_per_token",
    "web_searches",
    "code_execution",
    "other_costs",
    "unexplained",
)
"""What a difference is made of."""
_COST_TYPES = {"web_search": SEARCHES, "code_execution": EXECUTION}
_TOKENS_COST = ("tokens", "")
_TOKEN_TYPES = {
    "uncached_input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation.ephemeral_5m_input_tokens": "cache_creation_5m_tokens",
    "cache_creation.ephemeral_1h_input_tokens": "cache_creation_1h_tokens",
}
_ROUNDING = 2 * len(TOKEN_COUNTERS)
"""Nano-USD that cutting the parts to whole ones may leave over."""
_SAMPLE = 1000
"""Tokens that a rate is asked with: few enough for the lowest band of prompt lengths."""


@dataclass(frozen=True, slots=True)
class ReconcileRow:
    """One UTC day and model."""

    day: str
    model: str
    """Empty for costs that belong to no model."""
    vendor_tokens: int
    our_tokens: int
    vendor_cost: int
    """Billed, nano-USD."""
    our_cost: int
    """List price of what was recorded here, nano-USD."""
    parts: Mapping[str, int]
    """By PARTS, nano-USD, those that are not nothing; together `difference`."""
    unpriced_responses: int = 0
    """Of ours, without a price: they add nothing to `our_cost`."""

    @property
    def difference(self) -> int:
        """How much more the vendor bills, nano-USD."""
        return self.vendor_cost - self.our_cost


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A comparison as every format gets it."""

    organization: str
    """Its name."""
    since: str
    until: str
    rows: tuple[ReconcileRow, ...]
    """By day, then model."""
    days: int
    """How many days could be compared."""
    days_left_out: int
    """Days that are not over, not asked for since they ended, or not yet reached by the vendor's data."""
    fetched_at: int
    """When the newest of the compared days was asked for, µs UTC; 0 without any."""
    generated_at: int


@dataclass(slots=True)
class _Side:
    """The vendor's figures of one day and model."""

    tokens: dict[str, int] = field(default_factory=dict)
    by_type: dict[str, int] = field(default_factory=dict)
    """Cost of tokens by our names of the counters; under the empty name what is not told so."""
    others: dict[str, int] = field(default_factory=dict)
    """Costs that are not of tokens, by part."""

    @property
    def token_cost(self) -> int:
        """What all tokens cost."""
        return sum(self.by_type.values())


def reconcile(ledger: Ledger, organization: str, start: int, end: int, *, price: Price, now: int) -> Reconciliation:
    """Compare the days from one midnight UTC to before another. `now` is µs UTC."""
    compared = _whole_days(ledger, organization, start, end)
    vendor = _vendor(ledger, organization, compared, start, end)
    ours = _ours(ledger, compared)
    keys = sorted(vendor.keys() | ours.keys())
    rows = (
        _row(day, model, vendor.get((day, model), _Side()), ours.get((day, model), Sums()), price)
        for day, model in keys
    )
    names = ledger.buckets.directory(organization, ORGANIZATION)
    asked = sum(1 for _ in days(start, min(end, day_of(now) + DAY_US)))
    return Reconciliation(
        organization=next((entry.name for entry in names), organization),
        since=date_of(start).isoformat(),
        until=date_of(end - DAY_US).isoformat(),
        rows=tuple(rows),
        days=len(compared),
        days_left_out=asked - len(compared),
        fetched_at=compared[max(compared)] if compared else 0,
        generated_at=now,
    )


def only_models(report: Reconciliation, wishes: Iterable[str]) -> Reconciliation:
    """The comparison of models whose id contains any of these."""
    wanted = [wish.lower() for wish in wishes]
    rows = tuple(row for row in report.rows if any(wish in row.model.lower() for wish in wanted))
    return dataclasses.replace(report, rows=rows) if wanted else report


def summed(rows: Iterable[ReconcileRow], by: str) -> tuple[ReconcileRow, ...]:
    """Rows added up by `day`, by `model`, the dearest first, or, with an empty `by`, all into one."""
    groups: dict[tuple[str, str], list[ReconcileRow]] = {}
    for row in rows:
        key = (row.day if by == "day" else "", row.model if by == "model" else "")
        groups.setdefault(key, []).append(row)
    sums = [_sum(day, model, groups[day, model]) for day, model in sorted(groups)]
    return tuple(sorted(sums, key=lambda row: -max(row.vendor_cost, row.our_cost)) if by == "model" else sums)


def _sum(day: str, model: str, rows: list[ReconcileRow]) -> ReconcileRow:
    parts = {part: sum(row.parts.get(part, 0) for row in rows) for part in PARTS}
    return ReconcileRow(
        day,
        model,
        sum(row.vendor_tokens for row in rows),
        sum(row.our_tokens for row in rows),
        sum(row.vendor_cost for row in rows),
        sum(row.our_cost for row in rows),
        {part: amount for part, amount in parts.items() if amount},
        sum(row.unpriced_responses for row in rows),
    )


def _whole_days(ledger: Ledger, organization: str, start: int, end: int) -> dict[int, int]:
    """The days whose usage and cost the vendor both told after their end, with the instant of that."""
    usage, cost = (fetched_days(ledger, organization, report, start, end) for report in (USAGE, COST))
    both = {day: (usage[day], cost[day]) for day in usage.keys() & cost.keys()}
    told = {day: min(fetch.reaches_at or fetch.fetched_at for fetch in pair) for day, pair in both.items()}
    return {day: min(fetch.fetched_at for fetch in both[day]) for day, at in told.items() if at >= day + DAY_US}


def _vendor(
    ledger: Ledger, organization: str, compared: Mapping[int, int], start: int, end: int
) -> dict[tuple[str, str], _Side]:
    """The vendor's figures by day and model."""
    sides: dict[tuple[str, str], _Side] = {}

    def side(begun: int, model: str) -> _Side:
        return sides.setdefault((date_of(begun).isoformat(), model), _Side())

    for bucket in current_buckets(ledger, organization, USAGE, start, end):
        if day_of(bucket.start) in compared:
            tokens = side(bucket.start, bucket.dimensions.get("model", "")).tokens
            for name in TOKEN_COUNTERS:
                tokens[name] = tokens.get(name, 0) + bucket.measures.get(name, 0)
    for bucket in current_buckets(ledger, organization, COST, start, end):
        if day_of(bucket.start) in compared:
            _add_cost(
                side(bucket.start, bucket.dimensions.get("model", "")), bucket.dimensions, bucket.measures["cost"]
            )
    return sides


def _add_cost(side: _Side, dimensions: Mapping[str, str], cost: int) -> None:
    """Put a line of the bill where it belongs."""
    kind = dimensions.get("cost_type", "")
    if kind in _TOKENS_COST:
        name = _TOKEN_TYPES.get(dimensions.get("token_type", ""), "")
        side.by_type[name] = side.by_type.get(name, 0) + cost
    else:
        part = _COST_TYPES.get(kind, OTHER)
        side.others[part] = side.others.get(part, 0) + cost


def _ours(ledger: Ledger, compared: Iterable[int]) -> dict[tuple[str, str], Sums]:
    """Our records of these days by day and model, at list price."""
    periods = tuple(Period(date_of(day).isoformat(), day, day + DAY_US) for day in sorted(compared))
    groups = ledger.totals(Query(("period", "model"), periods, mode=CostMode.CALCULATE))
    return {(group.keys[0], group.keys[1]): group.sums for group in groups}


def _row(day: str, model: str, vendor: _Side, ours: Sums, price: Price) -> ReconcileRow:
    """Compare one day and model."""
    counts = {name: getattr(ours, name) for name in TOKEN_COUNTERS}
    rates, search_rate = _rates(model, ours.first_at or day_start(date.fromisoformat(day)), price)
    searches = min(ours.web_search_requests * search_rate, ours.cost)
    parts = dict.fromkeys(PARTS, 0)
    for part, cost in vendor.others.items():
        parts[part] += cost
    parts[SEARCHES] -= searches
    unpriced = Fraction(ours.unpriced_responses, ours.responses) if ours.responses else Fraction(0)
    _explain(parts, vendor, _Recorded(counts, ours.cost - searches, unpriced), rates)
    return ReconcileRow(
        day,
        model,
        sum(vendor.tokens.values()),
        ours.total_tokens,
        vendor.token_cost + sum(vendor.others.values()),
        ours.cost,
        {part: amount for part, amount in parts.items() if amount},
        ours.unpriced_responses,
    )


@dataclass(frozen=True, slots=True)
class _Recorded:
    """Our tokens of one day and model."""

    tokens: Mapping[str, int]
    cost: int
    """Of the tokens that have a price."""
    unpriced: Fraction
    """The share of responses that have none."""


def _explain(parts: dict[str, int], vendor: _Side, ours: _Recorded, rates: Mapping[str, int]) -> None:
    """Split the difference in the cost of tokens.

    Tokens that only one side has are worth what that side asks for one; the rest of the difference is one in price.
    """
    theirs = _unit_costs(vendor, rates)
    own = _spread(ours.cost, ours.tokens, rates)
    shared = {name: min(vendor.tokens.get(name, 0), ours.tokens[name]) for name in TOKEN_COUNTERS}
    lost = sum(cost for name, cost in vendor.by_type.items() if name and not vendor.tokens.get(name))
    both = sum(theirs[name] * shared[name] for name in TOKEN_COUNTERS)
    parts[UNEXPLAINED] += lost
    parts[NOT_SEEN] += int(sum(theirs[name] * (vendor.tokens.get(name, 0) - shared[name]) for name in TOKEN_COUNTERS))
    parts[ELSEWHERE] -= int(sum(own[name] * (ours.tokens[name] - shared[name]) for name in TOKEN_COUNTERS))
    parts[UNPRICED] += int(both * ours.unpriced)
    explained = lost + parts[NOT_SEEN] + parts[ELSEWHERE] + parts[UNPRICED]
    rest = vendor.token_cost - ours.cost - explained
    largest = max(PARTS, key=lambda part: abs(parts[part]))
    is_rounding = parts[largest] != 0 and abs(rest) <= _ROUNDING
    parts[largest if is_rounding else _last_part(vendor, shared)] += rest


def _last_part(vendor: _Side, shared: Mapping[str, int]) -> str:
    """What takes the rest: a price, where both sides have tokens and the vendor bills them at all."""
    if any(shared.values()):
        return PRICE if vendor.token_cost else UNEXPLAINED
    if not vendor.token_cost:
        return ELSEWHERE
    return NOT_SEEN if any(vendor.tokens.values()) else UNEXPLAINED


def _unit_costs(vendor: _Side, rates: Mapping[str, int]) -> dict[str, Fraction]:
    """What the vendor asks for one token of each counter; what it does not split is spread by list price."""
    spread = _spread(vendor.by_type.get("", 0), vendor.tokens, rates)
    return {
        name: spread[name]
        + (Fraction(vendor.by_type.get(name, 0), vendor.tokens[name]) if vendor.tokens.get(name) else Fraction(0))
        for name in TOKEN_COUNTERS
    }


def _spread(cost: int, tokens: Mapping[str, int], rates: Mapping[str, int]) -> dict[str, Fraction]:
    """A cost as unit costs in the proportion of list prices; nothing where there is nothing to spread it over."""
    whole = sum(tokens.get(name, 0) * rates[name] for name in TOKEN_COUNTERS)
    return {name: Fraction(cost * rates[name], whole) if whole else Fraction(0) for name in TOKEN_COUNTERS}


def _rates(model: str, at: int, price: Price) -> tuple[dict[str, int], int]:
    """List prices of one token of each counter, in one unit, and of one web search in nano-USD; 1 and 0 if unknown."""

    def asked(counter: str, count: int) -> int | None:
        blank = UsageRecord(identity="", request_id="", at=at, place=0, model=model)
        return price(replace(blank, **{counter: count}))

    rates = {name: asked(name, _SAMPLE) for name in TOKEN_COUNTERS}
    search = asked("web_search_requests", 1) or 0
    if all(rates.values()):
        return {name: rate or 0 for name, rate in rates.items()}, search
    return dict.fromkeys(TOKEN_COUNTERS, 1), search
