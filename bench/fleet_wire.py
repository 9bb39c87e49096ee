"""OTLP bytes, made quickly: what repeats in every record is encoded once a process, as a real exporter cannot.

The tests of the fleet compare these bytes with what opentelemetry-proto reads in them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

Value = bool | int | float | str
Attributes = Iterable[tuple[str, Value]]
EVENTS_SCOPE, METRICS_SCOPE = "com.anthropic.claude_code.events", "com.anthropic.claude_code"
_REPEATED = 100_000


@dataclass(frozen=True, slots=True)
class Log:
    """A log record, its attributes encoded already."""

    at_ns: int
    name: str
    attributes: bytes


@dataclass(frozen=True, slots=True)
class Point:
    """A data point of a sum, its attributes encoded already."""

    metric: str
    unit: str
    start_ns: int
    at_ns: int
    value: float
    attributes: bytes


class Encoder(Protocol):
    """One way to write OTLP."""

    content_type: str

    def pairs(self, attributes: Attributes) -> bytes:
        """Attributes; what several calls gave may be put together by `joined`."""

    def joined(self, *pairs: bytes) -> bytes:
        """Attributes one after another."""

    def logs(self, resource: bytes, version: str, records: Sequence[Log]) -> bytes:
        """A request of log records; the resource is what `pairs` made of its attributes."""

    def metrics(self, resource: bytes, version: str, points: Sequence[Point], temporality: int) -> bytes:
        """A request of data points; temporality is 1 for delta, 2 for cumulative."""


class Protobuf:
    """As `http/protobuf` and gRPC send it."""

    content_type = "application/x-protobuf"

    def pairs(self, attributes: Attributes) -> bytes:
        """Attributes as fields of a log record."""
        return b"".join(_proto_pair(key, value) for key, value in attributes)

    def joined(self, *pairs: bytes) -> bytes:
        """Attributes one after another."""
        return b"".join(pairs)

    def logs(self, resource: bytes, version: str, records: Sequence[Log]) -> bytes:
        """A request of log records."""
        return _enclosed(resource, EVENTS_SCOPE, version, [_proto_log(record) for record in records])

    def metrics(self, resource: bytes, version: str, points: Sequence[Point], temporality: int) -> bytes:
        """A request of data points."""
        metrics = [_proto_metric(group, temporality) for group in _by_metric(points)]
        return _enclosed(resource, METRICS_SCOPE, version, metrics)


class Json:
    """As `http/json` sends it: instants as text, integers as numbers."""

    content_type = "application/json"

    def pairs(self, attributes: Attributes) -> bytes:
        """Attributes, with commas between."""
        return b",".join(_json_pair(key, value) for key, value in attributes)

    def joined(self, *pairs: bytes) -> bytes:
        """Attributes one after another."""
        return b",".join(one for one in pairs if one)

    def logs(self, resource: bytes, version: str, records: Sequence[Log]) -> bytes:
        """A request of log records."""
        head = b'{"resourceLogs":[{"resource":{"attributes":[%b],"droppedAttributesCount":0},"scopeLogs":[{"scope":'
        made = b",".join(_json_log(record) for record in records)
        return (head % resource) + _json_scope(EVENTS_SCOPE, version) + b',"logRecords":[%b]}]}]}' % made

    def metrics(self, resource: bytes, version: str, points: Sequence[Point], temporality: int) -> bytes:
        """A request of data points."""
        head = (
            b'{"resourceMetrics":[{"resource":{"attributes":[%b],"droppedAttributesCount":0},"scopeMetrics":[{"scope":'
        )
        made = b",".join(_json_metric(group, temporality) for group in _by_metric(points))
        return (head % resource) + _json_scope(METRICS_SCOPE, version) + b',"metrics":[%b]}]}]}' % made


ENCODERS: tuple[Encoder, Encoder] = (Protobuf(), Json())


def _by_metric(points: Sequence[Point]) -> list[list[Point]]:
    metrics: dict[str, list[Point]] = {}
    for point in points:
        metrics.setdefault(point.metric, []).append(point)
    return list(metrics.values())


def _varint(number: int) -> bytes:
    if number < 128:
        return bytes((number,))
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    made.append(number)
    return bytes(made)


def _part(tag: bytes, content: bytes) -> bytes:
    """A field with a length; the tag is its number times 8, plus 2."""
    return tag + _varint(len(content)) + content


@lru_cache(_REPEATED, typed=True)
def _proto_pair(key: str, value: Value) -> bytes:
    return _part(b"\x32", _part(b"\x0a", key.encode()) + _part(b"\x12", _proto_value(value)))


def _proto_value(value: Value) -> bytes:
    if isinstance(value, str):
        return _part(b"\x0a", value.encode())
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return b"\x18" + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)
    return b"\x21" + struct.pack("<d", value)


def _renumbered(pairs: bytes, tag: bytes) -> bytes:
    """Attributes of a log record (field 6) as those of a message in which they have another number."""
    made, at = [], 0
    while at < len(pairs):
        length, shift, start = 0, 0, at + 1
        while pairs[start] > 127:
            length |= (pairs[start] & 127) << shift
            shift, start = shift + 7, start + 1
        length |= pairs[start] << shift
        end = start + 1 + length
        made.append(tag + pairs[at + 1 : end])
        at = end
    return b"".join(made)


@lru_cache(_REPEATED)
def _proto_body(name: str) -> bytes:
    return _part(b"\x2a", _part(b"\x0a", f"claude_code.{name}".encode()))


def _proto_log(record: Log) -> bytes:
    at = struct.pack("<Q", record.at_ns)
    return b"".join((b"\x09", at, _proto_body(record.name), record.attributes, b"\x59", at))


def _proto_metric(points: Sequence[Point], temporality: int) -> bytes:
    made = b"".join(_part(b"\x0a", _proto_point(point)) for point in points)
    total = made + b"\x10" + bytes((temporality,)) + b"\x18\x01"
    name = _part(b"\x0a", f"claude_code.{points[0].metric}".encode())
    return name + _part(b"\x1a", points[0].unit.encode()) + _part(b"\x3a", total)


def _proto_point(point: Point) -> bytes:
    start, at = struct.pack("<Q", point.start_ns), struct.pack("<Q", point.at_ns)
    value = struct.pack("<d", point.value)
    return b"".join((b"\x11", start, b"\x19", at, b"\x21", value, _renumbered(point.attributes, b"\x3a")))


@lru_cache(_REPEATED)
def _proto_resource(pairs: bytes) -> bytes:
    return _part(b"\x0a", _renumbered(pairs, b"\x0a"))


def _enclosed(resource: bytes, scope: str, version: str, items: Iterable[bytes]) -> bytes:
    """A request around its records or metrics: the messages of the three signals are numbered alike."""
    scoped = _part(b"\x0a", _part(b"\x0a", scope.encode()) + _part(b"\x12", version.encode()))
    inner = scoped + b"".join(_part(b"\x12", item) for item in items)
    return _part(b"\x0a", _proto_resource(resource) + _part(b"\x12", inner))


@lru_cache(_REPEATED, typed=True)
def _json_pair(key: str, value: Value) -> bytes:
    kind = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}[type(value)]
    return json.dumps({"key": key, "value": {kind: value}}, separators=(",", ":")).encode()


def _json_scope(name: str, version: str) -> bytes:
    return json.dumps({"name": name, "version": version}, separators=(",", ":")).encode()


def _json_log(record: Log) -> bytes:
    return (
        b'{"timeUnixNano":"%d","observedTimeUnixNano":"%d","body":{"stringValue":"claude_code.%b"},'
        b'"attributes":[%b],"droppedAttributesCount":0}'
    ) % (record.at_ns, record.at_ns, record.name.encode(), record.attributes)


def _json_metric(points: Sequence[Point], temporality: int) -> bytes:
    made = b",".join(
        b'{"attributes":[%b],"startTimeUnixNano":"%d","timeUnixNano":"%d","asDouble":%b}'
        % (point.attributes, point.start_ns, point.at_ns, repr(point.value).encode())
        for point in points
    )
    return (
        b'{"name":"claude_code.%b","description":"","unit":"%b","sum":{"aggregationTemporality":%d,'
        b'"isMonotonic":true,"dataPoints":[%b]}}'
    ) % (points[0].metric.encode(), points[0].unit.encode(), temporality, made)
