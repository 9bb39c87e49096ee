"""The user's own prices, as the settings give them: for one model name each, before any book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.errors import PriceDataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

HIGHEST_USD = 100_000
"""Above this it is not a price for a million tokens but one for the wrong unit."""


@dataclass(frozen=True, slots=True)
class PriceOverride:
    """Either prices of its own, or the prices of another model.

    Raises PriceDataError when it is neither or both, or an amount is no price.
    """

    input_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    cache_write_5m_usd_per_mtok: Decimal | None = None
    """None: 1.25 times input."""
    cache_write_1h_usd_per_mtok: Decimal | None = None
    """None: 2 times input."""
    cache_read_usd_per_mtok: Decimal | None = None
    """None: 0.1 times input."""
    same_as: str | None = None
    """Name of the model whose prices hold, with its tiers and its history."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a price."""
        amounts = self._amounts()
        if self.same_as is not None:
            if not self.same_as or any(amount is not None for amount in amounts):
                message = "a price override has either same_as, naming a model, or prices of its own"
                raise PriceDataError(message)
            return
        if self.input_usd_per_mtok is None or self.output_usd_per_mtok is None:
            message = "a price override needs input_usd_per_mtok and output_usd_per_mtok, or same_as alone"
            raise PriceDataError(message)
        for amount in amounts:
            if amount is not None and not (amount.is_finite() and 0 <= amount <= HIGHEST_USD):
                message = f"{amount} is not a price in USD per million tokens"
                raise PriceDataError(message)

    def _amounts(self) -> tuple[Decimal | None, ...]:
        return (
            self.input_usd_per_mtok,
            self.output_usd_per_mtok,
            self.cache_write_5m_usd_per_mtok,
            self.cache_write_1h_usd_per_mtok,
            self.cache_read_usd_per_mtok,
        )


def check_chains(overrides: Mapping[str, PriceOverride]) -> None:
    """Refuse overrides whose `same_as` leads back to themselves.

    Raises PriceDataError naming the model.
    """
    for name, override in overrides.items():
        seen = {name}
        target = override.same_as
        while target is not None and target in overrides:
            if target in seen:
                message = f"price override for {name}: same_as leads back to {target}"
                raise PriceDataError(message)
            seen.add(target)
            target = overrides[target].same_as
