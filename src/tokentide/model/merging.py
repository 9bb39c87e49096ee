"""Merging sightings of one response: the largest counters, at the first place it was spent.

The merge is commutative, associative and idempotent, so that no order of reading changes a total.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from tokentide.model.batch import Batch, ProblemNote
from tokentide.model.files import FileState
from tokentide.model.limits import LimitReading
from tokentide.model.usage import Place, UsageRecord

Places = Sequence[Place] | Mapping[int, Place]


class Gathering:
    """Records that are told apart by their ids: whatever shares a message id or a request id becomes one."""

    def __init__(self, places: Places) -> None:
        self.records: dict[str, UsageRecord] = {}
        self._places = places
        self._names: dict[str, str] = {}
        self._settled: set[str] = set()
        self._yielding: set[str] = set()

    def settle(self, record: UsageRecord, *, yields: bool = False) -> None:
        """Begin with a known record, which stays where it is unless a sighting is truly earlier.

        With `yields` the sighting decides unless it is truly later.
        """
        self._put(record)
        (self._yielding if yields else self._settled).add(record.identity)

    def add(self, record: UsageRecord) -> None:
        """Add a sighting, merged with all that it shares an id with."""
        names, request = self._names, record.request_id
        if record.identity in names or record.aliases or (request and f"request:{request}" in names):
            record = self._united(record)
        self._put(record)

    def _united(self, record: UsageRecord) -> UsageRecord:
        """The record together with those it belongs to, which are taken out."""
        for identity in sorted({self._names[name] for name in names_of(record) if name in self._names}):
            known = self.records.pop(identity)
            if identity in self._yielding:
                self._yielding.discard(identity)
                record = merge_records(record, known, self._places, settled=True)
            else:
                record = merge_records(known, record, self._places, settled=identity in self._settled)
        return record

    def _put(self, record: UsageRecord) -> None:
        self.records[record.identity] = record
        self._names[record.identity] = record.identity
        if record.request_id:
            self._names[f"request:{record.request_id}"] = record.identity
        for alias in record.aliases:
            self._names[alias] = record.identity


class Portion:
    """Batches brought together, to be written in one go."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.titles: dict[str, tuple[int, str]] = {}
        self.agent_types: dict[str, str] = {}
        self.files: list[FileState] = []
        self.problems: list[ProblemNote] = []
        self.refusals: list[LimitReading] = []
        self._gathering = Gathering(self.places)

    def add(self, batch: Batch) -> None:
        """Take a batch in."""
        base = len(self.places)
        self.places += batch.places
        for record in batch.records:
            self._gathering.add(moved(record, record.place + base) if base else record)
        for session, (rank, title) in batch.titles.items():
            if rank >= self.titles.get(session, (0, ""))[0]:
                self.titles[session] = (rank, title)
        self.agent_types.update(batch.agent_types)
        self.files += batch.files
        self.problems += batch.problems
        self.refusals += batch.refusals

    def records(self) -> Collection[UsageRecord]:
        """One record a response; each indexes into `places`."""
        return self._gathering.records.values()


def names_of(record: UsageRecord) -> Iterator[str]:
    """Every id that a sighting of the same response may bear."""
    yield record.identity
    if record.request_id:
        yield f"request:{record.request_id}"
    yield from record.aliases


def merge_records(one: UsageRecord, other: UsageRecord, places: Places, *, settled: bool = False) -> UsageRecord:
    """Two sightings of one response as one record, which belongs to the senior one's place.

    With `settled`, `one` is what is known already: a copy in another session moves it only if it is truly earlier, not
    where only the names of the sessions could tell which was first.
    """
    if one.place != other.place:
        foreign = settled and places[one.place].session_id != places[other.place].session_id
        rank = _rank if foreign else _seniority
        earlier = rank(other, places) < rank(one, places)
    else:
        earlier = other.at < one.at
    if earlier:
        one, other = other, one
    identity, aliases = _identity(one, other)
    long_writes = max(one.cache_creation_1h_tokens, other.cache_creation_1h_tokens)
    return UsageRecord(
        identity,
        _first(one.request_id, other.request_id),
        one.at,
        one.place,
        _first(one.model, other.model),
        max(one.input_tokens, other.input_tokens),
        max(one.output_tokens, other.output_tokens),
        max(one.written_tokens, other.written_tokens) - long_writes,
        long_writes,
        max(one.cache_read_tokens, other.cache_read_tokens),
        max(one.web_search_requests, other.web_search_requests),
        _first(one.speed, other.speed),
        _first(one.service_tier, other.service_tier),
        _first(one.inference_geo, other.inference_geo),
        one.output_is_final or other.output_is_final,
        max(one.reported_cost, other.reported_cost),
        aliases,
    )


def moved(record: UsageRecord, place: int) -> UsageRecord:
    """The record with another index of its place."""
    return msgspec.structs.replace(record, place=place)


def _rank(record: UsageRecord, places: Places) -> tuple[object, ...]:
    """Sorts the first place before its copies: earliest instant, main chain, the session that was opened first."""
    place = places[record.place]
    return (record.at, place.is_sidechain, place.opened_at)


def _seniority(record: UsageRecord, places: Places) -> tuple[object, ...]:
    """The rank, with everything else behind it, so that no two places are alike."""
    place = places[record.place]
    return (*_rank(record, places), *msgspec.structs.astuple(place)[2:], place.source, place.account)


def _first(one: str, other: str) -> str:
    """The smaller of two texts that are not empty: `batch` and `fast` before `standard`, in any order of reading."""
    return min(one, other) if one and other else one or other


def _identity(one: UsageRecord, other: UsageRecord) -> tuple[str, tuple[str, ...]]:
    """The identity of the merged record, and the ids it can also be found by."""
    names = {one.identity, other.identity}
    requests = {one.request_id, other.request_id} - {""}
    if len(names) == 1 and len(requests) < 2 and not one.aliases and not other.aliases:
        return one.identity, ()
    identity = min(names, key=lambda name: (name.startswith(("request:", "anonymous:")), name))
    every = names | {f"request:{request}" for request in requests} | set(one.aliases) | set(other.aliases)
    return identity, tuple(sorted(every - {identity, f"request:{_first(one.request_id, other.request_id)}"}))
