"""Five-hour blocks, reckoned from the transcripts; where the vendor's own window is known, the block is that.

Source of the rules: research on ccusage, section 2.7. A block begins with the hour (UTC) of its first response and
lasts five hours; a response more than five hours after the beginning, or after the one before it, begins another.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.store.query import UNKNOWN_MODEL, Moment, Sums

Stretch = tuple[int, int]
"""Beginning and end, µs UTC; the end is outside."""
SESSION_HOURS = Fraction(5)
RECENT_DAYS = 3


@dataclass(frozen=True, slots=True)
class BurnRate:
    """What was used within a stretch of time, and how fast that is."""

    sums: Sums
    span_us: int
    """How long the stretch is, above 0."""

    @property
    def tokens_per_minute(self) -> float:
        """All five counters."""
        return float(Fraction(self.sums.total_tokens * MINUTE_US, self.span_us))

    @property
    def tokens_per_hour(self) -> float:
        """All five counters."""
        return float(Fraction(self.sums.total_tokens * HOUR_US, self.span_us))

    @property
    def input_output_tokens_per_minute(self) -> float:
        """Without cache reads and writes."""
        tokens = self.sums.input_tokens + self.sums.output_tokens
        return float(Fraction(tokens * MINUTE_US, self.span_us))

    @property
    def cost_per_hour(self) -> int:
        """Nano-USD."""
        return round(Fraction(self.sums.cost * HOUR_US, self.span_us))

    @property
    def cost_per_minute(self) -> int:
        """Nano-USD."""
        return round(Fraction(self.sums.cost * MINUTE_US, self.span_us))


@dataclass(frozen=True, slots=True)
class Projection:
    """What a block will have used at its end, if the burn rate stays."""

    total_tokens: int
    cost: int
    """Nano-USD."""
    remaining_minutes: int


@dataclass(slots=True)
class Block:
    """One block, or a gap between two."""

    start: int
    end: int
    sums: Sums = field(default_factory=Sums)
    by_model: dict[str, Sums] = field(default_factory=dict)
    served_models: set[str] = field(default_factory=set)
    """The models, with `-fast` behind those that were served so."""
    is_gap: bool = False
    is_official: bool = False
    """True where beginning and end are the vendor's."""

    def add(self, moment: Moment) -> None:
        """Count a response."""
        self.sums.add(moment.sums)
        model = moment.model or UNKNOWN_MODEL
        if model not in self.by_model:
            self.by_model[model] = Sums()
        self.by_model[model].add(moment.sums)
        self.served_models.add(moment.served_model or UNKNOWN_MODEL)

    def is_active(self, now: int, length: int) -> bool:
        """True while it lasts and was used within its length."""
        return not self.is_gap and now < self.end and now - self.sums.last_at < length


def length_us(hours: Fraction) -> int:
    """A block's length in microseconds."""
    return int(hours * HOUR_US)


def find_blocks(moments: Iterable[Moment], length: int, official: Sequence[Stretch] = ()) -> list[Block]:
    """Blocks in the order of time, with a gap wherever more than a length passed between two responses.

    `official` are the vendor's own windows, in the order of time; a response within one belongs to its block.
    """
    blocks: list[Block] = []
    current: Block | None = None
    for moment in moments:
        window = _window_at(official, moment.at)
        if current is None or _is_beyond(current, moment.at, length, window):
            if current is not None and moment.at - current.sums.last_at > length:
                blocks.append(Block(current.sums.last_at + length, moment.at, is_gap=True))
            current = _opened(moment.at, length, window)
            blocks.append(current)
        current.add(moment)
    return blocks


def _window_at(official: Sequence[Stretch], at: int) -> Stretch | None:
    """The official window that an instant lies in."""
    index = bisect_right(official, (at, sys.maxsize)) - 1
    return official[index] if index >= 0 and at < official[index][1] else None


def _is_beyond(block: Block, at: int, length: int, window: Stretch | None) -> bool:
    """True where a response does not belong to the block any more."""
    if window is not None or block.is_official:
        return window is None or not block.is_official or window[0] != block.start
    return at - block.start > length or at - block.sums.last_at > length


def _opened(at: int, length: int, window: Stretch | None) -> Block:
    """The block that a response begins."""
    if window is not None:
        return Block(*window, is_official=True)
    start = at - at % min(HOUR_US, length)
    return Block(start, start + length)


def burn_rate(block: Block) -> BurnRate | None:
    """Use between a block's first and last response, so that an idle tail does not lower it.

    Returns None for a gap and for a block whose responses span no time.
    """
    span = block.sums.last_at - block.sums.first_at
    return None if block.is_gap or span <= 0 else BurnRate(block.sums, span)


def projection(block: Block, now: int) -> Projection | None:
    """Use at the block's end, at its burn rate; None where that is unknown."""
    rate = burn_rate(block)
    if rate is None:
        return None
    left = max(0, round(Fraction(block.end - now, MINUTE_US)))
    tokens = block.sums.total_tokens + round(rate.tokens_per_minute * left)
    return Projection(tokens, block.sums.cost + round(Fraction(rate.cost_per_hour * left, 60)), left)


def token_limit(blocks: Iterable[Block], wish: str, now: int, length: int) -> int | None:
    """The limit to compare with: a number, or `max` for the largest block that is over; None if there is none."""
    if wish.lower() != "max":
        return int(wish) if wish else None
    totals = [block.sums.total_tokens for block in blocks if not block.is_gap and not block.is_active(now, length)]
    return max(totals, default=None)
