"""What a person might do about a context, by figures; at most three, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tokentide.analytics.context.model import MEMORY, PAUSE, RESULTS, Context

COMPACTS_SOON, COLD, COMPACT, BIG_RESULT, MEMORY_FILES, REBUILDS = (
    "compacts_soon",
    "cold",
    "compact",
    "big_result",
    "memory",
    "rebuilds",
)
MOST_HINTS = 3
AFTER_COMPACTION_TOKENS = 18_000
"""What a conversation is after a compaction: 17,000 and 18,100 where the client told it."""
WORTH_FREEING_TOKENS = 40_000
SOON_REQUESTS = 15
RECENT = 20
"""Requests that tell the pace."""
LEAST_STEPS = 5
BIG_SHARE = 0.08
MEMORY_TOKENS = 5_000
REBUILD_COST = 100_000_000
"""Ten cents, in nano-USD: less is not worth a sentence."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint; what does not apply is 0, empty or None."""

    kind: str
    tokens: int = 0
    cost: int | None = None
    """nano-USD."""
    count: int = 0
    others: int = 0
    name: str = ""
    target: str = ""


def hints_of(context: Context, now: int) -> tuple[Hint, ...]:
    """The hints that apply, the most urgent first."""
    if not context.parts or not context.growth:
        return ()
    found: list[Hint] = []
    for rule in (_compacts_soon, _cold, _compact, _memory, _big_result, _rebuilds):
        found += rule(context, now)
    return tuple(found[:MOST_HINTS])


def freed_by_compaction(context: Context) -> int:
    """About how many tokens a compaction would free now."""
    return max(context.total_tokens - context.fixed_tokens - AFTER_COMPACTION_TOKENS, 0)


def _compacts_soon(context: Context, _now: int) -> Iterator[Hint]:
    """At the recent pace the client compacts by itself after so many requests."""
    recent = context.growth[-RECENT:]
    steps = [here.prompt_tokens - before.prompt_tokens for before, here in pairwise(recent) if not here.compacted]
    pace = median(steps) if len(steps) >= LEAST_STEPS else 0
    if pace > 0 and context.window.compacts_itself and context.free_tokens / pace <= SOON_REQUESTS:
        yield Hint(COMPACTS_SOON, context.free_tokens, count=int(context.free_tokens // pace))


def _cold(context: Context, now: int) -> Iterator[Hint]:
    """The cache is cold: going on writes all of it again."""
    cache = context.cache
    if cache.warm_until and now > cache.warm_until and (cache.cold_cost or 0) > REBUILD_COST:
        yield Hint(COLD, context.total_tokens, cache.cold_cost)


def _compact(context: Context, _now: int) -> Iterator[Hint]:
    """A compaction now would free a good part."""
    freed = freed_by_compaction(context)
    if freed >= WORTH_FREEING_TOKENS and freed * 3 >= context.total_tokens:
        cost = None if context.read_cost is None else context.read_cost * freed // context.total_tokens
        yield Hint(COMPACT, freed, cost)


def _memory(context: Context, _now: int) -> Iterator[Hint]:
    part = context.part(MEMORY)
    if part is not None and part.tokens > MEMORY_TOKENS:
        largest = part.parts[0].name if part.parts else ""
        yield Hint(MEMORY_FILES, part.tokens, part.carry_cost, part.items, name=largest)


def _big_result(context: Context, _now: int) -> Iterator[Hint]:
    """One result that is a good part of everything."""
    for big in context.biggest:
        if big.item.kind == RESULTS and big.item.tokens >= BIG_SHARE * context.total_tokens:
            yield Hint(BIG_RESULT, big.item.tokens, big.carry_cost, big.carried, 0, big.item.name, big.item.target)
            return


def _rebuilds(context: Context, _now: int) -> Iterator[Hint]:
    """What rebuilds have cost, and how many of them pauses caused."""
    rebuilds = context.cache.rebuilds
    cost = sum(each.cost or 0 for each in rebuilds)
    if cost > REBUILD_COST:
        pauses = sum(each.cause == PAUSE for each in rebuilds)
        yield Hint(REBUILDS, sum(each.lost_tokens for each in rebuilds), cost, len(rebuilds), pauses)
