"""Reads a body of OTLP into rows of the team store: telemetry records, and sightings of responses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tokentide.model.telemetry import Entrance, Sighting, TelemetryRecord
from tokentide.sources.otlp.attributes import Pairs
from tokentide.sources.otlp.circumstances import STANDING, Circumstances, Parties, circumstances_of
from tokentide.sources.otlp.content import CONTENT, PEOPLE
from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.inspecting import fault_of_group, ignored_message, wire_for
from tokentide.sources.otlp.records import API_REQUEST, Maker, Stream
from tokentide.sources.otlp.usage import Price, event_sighting, point_sightings
from tokentide.sources.otlp.wire import LOGS, METRICS, SIGNALS, Attributes, Group, Point, Sum, Wire

MOST_HEADS = 5_000
MOST_HEAD_BYTES = 32 << 20
"""Of resources and heads that are remembered."""
MOST_STREAMS = 10_000
LONGEST_STREAM = 4_000
"""Characters of the attributes of a stream that is remembered."""
MOST_TEXT_BYTES = 64 << 20
"""Of the attributes of all records of a body, in characters: a resource counts again with every item."""
_Opened = tuple[Circumstances, Attributes]
"""What stands around an item, and its own attributes behind its head."""


_StreamKey = tuple[Entrance, bytes, bytes, str, tuple[bytes, ...]]
"""Entrance, resource, head, metric, and the other attributes of a stream's points."""
_Last = tuple[bytes, Circumstances | None]
_NO_HEAD: _Last = (b"", None)


class Reading(NamedTuple):
    """What a body says."""

    records: list[TelemetryRecord]
    """Points of running totals have a reading, and no amount yet."""
    sightings: list[Sighting]
    """Of events, and of points that tell increases."""
    rejected: int
    """Items that were skipped, as `inspect` told their sender."""
    notes: tuple[str, ...]
    """What else was left out, for whoever runs the server. Nothing of the body is quoted."""


class Reader:
    """Reads bodies one after the other; what repeats is remembered. Not for several threads at once."""

    def __init__(self, parties: Parties, price: Price, allowed: Collection[str] = ()) -> None:
        """`allowed` names attributes with content that are kept all the same."""
        self._parties, self._price = parties, price
        self._content = CONTENT - frozenset(allowed)
        self._edition = -1
        self._memories: dict[Wire, _Memory] = {}

    def read(self, signal: str, content_type: str, body: bytes, *, received_at: int, entrance: Entrance) -> Reading:
        """The rows of an unpacked body; `signal` is `logs`, `metrics` or `traces`, `received_at` µs UTC.

        Raises BadBodyError where `inspect` does, and for nothing else.
        """
        if signal not in SIGNALS:
            raise BadBodyError(f"the signal is none of {', '.join(SIGNALS)}")
        wire = wire_for(content_type)
        intake = _Intake(self._memory(wire), entrance, received_at, self._price)
        for group in wire.groups(signal, body):
            intake.take(signal, group)
        return intake.reading()

    def sightings_of_points(self, records: Iterable[TelemetryRecord]) -> list[Sighting]:
        """What points of tokens and cost tell once their amounts are known; see `usage.point_sightings`."""
        return point_sightings(records, self._price)

    def _memory(self, wire: Wire) -> _Memory:
        """What is remembered of an encoding; nothing when a party may be another one now."""
        edition = self._parties.edition()
        if edition != self._edition:
            self._edition = edition
            self._memories.clear()
        memory = self._memories.get(wire)
        if memory is None:
            hides = self._parties.hides_people
            dropped = self._content | PEOPLE if hides else self._content
            pairs, maker = Pairs(wire, dropped), Maker(dropped, hides_people=hides)
            memory = self._memories[wire] = _Memory(wire, self._parties, dropped, pairs, maker)
        return memory


@dataclass(slots=True)
class _Memory:
    """What bodies of one encoding said before."""

    wire: Wire
    parties: Parties
    dropped: frozenset[str]
    pairs: Pairs
    maker: Maker
    heads: dict[tuple[Entrance, bytes, bytes], Circumstances] = field(default_factory=dict)
    lasts: dict[tuple[Entrance, bytes], _Last] = field(default_factory=dict)
    """The head that a resource was last seen with."""
    held_bytes: int = 0
    streams: dict[_StreamKey, Stream] = field(default_factory=dict)

    def around(self, entrance: Entrance, resource: bytes, head: bytes, told: Attributes) -> Circumstances:
        """The circumstances of items that begin with this head, which says what is told."""
        known = self.heads.get((entrance, resource, head))
        if known is None:
            known = self.around_of(entrance, resource, told)
            if head or not told:
                self._remember((entrance, resource, head), known)
        return known

    def _remember(self, key: tuple[Entrance, bytes, bytes], known: Circumstances) -> None:
        self.held_bytes += len(key[1]) + len(key[2])
        if len(self.heads) >= MOST_HEADS or self.held_bytes > MOST_HEAD_BYTES:
            self.heads.clear()
            self.lasts.clear()
            self.streams.clear()
            self.held_bytes = len(key[1]) + len(key[2])
        self.heads[key] = known

    def remember_stream(self, key: _StreamKey, stream: Stream) -> None:
        """Keep the stream of points that begin with a known head, unless it is long."""
        if len(stream.text) + len(stream.attributes) + sum(map(len, key[-1])) > LONGEST_STREAM:
            return
        if len(self.streams) >= MOST_STREAMS:
            self.streams.clear()
        self.streams[key] = stream

    def around_of(self, entrance: Entrance, resource: bytes, told: Attributes) -> Circumstances:
        """The same without remembering."""
        try:
            attributes = dict(self.pairs.of(self.wire.resource(resource)))
        except BadBodyError:
            self.pairs.broken += 1
            attributes = {}
        return circumstances_of(entrance, attributes, told, self.parties, self.dropped)


