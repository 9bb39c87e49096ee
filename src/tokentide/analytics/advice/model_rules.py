"""Rules about which model answers, and how fast."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from statistics import median_low
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentide.analytics.advice.model import HIGH, LOW, Advice
from tokentide.analytics.advice.tally import Tally, Words
from tokentide.analytics.what_if.model import BELOW_TOKENS
from tokentide.analytics.what_if.steps import is_mechanical, is_small
from tokentide.pricing.newest import family_name, newest_models

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Chain, Step
    from tokentide.analytics.advice.evidence import Evidence
    from tokentide.model.usage import UsageRecord

LADDER = ("fable", "opus", "sonnet", "haiku")
"""Families from the dearest to the cheapest."""
LEAST_RUN = 3
"""So many small steps in a row are worth an agent of their own."""
AGENT_START = 15_000
"""Tokens of a sub-agent's first request, where none is known."""
REPORT_TOKENS = 1_000
"""What a sub-agent reports back; assumed."""
CHANGING_TOOLS = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit", "Task", "Agent", "Workflow"})
"""Tools that write files, or let others do it."""
FAST, STANDARD = "fast", "standard"


def cheaper_model(model: str, models: Sequence[str]) -> str:
    """The newest model of the next cheaper family; empty for the cheapest, and for other vendors' models."""
    family = family_name(model)
    if family not in LADDER:
        return ""
    newest = newest_models(models)
    return next((newest[each] for each in LADDER[LADDER.index(family) + 1 :] if each in newest), "")


def small_steps(evidence: Evidence) -> Advice | str:
    """Rows of small look-ups on a dear model, each of which sends the whole conversation."""
    tally, start = Tally(), _agent_start(evidence)
    targets = _Targets(evidence)
    for chain, steps in evidence.stretches:
        for run in _runs(steps) if chain.is_main else ():
            target = targets.of(run[0])
            if target:
                _delegated(evidence, run, target, start, tally)
    if not tally.count:
        return f"no {LEAST_RUN} small look-ups in a row that an agent on a cheaper model would do for less"
    words = Words(
        "small-steps",
        f"Let a sub-agent on {tally.largest()} look things up",
        f"{tally.count:,} requests in rows of {LEAST_RUN} or more did nothing but search, read or keep lists, each "
        "with the whole conversation. An agent of its own (the built-in Explore, or one with `model:` set) has a small "
        "context and a cheaper model",
        LOW,
        "what they cost is measured; that the cheaper model finds the same in as many steps is assumed",
        "request",
    )
    return tally.advice(evidence, words)


def _runs(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Rows of small mechanical steps of one model."""
    run: list[Step] = []
    for step in steps:
        is_step = is_small(step.record, BELOW_TOKENS) and is_mechanical([call.tool for call in step.called])
        if run and (not is_step or step.record.model != run[0].record.model):
            if len(run) >= LEAST_RUN:
                yield run
            run = []
        if is_step:
            run.append(step)
    if len(run) >= LEAST_RUN:
        yield run


def _delegated(evidence: Evidence, run: Sequence[Step], target: str, start: int, tally: Tally) -> None:
    """The row as one call of an agent: the first request stays, the agent makes all of them and reports."""
    price = 0
    sent = 0
    for number, step in enumerate(run):
        prompt = start + max(step.prompt - run[0].prompt, 0)
        ends = REPORT_TOKENS if number == len(run) - 1 else 0
        price += evidence.around.price(_by_agent(step.record, target, sent, prompt, ends)) or 0
        sent = max(prompt, sent)
    if sum(step.cost for step in run[1:]) <= price:
        return
    for step in run[1:]:
        tally.add(step, step.cost, target)
    tally.subtract(run[0], price, target)


def _by_agent(record: UsageRecord, model: str, sent: int, prompt: int, report: int) -> UsageRecord:
    """A request of the agent: what was sent before is read from its five-minute cache."""
    read = min(sent, prompt)
    return replace(
        record,
        model=model,
        input_tokens=0,
        output_tokens=record.output_tokens + report,
        cache_creation_5m_tokens=prompt - read,
        cache_creation_1h_tokens=0,
        cache_read_tokens=read,
    )


def _agent_start(evidence: Evidence) -> int:
    """The middle first prompt of the sub-agents."""
    starts = [chain.steps[0].prompt for chain in evidence.chains if chain.place.agent_id]
    return median_low(starts) if starts else AGENT_START


class _Targets:
    """The cheaper model of each model, looked up once."""

    def __init__(self, evidence: Evidence) -> None:
        self._models = evidence.around.models
        self._known: dict[str, str] = {}

    def of(self, step: Step) -> str:
        """The model to take instead; empty if there is none."""
        model = step.record.model
        if model not in self._known:
            self._known[model] = cheaper_model(model, self._models)
        return self._known[model]


def dear_agents(evidence: Evidence) -> Advice | str:
    """Sub-agents on a dear model that changed nothing."""
    tally, targets = Tally(), _Targets(evidence)
    for chain in evidence.chains:
        if chain.is_main or not _only_looked(chain):
            continue
        kind = evidence.agent_types.get(chain.place.agent_id, "") or "sub-agent"
        for step in chain.steps:
            target = targets.of(step)
            if target:
                tally.add(step, evidence.saved(step, replace(step.record, model=target)), kind)
    if not tally.count:
        return "no sub-agent that only looked things up ran on a dear model"
    words = Words(
        "dear-agents",
        "Give sub-agents that change nothing a cheaper model",
        f"{tally.count:,} requests of sub-agents that wrote no file, the most of {tally.largest()}; `model:` in an "
        "agent's file, or CLAUDE_CODE_SUBAGENT_MODEL for all, moves them to the next cheaper family",
        LOW,
        "the price is exact, with the same tokens; whether the cheaper model does as well, only trying tells",
        "request",
    )
    return tally.advice(evidence, words)


def _only_looked(chain: Chain) -> bool:
    """True where details are known and no tool was called that changes anything."""
    tools = {call.tool for step in chain.steps for call in step.called}
    return bool(tools) and not tools & CHANGING_TOOLS


def fast_mode(evidence: Evidence) -> Advice | str:
    """Answers in fast mode, at its price."""
    tally = Tally()
    for step in evidence.steps:
        if step.record.speed == FAST:
            tally.add(step, evidence.saved(step, replace(step.record, speed=STANDARD)), step.record.model)
    if not tally.count:
        return "nothing was answered in fast mode"
    words = Words(
        "fast-mode",
        "Switch fast mode off where nobody waits",
        f"{tally.count:,} answers came in fast mode, at a multiple of the price of the same tokens, and beside a plan: "
        "it is paid as extra usage. `/fast` ends it",
        HIGH,
        "the same tokens at the standard price",
        "request",
    )
    return dataclasses.replace(tally.advice(evidence, words), spares_windows=False)
