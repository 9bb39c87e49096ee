"""Rules about the prompt cache: why it had to be built again, and what that cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.analytics.advice.compacting import compaction_cost, usual_start
from tokentide.analytics.advice.evidence import lighter
from tokentide.analytics.advice.model import LOW, MEDIUM, Advice
from tokentide.analytics.advice.rebuilding import Rebuild
from tokentide.analytics.advice.tally import Tally, Words
from tokentide.analytics.context.hints import AFTER_COMPACTION_TOKENS
from tokentide.analytics.context.model import EFFORT, MODEL, PAUSE

if TYPE_CHECKING:
    from tokentide.analytics.advice.evidence import Evidence

AFTER_SHORT, AFTER_LONG = "after 5 minutes", "after an hour"
NEW_VERSION, NEW_TOOLS, NEW_EFFORT, AT_PROMPT, WITHIN_TURN = (
    "another client version",
    "after tools were loaded",
    "the effort was changed",
    "at a new prompt",
    "within a turn",
)
"""What goes with the loss of a cache; the last two are no causes, only when it was."""
LOADER = "ToolSearch"
"""The client's tool that loads others, whose descriptions stand before the conversation."""


def cache_pauses(evidence: Evidence) -> Advice | str:
    """Long conversations that were taken up again after the cache had expired."""
    tally, start = Tally(), usual_start(evidence)
    for each in _of(evidence, PAUSE):
        fresh = min(start, each.before.prompt) + AFTER_COMPACTION_TOKENS
        spared = min(each.lost, each.before.kept - fresh)
        if spared <= 0:
            continue
        altered = lighter(each.step.record, each.step.record.cache_read_tokens, spared)
        saving = evidence.saved(each.step, altered)
        price = compaction_cost(evidence, each.before, each.before.prompt)
        if saving > price:
            tally.add(each.step, saving - price, AFTER_LONG if each.is_long else AFTER_SHORT)
    if not tally.count:
        return "no long conversation was taken up again after its cache had expired"
    words = Words(
        "cache-pauses",
        "Compact or clear before a pause, or come back sooner",
        f"{tally.count:,} times a conversation went on after its cache had expired, and was written again whole, where "
        "a compaction while it was warm would have cost less; `tokentide what-if --cache-1h` shows the longer lifetime",
        MEDIUM,
        "what was written again is measured; a compaction's own cost is taken off, and that you would have returned to "
        "a summary is assumed",
        "rebuild",
    )
    return tally.advice(evidence, words)


def model_switches(evidence: Evidence) -> Advice | str:
    """Another model in the middle of a conversation: it has a cache of its own."""
    tally = Tally()
    for each in _of(evidence, MODEL):
        name = f"{each.before.record.model} to {each.step.record.model}"
        tally.add(each.step, evidence.saved(each.step, each.warm()), name)
    if not tally.count:
        return "no conversation lost its cache by a change of the model"
    words = Words(
        "model-switches",
        "Change the model between sessions, not within them",
        f"{tally.count:,} times another model took over, and the whole conversation was written to its cache",
        MEDIUM,
        "what was written is measured; some changes are not yours: the client's own fallbacks, a plan mode's model",
        "rebuild",
    )
    return tally.advice(evidence, words)


def cache_breaks(evidence: Evidence) -> Advice | str:
    """The cache was lost within its lifetime, with the same model: the beginning of the prompt changed."""
    tally = Tally()
    for each in _of(evidence, EFFORT, ""):
        tally.add(each.step, evidence.saved(each.step, each.warm()), _goes_with(each))
    if not tally.count:
        return "no cache was lost within its lifetime"
    words = Words(
        "cache-breaks",
        "Find what changes the beginning of the prompt",
        f"{tally.count:,} times the cache was lost within its lifetime and written again, above all {tally.largest()}. "
        "What does that: another effort, tools and MCP servers that come and go, a changed memory file, `--resume`",
        LOW,
        "what was written again is measured; why the cache was lost is in no transcript, and the vendor may lose one",
        "rebuild",
    )
    return tally.advice(evidence, words)


def _goes_with(each: Rebuild) -> str:
    """What the transcripts tell of a loss that neither a pause nor another model explains."""
    before, step = each.before, each.step
    if before.place.version != step.place.version:
        return NEW_VERSION
    if each.cause == EFFORT:
        return NEW_EFFORT
    if any(call.tool == LOADER for call in before.called):
        return NEW_TOOLS
    return WITHIN_TURN if before.called else AT_PROMPT


def _of(evidence: Evidence, *causes: str) -> list[Rebuild]:
    return [each for each in evidence.rebuilds if each.cause in causes]
