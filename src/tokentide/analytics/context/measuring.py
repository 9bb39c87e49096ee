"""Shares the tokens of a conversation's prompts out among what is in them; the shares always add up to the prompt.

A prompt grows by the output of the response before and by what was added since. How much is known to the token, and so
is the size of an item that came alone; several items share what they brought by their estimated sizes. Rules and
figures: docs/explanation/context.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tokentide.analytics.context.items import Calls, Weighed, weighed_blocks, weighed_events
from tokentide.analytics.context.model import (
    AGENTS,
    FIXED,
    MCP,
    MEMORY,
    RESULTS,
    SKILLS,
    SUMMARY,
    SYSTEM,
    THINKING,
    UNSEEN,
    Item,
)
from tokentide.analytics.context.requests import Chain, Request
from tokentide.analytics.dividing import divided
from tokentide.analytics.token_estimate import estimate_tokens, family_of
from tokentide.model.activity import MICROCOMPACTION, PERSON, PROGRAM, Event, Mark, Prompt, Result

LEAST, MOST = 0.6, 1.4
"""What a prompt grew by is taken for the items that came when it lies so far around their estimated range."""
SLACK_TOKENS = 150
"""A reminder or two beside them."""
MOST_MEMORY = 0.9
"""Memory files make up so much of the first prompt at most: the client's own part is never nothing."""
TOOL_SEARCH = "ToolSearch"
"""Its results bear no text, but the definitions of the tools that were found come with them."""
LOADED_LATER = "loaded later"
LARGEST_OWN_TOKENS, USUAL_OWN_TOKENS = 100_000, 40_000
"""The client's own part: where the first prompt holds more, the transcript does not begin with the conversation."""
SAME_OWN = 0.9
"""Of the client's own part: where less was read from the cache, it is another one."""
EARLIER = "before the transcript begins"
RELISTED = (SKILLS, AGENTS, MCP)
"""Lists that are sent anew after a compaction, in place of the old ones."""


@dataclass(frozen=True, slots=True)
class MemorySize:
    """A memory file as it is on disk now."""

    name: str
    size_bytes: int


@dataclass(slots=True)
class Measured:
    """What a context holds after some requests."""

    items: list[Item] = field(default_factory=list)
    pending_tokens: int = 0
    output_tokens: int = 0
    is_compacted: bool = False
    """True where a compaction came after the last request."""

    @property
    def total_tokens(self) -> int:
        """The sum of the items."""
        return sum(item.tokens for item in self.items)


def measure(chain: Chain, memory: Sequence[MemorySize]) -> Measured:
    """The items of a conversation as they are now, with the last output and what no request has sent yet."""
    walk = _Walk(memory)
    for number, request in enumerate(chain.requests):
        walk.step(number, request)
    return walk.end(chain)


