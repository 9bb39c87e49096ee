"""The same requests with another use of the prompt cache, reckoned from the instants of each chain.

A cache entry lives five minutes or an hour, and each use renews it. Its prefix is the whole prompt of the request
before, so that what a request read and wrote is what the next one can read. Source: vendor's documentation, "Prompt
caching". Instants are those of the responses: a request was sent some seconds earlier.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from msgspec.structs import replace

from tokentide.analytics.cache_rebuilds import LONG_US, SHORT_US, is_for_an_hour
from tokentide.analytics.what_if.history import History
from tokentide.model.usage import UsageRecord
from tokentide.pricing.newest import same_model


def uncached(record: UsageRecord) -> UsageRecord:
    """Every read and write as plain input."""
    if not (record.written_tokens or record.cache_read_tokens):
        return record
    return replace(
        record,
        input_tokens=record.prompt_tokens,
        cache_creation_5m_tokens=0,
        cache_creation_1h_tokens=0,
        cache_read_tokens=0,
    )


@dataclass(slots=True)
class _Entry:
    """What lies in the cache behind a chain."""

    at: int
    model: str
    kept: int
    """Tokens of the prompt that were read or written last."""
    is_long: bool
    """True where its writes were for an hour."""


def with_long_writes(history: History) -> tuple[list[UsageRecord], int]:
    """Five-minute writes as one-hour ones, what was rebuilt after 5 to 60 minutes as reads; and how many rebuilds."""
    last: dict[int, _Entry] = {}
    saved = 0
    altered: list[UsageRecord] = []
    for record, chain in zip(history.records, history.chains, strict=True):
        before = last.get(chain)
        lost = _lost(record, before) if before is not None else 0
        last[chain] = _entry(record, before)
        saved += lost > 0
        altered.append(_prolonged(record, lost) if record.cache_creation_5m_tokens else record)
    return altered, saved


def _lost(record: UsageRecord, before: _Entry) -> int:
    """Tokens that were written again because five minutes had passed; 0 where the prompt itself was another."""
    prompt = record.cache_read_tokens + record.written_tokens
    rested = SHORT_US < record.at - before.at <= LONG_US
    if not rested or before.is_long or before.model != record.model or prompt < before.kept:
        return 0
    return max(0, min(before.kept - record.cache_read_tokens, record.cache_creation_5m_tokens))


def _prolonged(record: UsageRecord, lost: int) -> UsageRecord:
    return replace(
        record,
        cache_creation_5m_tokens=0,
        cache_creation_1h_tokens=record.written_tokens - lost,
        cache_read_tokens=record.cache_read_tokens + lost,
    )


def _entry(record: UsageRecord, before: _Entry | None) -> _Entry:
    """The cache behind a chain after a request; one that wrote nothing leaves the lifetime as it was."""
    is_long = is_for_an_hour(record.cache_creation_5m_tokens, record.cache_creation_1h_tokens)
    if not record.written_tokens and before is not None:
        is_long = before.is_long
    return _Entry(record.at, record.model, record.cache_read_tokens + record.written_tokens, is_long)


def with_short_writes(history: History) -> tuple[list[UsageRecord], int]:
    """One-hour writes as five-minute ones, what was read after more than 5 minutes as rebuilds; and how many."""
    last: dict[int, _Entry] = {}
    rebuilt = 0
    altered: list[UsageRecord] = []
    for record, chain in zip(history.records, history.chains, strict=True):
        before = last.get(chain)
        lapsed = before is not None and before.is_long and record.at - before.at > SHORT_US
        read = record.cache_read_tokens if lapsed else 0
        last[chain] = _entry(record, before)
        rebuilt += read > 0
        altered.append(_shortened(record, read) if read or record.cache_creation_1h_tokens else record)
    return altered, rebuilt


def _shortened(record: UsageRecord, read: int) -> UsageRecord:
    return replace(
        record,
        cache_creation_5m_tokens=record.written_tokens + read,
        cache_creation_1h_tokens=0,
        cache_read_tokens=record.cache_read_tokens - read,
    )


@dataclass(slots=True)
class _Sides:
    """The caches of several models behind one chain."""

    kept: dict[str, int] = field(default_factory=dict)
    """By model how much of the present prompt lies in its cache."""
    used_at: dict[str, int] = field(default_factory=dict)
    is_long: bool = False
    was_moved: bool = False
    """Whether the last request went to the other model."""

    def hit(self, record: UsageRecord, model: str) -> int:
        """What of the tokens that were read lies in this model's cache."""
        life = LONG_US if self.is_long else SHORT_US
        if record.at - self.used_at.get(model, -LONG_US) > life:
            return 0
        return min(self.kept.get(model, 0), record.cache_read_tokens)

    def note(self, record: UsageRecord, model: str) -> None:
        """After a request to a model: it holds the whole prompt, the others what has not changed since."""
        self.kept = {name: min(kept, record.cache_read_tokens) for name, kept in self.kept.items()}
        self.kept[model] = record.cache_read_tokens + record.written_tokens
        self.used_at[model] = record.at
        if record.written_tokens:
            self.is_long = is_for_an_hour(record.cache_creation_5m_tokens, record.cache_creation_1h_tokens)


def moved_to(history: History, model: str, chosen: Collection[int]) -> list[UsageRecord]:
    """The responses of these positions on another model, each model with a cache of its own.

    What the other model had written is not in its cache: where a chain goes from one to the other, it is written anew.
    """
    sides = {chain: _Sides() for index, chain in enumerate(history.chains) if index in chosen}
    altered: list[UsageRecord] = []
    for index, (record, chain) in enumerate(zip(history.records, history.chains, strict=True)):
        side = sides.get(chain)
        if side is None:
            altered.append(record)
            continue
        is_moved = index in chosen
        target = model if is_moved or same_model(record.model, model) else record.model
        again = record.cache_read_tokens - side.hit(record, target) if is_moved != side.was_moved else 0
        side.note(record, target)
        side.was_moved = is_moved
        changed = is_moved or again > 0
        name = model if is_moved else record.model
        altered.append(_rewritten(record, name, again, is_long=side.is_long) if changed else record)
    return altered


def _rewritten(record: UsageRecord, model: str, again: int, *, is_long: bool) -> UsageRecord:
    return replace(
        record,
        model=model,
        cache_creation_5m_tokens=record.cache_creation_5m_tokens + (0 if is_long else again),
        cache_creation_1h_tokens=record.cache_creation_1h_tokens + (again if is_long else 0),
        cache_read_tokens=record.cache_read_tokens - again,
    )
