"""From a listing in a price book, or a card of our own, to the tariffs of one model name, with our rules applied.

Order: the listed price of the day, our corrections of it, the factor of fast mode or batch where the book has no price
for them, the premium of a regional endpoint. Decimals all the way; integers at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tokentide.clock import DAY_US, SECOND_US
from tokentide.pricing.rules import (
    BATCH_FACTOR,
    REGION_UNSEEN_NOTE,
    REGIONAL_FACTOR,
    REGIONAL_SINCE,
    RESIDENCY_SINCE,
    Correction,
    LongPromptPremium,
    fast_factor,
)
from tokentide.pricing.tariff import ALWAYS_US, ANY_PROMPT, BATCH, FAST, STANDARD, ModelPrices

if TYPE_CHECKING:
    from tokentide.pricing.names import ModelName
    from tokentide.pricing.rate_card import RateCard
    from tokentide.pricing.tariff import Band, DayPart, Segment, Tariff

Cards = tuple[tuple[int, "RateCard"], ...]
"""Cards by prompt length, `(above_prompt_tokens, card)`, largest first, the last one `ANY_PROMPT`."""

EPOCH = date(1970, 1, 1)
LONG_AGO = date(2000, 1, 1)
"""A day before any price, for listings without dates."""
MIDNIGHT = time(0, tzinfo=UTC)
ONE = Decimal(1)


class Listing(Protocol):
    """One model in some price book."""

    @property
    def model_id(self) -> str:
        """The book's id of the model."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for people."""

    @property
    def contexts(self) -> frozenset[str]:
        """Request contexts with prices of their own at some time, such as `tariff.FAST`."""

    @property
    def changes(self) -> frozenset[date]:
        """Days (UTC) on which a price begins."""

    @property
    def day_parts(self) -> frozenset[time]:
        """Times of day (UTC) at which a price begins, midnight among them."""

    def lists(self, moment: datetime, context: str) -> bool:
        """Whether the context has a price of its own at that moment; the standard one always has."""

    def cards(self, moment: datetime, context: str) -> Cards:
        """Prices at that moment, those of the standard context where this one has none."""


@dataclass(frozen=True, slots=True)
class FixedListing:
    """A model with one card, always valid: an override, or an entry of our own rules."""

    model_id: str
    card: RateCard
    notes: tuple[str, ...] = ()
    contexts: frozenset[str] = frozenset()
    changes: frozenset[date] = frozenset()
    day_parts: frozenset[time] = frozenset({MIDNIGHT})

    def lists(self, moment: datetime, context: str) -> bool:  # noqa: ARG002 - Listing's signature
        """True for the standard context alone."""
        return context == STANDARD

    def cards(self, moment: datetime, context: str) -> Cards:  # noqa: ARG002 - Listing's signature
        """The card."""
        return ((ANY_PROMPT, self.card),)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What decides a tariff: the listing, our corrections of it, and the request context."""

    listing: Listing
    corrections: tuple[Correction, ...]
    premium: Decimal
    context: str
    unlisted_factor: Decimal
    """Factor on the standard price while the book has none for the context."""

    def changes(self) -> list[date]:
        """Days on which something begins or ends, in order."""
        bounds = {day for item in self.corrections for day in (item.since, item.until) if day is not None}
        return sorted(self.listing.changes | bounds)

    def bands(self, day: date, part: time) -> tuple[Band, ...]:
        """Rates from that moment on."""
        moment = datetime.combine(day, part)
        cards = self.listing.cards(moment, self.context)
        for correction in self.corrections:
            if correction.holds_on(day):
                cards = _corrected(cards, correction)
        listed = self.listing.lists(moment, self.context)
        factor = self.premium if listed else self.premium * self.unlisted_factor
        return tuple((above, card.times(factor).pico()) for above, card in cards)


def assemble(listing: Listing, name: ModelName, source: str, corrections: tuple[Correction, ...] = ()) -> ModelPrices:
    """All tariffs of a model as this name reaches it.

    Raises ValueError or ArithmeticError when the listing holds an amount or a date that cannot be.
    """
    factors = dict.fromkeys((STANDARD, *sorted(listing.contexts)), ONE)
    if name.claude:
        factors |= {FAST: fast_factor(name.model), BATCH: BATCH_FACTOR}
    regional = name.regional and name.since(REGIONAL_SINCE)
    premium = REGIONAL_FACTOR if regional else ONE
    return ModelPrices(
        model_id=listing.model_id,
        source=source,
        notes=(*listing.notes, *(correction.note for correction in corrections), *_remarks(name)),
        residency=name.since(RESIDENCY_SINCE),
        regional=regional,
        tariffs={
            context: _tariff(_Terms(listing, corrections, premium, context, factor))
            for context, factor in factors.items()
        },
    )


def _remarks(name: ModelName) -> tuple[str, ...]:
    unseen = name.bedrock and not name.region and name.since(REGIONAL_SINCE)
    return (REGION_UNSEEN_NOTE,) if unseen else ()


def _tariff(terms: _Terms) -> Tariff:
    changes = terms.changes()
    before = changes[0] - timedelta(days=1) if changes else LONG_AGO
    segments: list[Segment] = [(ALWAYS_US, _day_parts(terms, before))]
    for day in changes:
        parts = _day_parts(terms, day)
        if parts != segments[-1][1]:
            segments.append(((day - EPOCH).days * DAY_US, parts))
    return tuple(reversed(segments))


def _day_parts(terms: _Terms, day: date) -> tuple[DayPart, ...]:
    parts: list[DayPart] = []
    for part in sorted(terms.listing.day_parts):
        bands = terms.bands(day, part)
        if not parts or bands != parts[-1][1]:
            parts.append((_since_midnight_us(part), bands))
    return tuple(reversed(parts))


def _since_midnight_us(part: time) -> int:
    return (part.hour * 3600 + part.minute * 60 + part.second) * SECOND_US + part.microsecond


def _corrected(cards: Cards, correction: Correction) -> Cards:
    if correction.cache_read_factor is not None:
        factor = correction.cache_read_factor
        cards = tuple(
            (above, replace(card, cache_read_usd_per_mtok=card.input_usd_per_mtok * factor)) for above, card in cards
        )
    if correction.premiums is not None:
        base = cards[-1][1]
        cards = (*(_long_prompt(base, premium) for premium in correction.premiums), (ANY_PROMPT, base))
    return cards


def _long_prompt(base: RateCard, premium: LongPromptPremium) -> tuple[int, RateCard]:
    dearer = base.times(premium.input_factor)
    return premium.above_tokens, replace(dearer, output_usd_per_mtok=base.output_usd_per_mtok * premium.output_factor)
