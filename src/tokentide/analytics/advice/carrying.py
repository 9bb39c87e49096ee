"""What tokens cost that stay in the context: from the request that brings them to the next emptying of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tokentide.analytics.advice.tally import Tally
from tokentide.analytics.dividing import divided

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Step
    from tokentide.analytics.advice.evidence import Evidence

Load = tuple[str, int]
"""The part of the advice that something belongs to, and its tokens."""


def carry(evidence: Evidence, steps: Sequence[Step], brought: Mapping[int, Sequence[Load]], tally: Tally) -> None:
    """Add what the steps of a stretch would cost less without what some of them bring, by position.

    Each load counts once; several are taken as lying side by side from where the first of them begins.
    """
    loads: dict[str, int] = {}
    savings: dict[str, int] = {}
    start = total = 0
    for index, step in enumerate(steps):
        new = brought.get(index, ())
        if new:
            begins = max(step.prompt - sum(tokens for _, tokens in new), 0)
            start = min(start, begins) if total else begins
        for part, tokens in new:
            loads[part] = loads.get(part, 0) + tokens
            total += tokens
            tally.add(step, 0, part)
        if total:
            saving = tally.add(step, evidence.saved_without(step, start, total), count=0)
            for part, share in zip(loads, divided(saving, [*loads.values()]), strict=True):
                savings[part] = savings.get(part, 0) + share
    for part, saving in savings.items():
        tally.credit(part, saving)
