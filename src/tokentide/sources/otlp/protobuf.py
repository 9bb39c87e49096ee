"""OTLP's protobuf encoding, read field by field from the bytes.

Source of the field numbers: opentelemetry-proto 1.9, `logs.proto`, `metrics.proto`, `trace.proto`, `common.proto`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import unpack

from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.protobuf_values import pair_from
from tokentide.sources.otlp.protobuf_wire import FIXED64, contents, field, fields, length_of, varint
from tokentide.sources.otlp.texts import checked_value, storable
from tokentide.sources.otlp.wire import (
    CUMULATIVE,
    METRICS,
    MOST_ITEM_BYTES,
    MOST_ITEMS,
    Group,
    Log,
    Point,
    Span,
    Sum,
    bounded,
    checked_attributes,
    checked_resource,
)

_RESOURCES, _RESOURCE, _SCOPES, _SCOPE, _ITEMS, _SCOPE_VERSION = 0x0A, 0x0A, 0x12, 0x0A, 0x12, 0x12
_RESOURCE_ATTRIBUTE = 0x0A
"""Tags on the way from a request to its items, the same for all three signals."""
_METRIC_NAME, _SUM, _POINTS, _TEMPORALITY, _MONOTONIC = 0x0A, 0x3A, 0x0A, 0x10, 0x18
_OTHER_METRICS = (0x2A, 0x4A, 0x52, 0x5A)
"""Gauge, histogram, exponential histogram, summary: each with its data points in field 1."""
_LOG_AT, _LOG_OBSERVED, _LOG_BODY, _LOG_ATTRIBUTE, _LOG_NAME = 0x09, 0x59, 0x2A, 0x32, 0x62
_LOG_TRACE, _LOG_SPAN, _BODY_TEXT = 0x4A, 0x52, 0x0A
_POINT_STARTED, _POINT_AT, _POINT_DOUBLE, _POINT_INT, _POINT_ATTRIBUTE, _POINT_FLAGS = (
    0x11,
    0x19,
    0x21,
    0x31,
    0x3A,
    0x40,
)
_SPAN_TRACE, _SPAN_ID, _SPAN_PARENT, _SPAN_NAME, _SPAN_STARTED, _SPAN_AT = 0x0A, 0x12, 0x22, 0x2A, 0x39, 0x41
_SPAN_ATTRIBUTE, _SPAN_STATUS, _STATUS_CODE = 0x4A, 0x7A, 0x18
_MOST_OTHERS = 64
"""Fields beside the wanted ones of a message."""
_FAILED = 2
_NONE = b"\0" * 8
_ZERO, _EMPTY = [b"\0"], [b""]
_Told = dict[int, list[bytes]]
"""The contents of a message's fields by their tags."""
_Make = Callable[[bytes, _Told], list[Group]]
"""Groups of a resource and what one of its scopes sent."""


class ProtobufWire:
    """See `tokentide.sources.otlp.wire.Wire`."""

    def groups(self, signal: str, body: bytes) -> Iterator[Group]:
        """The items of a body, a group at a time. Raises BadBodyError at once, before the first group."""
        make = _metrics if signal == METRICS else _items
        return iter(
            bounded(group for outer in _told(body).get(_RESOURCES, ()) for group in _resource_groups(outer, make))
        )

    def log(self, item: bytes, head: bytes = b"") -> Log:
        """Open a log record; one without a time, a body and a name says nothing and is rejected."""
        told, own, is_headed = _opened(item, _LOG_ATTRIBUTE, head)
        at, observed = _fixed(told, _LOG_AT), _fixed(told, _LOG_OBSERVED)
        body, name = told.get(_LOG_BODY, b""), told.get(_LOG_NAME, b"")
        if not (at or observed or body or name):
            raise BadBodyError("a log record has neither time nor body nor name")
        return Log(at, observed, _log_name(name, body), own, is_headed, _hex(told, _LOG_TRACE), _hex(told, _LOG_SPAN))

    def point(self, item: bytes, head: bytes = b"") -> Point:
        """Open a data point; one without a number is rejected, unless it says so itself."""
        told, own, is_headed = _opened(item, _POINT_ATTRIBUTE, head)
        value = _point_value(told)
        return Point(_fixed(told, _POINT_STARTED), _fixed(told, _POINT_AT), value, own, is_headed)

    def span(self, item: bytes, head: bytes = b"") -> Span:
        """Open a span; one without a name and a time is rejected."""
        told, own, is_headed = _opened(item, _SPAN_ATTRIBUTE, head)
        started, at, name = _fixed(told, _SPAN_STARTED), _fixed(told, _SPAN_AT), told.get(_SPAN_NAME, b"")
        if not (started or at or name):
            raise BadBodyError("a span has neither time nor name")
        raw = told.get(_SPAN_STATUS, b"")
        status = {tag: raw[begins:ends] for tag, begins, ends in fields(raw)}
        is_failed = _number(status, _STATUS_CODE) == _FAILED
        ids = (_hex(told, tag) for tag in (_SPAN_TRACE, _SPAN_ID, _SPAN_PARENT))
        return Span(started, at, _text(name), is_failed, own, is_headed, *ids)

    def head(self, item: bytes, attributes: Sequence[bytes]) -> bytes:
        """The bytes from the tag of the first attribute to the end of the last; empty where they lie apart."""
        tags = (_LOG_ATTRIBUTE, _POINT_ATTRIBUTE, _SPAN_ATTRIBUTE)
        runs = (b"".join(bytes((tag,)) + length_of(each) + each for each in attributes) for tag in tags)
        return next((run for run in runs if run in item), b"")

    pair = staticmethod(pair_from)

    def resource(self, resource: bytes) -> list[bytes]:
        """The attributes of a resource."""
        return checked_attributes(_told(checked_resource(resource)).get(_RESOURCE_ATTRIBUTE, []))


