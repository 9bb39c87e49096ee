"""All rules, in the order in which they are listed; each looks at the evidence for one thing to do otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tokentide.analytics.advice import cache_rules, context_rules, model_rules, plan_rules, tool_rules
from tokentide.errors import UsageError

if TYPE_CHECKING:
    from tokentide.analytics.advice.evidence import Evidence
    from tokentide.analytics.advice.model import Advice


class Rule(NamedTuple):
    """One rule."""

    name: str
    summary: str
    find: Callable[[Evidence], Advice | str]
    """Advice, or why there is none."""
    needs_details: bool = False
    """True where it looks at more than usage: see `tokentide.sync.details`."""
    is_of_account: bool = False
    """True where it looks at all that an account uses, so that a part of it says nothing."""
    least_days: int = 0
    """Of history."""


RULES = (
    Rule("memory-files", "CLAUDE.md and what it imports is larger than it need be", context_rules.memory_files),
    Rule("long-sessions", "conversations past half of the context or 40 prompts", context_rules.long_sessions),
    Rule("cache-pauses", "long conversations taken up again after the cache expired", cache_rules.cache_pauses),
    Rule("model-switches", "another model in the middle of a conversation", cache_rules.model_switches),
    Rule("cache-breaks", "the cache was lost though it was warm", cache_rules.cache_breaks),
    Rule("small-steps", "rows of small look-ups on a dear model", model_rules.small_steps, needs_details=True),
    Rule("dear-agents", "sub-agents on a dear model that change nothing", model_rules.dear_agents, needs_details=True),
    Rule("fast-mode", "answers in fast mode, at its price", model_rules.fast_mode),
    Rule("idle-mcp-servers", "MCP servers loaded and never used", tool_rules.idle_servers, needs_details=True),
    Rule("huge-results", "tool results of more than 10,000 tokens", tool_rules.huge_results, needs_details=True),
    Rule("failures", "calls denied, misused, or failing again", tool_rules.failures, needs_details=True),
    Rule("re-reads", "files read again that did not change", tool_rules.rereads, needs_details=True),
    Rule("off-peak", "a week that will be used up: what can wait should", plan_rules.off_peak, is_of_account=True),
    Rule("batch", "requests by programs, at half the price as batches", plan_rules.batch, needs_details=True),
    Rule("plan-size", "a plan larger or smaller than the use", plan_rules.plan_size, is_of_account=True, least_days=14),
)


def check_names(names: Sequence[str], where: str = "") -> None:
    """Raise UsageError for a name that is no rule's; `where` it stands goes before it."""
    known = [rule.name for rule in RULES]
    for name in names:
        if name not in known:
            raise UsageError(f"{where}there is no rule {name!r}; the rules are {', '.join(known)}")
