"""Responses in the order of their conversations, cut where the context was emptied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentide.model.activity import ToolRun, Trait
    from tokentide.model.usage import Place, UsageRecord

EMPTIED = 0.5
"""A prompt that shrank below this share of the one before it was emptied: compacted, rewound, or another agent's."""


@dataclass(slots=True)
class Step:
    """One response in its conversation. Made by the hundred thousand, and never changed once the evidence is whole."""

    record: UsageRecord
    cost: int
    """At list price, nano-USD."""
    session: str
    """`source<TAB>session id`."""
    place: Place
    trait: Trait | None = None
    """None where no transcript told."""
    called: Sequence[ToolRun] = ()
    """The calls it holds."""
    answered: Sequence[ToolRun] = ()
    """The results it read first."""

    writes: int = field(init=False)
    """Tokens written to the cache."""
    kept: int = field(init=False)
    """Tokens of the prompt that lie in the cache afterwards."""
    prompt: int = field(init=False)
    """All tokens that were sent."""

    def __post_init__(self) -> None:
        record = self.record
        self.writes = record.written_tokens
        self.kept = record.cache_read_tokens + self.writes
        self.prompt = record.input_tokens + self.kept

    @property
    def effort(self) -> str:
        """Empty where nobody tells."""
        return self.trait.effort if self.trait is not None else ""


@dataclass(slots=True)
class Chain:
    """One conversation: a session's own, or that of one of its sub-agents, in the order of time."""

    session: str
    place: Place
    """Of its first response."""
    steps: list[Step] = field(default_factory=list)
    compactions: list[int] = field(default_factory=list)
    """When it was compacted, µs UTC, ascending."""

    @property
    def is_main(self) -> bool:
        """False for a sub-agent."""
        return not (self.place.agent_id or self.place.is_sidechain)

    @property
    def is_one_agent(self) -> bool:
        """False where old clients mixed all sub-agents of a session."""
        return self.is_main or bool(self.place.agent_id)

    def stretches(self) -> list[list[Step]]:
        """The steps between one emptying of the context and the next."""
        found: list[list[Step]] = []
        waiting = [*self.compactions]
        before: Step | None = None
        for step in self.steps:
            compacted = bool(waiting) and waiting[0] <= step.record.at
            while waiting and waiting[0] <= step.record.at:
                waiting.pop(0)
            if before is None or compacted or step.prompt < before.prompt * EMPTIED:
                found.append([])
            found[-1].append(step)
            before = step
        return found
