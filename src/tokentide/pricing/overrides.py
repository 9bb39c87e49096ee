"""Checks of the user's own prices, made once when a book opens: they may come from settings or from a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.errors import PriceDataError
from tokentide.model.prices import HIGHEST_USD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from tokentide.model.prices import PriceOverride


def check_overrides(overrides: Mapping[str, PriceOverride]) -> None:
    """Refuse what cannot be a price.

    Raises PriceDataError naming the model whose override has neither or both of rates and `same_as`, an amount that is
    no price, or a `same_as` that leads back to itself.
    """
    for name, override in overrides.items():
        if override.same_as is None:
            _check_rates(name, override)
        else:
            _check_target(name, override, overrides)


def _check_rates(name: str, override: PriceOverride) -> None:
    if override.input_usd_per_mtok is None or override.output_usd_per_mtok is None:
        raise PriceDataError(
            f"price override for {name}: needs input_usd_per_mtok and output_usd_per_mtok, or same_as alone"
        )
    for amount in _amounts(override):
        if amount is not None and not (amount.is_finite() and 0 <= amount <= HIGHEST_USD):
            raise PriceDataError(f"price override for {name}: {amount} is not a price in USD per million tokens")


def _check_target(name: str, override: PriceOverride, overrides: Mapping[str, PriceOverride]) -> None:
    if not override.same_as or any(amount is not None for amount in _amounts(override)):
        raise PriceDataError(f"price override for {name}: has either same_as, naming a model, or rates of its own")
    seen = {name}
    target: str | None = override.same_as
    while target is not None and target in overrides:
        if target in seen:
            raise PriceDataError(f"price override for {name}: same_as leads back to {target}")
        seen.add(target)
        target = overrides[target].same_as


def _amounts(override: PriceOverride) -> tuple[Decimal | None, ...]:
    return (
        override.input_usd_per_mtok,
        override.output_usd_per_mtok,
        override.cache_write_5m_usd_per_mtok,
        override.cache_write_1h_usd_per_mtok,
        override.cache_read_usd_per_mtok,
    )
