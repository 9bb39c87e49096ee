"""OTLP requests as Claude Code sends them: what was told, and its bytes as protobuf and as JSON.

What a request tells is plain data; the bytes are made with the classes of opentelemetry-proto, and by hand for JSON,
as the client writes it: instants as text, integers as numbers. Shapes, orders of attributes and types were taken from
requests of Claude Code 2.1.197 and 2.1.329. What the events and points are: tests/otlp_events.py.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

PROTOBUF, JSON = "application/x-protobuf", "application/json"
DELTA, CUMULATIVE = 1, 2
SCOPES = {
    "logs": "com.anthropic.claude_code.events",
    "metrics": "com.anthropic.claude_code",
    "traces": "com.anthropic.claude_code.tracing",
}
USER_AGENT = "OTel-OTLP-Exporter-JavaScript/0.208.0"

Value = bool | int | float | str | tuple[str, ...]
Attributes = Mapping[str, Value]
Message = ExportLogsServiceRequest | ExportMetricsServiceRequest | ExportTraceServiceRequest


@dataclass(frozen=True)
class Client:
    """A process of the client: what its resource and each of its records say."""

    version: str = "2.1.329"
    user: Attributes = field(default_factory=lambda: {"user.id": "26551a6806d6"})
    """Who: `user.id`, and with a subscription the address and the ids of account and organisation."""
    session: str = "9a83f661-2687-4fb8-9974-dff6d9683508"
    custom: Attributes = field(default_factory=dict)
    """OTEL_RESOURCE_ATTRIBUTES: in the resource, and copied onto every record."""
    terminal: str = "non-interactive"
    more: Attributes = field(default_factory=dict)
    """What else stands on every record, such as `app.entrypoint`."""

    @property
    def resource(self) -> Attributes:
        """The attributes of the resource, in the client's order."""
        machine = {"host.arch": "amd64", "os.type": "linux", "os.version": "6.18.44"}
        return {**self.custom, **machine, "service.name": "claude-code", "service.version": self.version}

    @property
    def standard(self) -> Attributes:
        """What every record and point bears first."""
        return {**self.custom, **self.user, "session.id": self.session, "terminal.type": self.terminal, **self.more}


@dataclass(frozen=True)
class Event:
    """A log record; instants are ns UTC."""

    name: str
    """Without `claude_code.`."""
    at_ns: int
    attributes: Attributes
    """All of them."""


@dataclass(frozen=True)
class Point:
    """A data point of a sum."""

    metric: str
    """Without `claude_code.`."""
    at_ns: int
    start_ns: int
    value: float
    attributes: Attributes
    unit: str = ""


@dataclass(frozen=True)
class SpanTold:
    """A span."""

    name: str
    """Without `claude_code.`."""
    start_ns: int
    end_ns: int
    trace_id: bytes
    span_id: bytes
    attributes: Attributes
    parent_id: bytes = b""


@dataclass(frozen=True)
class Export:
    """One request of one signal; only one of the three lists has something in it."""

    client: Client
    events: Sequence[Event] = ()
    points: Sequence[Point] = ()
    spans: Sequence[SpanTold] = ()
    temporality: int = DELTA

    @property
    def signal(self) -> str:
        """`logs`, `metrics` or `traces`: the end of the path."""
        return "metrics" if self.points else "traces" if self.spans else "logs"

    @property
    def path(self) -> str:
        """Where it is posted to."""
        return f"/v1/{self.signal}"

    def body(self, content_type: str = PROTOBUF) -> bytes:
        """The bytes of the request."""
        return self.message().SerializeToString() if content_type == PROTOBUF else self.json()

    def packed(self, content_type: str = PROTOBUF) -> bytes:
        """The bytes with gzip, the same at all times."""
        return gzip.compress(self.body(content_type), 6, mtime=0)

    def message(self) -> Message:
        """As an object of opentelemetry-proto."""
        resource = Resource(attributes=_pairs(self.client.resource))
        scope = InstrumentationScope(name=SCOPES[self.signal], version=self.client.version)
        if self.points:
            metrics = [_metric(points, self.temporality) for points in _by_metric(self.points)]
            scoped = ScopeMetrics(scope=scope, metrics=metrics)
            return ExportMetricsServiceRequest(
                resource_metrics=[ResourceMetrics(resource=resource, scope_metrics=[scoped])]
            )
        if self.spans:
            spans = ScopeSpans(scope=scope, spans=[_span(span) for span in self.spans])
            return ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=resource, scope_spans=[spans])])
        logs = ScopeLogs(scope=scope, log_records=[_log(event) for event in self.events])
        return ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=resource, scope_logs=[logs])])

    def json(self) -> bytes:
        """As the client writes JSON, which differs from what protobuf's own library makes of it."""
        resource = {"attributes": _json_pairs(self.client.resource), "droppedAttributesCount": 0}
        scope = {"name": SCOPES[self.signal], "version": self.client.version}
        outer, inner, items = {
            "logs": ("resourceLogs", "scopeLogs", {"logRecords": [_json_log(event) for event in self.events]}),
            "metrics": (
                "resourceMetrics",
                "scopeMetrics",
                {"metrics": [_json_metric(points, self.temporality) for points in _by_metric(self.points)]},
            ),
            "traces": ("resourceSpans", "scopeSpans", {"spans": [_json_span(span) for span in self.spans]}),
        }[self.signal]
        whole = {outer: [{"resource": resource, inner: [{"scope": scope, **items}]}]}
        return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()


