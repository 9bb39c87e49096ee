"""Rules about what is sent with every request: memory files, and conversations that grow on and on."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokentide.analytics.advice.compacting import compaction_cost, usual_start
from tokentide.analytics.advice.model import MEDIUM, Advice
from tokentide.analytics.advice.tally import Tally, Words
from tokentide.analytics.context.hints import AFTER_COMPACTION_TOKENS, MEMORY_TOKENS
from tokentide.analytics.token_estimate import TEXT, estimate_tokens
from tokentide.model.activity import PROMPT

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Chain, Step
    from tokentide.analytics.advice.evidence import Evidence

HALF_TOKENS = 100_000
"""Half of the usual context window of 200,000; in a larger window a token costs no less."""
MANY_PROMPTS = 40


def memory_files(evidence: Evidence) -> Advice | str:
    """Memory files (the CLAUDE.md chain) that are larger than they need be."""
    tally, heaviest, project, largest = Tally(), 0, "", ""
    for folder, chains in _by_project(evidence).items():
        sizes = evidence.around.memory(folder)
        model = chains[0].steps[-1].record.model
        tokens = estimate_tokens(sum(each.size_bytes for each in sizes), model, TEXT).likely
        if tokens <= MEMORY_TOKENS:
            continue
        for chain in chains:
            for step in chain.steps:
                start = max(chain.steps[0].prompt - tokens, 0)
                tally.add(step, evidence.saved_without(step, start, tokens - MEMORY_TOKENS), folder)
        if tokens > heaviest:
            heaviest, project = tokens, folder
            largest = max(sizes, key=lambda each: each.size_bytes).path
    if not tally.count:
        return f"no project's memory files are over {MEMORY_TOKENS:,} tokens, or they are not on this machine"
    words = Words(
        "memory-files",
        f"Cut the memory files (CLAUDE.md) down to {MEMORY_TOKENS:,} tokens",
        f"they are sent with every request; those of {project} are ~{heaviest:,} tokens, the largest is "
        f"{largest}. Move what only some work needs into skills, or into files that are read when needed",
        MEDIUM,
        "requests and what they read are measured; the files' tokens are estimated from their size, as they are now",
        "request",
    )
    return tally.advice(evidence, words)


def _by_project(evidence: Evidence) -> dict[str, list[Chain]]:
    """The main conversations by the folder they began in."""
    found: defaultdict[str, list[Chain]] = defaultdict(list)
    for chain in evidence.chains:
        if chain.is_main and chain.place.project:
            found[chain.place.project].append(chain)
    return found


def long_sessions(evidence: Evidence) -> Advice | str:
    """Conversations that went on past half of the context window, or 40 prompts, without a compaction."""
    tally, start = Tally(), usual_start(evidence)
    for chain, steps in evidence.stretches:
        if chain.is_main:
            fresh = min(start, *(step.prompt for step in steps)) + AFTER_COMPACTION_TOKENS
            _compacted(evidence, chain, steps, fresh, tally)
    if not tally.count:
        return f"no session went past {HALF_TOKENS:,} tokens or {MANY_PROMPTS} prompts"
    words = Words(
        "long-sessions",
        f"Compact or clear sessions at {HALF_TOKENS // 1000:,}K tokens or {MANY_PROMPTS} prompts",
        f"every request sends the whole conversation again: {tally.count:,} requests went beyond. `/compact` keeps a "
        "summary, `/clear` begins anew when the subject changes",
        MEDIUM,
        "what the requests cost is measured; a compaction's own cost is taken off; that work goes on as well "
        "afterwards, without reading again, is assumed",
        "request",
    )
    return tally.advice(evidence, words)


def _compacted(evidence: Evidence, chain: Chain, steps: Sequence[Step], fresh: int, tally: Tally) -> None:
    """The stretch as if it had been compacted whenever it grew too long; `fresh` is what is left then."""
    prompts = [mark.at for mark in evidence.marks.get(chain.place.session_id, ()) if mark.kind == PROMPT]
    gone, counted_from = 0, max(bisect_right(prompts, steps[0].record.at) - 1, 0)
    for number, step in enumerate(steps, 1):
        if gone:
            tally.add(step, evidence.saved_without(step, fresh, gone))
        context = step.prompt - gone
        said = bisect_right(prompts, step.record.at)
        is_long = context > HALF_TOKENS or said - counted_from > MANY_PROMPTS
        if is_long and number < len(steps) and context > fresh:
            tally.subtract(step, compaction_cost(evidence, step, context))
            gone += context - fresh
            counted_from = said
