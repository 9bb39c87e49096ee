"""Among which tools a response is shared, and how: whole tokens and nano-dollars, nothing lost and nothing doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tokentide.analytics.dividing import divided
from tokentide.model.activity import DENIED, FAILED
from tokentide.model.usage import ITERATION_MARK
from tokentide.store.query import Sums
from tokentide.store.sqlite.attribution import Run, Spent

NOT_TOLD = "(not told)"
"""Where no transcript tells what surrounded a response."""
PROMPT_ITSELF = "(prompt)"
"""Takes the input of responses that read no result of a tool."""
ANSWER = "(answer)"
"""Text and thinking."""
UNNAMED_TOOL = "(unknown tool)"

INPUT_WEIGHT, OUTPUT_WEIGHT, WRITE_5M_WEIGHT, WRITE_1H_WEIGHT, READ_WEIGHT = 20, 100, 25, 40, 2
"""Twentieths of the price of an input token; list prices of all Claude models stand in these ratios."""

Home = tuple[str, ...]
"""The labels of a response's own values."""
Placer = Callable[[str, Home], tuple[str, ...]]
"""Where a payee's part of a response goes: a label a level."""
Payees = Sequence[tuple[str, int]]
"""Payees with their weights, each above 0."""
_NOBODY: Payees = ((NOT_TOLD, 1),)
_READERS: Payees = ((PROMPT_ITSELF, 1),)
_WRITERS: Payees = ((ANSWER, 1),)


@dataclass(slots=True)
class Runs:
    """How the calls of a tool went."""

    calls: int = 0
    failed: int = 0
    denied: int = 0
    result_bytes: int = 0

    def add(self, other: Runs) -> None:
        """Add some calls."""
        self.calls += other.calls
        self.failed += other.failed
        self.denied += other.denied
        self.result_bytes += other.result_bytes


@dataclass(slots=True)
class Tally:
    """What one label was given, and its parts a level deeper; the root is everything."""

    above: Tally | None = None
    sums: Sums = field(default_factory=Sums)
    runs: Runs = field(default_factory=Runs)
    parts: dict[str, Tally] = field(default_factory=dict)
    last: int = -1
    """The response that it had a share in last."""

    def at(self, labels: Iterable[str]) -> Tally:
        """The tally below this one, a label a level."""
        found = self
        for label in labels:
            part = found.parts.get(label)
            if part is None:
                part = found.parts[label] = Tally(found)
            found = part
        return found

    def touch(self, spent: Spent, number: int) -> Sums:
        """Count the response once, here and above; returns the totals here."""
        tally: Tally | None = self
        while tally is not None and tally.last != number:
            tally.last = number
            sums, at = tally.sums, spent.at
            if at < sums.first_at or not sums.responses:
                sums.first_at = at
            sums.last_at = max(sums.last_at, at)
            sums.responses += 1
            if spent.cost is None:
                sums.unpriced_responses += 1
            if not spent.is_final:
                sums.lower_bound_responses += 1
            tally = tally.above
        return self.sums

    def add_up(self, *, is_shared: bool) -> None:
        """Add the lowest parts up to the root; with `is_shared`, responses were counted at every level already."""
        for part in self.parts.values():
            part.add_up(is_shared=is_shared)
            self.runs.add(part.runs)
            if is_shared:
                _add_amounts(self.sums, part.sums)
            else:
                self.sums.add(part.sums)


def input_cost(spent: Spent) -> int:
    """What of a response's cost its input took, nano-USD; all of it where it has no tokens."""
    weight = (
        spent.input_tokens * INPUT_WEIGHT
        + spent.cache_creation_5m_tokens * WRITE_5M_WEIGHT
        + spent.cache_creation_1h_tokens * WRITE_1H_WEIGHT
        + spent.cache_read_tokens * READ_WEIGHT
    )
    whole = weight + spent.output_tokens * OUTPUT_WEIGHT
    cost = spent.cost or 0
    return cost * weight // whole if whole else cost