def chunked(body: bytes, size: int = 1_000) -> bytes:
    """The body in the transfer encoding `chunked`, as clients 2.1.191 to 2.1.211 send it."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _by_metric(points: Sequence[Point]) -> list[list[Point]]:
    metrics: dict[str, list[Point]] = {}
    for point in points:
        metrics.setdefault(point.metric, []).append(point)
    return list(metrics.values())


def _any(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    return AnyValue(array_value=ArrayValue(values=[_any(one) for one in value]))


def _pairs(attributes: Attributes) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any(value)) for key, value in attributes.items()]


def _log(event: Event) -> LogRecord:
    return LogRecord(
        time_unix_nano=event.at_ns,
        observed_time_unix_nano=event.at_ns,
        body=AnyValue(string_value=f"claude_code.{event.name}"),
        attributes=_pairs(event.attributes),
    )


def _metric(points: Sequence[Point], temporality: int) -> Metric:
    made = [
        NumberDataPoint(
            attributes=_pairs(point.attributes),
            start_time_unix_nano=point.start_ns,
            time_unix_nano=point.at_ns,
            as_double=float(point.value),
        )
        for point in points
    ]
    total = Sum(data_points=made, is_monotonic=True)
    total.aggregation_temporality = temporality  # type: ignore[assignment]
    return Metric(name=f"claude_code.{points[0].metric}", unit=points[0].unit, sum=total)


def _span(span: SpanTold) -> Span:
    return Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_id,
        name=f"claude_code.{span.name}",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=_pairs(span.attributes),
    )


def _json_any(value: Value) -> dict[str, object]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [_json_any(one) for one in value]}}


def _json_pairs(attributes: Attributes) -> list[dict[str, object]]:
    return [{"key": key, "value": _json_any(value)} for key, value in attributes.items()]


def _json_log(event: Event) -> dict[str, object]:
    return {
        "timeUnixNano": str(event.at_ns),
        "observedTimeUnixNano": str(event.at_ns),
        "body": {"stringValue": f"claude_code.{event.name}"},
        "attributes": _json_pairs(event.attributes),
        "droppedAttributesCount": 0,
    }


def _json_metric(points: Sequence[Point], temporality: int) -> dict[str, object]:
    made = [
        {
            "attributes": _json_pairs(point.attributes),
            "startTimeUnixNano": str(point.start_ns),
            "timeUnixNano": str(point.at_ns),
            "asDouble": point.value,
        }
        for point in points
    ]
    total = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": made}
    return {"name": f"claude_code.{points[0].metric}", "description": "", "unit": points[0].unit, "sum": total}


def _json_span(span: SpanTold) -> dict[str, object]:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        **({"parentSpanId": span.parent_id.hex()} if span.parent_id else {}),
        "name": f"claude_code.{span.name}",
        "kind": 1,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _json_pairs(span.attributes),
        "droppedAttributesCount": 0,
    }
