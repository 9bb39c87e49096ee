"""Prices as they would be after a change: what-if, never what anything cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from tokentide.errors import PriceDataError
from tokentide.model.prices import HIGHEST_USD, PriceOverride
from tokentide.pricing.book import PriceBook
from tokentide.pricing.newest import same_model
from tokentide.pricing.rate_card import PICO_PER_TOKEN
from tokentide.pricing.tariff import STANDARD, ModelPrices, Rates, Tariff, bands_at

RATES = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
"""What can be changed, in the order of a tariff's rates; USD per million tokens."""
FOLLOWERS = RATES[2:]
"""They keep their proportion to the input unless they are named themselves, as in the settings."""

Changes = Mapping[str, Mapping[str, Decimal]]
"""By model the new prices, by their names in RATES."""


class ChangedPriceBook(PriceBook):
    """A price book in which some models cost something else.

    A new price stands against the one at an instant; tiers, batch, fast mode and earlier prices move in proportion.
    """

    def __init__(
        self,
        overrides: Mapping[str, PriceOverride] | None,
        changes: Changes,
        *,
        at_us: int,
        cache_path: str | None,
        data_path: str | None,
    ) -> None:
        """Take the changes; the rest as for any book.

        A model without a price stays without one. Raises PriceDataError for an amount that is no price.
        """
        super().__init__(overrides, cache_path=cache_path, data_path=data_path)
        self._changes = {model: _checked(model, rates) for model, rates in changes.items()}
        self._at = at_us
        self._changed: dict[str, ModelPrices | None] = {}

    def _find(self, model: str) -> ModelPrices | None:
        """Prices of a name, with the change that was made to it."""
        if model not in self._changed:
            found = super()._find(model)
            rates = next((rates for name, rates in self._changes.items() if same_model(name, model)), None)
            self._changed[model] = found if found is None or rates is None else _with(found, rates, self._at)
        return self._changed[model]


def _checked(model: str, rates: Mapping[str, Decimal]) -> dict[str, Decimal]:
    for name, amount in rates.items():
        if not (amount.is_finite() and 0 <= amount <= HIGHEST_USD):
            raise PriceDataError(f"changed price of {model}: {name}={amount} is not a price in USD per million tokens")
    return dict(rates)


def _with(prices: ModelPrices, rates: Mapping[str, Decimal], at_us: int) -> ModelPrices:
    """The prices with every rate in the proportion of its change."""
    base = bands_at(prices.tariffs[STANDARD], at_us)[-1][1]
    wanted = {name: int(amount * PICO_PER_TOKEN) for name, amount in rates.items()}
    if "input" in wanted and base[0]:
        for name in FOLLOWERS:
            wanted.setdefault(name, round(Fraction(base[RATES.index(name)] * wanted["input"], base[0])))
    steps = tuple((base[index], wanted.get(name, base[index])) for index, name in enumerate(RATES))
    tariffs = {context: _scaled(tariff, steps) for context, tariff in prices.tariffs.items()}
    return prices._replace(tariffs=tariffs, source=f"{prices.source}, changed")


Steps = tuple[tuple[int, int], ...]
"""Of each rate what it is now, and what it becomes; pico-USD for one token."""


def _scaled(tariff: Tariff, steps: Steps) -> Tariff:
    return tuple(
        (
            since,
            tuple(
                (part, tuple((above, _scaled_rates(rates, steps)) for above, rates in bands)) for part, bands in parts
            ),
        )
        for since, parts in tariff
    )


def _scaled_rates(rates: Rates, steps: Steps) -> Rates:
    """Each rate in the proportion of its step; one that was free becomes what it becomes."""
    fresh, output, write_5m, write_1h, read = (
        (round(Fraction(rate * new, old)) if old else new) for rate, (old, new) in zip(rates, steps, strict=False)
    )
    return fresh, output, write_5m, write_1h, read, rates[5]
