"""Where a conversation's cache was lost and written anew, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentide.analytics.cache_rebuilds import LONG_US, SHORT_US, cause_of, is_for_an_hour, lost_tokens
from tokentide.analytics.context.model import MODEL, PAUSE

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Chain, Step
    from tokentide.model.usage import UsageRecord


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A request that wrote again what its conversation had in the cache."""

    before: Step
    step: Step
    lost: int
    """Tokens."""
    cause: str
    """PAUSE, MODEL, EFFORT, or empty where two requests in a row do not tell it."""
    is_long: bool
    """True where the entry had been written for an hour."""

    def warm(self) -> UsageRecord:
        """The request as it would have been with the cache still there."""
        record = self.step.record
        short = min(record.cache_creation_5m_tokens, self.lost)
        long = self.lost - short
        return replace(
            record,
            cache_read_tokens=record.cache_read_tokens + self.lost,
            cache_creation_5m_tokens=record.cache_creation_5m_tokens - short,
            cache_creation_1h_tokens=record.cache_creation_1h_tokens - long,
        )


def find_rebuilds(stretches: Sequence[tuple[Chain, Sequence[Step]]]) -> Iterator[Rebuild]:
    """Every rebuild, conversation by conversation; not those that a prompt explains which became shorter."""
    for _, steps in stretches:
        is_long = False
        for before, step in pairwise(steps):
            record = step.record
            if before.writes:
                is_long = is_for_an_hour(before.record.cache_creation_5m_tokens, before.record.cache_creation_1h_tokens)
            lost = lost_tokens(before.kept, record.cache_read_tokens, step.writes, step.prompt)
            if not lost:
                continue
            rested, lifetime = record.at - before.record.at, LONG_US if is_long else SHORT_US
            cause = cause_of(rested, lifetime, (before.record.model, record.model), (before.effort, step.effort))
            if cause in (PAUSE, MODEL) or step.prompt >= before.kept:
                yield Rebuild(before, step, lost, cause, is_long)