class Books:
    """Takes tool runs, then responses, and gives each payee its part."""

    def __init__(self, runs: Sequence[Run], aliases: Mapping[str, str], place: Placer) -> None:
        """`aliases` are further ids of responses, with the one that their record has."""
        self.root = Tally()
        """Complete after `close`."""
        self._place = place
        self._runs = runs
        self._aliases = aliases
        self._read: dict[str, Payees] = {}
        self._wrote: dict[str, Payees] = {}
        self._homes: dict[str, dict[str, Tally]] = {}
        """Of each response that was paid the tallies of its home, by payee."""
        self._known: dict[Home, dict[str, Tally]] = {}
        self._number = 0
        for called_by, answered_by, tool, input_bytes, result_bytes, _ in runs:
            _weigh(self._wrote, aliases.get(called_by, called_by), tool, input_bytes)
            _weigh(self._read, aliases.get(answered_by, answered_by), tool, result_bytes)

    def pay(self, spent: Spent, home: Home) -> None:
        """Share a response out."""
        known = self._known.setdefault(home, {})
        self._homes[spent.identity] = known
        self._number += 1
        readers, writers = self._payees(spent)
        before = input_cost(spent)
        if len(readers) == 1:
            _add_input(self._share_in(spent, readers[0][0], known, home), spent, before)
        else:
            self._divide_input(spent, readers, before, home)
        if len(writers) == 1:
            sums = self._share_in(spent, writers[0][0], known, home)
            sums.output_tokens += spent.output_tokens
            sums.cost += (spent.cost or 0) - before
        else:
            self._divide_output(spent, writers, (spent.cost or 0) - before, home)

    def close(self) -> Tally:
        """Count the calls and add everything up; returns the root."""
        for called_by, _, tool, _, result_bytes, outcome in self._runs:
            known = self._homes.get(self._aliases.get(called_by, called_by))
            if known is not None:
                runs = known[tool or UNNAMED_TOOL].runs
                runs.calls += 1
                runs.failed += outcome == FAILED
                runs.denied += outcome == DENIED
                runs.result_bytes += result_bytes
        self.root.add_up(is_shared=True)
        return self.root

    def _payees(self, spent: Spent) -> tuple[Payees, Payees]:
        """Who read for a response, and who wrote it; a pass on another model was sent what its response was."""
        wrote = self._wrote.get(spent.identity)
        read = self._read.get(spent.identity.partition(ITERATION_MARK)[0])
        if not (read or wrote or spent.is_told):
            return _NOBODY, _NOBODY
        readers = _by_name(read) if read else _READERS
        if not wrote:
            return readers, _WRITERS
        said = spent.said_bytes
        return readers, [*_by_name(wrote), (ANSWER, said)] if said else _by_name(wrote)

    def _divide_input(self, spent: Spent, payees: Payees, whole_cost: int, home: Home) -> None:
        known = self._known[home]
        weights = [size for _, size in payees]
        totals = (
            spent.input_tokens,
            spent.cache_creation_5m_tokens,
            spent.cache_creation_1h_tokens,
            spent.cache_read_tokens,
            spent.web_search_requests,
            whole_cost,
        )
        portions = zip(*(divided(total, weights) for total in totals), strict=True)
        for (payee, _), (fresh, short, long, read, searches, cost) in zip(payees, portions, strict=True):
            sums = self._share_in(spent, payee, known, home)
            sums.input_tokens += fresh
            sums.cache_creation_5m_tokens += short
            sums.cache_creation_1h_tokens += long
            sums.cache_read_tokens += read
            sums.web_search_requests += searches
            sums.cost += cost

    def _divide_output(self, spent: Spent, payees: Payees, cost: int, home: Home) -> None:
        """As `divided` does, for tokens and cost at once: nearly every response comes here."""
        output, known = spent.output_tokens, self._known[home]
        whole = so_far = tokens_given = cost_given = 0
        for _, size in payees:
            whole += size
        for payee, size in payees:
            so_far += size
            tokens_reached, cost_reached = output * so_far // whole, cost * so_far // whole
            sums = self._share_in(spent, payee, known, home)
            sums.output_tokens += tokens_reached - tokens_given
            sums.cost += cost_reached - cost_given
            tokens_given, cost_given = tokens_reached, cost_reached

    def _share_in(self, spent: Spent, payee: str, known: dict[str, Tally], home: Home) -> Sums:
        """The totals of a payee, which count the response."""
        tally = known.get(payee)
        if tally is None:
            tally = known[payee] = self.root.at(self._place(payee, home))
        return tally.touch(spent, self._number)


def _weigh(weights: dict[str, Payees], response: str, tool: str, size: int) -> None:
    """Add a run to what a response read or wrote; it weighs at least 1."""
    if response:
        weight = (tool or UNNAMED_TOOL, size or 1)
        known = weights.get(response)
        weights[response] = (weight,) if known is None else (*known, weight)


def _by_name(payees: Payees) -> Payees:
    """Each tool once, in one order, whatever order the ledger told them in: it decides where the odd token goes."""
    if len(payees) == 1:
        return payees
    weights: dict[str, int] = {}
    for tool, size in payees:
        weights[tool] = weights.get(tool, 0) + size
    return sorted(weights.items())


def _add_input(sums: Sums, spent: Spent, cost: int) -> None:
    sums.input_tokens += spent.input_tokens
    sums.cache_creation_5m_tokens += spent.cache_creation_5m_tokens
    sums.cache_creation_1h_tokens += spent.cache_creation_1h_tokens
    sums.cache_read_tokens += spent.cache_read_tokens
    sums.web_search_requests += spent.web_search_requests
    sums.cost += cost


def _add_amounts(sums: Sums, other: Sums) -> None:
    """Add tokens, searches and cost, but no responses."""
    sums.input_tokens += other.input_tokens
    sums.output_tokens += other.output_tokens
    sums.cache_creation_5m_tokens += other.cache_creation_5m_tokens
    sums.cache_creation_1h_tokens += other.cache_creation_1h_tokens
    sums.cache_read_tokens += other.cache_read_tokens
    sums.web_search_requests += other.web_search_requests
    sums.cost += other.cost
