"""What the cache saved, at list price: an estimate, as only tokens are known and not each response's tier."""

from __future__ import annotations

import msgspec

from tokentide.analytics.team.asking import Price
from tokentide.model.usage import UsageRecord
from tokentide.store.query import Sums

SAMPLE = 1000
"""Tokens that a rate is asked with: few enough for the lowest band of prompt lengths."""
_CACHED = ("cache_creation_5m_tokens", "cache_creation_1h_tokens", "cache_read_tokens")


def saved_by_cache(price: Price | None, model: str, speed: str, at: int, sums: Sums) -> int | None:
    """What the cached tokens would have cost as plain input, less what they cost, nano-USD.

    Below nothing where writing was never repaid by reading. `at` is the instant of the prices, µs UTC. None without
    cached tokens' prices; 0 without cached tokens.
    """
    counts = {name: getattr(sums, name) for name in _CACHED}
    if not any(counts.values()):
        return 0
    blank = UsageRecord(identity="", request_id="", at=at, place=0, model=model, speed=speed)

    def rate(counter: str) -> int | None:
        return None if price is None else price(msgspec.structs.replace(blank, **{counter: SAMPLE}))

    plain = rate("input_tokens")
    saved = 0
    for name, count in counts.items():
        cached = rate(name) if count else 0
        if plain is None or cached is None:
            return None
        saved += count * (plain - cached) if count else 0
    return saved // SAMPLE
