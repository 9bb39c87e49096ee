"""Adds up what single responses would have saved, by session and by part, and makes advice of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentide.analytics.advice.model import Advice, Part, Telling

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Step
    from tokentide.analytics.advice.evidence import Evidence

MOST_TELLING = 3
MOST_PARTS = 8


@dataclass(slots=True)
class _Heap:
    """What was added of one session or part."""

    count: int = 0
    saving: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """What a piece of advice says beside its figures; as in `Advice`."""

    rule: str
    title: str
    finding: str
    confidence: str
    reason: str
    counted: str


@dataclass(slots=True)
class Tally:
    """Savings while they are added up; nano-USD."""

    count: int = 0
    saving: int = 0
    sessions: dict[str, _Heap] = field(default_factory=dict)
    parts: dict[str, _Heap] = field(default_factory=dict)
    _saved: dict[str, int] = field(default_factory=dict)
    """By identity what was taken off a response, so that it is never more than it cost."""
    _concerned: dict[str, int] = field(default_factory=dict)
    """By identity what a response cost."""

    def add(self, step: Step, saving: int, part: str = "", *, count: int = 1) -> int:
        """Note what a response would cost less, and so many of what is counted; returns what was left to save of it."""
        identity = step.record.identity
        taken = self._saved.get(identity, 0)
        saving = min(saving, step.cost - taken)
        self._saved[identity] = taken + saving
        self._concerned[identity] = step.cost
        self.count += count
        self.saving += saving
        for heaps, key in ((self.sessions, step.session), (self.parts, part)):
            if key:
                heap = heaps.setdefault(key, _Heap())
                heap.count += count
                heap.saving += saving
        return saving

    def credit(self, part: str, saving: int) -> None:
        """Note which part savings belong to that were added without one."""
        self.parts.setdefault(part, _Heap()).saving += saving

    def subtract(self, step: Step, price: int, part: str = "") -> None:
        """Note what the advice itself costs, such as a compaction."""
        self.saving -= price
        for heaps, key in ((self.sessions, step.session), (self.parts, part)):
            if key:
                heaps.setdefault(key, _Heap()).saving -= price

    @property
    def concerned(self) -> int:
        """What all responses that were noted cost."""
        return sum(self._concerned.values())

    def saved_of(self, part: str) -> int:
        """The saving of a part."""
        return self.parts[part].saving if part in self.parts else 0

    def largest(self) -> str:
        """The part with the largest saving; empty without parts."""
        return max(self.parts, key=lambda name: (self.parts[name].saving, self.parts[name].count), default="")

    def advice(self, evidence: Evidence, words: Words) -> Advice:
        """The advice with its evidence."""
        return Advice(
            words.rule,
            words.title,
            words.finding,
            max(min(self.saving, self.concerned), 0),
            self.concerned,
            words.confidence,
            words.reason,
            words.counted,
            self.count,
            len(self.sessions),
            self._parts(),
            _telling(evidence, self.sessions),
        )

    def _parts(self) -> tuple[Part, ...]:
        every = sorted(self.parts.items(), key=lambda item: (-item[1].saving, -item[1].count, item[0]))
        return tuple(Part(name, heap.count, heap.saving) for name, heap in every[:MOST_PARTS])


def _telling(evidence: Evidence, sessions: dict[str, _Heap]) -> tuple[Telling, ...]:
    """The sessions that say most."""
    every = sorted(sessions.items(), key=lambda item: (-item[1].saving, -item[1].count, item[0]))[:MOST_TELLING]
    wanted = {key for key, _ in every}
    begun: dict[str, int] = {}
    for chain in evidence.chains:
        if chain.session in wanted:
            first = chain.steps[0].record.at
            begun[chain.session] = min(begun.get(chain.session, first), first)
    found = []
    for key, heap in every:
        source, _, session = key.partition("\t")
        facts = evidence.facts.get(key)
        title, project = (facts.title, facts.project) if facts is not None else ("", "")
        found.append(Telling(source, session, title, project, begun[key], heap.count, heap.saving))
    return tuple(found)
