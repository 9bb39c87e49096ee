"""The user's overrides turned into prices."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentide.pricing.assemble import FixedListing, assemble
from tokentide.pricing.names import ModelName, canonical, parse_name
from tokentide.pricing.rules import claude_card

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentide.model.prices import PriceOverride
    from tokentide.pricing.rate_card import RateCard
    from tokentide.pricing.tariff import ModelPrices

SOURCE = "override in settings"
ZERO = Decimal(0)


def override_for(overrides: Mapping[str, PriceOverride], asked: str) -> str | None:
    """The key of the override that holds for a name: that very name, else its normal form; None if there is none."""
    if asked in overrides:
        return asked
    name = parse_name(asked)
    return next((key for key in overrides if name and _respelled(key) == name.model), None)


def overridden(
    overrides: Mapping[str, PriceOverride],
    key: str,
    asked: str,
    listed: Callable[[str], ModelPrices | None],
) -> ModelPrices | None:
    """Prices of a name by the override of this key; None where `same_as` names a model without a price.

    `listed` answers for names without an override. Fast mode, batch and residency come on top as for the model itself;
    the premium of a regional endpoint only where the override does not name that endpoint.
    """
    override = overrides[key]
    if override.same_as is not None:
        target = override.same_as
        prices = overridden(overrides, target, target, listed) if target in overrides else listed(target)
        return prices._replace(source=f"{SOURCE}, same as {target}") if prices else None
    name = parse_name(asked) or ModelName(asked)
    if key == asked:
        name = replace(name, region="", bedrock=False)
    return assemble(FixedListing(key, _card(override)), name, SOURCE)


def _card(override: PriceOverride) -> RateCard:
    return claude_card(
        override.input_usd_per_mtok or ZERO,
        override.output_usd_per_mtok or ZERO,
        write_5m_usd=override.cache_write_5m_usd_per_mtok,
        write_1h_usd=override.cache_write_1h_usd_per_mtok,
        read_usd=override.cache_read_usd_per_mtok,
    )


def _respelled(key: str) -> str:
    """The key in the spelling of normal forms, nothing taken away."""
    return canonical(key) if key.lower().startswith("claude") else key.lower()
