"""Gathers the evidence from the ledger: one pass over the responses of a range, their tool runs and marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.advice.conversations import Chain, Step
from tokentide.analytics.advice.evidence import Evidence, Surroundings
from tokentide.analytics.what_if.history import chain_numbers, first_known
from tokentide.clock import DAY_US
from tokentide.model.activity import COMPACTION, MAIN_CHAIN, SIDE_CHAIN

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.model.activity import Mark, ToolRun
    from tokentide.model.usage import Place
    from tokentide.store.query import Filters
    from tokentide.store.sqlite.ledger import Ledger

LEAST_SPAN_US = 7 * DAY_US
"""A shorter history is taken for a whole week: what was done on two days says little of a month."""


@dataclass(frozen=True, slots=True)
class Range:
    """Which responses: those from `start` to before `end`, µs UTC, that the filters let through."""

    start: int
    end: int
    filters: Filters

    @property
    def is_whole(self) -> bool:
        """True where the filters let all through that an account used."""
        filters = self.filters
        return not (filters.projects or filters.sessions or filters.models or filters.branches)


def span_of(ledger: Ledger, wanted: Range, calendar: Calendar, *, now: int) -> int:
    """How long a history is looked at: from the first day that is asked for and known; at least LEAST_SPAN_US."""
    known = first_known(ledger, calendar, now)
    return max(min(wanted.end, now) - max(wanted.start, known), LEAST_SPAN_US)


def gather(ledger: Ledger, wanted: Range, around: Surroundings, span_us: int) -> tuple[Evidence, int]:
    """The evidence, and how many responses have no price and are left out. Raises LedgerDamagedError."""
    places = ledger.priced.places()
    numbers = chain_numbers(places)
    chains: dict[int, Chain] = {}
    steps: dict[str, Step] = {}
    unpriced = 0
    for record, cost in ledger.priced.records(wanted.filters, wanted.start, wanted.end):
        if cost is None:
            unpriced += 1
            continue
        place = places[record.place]
        number = numbers[record.place]
        chain = chains.get(number)
        if chain is None:
            chain = chains[number] = Chain(f"{place.source}\t{place.session_id}", place)
        step = steps[record.identity] = Step(record, cost, chain.session, place)
        chain.steps.append(step)
    _add_details(ledger, wanted, steps)
    marks = _marks(ledger, wanted, {chain.place.session_id for chain in chains.values()})
    for chain in chains.values():
        chain.compactions = [
            mark.at
            for mark in marks.get(chain.place.session_id, ())
            if mark.kind == COMPACTION and mark.chain == _chain_name(chain.place)
        ]
    agents = ledger.evidence.agent_types()
    facts, is_whole = ledger.session_facts(), wanted.is_whole
    evidence = Evidence(tuple(chains.values()), marks, facts, agents, around, span_us, wanted.end, is_whole=is_whole)
    return evidence, unpriced


def _chain_name(place: Place) -> str:
    """The name that marks have for a place's conversation."""
    return place.agent_id or (SIDE_CHAIN if place.is_sidechain else MAIN_CHAIN)


def _add_details(ledger: Ledger, wanted: Range, steps: dict[str, Step]) -> None:
    """Give the steps their traits and tool runs; a result of another conversation's call is no part of this one."""
    store = ledger.evidence
    for trait in store.traits(wanted.start, wanted.end):
        step = steps.get(trait.identity)
        if step is not None:
            step.trait = trait
    for run in store.runs(wanted.start, wanted.end):
        caller, reader = steps.get(run.called_by), steps.get(run.answered_by)
        if caller is None:
            continue
        caller.called = (*caller.called, run)
        if reader is not None and reader.session == caller.session:
            reader.answered = (*reader.answered, run)
    for step in steps.values():
        if len(step.answered) > 1:
            step.answered = sorted(step.answered, key=_order)


def _order(run: ToolRun) -> tuple[int, str]:
    return run.at, run.id


def _marks(ledger: Ledger, wanted: Range, sessions: Collection[str]) -> dict[str, list[Mark]]:
    """What happened in these sessions, by session, in the order of time."""
    found: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in ledger.evidence.marks(wanted.start, wanted.end):
        if mark.session_id in sessions:
            found[mark.session_id].append(mark)
    return dict(found)
