"""A rate card: what one model asks per million tokens, for people; and its way to and from the integers of a tariff."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentide.pricing.tariff import Rates

PICO_PER_TOKEN = Decimal(1_000_000)
"""1 USD per million tokens is a million pico-USD per token."""
PICO_PER_SEARCH = Decimal(1_000_000_000)
"""1 USD per thousand searches is a thousand million pico-USD per search."""
HIGHEST_USD = Decimal(100_000_000)
"""No vendor asks that much for a million tokens, factors included; anything above is a fault in the data."""


@dataclass(frozen=True, slots=True)
class RateCard:
    """Prices of one model at one instant, for one length of prompt."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cache_write_5m_usd_per_mtok: Decimal
    cache_write_1h_usd_per_mtok: Decimal
    cache_read_usd_per_mtok: Decimal
    web_search_usd_per_thousand: Decimal

    def __post_init__(self) -> None:
        """Refuse what is no price.

        Raises ValueError for a negative, infinite or absurd amount.
        """
        for amount in self._amounts():
            if not (amount.is_finite() and 0 <= amount <= HIGHEST_USD):
                message = f"{amount} is not a price"
                raise ValueError(message)

    def times(self, factor: Decimal) -> RateCard:
        """The card with every token price multiplied; web searches keep their price."""
        fresh, output, write_5m, write_1h, read, search = self._amounts()
        return RateCard(fresh * factor, output * factor, write_5m * factor, write_1h * factor, read * factor, search)

    def pico(self) -> Rates:
        """The same as integer pico-USD per token and per search.

        Exact for prices of up to six decimals, else rounded half-even.
        """
        fresh, output, write_5m, write_1h, read, search = self._amounts()
        return (
            _whole(fresh * PICO_PER_TOKEN),
            _whole(output * PICO_PER_TOKEN),
            _whole(write_5m * PICO_PER_TOKEN),
            _whole(write_1h * PICO_PER_TOKEN),
            _whole(read * PICO_PER_TOKEN),
            _whole(search * PICO_PER_SEARCH),
        )

    @classmethod
    def from_pico(cls, rates: Rates) -> RateCard:
        """The card that `pico` turned into these rates."""
        fresh, output, write_5m, write_1h, read = (_short(rate / PICO_PER_TOKEN) for rate in rates[:5])
        return cls(fresh, output, write_5m, write_1h, read, _short(rates[5] / PICO_PER_SEARCH))

    def _amounts(self) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal, Decimal]:
        return (
            self.input_usd_per_mtok,
            self.output_usd_per_mtok,
            self.cache_write_5m_usd_per_mtok,
            self.cache_write_1h_usd_per_mtok,
            self.cache_read_usd_per_mtok,
            self.web_search_usd_per_thousand,
        )


def _whole(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_EVEN))


def _short(amount: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent."""
    return Decimal(f"{amount.normalize():f}")
