"""How the prompt cache of a session stands: until when it is warm, what was written again, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tokentide.analytics.cache_rebuilds import LONG_US, SHORT_US, cause_of, is_for_an_hour, lost_tokens
from tokentide.analytics.context.model import COMPACTED, CONVERSATION, TOOLS, UNKNOWN, Cache, Rebuild
from tokentide.analytics.context.sent import Rates, Sent
from tokentide.pricing.book import PriceBook

SHRUNK = 0.95
"""Of the prompt before: a smaller one was compacted, cleared in part, or stepped back in. Thinking that falls away at
a new prompt is less."""
SAME_BEGINNING = 0.5
"""Where so much of the client's own part was read, that part is what it was: its size is an estimate."""


def cache_of(sent: Sequence[Sent], system_tokens: int, total_tokens: int, book: PriceBook) -> Cache:
    """The cache after these requests; `system_tokens` are the client's own part, 0 if unknown."""
    lifetime = _lifetimes(sent)[-1] if sent else 0
    prompts = sum(each.prompt_tokens for each in sent)
    rates = Rates(book, sent[-1].model, sent[-1].at) if sent else None
    return Cache(
        lifetime,
        sent[-1].at + lifetime if lifetime else 0,
        sum(each.read_tokens for each in sent) / prompts if prompts else 0.0,
        rates.rewrite(total_tokens, for_an_hour=lifetime == LONG_US) if rates and lifetime else None,
        tuple(_rebuilds(sent, system_tokens, book)),
    )


def _lifetimes(sent: Sequence[Sent]) -> list[int]:
    """After each request the lifetime of what is cached: that of the last writes; 0 before any."""
    found: list[int] = []
    lifetime = 0
    for each in sent:
        if each.written_tokens:
            lifetime = LONG_US if is_for_an_hour(each.write_5m_tokens, each.write_1h_tokens) else SHORT_US
        elif each.read_tokens and not lifetime:
            lifetime = SHORT_US
        found.append(lifetime)
    return found


def _rebuilds(sent: Sequence[Sent], system_tokens: int, book: PriceBook) -> Iterator[Rebuild]:
    lifetimes = _lifetimes(sent)
    for number, (before, here) in enumerate(pairwise(sent), start=1):
        cached = before.read_tokens + before.written_tokens
        lost = lost_tokens(cached, here.read_tokens, here.written_tokens, here.prompt_tokens)
        if not lost:
            continue
        for_an_hour = is_for_an_hour(here.write_5m_tokens, here.write_1h_tokens)
        cost = Rates(book, here.model, here.at).rewrite(lost, for_an_hour=for_an_hour)
        cause = _cause(before, here, lifetimes[number - 1], system_tokens)
        yield Rebuild(here.at, number, cause, lost, cost, here.at - before.at)


def _cause(before: Sent, here: Sent, lifetime: int, system_tokens: int) -> str:
    """The first that explains it: a compaction, what two requests tell by themselves, then which part was read."""
    told = cause_of(here.at - before.at, lifetime, (before.model, here.model), (before.effort, here.effort))
    causes = (
        (COMPACTED, bool(here.compacted)),
        (told, bool(told)),
        (COMPACTED, here.prompt_tokens < SHRUNK * before.prompt_tokens),
        (UNKNOWN, not system_tokens),
        (TOOLS, here.read_tokens < SAME_BEGINNING * system_tokens),
    )
    return next((cause for cause, is_so in causes if is_so), CONVERSATION)
