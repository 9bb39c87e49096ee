"""Where a conversation's cache was lost and written anew, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentide.clock import HOUR_US, MINUTE_US

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Chain, Step
    from tokentide.model.usage import UsageRecord

PAUSE, SWITCH, BREAK = "pause", "switch", "break"
"""Why: nothing was sent for longer than an entry lives; another model answered; the rest."""
SHORT_US, LONG_US = 5 * MINUTE_US, HOUR_US
"""How long an entry lives. Source: vendor's documentation, "Prompt caching"."""
LEAST_LOST = 5_000
"""Fewer tokens that are written again are no rebuild worth naming."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A request that wrote again what its conversation had in the cache."""

    before: Step
    step: Step
    lost: int
    """Tokens."""
    cause: str
    """PAUSE, SWITCH or BREAK."""
    is_long: bool
    """True where the entry had been written for an hour."""

    def warm(self) -> UsageRecord:
        """The request as it would have been with the cache still there."""
        record = self.step.record
        short = min(record.cache_creation_5m_tokens, self.lost)
        long = min(record.cache_creation_1h_tokens, self.lost - short)
        plain = min(record.input_tokens, self.lost - short - long)
        return replace(
            record,
            cache_read_tokens=record.cache_read_tokens + short + long + plain,
            cache_creation_5m_tokens=record.cache_creation_5m_tokens - short,
            cache_creation_1h_tokens=record.cache_creation_1h_tokens - long,
            input_tokens=record.input_tokens - plain,
        )


def find_rebuilds(stretches: Sequence[tuple[Chain, Sequence[Step]]]) -> Iterator[Rebuild]:
    """Every rebuild, conversation by conversation."""
    for _, steps in stretches:
        is_long = False
        for before, step in pairwise(steps):
            if before.writes:
                is_long = before.record.cache_creation_1h_tokens > before.record.cache_creation_5m_tokens
            lost = before.kept - step.record.cache_read_tokens
            if lost < LEAST_LOST:
                continue
            cause = _cause(before, step, LONG_US if is_long else SHORT_US)
            lost = min(lost, step.prompt - step.record.cache_read_tokens)
            if lost >= LEAST_LOST and (cause != BREAK or step.prompt >= before.kept):
                yield Rebuild(before, step, lost, cause, is_long)


def _cause(before: Step, step: Step, lifetime: int) -> str:
    """A pause explains it before a switch: by then the old model's entry is gone as well."""
    if step.record.at - before.record.at > lifetime:
        return PAUSE
    return SWITCH if before.record.model != step.record.model else BREAK
