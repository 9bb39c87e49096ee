"""What-if wishes as people type them: other prices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.analytics.count_models import models_asked
from tokentide.errors import UsageError
from tokentide.model.prices import HIGHEST_USD
from tokentide.pricing.changed import RATES, ChangedPriceBook, Changes

if TYPE_CHECKING:
    from tokentide.pricing.book import PriceBook
    from tokentide.settings import Settings


def price_changes(asked: Sequence[str], book: PriceBook, now: int) -> dict[str, dict[str, Decimal]]:
    """The new prices out of `opus:input=4,output=20`.

    Raises UsageError for one that makes no sense, and for a model without a price.
    """
    found: dict[str, dict[str, Decimal]] = {}
    for text in asked:
        model, _, rates = text.rpartition(":")
        if not model:
            raise UsageError(f"--price {text}: name the model first, as in opus:input=4")
        (name,) = models_asked((model,), book, now, "--price")
        for part in rates.split(","):
            key, amount = _rate(text, part)
            found.setdefault(name, {})[key] = amount
    return found


def _rate(text: str, part: str) -> tuple[str, Decimal]:
    """One new price. Raises UsageError."""
    key, _, number = part.partition("=")
    key = key.strip().removesuffix("_usd_per_mtok")
    try:
        amount = Decimal(number.strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if key not in RATES or not (amount.is_finite() and 0 <= amount <= HIGHEST_USD):
        raise UsageError(
            f"--price {text}: give NAME=USD a million tokens, NAME one of {', '.join(RATES)}, several joined by commas"
        )
    return key, amount


def changed_book(changes: Changes, settings: Settings, now: int) -> ChangedPriceBook | None:
    """The prices in force with these changes; None without any."""
    if not changes:
        return None
    return ChangedPriceBook(
        settings.prices,
        changes,
        at_us=now,
        cache_path=locations.price_cache_path(),
        data_path=locations.price_data_path(),
    )
