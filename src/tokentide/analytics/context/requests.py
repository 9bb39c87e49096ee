"""A transcript's events as requests: each response with what was added between it and the one before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tokentide.model.activity import COMPACTION, Answer, Block, Event, Mark


@dataclass(slots=True)
class Request:
    """One response, all its lines together. Mutable while they are read."""

    first: Answer
    before: list[Event]
    """What was added since the response before, in order; after a compaction only what came after."""
    blocks: list[Block] = field(default_factory=list)
    output_tokens: int = 0
    is_final: bool = False
    """False where every line is a placeholder of a stream: the output count says nothing."""
    compaction: Mark | None = None
    """The last one since the response before."""

    def add(self, answer: Answer) -> None:
        """Another line of the same response."""
        self.blocks += answer.blocks
        self.output_tokens = max(self.output_tokens, answer.output_tokens)
        self.is_final = self.is_final or bool(answer.stop_reason)

    @property
    def prompt_tokens(self) -> int:
        """All that was sent."""
        return self.first.prompt_tokens


@dataclass(slots=True)
class Chain:
    """A conversation: the session's own, or a sub-agent's."""

    requests: list[Request] = field(default_factory=list)
    since: list[Event] = field(default_factory=list)
    """What came after the last response."""
    compaction: Mark | None = None
    """One that no response has followed yet."""
    _known: dict[str, Request] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """The next event of this chain."""
        if isinstance(event, Answer):
            self._answer(event)
        elif isinstance(event, Mark) and event.kind == COMPACTION:
            self.compaction, self.since = event, []
        elif self._was_sent(event):
            self.requests[-1].before.append(event)
        else:
            self.since.append(event)

    def _was_sent(self, event: Event) -> bool:
        """True for what stands behind a response but is older: the client writes lines of one instant in any order.

        Those of the first prompt may come as late as after the first results.
        """
        if not self.requests or self.compaction is not None or (self.since and len(self.requests) > 1):
            return False
        begun = self.requests[-2].first.at if len(self.requests) > 1 else 0
        return begun <= event.at < self.requests[-1].first.at

    def _answer(self, answer: Answer) -> None:
        known = self._known.get(answer.response) if answer.response else None
        if known is None:
            if not answer.prompt_tokens:
                return
            known = Request(answer, self.since, compaction=self.compaction)
            self.requests.append(known)
            self._known[answer.response] = known
            self.since, self.compaction = [], None
        known.add(answer)


def chains_of(events: Iterable[Event]) -> dict[str, Chain]:
    """The conversations of a transcript, by chain."""
    chains: dict[str, Chain] = {}
    for event in events:
        chain = chains.get(event.chain)
        if chain is None:
            chain = chains[event.chain] = Chain()
        chain.take(event)
    return chains
