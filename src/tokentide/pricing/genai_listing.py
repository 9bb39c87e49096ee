"""One model of `genai-prices` as a `Listing`: its prices by day, hour, request context and prompt length.

Cold: importing this module costs a tenth of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from genai_prices import types

from tokentide.pricing.assemble import MIDNIGHT
from tokentide.pricing.rate_card import RateCard
from tokentide.pricing.rules import claude_card
from tokentide.pricing.tariff import ANY_PROMPT, STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentide.pricing.assemble import Cards

CONTEXT_KEYS = frozenset({"speed", "processing", "service_tier"})
"""Request properties that a usage record knows; price variants on any other are left out."""
UNCOUNTED_KEYS = frozenset({"requests_kcount", "output_reasoning_mtok", "output_citation_mtok"})
"""Charged on text responses by something we do not count: a model with such a price stays unpriced."""


@dataclass(frozen=True, slots=True)
class GenaiListing:
    """One model of the book."""

    model: types.ModelInfo
    claude: bool

    @property
    def model_id(self) -> str:
        """The book's id of the model."""
        return self.model.id

    @property
    def notes(self) -> tuple[str, ...]:
        """The book's remarks on the price, if any."""
        return (self.model.price_comments,) if self.model.price_comments else ()

    @property
    def contexts(self) -> frozenset[str]:
        """Contexts of one property each; the book has no others."""
        return frozenset(
            f"{key}={value}"
            for variant in self._variants()
            for key, value in variant.when.items()
            if key in CONTEXT_KEYS and len(variant.when) == 1
        )

    @property
    def changes(self) -> frozenset[date]:
        """Start dates of prices and of variants."""
        return frozenset(limit.start_date for limit in self._limits() if isinstance(limit, types.StartDateConstraint))

    @property
    def day_parts(self) -> frozenset[time]:
        """Bounds of the hours with prices of their own."""
        hours = (limit for limit in self._limits() if isinstance(limit, types.TimeOfDateConstraint))
        return frozenset({MIDNIGHT}.union(*({_utc(limit.start_time), _utc(limit.end_time)} for limit in hours)))

    def lists(self, moment: datetime, context: str) -> bool:
        """Whether a variant for the context is in force."""
        return context == STANDARD or any(
            (variant.constraint is None or variant.constraint.active(moment)) and variant.when == _request(context)
            for variant in self._variants()
        )

    def cards(self, moment: datetime, context: str) -> Cards:
        """Prices at that moment."""
        return _cards(self.model.get_prices(moment, _request(context)), claude=self.claude)

    def _variants(self) -> list[types.PriceVariant]:
        return self.model.price_variants or []

    def _limits(self) -> Iterator[types.StartDateConstraint | types.TimeOfDateConstraint | None]:
        if not isinstance(self.model.prices, types.ModelPrice):
            yield from (price.constraint for price in self.model.prices)
        yield from (variant.constraint for variant in self._variants())


def payable(model: types.ModelInfo) -> bool:
    """Whether a response of the model is paid for by the tokens we count, and by nothing else."""
    prices = [model.prices] if isinstance(model.prices, types.ModelPrice) else [item.prices for item in model.prices]
    keys = [_amounts(price).keys() for price in prices]
    return bool(keys) and all({"input_mtok", "output_mtok"} <= each and not UNCOUNTED_KEYS & each for each in keys)


def _request(context: str) -> dict[str, str]:
    key, _, value = context.partition("=")
    return {key: value} if context else {}


def _utc(part: time) -> time:
    """The time of day in UTC; without a zone it is UTC already."""
    aware = part if part.tzinfo else part.replace(tzinfo=UTC)
    return datetime.combine(date(2000, 1, 2), aware).astimezone(UTC).timetz()


def _amounts(price: types.ModelPrice) -> dict[str, Decimal | types.TieredPrices]:
    return {key: value for key, value in price.__dict__.items() if value is not None}


def _cards(price: types.ModelPrice, *, claude: bool) -> Cards:
    """Cards of one price, by the prompt lengths at which any category changes."""
    amounts = _amounts(price)
    tiers = (tier.start for value in amounts.values() if isinstance(value, types.TieredPrices) for tier in value.tiers)
    thresholds = sorted({ANY_PROMPT, *tiers}, reverse=True)
    return tuple((above, _card(_at_length(amounts, above), claude=claude)) for above in thresholds)


def _at_length(amounts: dict[str, Decimal | types.TieredPrices], above: int) -> dict[str, Decimal]:
    return {
        key: value
        if isinstance(value, Decimal)
        else next((tier.price for tier in reversed(value.tiers) if tier.start <= above), value.base)
        for key, value in amounts.items()
    }


def _card(amounts: dict[str, Decimal], *, claude: bool) -> RateCard:
    """What the book leaves out costs the vendor's usual multiple at Claude, and the next wider category elsewhere."""
    fresh, output = amounts["input_mtok"], amounts["output_mtok"]
    write = amounts.get("cache_write_mtok")
    write_5m, write_1h = amounts.get("cache_write_5m_mtok", write), amounts.get("cache_write_1h_mtok")
    read = amounts.get("cache_read_mtok")
    if claude:
        return claude_card(fresh, output, write_5m_usd=write_5m, write_1h_usd=write_1h, read_usd=read)
    return RateCard(
        input_usd_per_mtok=fresh,
        output_usd_per_mtok=output,
        cache_write_5m_usd_per_mtok=_first(write_5m, fresh),
        cache_write_1h_usd_per_mtok=_first(write_1h, write, fresh),
        cache_read_usd_per_mtok=_first(read, fresh),
        web_search_usd_per_thousand=amounts.get("web_searches_kcount", Decimal(0)),
    )


def _first(*amounts: Decimal | None) -> Decimal:
    return next(amount for amount in amounts if amount is not None)
