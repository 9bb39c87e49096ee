"""Prices as people read them."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

from tokentide.clock import SECOND_US
from tokentide.pricing.explain import Multiplier, PriceExplanation, PriceTier
from tokentide.pricing.rate_card import RateCard
from tokentide.render.prices_json import RATES
from tokentide.render.words import clean

CURE = 'Newer data: `tokentide prices --update`; an own price: [prices."NAME"] in the settings.'
"""What to do about a model without a price."""
_TITLES = ("input", "output", "cache write, 5 minutes", "cache write, 1 hour", "cache read")


def price_words(found: PriceExplanation, at: int) -> str:
    """One model, in lines."""
    when = datetime.fromtimestamp(at // SECOND_US, timezone.utc)
    if found.resolved is None or found.rates is None:
        near = f"\nSimilar names that have one: {', '.join(found.nearest)}" if found.nearest else ""
        return f"{clean(found.asked)}: no price is known; its responses are shown as unpriced.{near}\n{CURE}"
    lines = [
        f"{clean(found.asked)} → {found.resolved}",
        f"from {found.source}, {validity_words(found)}; asked for {when:%Y-%m-%d %H:%M} UTC",
        "",
        "USD per million tokens",
        *_card(found.rates),
    ]
    for tier in found.tiers:
        lines += [
            f"if the whole prompt is above {tier.above_prompt_tokens:,} tokens, for every token",
            *_card(tier.rates),
        ]
    if found.rates.web_search_usd_per_thousand:
        lines.append(f"  {'1,000 web searches':24}{rate(found.rates.web_search_usd_per_thousand):>10}")
    lines += [
        f"  {multiplier_words(each)}" + (" (included above)" if each.included else "") for each in found.multipliers
    ]
    return "\n".join([*lines, *(f"\n{clean(note)}" for note in found.notes)])


def validity_words(found: PriceExplanation) -> str:
    """From when to when a price holds."""
    since = f"since {found.valid_from}" if found.valid_from else "since ever, as far as the book knows"
    return f"{since}{f', until {found.valid_until}' if found.valid_until else ''}"


def multiplier_words(multiplier: Multiplier) -> str:
    """A property of the request that changes every price."""
    return f"× {multiplier.factor.normalize():f} for {multiplier.name}"


def tier_words(tier: PriceTier) -> str:
    """What longer prompts cost."""
    fresh, output, *_ = rates_words(tier.rates)
    return f"prompts above {tier.above_prompt_tokens:,} tokens: {fresh} in, {output} out"


def rates_words(rates: RateCard) -> list[str]:
    """The prices of tokens, in the order of RATES."""
    return [rate(getattr(rates, name)) for name in RATES]


def rate(amount: Decimal) -> str:
    """At least two decimals, and as many as the price has."""
    places = max(2, -int(amount.as_tuple().exponent))
    return f"{amount:,.{places}f}"


def _card(rates: RateCard) -> list[str]:
    return [f"  {title:24}{told:>10}" for title, told in zip(_TITLES, rates_words(rates), strict=True)]