class _Intake:
    """One body while it is read."""

    def __init__(self, memory: _Memory, entrance: Entrance, received_at: int, price: Price) -> None:
        self._memory, self._entrance, self._received_at, self._price = memory, entrance, received_at, price
        self._broken_before = memory.pairs.broken
        self._records: list[TelemetryRecord] = []
        self._sightings: list[Sighting] = []
        self._rejected = self._ignored = self._bared = 0
        self._room = MOST_TEXT_BYTES
        self._resource = b""
        self._head, self._around = memory.lasts.get((entrance, b""), _NO_HEAD)

    def reading(self) -> Reading:
        """What was read."""
        broken = self._memory.pairs.broken - self._broken_before
        notes = [ignored_message(self._ignored)] if self._ignored else []
        if broken:
            notes.append(f"{broken} attributes could not be decoded, and are left out")
        if self._bared:
            notes.append(f"{self._bared} records are kept without their attributes: all together were too long")
        return Reading(self._records, self._sightings, self._rejected, tuple(notes))

    def take(self, signal: str, group: Group) -> None:
        """Read a group of items."""
        self._ignored += group.ignored
        if fault_of_group(group):
            self._rejected += len(group.items)
            return
        if group.resource != self._resource:
            self._resource = group.resource
            self._head, self._around = self._memory.lasts.get((self._entrance, group.resource), _NO_HEAD)
        take = self._take_log if signal == LOGS else self._take_point if signal == METRICS else self._take_span
        for item in group.items:
            try:
                take(item, group)
            except BadBodyError:
                self._rejected += 1

    def _take_log(self, item: bytes, _group: Group) -> None:
        log = self._memory.wire.log(item, self._head)
        around, own = self._opened(item, log.own, is_headed=log.is_headed)
        record = self._memory.maker.event(log, own, around, self._received_at)
        self._keep(record)
        if record.name == API_REQUEST:
            told = own if around.is_plain else {**around.attributes, **own}
            self._sightings.append(event_sighting(record, told, around, self._price))

    def _take_point(self, item: bytes, group: Group) -> None:
        point = self._memory.wire.point(item, self._head)
        if point.value is None or group.metric is None:
            return
        around, stream = self._stream(item, point, group.metric)
        is_total = group.metric.is_cumulative
        record = self._memory.maker.point(point, stream, around, self._received_at, is_total=is_total)
        self._keep(record)
        self._sightings += point_sightings((record,), self._price)

    def _stream(self, item: bytes, point: Point, metric: Sum) -> tuple[Circumstances, Stream]:
        """The circumstances and the stream of a point; one behind the known head is remembered."""
        memory, head = self._memory, self._around
        key = (self._entrance, self._resource, self._head, metric.name, tuple(point.own))
        known = memory.streams.get(key) if point.is_headed else None
        if known is not None and head is not None:
            return head, known
        broken = memory.pairs.broken
        around, own = self._opened(item, point.own, is_headed=point.is_headed)
        stream = memory.maker.stream(metric, own, around)
        if point.is_headed and around is head and memory.pairs.broken == broken:
            memory.remember_stream(key, stream)
        return around, stream

    def _take_span(self, item: bytes, _group: Group) -> None:
        span = self._memory.wire.span(item, self._head)
        around, own = self._opened(item, span.own, is_headed=span.is_headed)
        self._keep(self._memory.maker.span(span, own, around, self._received_at))

    def _keep(self, record: TelemetryRecord) -> None:
        """Take a record, without its attributes once there is no room for them."""
        self._room -= len(record.attributes)
        if self._room < 0:
            record.attributes, self._bared = "", self._bared + 1
        self._records.append(record)

    def _opened(self, item: bytes, attributes: Sequence[bytes], *, is_headed: bool) -> _Opened:
        """The circumstances and own attributes of an item; its head is remembered for the next one."""
        memory = self._memory
        pairs = memory.pairs.of(attributes)
        if is_headed and self._around is not None:
            own = dict(pairs)
            if STANDING.isdisjoint(own):
                return self._around, own
            told = {**self._around.attributes, **own}
            return memory.around_of(self._entrance, self._resource, told), own
        size = max((place for place, (key, _) in enumerate(pairs, 1) if key in STANDING), default=0)
        head = memory.wire.head(item, attributes[:size]) if size else b""
        around = memory.around(self._entrance, self._resource, head, dict(pairs[:size]))
        if head:
            self._head, self._around = memory.lasts[self._entrance, self._resource] = head, around
        return around, dict(pairs[size:])