def _opened(item: bytes, attribute: int, head: bytes) -> tuple[dict[int, bytes], list[bytes], bool]:
    """The fields of an item by their tags, its attributes, and whether they began with the head.

    One pass, and no call for an attribute: this is where reading spends its time.
    """
    if len(item) > MOST_ITEM_BYTES:
        raise BadBodyError(f"is longer than {MOST_ITEM_BYTES >> 20} MiB")
    told: dict[int, bytes] = {}
    own: list[bytes] = []
    is_headed, at, end = False, 0, len(item)
    try:
        while at < end:
            tag = item[at]
            if tag != attribute:
                if tag & 7 == FIXED64 and 8 <= tag < 128:  # an instant: every item has one or two
                    told[tag] = item[at + 1 : at + 9]
                    at += 9
                    continue
                tag, start, at = field(item, at)
                told[tag] = item[start:at]
                continue
            if head:
                is_headed = item.startswith(head, at)
                at += len(head) if is_headed else 0
                head = b""
                continue
            size, at = item[at + 1], at + 2
            if size > 127:
                size, at = varint(item, at - 1)
            own.append(item[at : at + size])
            at += size
    except IndexError:
        raise BadBodyError("is cut off") from None
    if at != end:
        raise BadBodyError("is cut off")
    return told, checked_attributes(own), is_headed


def _told(message: bytes) -> _Told:
    """The contents of all fields by their tags. Raises BadBodyError for more than any message may have."""
    try:
        return contents(message, MOST_ITEMS + _MOST_OTHERS)
    except OverflowError:
        raise BadBodyError(f"a body has more than {MOST_ITEMS:,} records") from None


def _resource_groups(message: bytes, make: _Make) -> list[Group]:
    told = _told(message)
    resource = b"".join(told.get(_RESOURCE, ()))
    return [group for scoped in told.get(_SCOPES, ()) for group in make(resource, _told(scoped))]


def _items(resource: bytes, scoped: _Told) -> list[Group]:
    return [Group(resource, _scope_version(scoped), scoped.get(_ITEMS, ()))]


def _metrics(resource: bytes, scoped: _Told) -> list[Group]:
    version = _scope_version(scoped)
    return [_metric(resource, version, _told(metric)) for metric in scoped.get(_ITEMS, ())]


def _metric(resource: bytes, version: str, metric: _Told) -> Group:
    """The data points of a metric; what is no sum, or a running value that may fall, is ignored."""
    name = _text(metric[_METRIC_NAME][-1]) if _METRIC_NAME in metric else ""
    others = sum(len(_told(data).get(_POINTS, ())) for tag in _OTHER_METRICS for data in metric.get(tag, ()))
    summed = _told(b"".join(metric.get(_SUM, ())))
    is_cumulative = _last_number(summed, _TEMPORALITY) == CUMULATIVE
    kind = Sum(name, is_cumulative=is_cumulative, is_monotonic=_last_number(summed, _MONOTONIC) != 0)
    points = summed.get(_POINTS, ())
    if is_cumulative and not kind.is_monotonic:
        return Group(resource, version, (), kind, others + len(points))
    return Group(resource, version, points, kind, others)


_versions: dict[bytes, str] = {}


def _scope_version(scoped: _Told) -> str:
    """The version of a scope; remembered, since there are few."""
    scope = b"".join(scoped.get(_SCOPE, ()))
    known = _versions.get(scope)
    if known is None:
        known = _text(_told(scope).get(_SCOPE_VERSION, _EMPTY)[-1])
        if len(_versions) > 1000:
            _versions.clear()
        if len(scope) < 200:
            _versions[scope] = known
    return known


def _last_number(told: _Told, tag: int) -> int:
    return varint(told.get(tag, _ZERO)[-1], 0)[0]


def _text(raw: bytes) -> str:
    return storable(raw.decode("utf-8", "replace"))


def _fixed(told: dict[int, bytes], tag: int) -> int:
    return int.from_bytes(told.get(tag, _NONE), "little")


def _number(told: dict[int, bytes], tag: int) -> int:
    return varint(told.get(tag, b"\0"), 0)[0]


def _hex(told: dict[int, bytes], tag: int) -> str:
    return told[tag].hex() if tag in told else ""


_names: dict[bytes, str] = {}


def _log_name(name: bytes, body: bytes) -> str:
    """The event's name, else a body that is text; remembered, since there are few."""
    raw = name or body
    known = _names.get(raw)
    if known is None:
        known = _text(name) if name else _body_text(body)
        if len(_names) > 1000:
            _names.clear()
        if len(raw) < 100:
            _names[raw] = known
    return known


def _body_text(body: bytes) -> str:
    try:
        texts = _told(body).get(_BODY_TEXT)
    except BadBodyError:
        return ""
    return _text(texts[-1]) if texts else ""


def _point_value(told: dict[int, bytes]) -> int | float | None:
    if _number(told, _POINT_FLAGS) & 1:
        return None
    if _POINT_DOUBLE in told:
        return checked_value(unpack("<d", told[_POINT_DOUBLE])[0])
    if _POINT_INT in told:
        return checked_value(int.from_bytes(told[_POINT_INT], "little", signed=True))
    raise BadBodyError("a data point has no number")
