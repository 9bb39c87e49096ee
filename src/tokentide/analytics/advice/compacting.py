"""What a compaction leaves and what it costs; measured where the client tells it, see docs/explanation/advice.md."""

from __future__ import annotations

from statistics import median_low
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentide.analytics.cache_rebuilds import is_for_an_hour
from tokentide.analytics.context.hints import AFTER_COMPACTION_TOKENS

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Step
    from tokentide.analytics.advice.evidence import Evidence

SUMMARY_TOKENS = 6_000
"""What writing the summary takes; assumed, since the request for it is in no transcript."""
USUAL_START = 40_000
"""Tokens of the first request of a session (system prompt, tools, memory, prompt), where none is known."""


def usual_start(evidence: Evidence) -> int:
    """The middle first prompt of the sessions: what a fresh context holds."""
    starts = [chain.steps[0].prompt for chain in evidence.chains if chain.is_main]
    return median_low(starts) if starts else USUAL_START


def compaction_cost(evidence: Evidence, step: Step, context: int) -> int:
    """A compaction after a step, of so large a context: it is read once more, a summary is written, and cached."""
    record = step.record
    nothing = {"input_tokens": 0, "cache_creation_5m_tokens": 0, "cache_creation_1h_tokens": 0}
    bare = replace(record, **nothing, web_search_requests=0)
    is_long = is_for_an_hour(record.cache_creation_5m_tokens, record.cache_creation_1h_tokens)
    summing = replace(bare, cache_read_tokens=context, output_tokens=SUMMARY_TOKENS)
    caching = replace(
        bare,
        cache_read_tokens=0,
        output_tokens=0,
        cache_creation_5m_tokens=0 if is_long else AFTER_COMPACTION_TOKENS,
        cache_creation_1h_tokens=AFTER_COMPACTION_TOKENS if is_long else 0,
    )
    return sum(evidence.around.price(each) or 0 for each in (summing, caching))
