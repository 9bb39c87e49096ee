"""When the prompt cache behind a conversation had to be written again, and why."""

from __future__ import annotations

from tokentide.analytics.context.model import EFFORT, MODEL, PAUSE
from tokentide.clock import HOUR_US, MINUTE_US

SHORT_US, LONG_US = 5 * MINUTE_US, HOUR_US
"""Lifetimes of cache writes; a read prolongs it. Source: the platform's documentation, "Prompt caching"."""
LEAST_LOST_TOKENS = 2_000
LEAST_LOST_SHARE = 0.5
"""Of what had been cached, this much has to be written again to count as a rebuild."""


def is_for_an_hour(short_tokens: int, long_tokens: int) -> bool:
    """True where most of what a request wrote to the cache was written for an hour."""
    return long_tokens > short_tokens


def lost_tokens(cached: int, read: int, written: int, prompt: int) -> int:
    """What a request wrote again of the tokens that the one before it had left in the cache; 0 if it is no rebuild.

    `read`, `written` and `prompt` are the request's own tokens.
    """
    lost = min(cached - read, written)
    return lost if lost >= LEAST_LOST_TOKENS and lost >= LEAST_LOST_SHARE * min(cached, prompt) else 0


def cause_of(rested_us: int, lifetime_us: int, models: tuple[str, str], efforts: tuple[str, str]) -> str:
    """PAUSE, MODEL or EFFORT, the first that explains a rebuild; empty where none does.

    Pairs are of the request before and of this one; an effort that nobody tells is empty. After a pause the other
    model's or effort's entry would have been gone as well.
    """
    if rested_us > lifetime_us:
        return PAUSE
    if models[0] != models[1]:
        return MODEL
    return EFFORT if all(efforts) and efforts[0] != efforts[1] else ""
