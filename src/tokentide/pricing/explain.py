"""A price with its reasons, for people: `tokentide prices` and the help of every unpriced model."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentide.clock import SECOND_US
from tokentide.errors import UsageError
from tokentide.pricing.rate_card import RateCard
from tokentide.pricing.rules import REGIONAL_FACTOR
from tokentide.pricing.tariff import (
    ALWAYS_US,
    RESIDENCY_DENOMINATOR,
    RESIDENCY_NUMERATOR,
    STANDARD,
    ModelPrices,
    Tariff,
    bands_at,
)

if TYPE_CHECKING:
    from tokentide.pricing.tariff import Rates

RESIDENCY = Decimal(RESIDENCY_NUMERATOR) / RESIDENCY_DENOMINATOR


@dataclass(frozen=True, slots=True)
class PriceTier:
    """Prices of requests with a long prompt; they hold for every token of the request."""

    above_prompt_tokens: int
    rates: RateCard


@dataclass(frozen=True, slots=True)
class Multiplier:
    """A property of the request that changes the price of every token."""

    name: str
    """`speed=fast`, `processing=batch`, `inference_geo=us`, `regional endpoint`, or another one of the book's."""
    factor: Decimal
    included: bool
    """True where the rates shown contain it already."""


@dataclass(frozen=True, slots=True)
class PriceExplanation:
    """What is known about the price of one name at one instant."""

    asked: str
    resolved: str | None
    """The id in the book; None if no price is known."""
    source: str
    """`genai-prices 0.2.3`, `fetched 2026-11-01`, `tokentide rules`, `override in settings`; empty if unknown."""
    valid_from: date | None
    """First day (UTC) of this price; None: since ever, as far as the book knows."""
    valid_until: date | None
    """First day (UTC) of the next price; None: until further notice."""
    rates: RateCard | None
    """For prompts below all tiers; None if unknown."""
    tiers: tuple[PriceTier, ...] = ()
    """Dearer prices of longer prompts, shortest first."""
    multipliers: tuple[Multiplier, ...] = ()
    notes: tuple[str, ...] = ()
    """Remarks and references."""
    nearest: tuple[str, ...] = ()
    """For an unknown name: up to three known ones that look like it."""


def instant_asked(text: str, now: int) -> int:
    """The instant that `--at` names, µs UTC; `now` without one. Raises UsageError for what is none since 1970.

    A day means its end, so that a price that began on it holds.
    """
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-03-31"):
            moment += timedelta(days=1, seconds=-1)
        at = int(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).timestamp()) * SECOND_US
    except (ValueError, OverflowError):
        at = -1
    if at < 0:
        raise UsageError(f"--at {text}: give a day as 2026-03-31 or an instant as 2026-03-31T12:00:00Z")
    return at


def unknown(asked: str, nearest: tuple[str, ...]) -> PriceExplanation:
    """The explanation of a name without a price."""
    return PriceExplanation(asked, None, "", None, None, None, nearest=nearest)


def explained(asked: str, prices: ModelPrices, at_us: int) -> PriceExplanation:
    """The explanation of a name with a price."""
    standard = prices.tariffs[STANDARD]
    *long, base = bands_at(standard, at_us)
    since, until = _validity(standard, at_us)
    return PriceExplanation(
        asked=asked,
        resolved=prices.model_id,
        source=prices.source,
        valid_from=since,
        valid_until=until,
        rates=RateCard.from_pico(base[1]),
        tiers=tuple(PriceTier(above, RateCard.from_pico(rates)) for above, rates in reversed(long)),
        multipliers=_multipliers(prices, at_us, base[1]),
        notes=prices.notes,
    )


def _validity(tariff: Tariff, at_us: int) -> tuple[date | None, date | None]:
    """First day of the price at an instant, and first day of the next one."""
    starts = [since for since, _ in reversed(tariff)]
    position = bisect_right(starts, at_us)
    days = [None if since == ALWAYS_US else _day(since) for since in starts]
    return days[position - 1], days[position] if position < len(days) else None


def _day(instant_us: int) -> date:
    return datetime.fromtimestamp(instant_us // SECOND_US, UTC).date()


def _multipliers(prices: ModelPrices, at_us: int, base: Rates) -> tuple[Multiplier, ...]:
    found = [
        Multiplier(context, _factor(bands_at(tariff, at_us)[-1][1], base), included=False)
        for context, tariff in prices.tariffs.items()
        if context != STANDARD
    ]
    if prices.regional:
        found.append(Multiplier("regional endpoint", REGIONAL_FACTOR, included=True))
    elif prices.residency:
        found.append(Multiplier("inference_geo=us", RESIDENCY, included=False))
    return tuple(multiplier for multiplier in found if multiplier.factor != 1)


def _factor(rates: Rates, base: Rates) -> Decimal:
    """How many times the standard price; by output, the category that all models have."""
    return Decimal(rates[1]) / Decimal(base[1]) if base[1] else Decimal(1)
