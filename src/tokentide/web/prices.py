"""Prices as an address asks for them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tokentide.pricing.explain import PriceExplanation, instant_asked
from tokentide.store.query import UNKNOWN_MODEL
from tokentide.web.asked import LONGEST_TEXT
from tokentide.web.desk import Sight


class PricesQuery(BaseModel):
    """Which prices."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(
        default="", max_length=LONGEST_TEXT, description="a model as the logs name it; without one, all Claude models"
    )
    used: bool = Field(default=False, description="instead of all Claude models, those that the ledger holds usage of")
    at: str = Field(
        default="", max_length=40, description="the price at this day or instant (UTC), 2026-03-31, instead of now"
    )


def instant_of(sight: Sight, asked: PricesQuery) -> int:
    """The instant that prices are asked for, µs UTC. Raises UsageError."""
    return instant_asked(asked.at, sight.now)


def prices(sight: Sight, asked: PricesQuery) -> tuple[PriceExplanation, ...]:
    """The prices asked for. Raises UsageError, LedgerError, PriceDataError."""
    at = instant_of(sight, asked)
    if asked.model:
        return (sight.book.explain(asked.model, at),)
    return used_prices(sight, at) if asked.used else sight.book.known_models(at)


def used_prices(sight: Sight, at: int) -> tuple[PriceExplanation, ...]:
    """A price for each model that was ever used, those without one first; else by name."""
    found = [sight.book.explain(model or UNKNOWN_MODEL, at) for model in sight.ledger.values("model")]
    return tuple(sorted(found, key=lambda each: (each.rates is not None, each.asked)))
