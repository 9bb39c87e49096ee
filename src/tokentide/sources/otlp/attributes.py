"""Attributes by their bytes: most of them repeat byte for byte, and are decoded once."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.wire import Value, Wire

Pair = tuple[str, Value]
BROKEN: Pair = ("", None)
"""Stands for an attribute that cannot be decoded."""
MOST_PAIRS = 50_000
LONGEST_PAIR = 256
"""A longer one is not remembered."""
_NEVER_TWICE = frozenset(
    {
        "cache_read_tokens",
        "client_request_id",
        "cost_usd",
        "cost_usd_micros",
        "event.timestamp",
        "message.uuid",
        "output_tokens",
        "request_id",
        "tool_use_id",
    }
)
"""Attributes that are not worth remembering."""


class Pairs:
    """What attributes of one encoding say. Values within values that are `dropped` are left out."""

    def __init__(self, wire: Wire, dropped: frozenset[str]) -> None:
        self.broken = 0
        """Attributes that could not be decoded, and were left out."""
        self._decode, self._dropped = wire.pair, dropped
        self._known: dict[bytes, Pair] = {}

    def of(self, attributes: Sequence[bytes]) -> list[Pair]:
        """The keys and values of attributes, one each; `BROKEN` for one that cannot be decoded."""
        known = self._known
        return [known.get(attribute) or self._new(attribute) for attribute in attributes]

    def _new(self, attribute: bytes) -> Pair:
        try:
            key, value = pair = self._decode(attribute)
        except BadBodyError:
            self.broken += 1
            return BROKEN
        if isinstance(value, list | dict):
            pair = (key, _sifted(value, self._dropped))
        if key not in _NEVER_TWICE and len(attribute) <= LONGEST_PAIR:
            if len(self._known) >= MOST_PAIRS:
                self._known.clear()
            self._known[attribute] = pair
        return pair


def _sifted(value: Value, dropped: frozenset[str]) -> Value:
    """A value without the members that are dropped."""
    if isinstance(value, list):
        return [_sifted(each, dropped) for each in value]
    if isinstance(value, dict):
        return {key: _sifted(each, dropped) for key, each in value.items() if key not in dropped}
    return value
