"""OTLP's JSON encoding: names in camelCase, 64-bit numbers as text or number, ids in hex.

Items are cut out of the body undecoded and opened one by one, so that a bad one does not cost the others.
Source: opentelemetry-proto, `docs/specification.md`, "JSON Protobuf Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.json import Decoder

from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.json_values import decoded, number_of, pair_from, text_of
from tokentide.sources.otlp.texts import checked_value
from tokentide.sources.otlp.wire import (
    CUMULATIVE,
    LOGS,
    METRICS,
    MOST_ITEM_BYTES,
    Group,
    Log,
    Point,
    Span,
    Sum,
    bounded,
    checked_attributes,
    checked_resource,
)

_Raw = msgspec.Raw
_List = list[_Raw] | None
_Number = str | int | None
_NULL = _Raw(b"null")
_MOST_COMMAS = 4_000_000
"""In a body: the decoder makes an object of each part, and 64 MiB of commas would be too many."""
_FAILED = (2, "2", "STATUS_CODE_ERROR")
_CUMULATIVE = (CUMULATIVE, str(CUMULATIVE), "AGGREGATION_TEMPORALITY_CUMULATIVE")


class _Scope(msgspec.Struct, gc=False):
    version: _Raw = _NULL


class _Resource(msgspec.Struct, gc=False):
    attributes: _List = None


class _ScopeItems(msgspec.Struct, rename="camel", gc=False):
    scope: _Scope | None = None
    log_records: _List = None
    spans: _List = None
    metrics: list[_Metric | None] | None = None


class _Data(msgspec.Struct, rename="camel", gc=False):
    data_points: _List = None
    aggregation_temporality: _Number = None
    is_monotonic: bool | None = None


class _Metric(msgspec.Struct, rename="camel", gc=False):
    name: _Raw = _NULL
    sum: _Data | None = None
    gauge: _Data | None = None
    histogram: _Data | None = None
    exponential_histogram: _Data | None = None
    summary: _Data | None = None


class _ResourceItems(msgspec.Struct, rename="camel", gc=False):
    resource: _Raw = _NULL
    scope_logs: list[_ScopeItems | None] | None = None
    scope_metrics: list[_ScopeItems | None] | None = None
    scope_spans: list[_ScopeItems | None] | None = None


class _Body(msgspec.Struct, rename="camel", gc=False):
    resource_logs: list[_ResourceItems | None] | None = None
    resource_metrics: list[_ResourceItems | None] | None = None
    resource_spans: list[_ResourceItems | None] | None = None


class _TextValue(msgspec.Struct, rename="camel", gc=False):
    string_value: _Raw = _NULL


class _Log(msgspec.Struct, rename="camel", gc=False):
    time_unix_nano: _Number = None
    observed_time_unix_nano: _Number = None
    body: _Raw = _NULL
    event_name: _Raw = _NULL
    attributes: _Raw = _NULL
    trace_id: _Raw = _NULL
    span_id: _Raw = _NULL


class _Point(msgspec.Struct, rename="camel", gc=False):
    start_time_unix_nano: _Number = None
    time_unix_nano: _Number = None
    as_double: str | float | None = None
    as_int: _Number = None
    flags: _Number = None
    attributes: _Raw = _NULL


class _Status(msgspec.Struct, gc=False):
    code: _Number = None


class _Span(msgspec.Struct, rename="camel", gc=False):
    start_time_unix_nano: _Number = None
    end_time_unix_nano: _Number = None
    name: _Raw = _NULL
    status: _Status | None = None
    attributes: _Raw = _NULL
    trace_id: _Raw = _NULL
    span_id: _Raw = _NULL
    parent_span_id: _Raw = _NULL


_body, _resource, _list = Decoder(_Body), Decoder(_Resource | None), Decoder(list[_Raw] | None)
_text_value = Decoder(_TextValue)
_log, _point, _span = Decoder(_Log), Decoder(_Point), Decoder(_Span)


class JsonWire:
    """See `tokentide.sources.otlp.wire.Wire`."""

    def groups(self, signal: str, body: bytes) -> Iterator[Group]:
        """The items of a body, a group at a time. Raises BadBodyError at once, before the first group."""
        if len(body) > _MOST_COMMAS and body.count(b",") > _MOST_COMMAS:
            raise BadBodyError("has more parts than it may have")
        told = decoded(_body, body.removeprefix(b"\xef\xbb\xbf"))
        if signal == METRICS:
            return iter(bounded(_metric_groups(told.resource_metrics or [])))
        return iter(bounded(_groups((told.resource_logs if signal == LOGS else told.resource_spans) or [])))

    def log(self, item: bytes, head: bytes = b"") -> Log:
        """Open a log record; one without a time, a body and a name says nothing and is rejected."""
        told = decoded(_log, checked_size(item))
        at, observed = number_of(told.time_unix_nano), number_of(told.observed_time_unix_nano)
        name, body = bytes(told.event_name), bytes(told.body)
        has_name, has_body = name not in (b"null", b'""'), body not in (b"null", b"{}")
        if not (at or observed or has_body or has_name):
            raise BadBodyError("a log record has neither time nor body nor name")
        own, is_headed = _own(bytes(told.attributes), head)
        known = text_of(name) if has_name else _body_text(body)
        return Log(at, observed, known, own, is_headed, text_of(bytes(told.trace_id)), text_of(bytes(told.span_id)))

    def point(self, item: bytes, head: bytes = b"") -> Point:
        """Open a data point; one without a number is rejected, unless it says so itself."""
        told = decoded(_point, checked_size(item))
        own, is_headed = _own(bytes(told.attributes), head)
        started, at = number_of(told.start_time_unix_nano), number_of(told.time_unix_nano)
        return Point(started, at, _point_value(told), own, is_headed)

    def span(self, item: bytes, head: bytes = b"") -> Span:
        """Open a span; one without a name and a time is rejected."""
        told = decoded(_span, checked_size(item))
        started, at = number_of(told.start_time_unix_nano), number_of(told.end_time_unix_nano)
        name = text_of(bytes(told.name))
        if not (started or at or name):
            raise BadBodyError("a span has neither time nor name")
        own, is_headed = _own(bytes(told.attributes), head)
        is_failed = told.status is not None and told.status.code in _FAILED
        ids = (text_of(bytes(raw)) for raw in (told.trace_id, told.span_id, told.parent_span_id))
        return Span(started, at, name, is_failed, own, is_headed, *ids)

    def head(self, item: bytes, attributes: Sequence[bytes]) -> bytes:
        """The bytes from the bracket before the first attribute to the comma behind the last; empty for all of them."""
        at = item.find(b"[", max(item.find(b'"attributes"'), 0))
        begin = at
        for attribute in attributes:
            at = item.find(attribute, at + 1) + len(attribute)
        end = item.find(b",", at)
        is_plain = item[begin : end + 1] == b"[" + b",".join(attributes) + b","
        return item[begin : end + 1] if is_plain else b""

    pair = staticmethod(pair_from)

    def resource(self, resource: bytes) -> list[bytes]:
        """The attributes of a resource."""
        told = decoded(_resource, checked_resource(resource))
        return checked_attributes([bytes(raw) for raw in (told and told.attributes) or []])


def checked_size(item: bytes) -> bytes:
    """The same; raises BadBodyError for a longer one than is taken."""
    if len(item) > MOST_ITEM_BYTES:
        raise BadBodyError(f"is longer than {MOST_ITEM_BYTES >> 20} MiB")
    return item


def _own(attributes: bytes, head: bytes) -> tuple[list[bytes], bool]:
    """The attributes, those behind the head where they begin with it."""
    is_headed = bool(head) and attributes.startswith(head)
    told = decoded(_list, b"[" + attributes[len(head) :] if is_headed else attributes)
    return checked_attributes([bytes(raw) for raw in told or []]), is_headed


def _groups(resources: Sequence[_ResourceItems | None]) -> Iterator[Group]:
    for each in filter(None, resources):
        resource = bytes(each.resource)
        for scoped in filter(None, each.scope_logs or each.scope_spans or []):
            yield Group(resource, _version(scoped), [bytes(raw) for raw in scoped.log_records or scoped.spans or []])


def _metric_groups(resources: Sequence[_ResourceItems | None]) -> Iterator[Group]:
    for each in filter(None, resources):
        resource = bytes(each.resource)
        for scoped in filter(None, each.scope_metrics or []):
            version = _version(scoped)
            yield from (_metric(resource, version, metric) for metric in scoped.metrics or [] if metric)


def _metric(resource: bytes, version: str, metric: _Metric) -> Group:
    """The data points of a metric; what is no sum, or a running value that may fall, is ignored."""
    others = (metric.gauge, metric.histogram, metric.exponential_histogram, metric.summary)
    ignored = sum(len(data.data_points or []) for data in others if data)
    told = metric.sum or _Data()
    is_cumulative = told.aggregation_temporality in _CUMULATIVE
    kind = Sum(text_of(bytes(metric.name)), is_cumulative=is_cumulative, is_monotonic=bool(told.is_monotonic))
    points = [bytes(raw) for raw in told.data_points or []]
    if is_cumulative and not kind.is_monotonic:
        return Group(resource, version, (), kind, ignored + len(points))
    return Group(resource, version, points, kind, ignored)


def _version(scoped: _ScopeItems) -> str:
    return text_of(bytes(scoped.scope.version)) if scoped.scope else ""


def _body_text(body: bytes) -> str:
    """A body that is text; empty for another one."""
    try:
        return text_of(bytes(decoded(_text_value, body).string_value))
    except BadBodyError:
        return ""


def _point_value(told: _Point) -> int | float | None:
    if number_of(told.flags) & 1:
        return None
    if told.as_double is not None:
        return checked_value(told.as_double)
    if told.as_int is not None:
        return checked_value(told.as_int)
    raise BadBodyError("a data point has no number")
