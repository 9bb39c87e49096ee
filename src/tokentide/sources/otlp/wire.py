"""What both encodings of OTLP come down to: groups of items that were sent together, each opened into a few fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from tokentide.sources.otlp.faults import BadBodyError

Scalar = str | int | float | bool
Value = Scalar | None | list["Value"] | dict[str, "Value"]
"""A decoded AnyValue; bytes are Base64 text, as in OTLP/JSON."""
Attributes = dict[str, Value]

LOGS, METRICS, TRACES = "logs", "metrics", "traces"
SIGNALS = (LOGS, METRICS, TRACES)
MOST_DEPTH = 32
"""Of values within values; what lies deeper is left out."""
MOST_ITEM_BYTES = 1 << 20
"""A longer log record, data point or span is rejected."""
MOST_ATTRIBUTES = 512
"""An item with more attributes is rejected."""
MOST_RESOURCE_BYTES = 64 << 10
"""The attributes of a longer resource are left out: they stand beside every item, which may be a few bytes each."""
MOST_ITEMS = 100_000
"""A body with more of them is refused: each becomes a row, however few bytes it took."""
CUMULATIVE = 2
"""An aggregation temporality, as the protocol numbers it; the others are increases."""


class Sum(NamedTuple):
    """The metric that data points belong to."""

    name: str
    is_cumulative: bool
    """Whether points tell a running total; else increases."""
    is_monotonic: bool


class Group(NamedTuple):
    """Items of one resource and scope, and of one metric."""

    resource: bytes
    """The resource as it was sent, to be opened by the wire's `resource`."""
    scope_version: str
    items: Sequence[bytes]
    """Log records, data points or spans, as they were sent."""
    metric: Sum | None = None
    """Set for data points."""
    ignored: int = 0
    """Data points that are no sums: nothing is made of them."""


class Log(msgspec.Struct, gc=False):
    """An opened log record. Instants are ns UTC, 0 for none."""

    at: int
    observed: int
    name: str
    """The event's name where the record has one outside its attributes, else its body, if that may be a name."""
    own: list[bytes]
    """Attributes as they were sent; those behind the head, where there was one."""
    is_headed: bool
    """Whether it began with the head that was given."""
    trace_id: str
    span_id: str


class Point(msgspec.Struct, gc=False):
    """An opened data point of a sum."""

    started: int
    at: int
    value: int | float | None
    """None for a point that says that it has none."""
    own: list[bytes]
    is_headed: bool


class Span(msgspec.Struct, gc=False):
    """An opened span."""

    started: int
    at: int
    """When it ended."""
    name: str
    is_failed: bool
    own: list[bytes]
    is_headed: bool
    trace_id: str
    span_id: str
    parent_id: str


class Wire(Protocol):
    """An encoding of OTLP.

    A head is a run of attributes that items of one session begin with: given one that was made before, an item that
    begins with the same bytes is opened without looking at them again.
    """

    def groups(self, signal: str, body: bytes) -> Iterator[Group]:
        """The items of a body. Raises BadBodyError where its envelope is broken."""

    def log(self, item: bytes, head: bytes = b"") -> Log:
        """Open a log record. Raises BadBodyError for one that is to be rejected."""

    def point(self, item: bytes, head: bytes = b"") -> Point:
        """Open a data point. Raises BadBodyError for one that is to be rejected."""

    def span(self, item: bytes, head: bytes = b"") -> Span:
        """Open a span. Raises BadBodyError for one that is to be rejected."""

    def head(self, item: bytes, attributes: Sequence[bytes]) -> bytes:
        """The bytes that an item's first attributes take up, which are these; at least one."""

    def pair(self, attribute: bytes) -> tuple[str, Value]:
        """The key and the value of an attribute. Raises BadBodyError."""

    def resource(self, resource: bytes) -> list[bytes]:
        """The attributes of a resource. Raises BadBodyError."""


def bounded(groups: Iterable[Group]) -> list[Group]:
    """The groups. Raises BadBodyError for more groups and items than a body may have."""
    found: list[Group] = []
    room = MOST_ITEMS
    for group in groups:
        room -= max(len(group.items), 1)
        if room < 0:
            raise BadBodyError(f"a body has more than {MOST_ITEMS:,} records")
        found.append(group)
    return found


def checked_resource(resource: bytes) -> bytes:
    """The same; raises BadBodyError for one that is too long."""
    if len(resource) > MOST_RESOURCE_BYTES:
        raise BadBodyError(f"is a resource of more than {MOST_RESOURCE_BYTES >> 10} KiB")
    return resource


def checked_attributes(attributes: list[bytes]) -> list[bytes]:
    """The same; raises BadBodyError for too many."""
    if len(attributes) > MOST_ATTRIBUTES:
        raise BadBodyError(f"has more than {MOST_ATTRIBUTES} attributes")
    return attributes
