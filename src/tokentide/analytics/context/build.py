"""Puts together what is said of a session's context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tokentide.analytics.context.cache import cache_of
from tokentide.analytics.context.measuring import Measured, MemorySize, measure
from tokentide.analytics.context.model import KINDS, SYSTEM, AgentContext, Big, Context, Growth, Item, Part, Said
from tokentide.analytics.context.requests import Chain
from tokentide.analytics.context.sent import Rates, Sent, last_model, sent_of_chain, sent_of_responses
from tokentide.analytics.context.window import AutoCompact, window_of
from tokentide.model.activity import MAIN_CHAIN, Event, Result
from tokentide.model.limits import SessionState
from tokentide.pricing.book import PriceBook
from tokentide.pricing.names import parse_name
from tokentide.store.query import Response, SessionFacts

BIGGEST = 10


@dataclass(frozen=True, slots=True)
class Ask:
    """Which session, and what is known of it beside what happened in it."""

    session_id: str
    facts: SessionFacts
    state: SessionState | None
    """What its status line last said."""
    auto_compact: AutoCompact
    memory: tuple[MemorySize, ...] = ()
    """The memory files that its client reads at the start, as they are now."""


def build_context(ask: Ask, own: Mapping[str, Chain], agents: Mapping[str, Chain], book: PriceBook) -> Context:
    """From transcripts: the chains of the session's own file, and those of its sub-agents' files."""
    chain = own.get(MAIN_CHAIN) or Chain()
    sent = sent_of_chain(chain)
    measured = measure(chain, ask.memory)
    others = {**{name: each for name, each in own.items() if name != MAIN_CHAIN}, **agents}
    kinds = _agent_kinds([chain, *others.values()])
    return _context(ask, sent, measured, tuple(_agents(others, kinds)), book)


def context_of_ledger(ask: Ask, responses: Iterable[Response], book: PriceBook) -> Context:
    """From the ledger alone, where the transcript is gone: the total, growth and cache, but no parts."""
    return _context(ask, sent_of_responses(responses), None, (), book)


def _context(
    ask: Ask, sent: list[Sent], measured: Measured | None, agents: tuple[AgentContext, ...], book: PriceBook
) -> Context:
    model, at = last_model(sent), sent[-1].at if sent else 0
    prompt = sent[-1].prompt_tokens if sent else 0
    items = measured.items if measured is not None else []
    output = measured.output_tokens if measured is not None else sent[-1].output_tokens if sent else 0
    total = measured.total_tokens if measured is not None else prompt + output
    rates = Rates(book, model, at)
    read_cost = rates.read(total)
    state = _state_now(ask.state, model, at)
    said = _said(state, at)
    system = sum(item.tokens for item in items if item.kind == SYSTEM)
    cache = cache_of(sent, system, total, book)
    carry = _Carry(len(sent), total, read_cost)
    return Context(
        session_id=ask.session_id,
        title=ask.facts.title,
        project=ask.facts.project,
        model=model,
        at=at,
        is_from_transcript=measured is not None,
        total_tokens=total,
        prompt_tokens=prompt,
        output_tokens=output,
        pending_tokens=measured.pending_tokens if measured is not None else 0,
        is_compacted=measured is not None and measured.is_compacted,
        window=window_of(
            state.model if state is not None and state.model else model,
            max((each.prompt_tokens for each in sent if each.model == model), default=0),
            said,
            ask.auto_compact,
            book,
        ),
        parts=tuple(_parts(items, carry)),
        biggest=tuple(_biggest(items, carry)),
        growth=tuple(Growth(each.at, each.prompt_tokens, each.compacted) for each in sent),
        cache=cache,
        agents=agents,
        read_cost=read_cost,
        write_cost=rates.write(total, for_an_hour=any(each.write_1h_tokens for each in sent[-5:])),
        said=said,
    )


def _state_now(state: SessionState | None, model: str, at: int) -> SessionState | None:
    """What the status line said last; nothing where another model has answered since: its window is another."""
    if state is None or state.at >= at or not state.model or parse_name(state.model) == parse_name(model):
        return state
    return None


def _said(state: SessionState | None, at: int) -> Said | None:
    """The status line's word; its window holds on, its tokens only while nothing newer is known.

    After a compaction it says 0 until the next response: then it does not know.
    """
    if state is None or (state.context_tokens is None and state.context_window_tokens is None):
        return None
    return Said(state.at, (state.context_tokens or None) if state.at >= at else None, state.context_window_tokens)


@dataclass(frozen=True, slots=True)
class _Carry:
    """What it costs to send things again with each request."""

    requests: int
    total_tokens: int
    read_cost: int | None
    """Of all, once."""

    def times(self, item: Item) -> int:
        """Requests that sent an item after the first that did."""
        return max(self.requests - 1 - item.entered, 0)

    def cost(self, carried_tokens: int) -> int | None:
        """Of so many tokens times requests; the rate is that of a prompt as long as the last."""
        if self.read_cost is None:
            return None
        return self.read_cost * carried_tokens // self.total_tokens if self.total_tokens else 0


def _parts(items: Sequence[Item], carry: _Carry) -> Iterable[Part]:
    """By kind in their order, each by name, largest first."""
    for kind in KINDS:
        found = [item for item in items if item.kind == kind]
        if not found:
            continue
        names: dict[str, list[Item]] = {}
        for item in found:
            names.setdefault(item.name, []).append(item)
        parts = [_part(kind, name, each, carry) for name, each in names.items() if name or len(names) > 1]
        yield _part(kind, "", found, carry, sorted(parts, key=lambda part: (-part.tokens, part.name)))


def _part(kind: str, name: str, items: Sequence[Item], carry: _Carry, parts: Sequence[Part] = ()) -> Part:
    carried = sum(item.tokens * carry.times(item) for item in items)
    return Part(
        kind,
        name,
        sum(item.tokens for item in items),
        sum(item.tokens for item in items if item.is_measured),
        len(items),
        carried,
        carry.cost(carried),
        tuple(parts),
    )


def _biggest(items: Sequence[Item], carry: _Carry) -> Iterable[Big]:
    """The largest single items that came in the conversation."""
    came = [item for item in items if item.at]
    for item in sorted(came, key=lambda item: (-item.tokens, item.at))[:BIGGEST]:
        yield Big(item, carry.times(item), carry.cost(item.tokens * carry.times(item)))


def _agents(chains: Mapping[str, Chain], kinds: Mapping[str, str]) -> Iterable[AgentContext]:
    """Contexts of sub-agents, largest first."""
    found = [
        AgentContext(
            name,
            kinds.get(name, ""),
            last.first.model,
            last.first.at,
            len(chain.requests),
            last.prompt_tokens + last.output_tokens,
        )
        for name, chain in chains.items()
        if chain.requests and (last := chain.requests[-1])
    ]
    return sorted(found, key=lambda each: (-each.tokens, each.chain))


def _agent_kinds(chains: Iterable[Chain]) -> dict[str, str]:
    """The kinds of sub-agents, by id, as the calls that started them name them."""
    kinds: dict[str, str] = {}
    for chain in chains:
        calls = {block.tool_id: block.detail for request in chain.requests for block in request.blocks if block.detail}
        for event in _events(chain):
            if isinstance(event, Result) and event.agent_id and event.tool_id in calls:
                kinds[event.agent_id] = calls[event.tool_id]
    return kinds


def _events(chain: Chain) -> Iterable[Event]:
    for request in chain.requests:
        yield from request.before
    yield from chain.since