class _Walk:
    """State of one walk through the requests."""

    def __init__(self, memory: Sequence[MemorySize]) -> None:
        self._memory = memory
        self._items: list[Item] = []
        self._sum = 0
        self._calls = Calls({})
        self._last: Request | None = None
        self._number = 0

    def step(self, number: int, request: Request) -> None:
        """Bring the items up to what a request sent."""
        self._number = number
        model = request.first.model
        last = self._last
        if last is None:
            self._begin(request, [*weighed_events(request.before, model, self._calls)])
        elif request.compaction is not None:
            self._compact(request, [*weighed_events(request.before, model, self._calls)])
        else:
            self._grow(last, request)
        self._calls.add(request.blocks)
        self._last = request

    def end(self, chain: Chain) -> Measured:
        """The last output, or what a compaction left of all, and what came after it."""
        last, output = self._last, 0
        since = [*weighed_events(chain.since, last.first.model if last is not None else "", self._calls)]
        if last is not None:
            self._number += 1
            if chain.compaction is None:
                output = self._add_output(last)
            else:
                self._forget(since)
        before = self._sum
        for weighed in since:
            self._put(weighed, weighed.likely)
        items = [item for item in self._items if item.tokens]
        return Measured(items, self._sum - before, output, is_compacted=chain.compaction is not None)

    def _begin(self, request: Request, new: list[Weighed]) -> None:
        """The first prompt: what came with it by its size, memory files by theirs, the rest is the client's own."""
        prompt = request.prompt_tokens
        for weighed, tokens in zip(new, _capped(prompt, [each.likely for each in new]), strict=True):
            self._put(weighed, tokens)
        fixed = prompt - self._sum
        sizes = [estimate_tokens(each.size_bytes, request.first.model).likely for each in self._memory]
        for each, tokens in zip(self._memory, _capped(int(fixed * MOST_MEMORY), sizes), strict=True):
            self._put(weightless(Item(MEMORY, each.name)), tokens)
        rest = prompt - self._sum
        own = rest if rest <= LARGEST_OWN_TOKENS else USUAL_OWN_TOKENS
        self._put(weightless(Item(SYSTEM, "")), own)
        if rest > own:
            self._put(weightless(Item(UNSEEN, EARLIER, "", request.first.at)), rest - own)

    def _compact(self, request: Request, new: list[Weighed]) -> None:
        """After a compaction: what never changes stays, the rest of the prompt is the summary and what came with it."""
        self._forget(new)
        self._fit(min(self._sum, request.prompt_tokens))
        if not any(each.item.kind == SUMMARY for each in new):
            new.append(weightless(Item(SUMMARY, "", "", request.first.at)))
        self._share(request.prompt_tokens - self._sum, new, request)

    def _forget(self, new: Iterable[Weighed]) -> None:
        """Drop the conversation, and the lists that came anew."""
        listed = {each.item.kind for each in new} & set(RELISTED)
        self._keep(item for item in self._items if item.kind in FIXED and item.kind not in listed)

    def _grow(self, last: Request, request: Request) -> None:
        """One request more: the output before it, what was added, and what fell away."""
        new = [*weighed_events(request.before, request.first.model, self._calls)]
        model = last.first.model
        if family_of(model) != family_of(request.first.model):
            self._recount(last, request, new)
            return
        if last.is_final:
            self._add_output(last)
        else:
            new += weighed_blocks(last.blocks, last.first.at, model)
        gain = request.prompt_tokens - self._sum
        if gain < 0 or gain < LEAST * sum(each.low for each in new) - SLACK_TOKENS:
            for each in new:
                self._put(each, each.likely)
            self._shed(self._sum - request.prompt_tokens, request.before)
        else:
            self._share(gain, new, request)

    def _recount(self, last: Request, request: Request, new: list[Weighed]) -> None:
        """Another tokenizer counts everything anew: all that is there keeps its share."""
        self._add_output(last)
        for each in new:
            self._put(each, each.likely)
        self._fit(request.prompt_tokens)
        for item in self._items:
            item.is_measured = False

    def _add_output(self, last: Request) -> int:
        """The blocks of a response, as items of the next request; returns their tokens."""
        blocks = [*weighed_blocks(last.blocks, last.first.at, last.first.model)]
        before = self._sum
        if not last.is_final:
            for each in blocks:
                self._put(each, each.likely)
        else:
            if not blocks and last.output_tokens:
                blocks = [weightless(Item(UNSEEN, "", "", last.first.at))]
            for each, tokens in zip(blocks, _output_shares(last.output_tokens, blocks), strict=True):
                self._put(each, tokens, is_measured=len(blocks) == 1)
        return self._sum - before

    def _unseen_in(self, request: Request) -> Weighed:
        """What a prompt holds beyond all that came: tools loaded later, another beginning, or what nothing tells of."""
        called = (self._calls.by_id.get(event.tool_id) for event in request.before if isinstance(event, Result))
        has_loaded = any(call is not None and call.tool == TOOL_SEARCH for call in called)
        own = SAME_OWN * sum(item.tokens for item in self._items if item.kind == SYSTEM)
        if has_loaded or (request.compaction is None and request.first.cache_read_tokens < own):
            return weightless(Item(SYSTEM, LOADED_LATER, "", request.first.at))
        return weightless(Item(UNSEEN, "", "", request.first.at))

    def _share(self, gain: int, new: list[Weighed], request: Request) -> None:
        """What a prompt grew by among the items that came; what they cannot be is unseen."""
        most = MOST * sum(each.high for each in new) + SLACK_TOKENS
        known = gain if new and gain <= most else min(sum(each.likely for each in new), gain)
        for each, tokens in zip(new, divided(known, [each.likely for each in new]), strict=True):
            self._put(each, tokens, is_measured=len(new) == 1 and known == gain)
        if gain > known:
            self._put(self._unseen_in(request), gain - known)

    def _put(self, weighed: Weighed, tokens: int, *, is_measured: bool = False) -> None:
        item = weighed.item
        item.tokens, item.entered, item.is_measured = tokens, self._number, is_measured
        self._items.append(item)
        self._sum += tokens

    def _shed(self, tokens: int, before: Iterable[Event]) -> None:
        """Take out what is not sent any more, so many tokens in all."""
        for item in _shedding(self._items, [*before], self._number):
            taken = min(item.tokens, tokens)
            if taken:
                item.tokens -= taken
                item.is_measured = False
                tokens -= taken
            if not tokens:
                break
        self._keep(item for item in self._items if item.tokens)

    def _fit(self, tokens: int) -> None:
        """Make the items add up to so many tokens, each keeping its share."""
        if self._sum == tokens:
            return
        for item, share in zip(self._items, divided(tokens, [item.tokens for item in self._items]), strict=True):
            item.tokens = share
            item.is_measured = False
        self._sum = tokens

    def _keep(self, items: Iterable[Item]) -> None:
        """Go on with these items alone."""
        self._items = [*items]
        self._sum = sum(item.tokens for item in self._items)


def _shedding(items: Sequence[Item], before: Sequence[Event], number: int) -> Iterator[Item]:
    """What falls away first.

    At a prompt the thinking of earlier turns (older models are not sent it again); results that the client cleared, the
    oldest first; else the person went back, and the newest is gone.
    """
    if any(isinstance(event, Prompt) and event.speaker in (PERSON, PROGRAM) for event in before):
        yield from [item for item in items if item.kind == THINKING]
    if any(isinstance(event, Mark) and event.kind == MICROCOMPACTION for event in before):
        yield from [item for item in items if item.kind == RESULTS]
    yield from sorted(items, key=lambda item: (item.kind in FIXED, item.entered == number, -item.entered))


def _output_shares(tokens: int, blocks: Sequence[Weighed]) -> list[int]:
    """What each block of a response is of its output; of thinking only a summary is shown, so it is what is left."""
    thinking = [each for each in blocks if each.item.kind == THINKING]
    said = sum(each.likely for each in blocks if each.item.kind != THINKING)
    if not thinking or said >= tokens:
        return divided(tokens, [each.likely for each in blocks])
    thought = iter(divided(tokens - said, [each.likely or 1 for each in thinking]))
    return [next(thought) if each.item.kind == THINKING else each.likely for each in blocks]


def weightless(item: Item) -> Weighed:
    """An item that nothing but the prompts tells the size of."""
    return Weighed(item, 0, 1, 1)


def _capped(most: int, sizes: Sequence[int]) -> list[int]:
    """The sizes, or their shares of the most that they can be together."""
    return [*sizes] if sum(sizes) <= most else divided(most, sizes)
