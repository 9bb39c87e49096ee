"""The report of blocks: which there were, how the current one goes, and how it will end at this pace."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tokentide.analytics.blocks import (
    RECENT_DAYS,
    SESSION_HOURS,
    Block,
    BurnRate,
    Projection,
    burn_rate,
    find_blocks,
    length_us,
    projection,
    token_limit,
)
from tokentide.analytics.reports import Ask
from tokentide.analytics.selection import Selection
from tokentide.clock import DAY_US
from tokentide.store.query import CostMode, Sums

if TYPE_CHECKING:
    from tokentide.store.reading import UsageReading

WARNING_SHARE = Fraction(4, 5)
LARGEST = "max"
"""The limit in tokens that is the largest block so far."""
LOOK_BACK_DAYS = 8
"""How far before the days that are asked for a pause is looked for; with it the chain of blocks begins anew."""


@dataclass(frozen=True, slots=True)
class BlockWishes:
    """What of the blocks is asked for."""

    active: bool = False
    """Only the one that is open."""
    recent: bool = False
    """Only those of the last three days, and the open one."""
    token_limit: str = ""
    """A number of tokens, or `max` for the largest block so far."""
    hours: Fraction = SESSION_HOURS
    official: tuple[tuple[int, int], ...] = ()
    """Beginning and end of the vendor's own windows, where they are known: what blocks of their length are."""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One block with what follows from it."""

    block: Block
    is_active: bool
    burn_rate: BurnRate | None
    projection: Projection | None
    """Only of an open block."""


@dataclass(frozen=True, slots=True)
class BlockReport:
    """Blocks in the order of time."""

    rows: tuple[BlockRow, ...]
    totals: Sums
    limit: int | None
    """Tokens to compare with; None if none was asked for or found."""
    selection: Selection
    mode: CostMode
    timezone: str
    generated_at: int
    problems: int = 0


def build_blocks(ledger: UsageReading, ask: Ask, wishes: BlockWishes, *, now: int, problems: int = 0) -> BlockReport:
    """Reckon the blocks from every response that passes the filters; dates choose blocks by their beginning."""
    length = length_us(wishes.hours)
    official = wishes.official if wishes.hours == SESSION_HOURS else ()
    blocks = find_blocks(ledger.moments(ask.selection.filters, ask.mode, _first(ledger, ask, wishes)), length, official)
    limit = token_limit(blocks, wishes.token_limit, now, length)
    rows = tuple(block_row(block, now, length) for block in blocks if _is_wanted(block, ask, wishes, now, length))
    totals = Sums()
    for row in rows:
        totals.add(row.block.sums)
    return BlockReport(rows, totals, limit, ask.selection, ask.mode, ask.calendar.name, now, problems)


def _first(ledger: UsageReading, ask: Ask, wishes: BlockWishes) -> int:
    """From where the blocks have to be reckoned, µs UTC: the last pause before the days that are asked for, or 0."""
    since, length = ask.selection.since, length_us(wishes.hours)
    if since is None or wishes.token_limit == LARGEST:
        return 0
    begin = ask.calendar.start_of(since)
    return ledger.last_pause_end(ask.selection.filters, begin - LOOK_BACK_DAYS * DAY_US, begin, length) or 0


def block_row(block: Block, now: int, length: int) -> BlockRow:
    """What follows from a block."""
    active = block.is_active(now, length)
    return BlockRow(block, active, burn_rate(block), projection(block, now) if active else None)


def _is_wanted(block: Block, ask: Ask, wishes: BlockWishes, now: int, length: int) -> bool:
    """True for a block that was asked for."""
    active = block.is_active(now, length)
    if wishes.active:
        return active
    if wishes.recent and not active and block.start < now - RECENT_DAYS * DAY_US:
        return False
    day, selection = ask.calendar.date_of(block.start), ask.selection
    return (selection.since is None or day >= selection.since) and (selection.until is None or day <= selection.until)


def limit_status(row: BlockRow, limit: int) -> str:
    """`ok`, `warning` or `exceeds`: what is projected, against a limit in tokens."""
    used = row.projection.total_tokens if row.projection else row.block.sums.total_tokens
    if used > limit:
        return "exceeds"
    return "warning" if used > limit * WARNING_SHARE else "ok"
