"""A person's own price for a model, as the settings give it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

HIGHEST_USD = 1_000_000
"""Above this it is not a price for a million tokens but one for the wrong unit."""


@dataclass(frozen=True, slots=True)
class PriceOverride:
    """USD per million tokens; either the rates, or `same_as` alone."""

    input_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    cache_write_5m_usd_per_mtok: Decimal | None = None
    """1.25 times the input if absent."""
    cache_write_1h_usd_per_mtok: Decimal | None = None
    """Twice the input if absent."""
    cache_read_usd_per_mtok: Decimal | None = None
    """A tenth of the input if absent."""
    same_as: str | None = None
    """Another model, whose price holds for this one too."""
