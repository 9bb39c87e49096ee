"""Bodies of OTLP for tests: captured from the real client (`tests/otlp`), and made by hand in both encodings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tokentide.model.telemetry import Entrance
from tokentide.model.usage import UsageRecord
from tokentide.server.parties import Parties
from tokentide.sources.otlp.inspecting import JSON_TYPE, PROTOBUF_TYPE, inspect
from tokentide.sources.otlp.reading import Reader, Reading

CAPTURED = Path(__file__).parent / "otlp"
"""What 2.1.329 sent of one session each: `KIND-NUMBER-SIGNAL.ENCODING.gz`, in the order of arrival.

All three sessions: a shell command, a written file, a sub-agent; enduser.id=ada@example.org, team.id=infra,
cost_center=4711, project=tide; the prompt is LANE-MAIN. `details` was sent with prompts, tool details and spans switched on.
"""
NOW = 1_795_311_000_000_000
TENANT = Entrance("acme", "fallback")
REQUESTS: Mapping[str, Any] = {
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "traces": ExportTraceServiceRequest,
}

Scalar = str | int | float | bool
Json = Mapping[str, object]


def captured(kind: str) -> list[tuple[str, str, bytes]]:
    """The bodies of a kind, each with its signal and content type, unpacked."""
    found = []
    for path in sorted(CAPTURED.glob(f"{kind}-*.gz")):
        name, encoding, _ = path.name.split(".")
        content_type = JSON_TYPE if encoding == "json" else PROTOBUF_TYPE
        found.append((name.split("-")[2], content_type, gzip.decompress(path.read_bytes())))
    return found


def value(told: Scalar) -> Json:
    """An AnyValue in OTLP/JSON."""
    if isinstance(told, bool):
        return {"boolValue": told}
    if isinstance(told, int):
        return {"intValue": str(told)}
    return {"stringValue": told} if isinstance(told, str) else {"doubleValue": told}


def attributes(told: Mapping[str, Scalar]) -> list[Json]:
    return [{"key": key, "value": value(each)} for key, each in told.items()]


def event(name: str, told: Mapping[str, Scalar], at: int = NOW, sequence: int | None = 1) -> Json:
    """A log record as the client writes it; `at` is µs UTC."""
    standing: dict[str, Scalar] = {"user.id": "f" * 8, "session.id": "s1", "terminal.type": "tmux", "event.name": name}
    if sequence is not None:
        standing["event.sequence"] = sequence
    body = {"stringValue": f"claude_code.{name}"}
    return {"timeUnixNano": str(at * 1000), "body": body, "attributes": attributes({**standing, **told})}


def logs(records: Sequence[Json], resource: Mapping[str, Scalar] | None = None) -> Json:
    """An ExportLogsServiceRequest in OTLP/JSON."""
    scope = {"scope": {"name": "com.anthropic.claude_code.events", "version": "2.1.329"}, "logRecords": records}
    told = {"service.name": "claude-code", "service.version": "2.1.329"} if resource is None else resource
    return {"resourceLogs": [{"resource": {"attributes": attributes(told)}, "scopeLogs": [scope]}]}


def metric(name: str, points: Sequence[Json], *, temporality: int = 1, is_monotonic: bool = True) -> Json:
    """A metric that is a sum."""
    data = {"dataPoints": points, "aggregationTemporality": temporality, "isMonotonic": is_monotonic}
    return {"name": name, "sum": data}


def point(told: Mapping[str, Scalar], amount: float, *, started: int = NOW - 1000, at: int = NOW) -> Json:
    standing: dict[str, Scalar] = {"user.id": "f" * 8, "session.id": "s1"}
    times = {"startTimeUnixNano": str(started * 1000), "timeUnixNano": str(at * 1000)}
    return {"attributes": attributes({**standing, **told}), **times, "asDouble": amount}


def metrics(told: Sequence[Json]) -> Json:
    """An ExportMetricsServiceRequest in OTLP/JSON."""
    resource = {"attributes": attributes({"service.name": "claude-code"})}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": told}]}]}


def encoded(signal: str, body: Json) -> dict[str, bytes]:
    """A body without ids of spans, by content type."""
    message = ParseDict(cast("dict[str, object]", body), REQUESTS[signal]())
    return {JSON_TYPE: json.dumps(body).encode(), PROTOBUF_TYPE: message.SerializeToString()}


def priced(record: UsageRecord) -> int | None:
    """A list price that tells every counter apart; None for `unknown`."""
    if record.model == "unknown":
        return None
    return (
        record.input_tokens
        + 10 * record.output_tokens
        + 100 * record.cache_creation_5m_tokens
        + 1_000 * record.cache_creation_1h_tokens
        + 10_000 * record.cache_read_tokens
    )


def read(signal: str, content_type: str, body: bytes, reader: Reader | None = None) -> Reading:
    """A body as it is read, and the check that inspecting it rejected as much."""
    reader = reader or Reader(Parties(), priced)
    reading = reader.read(signal, content_type, body, received_at=NOW, entrance=TENANT)
    assert inspect(signal, content_type, body).rejected == reading.rejected
    return reading


def read_both(signal: str, body: Json, reader: Reader | None = None) -> Reading:
    """The reading of a body that says the same in both encodings."""
    bodies = encoded(signal, body)
    one, other = (read(signal, content_type, bodies[content_type], reader) for content_type in bodies)
    assert one == other
    return one
