"""Our readers of both encodings against the official protobuf messages: arbitrary, cut off, damaged, with unknown fields."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from google.protobuf.message import Message  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fuzzing import mutate
from tests.otlp_bodies import NOW, REQUESTS, captured, read
from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.inspecting import JSON_TYPE, PROTOBUF_TYPE, inspect, wire_for
from tokentide.sources.otlp.json_wire import JsonWire
from tokentide.sources.otlp.protobuf import ProtobufWire
from tokentide.sources.otlp.texts import storable
from tokentide.sources.otlp.wire import Value

PROTOBUF, JSON = ProtobufWire(), JsonWire()
WORDS = st.text(st.characters(codec="utf-8"), max_size=300)
INSTANTS = st.integers(0, (1 << 64) - 1)
LEAVES = st.one_of(
    WORDS.map(lambda text: AnyValue(string_value=text)),
    st.booleans().map(lambda flag: AnyValue(bool_value=flag)),
    st.integers(-(1 << 63), (1 << 63) - 1).map(lambda number: AnyValue(int_value=number)),
    st.floats().map(lambda number: AnyValue(double_value=number)),
    st.binary(max_size=200).map(lambda data: AnyValue(bytes_value=data)),
    st.just(AnyValue()),
)


def listed(values: list[AnyValue]) -> AnyValue:
    value = AnyValue()
    value.array_value.values.extend(values)
    value.array_value.SetInParent()
    return value


def mapped(values: list[KeyValue]) -> AnyValue:
    value = AnyValue()
    value.kvlist_value.values.extend(values)
    value.kvlist_value.SetInParent()
    return value


def pairs(values: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[KeyValue]:
    return st.builds(lambda key, value: KeyValue(key=key, value=value), WORDS, values)


VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4).map(listed), st.lists(pairs(inner), max_size=4).map(mapped)),
    max_leaves=12,
)
ATTRIBUTES = st.lists(pairs(VALUES), max_size=8)
RECORDS = st.builds(
    LogRecord, time_unix_nano=INSTANTS, observed_time_unix_nano=INSTANTS, severity_number=st.just(9), severity_text=WORDS, body=LEAVES,
    attributes=ATTRIBUTES, dropped_attributes_count=st.integers(0, 9), flags=st.integers(0, (1 << 32) - 1), trace_id=st.binary(max_size=16),
    span_id=st.binary(max_size=8), event_name=WORDS,
)  # fmt: skip
POINTS = st.builds(
    NumberDataPoint, start_time_unix_nano=INSTANTS, time_unix_nano=INSTANTS, as_double=st.floats(-1e10, 1e10), attributes=ATTRIBUTES,
    flags=st.integers(0, 3),
) | st.builds(NumberDataPoint, time_unix_nano=INSTANTS, as_int=st.integers(-(10**10), 10**10), attributes=ATTRIBUTES)  # fmt: skip
SPANS = st.builds(
    Span, trace_id=st.binary(max_size=16), span_id=st.binary(max_size=8), parent_span_id=st.binary(max_size=8), name=WORDS,
    start_time_unix_nano=INSTANTS, end_time_unix_nano=st.integers(1, 1 << 60), attributes=ATTRIBUTES,
)  # fmt: skip


def plain(value: AnyValue) -> Value:
    """What the official message says of a value, in our terms."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return {storable(pair.key): plain(pair.value) for pair in value.kvlist_value.values}
    told = getattr(value, kind)
    if isinstance(told, bytes):
        return storable(b64encode(told).decode())
    return storable(told) if isinstance(told, str) else told


def same(one: object, other: object) -> bool:
    """Equal, where NaN is itself and numbers are of one type."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@settings(max_examples=300, deadline=None)
@given(pairs(VALUES))
def test_attributes_say_what_the_official_messages_say(pair: KeyValue) -> None:
    key, value = PROTOBUF.pair(pair.SerializeToString())
    assert key == storable(pair.key)
    assert same(value, plain(pair.value))


@settings(max_examples=200, deadline=None)
@given(RECORDS)
def test_log_records_say_what_the_official_messages_say(record: LogRecord) -> None:
    item = record.SerializeToString()
    if not (
        record.time_unix_nano or record.observed_time_unix_nano or record.event_name or record.body.WhichOneof("value")
    ):
        with pytest.raises(BadBodyError):
            PROTOBUF.log(item)
        return
    log = PROTOBUF.log(item)
    assert (log.at, log.observed) == (record.time_unix_nano, record.observed_time_unix_nano)
    assert (log.trace_id, log.span_id) == (record.trace_id.hex(), record.span_id.hex())
    assert log.name == storable(record.event_name or record.body.string_value)
    assert log.own == [pair.SerializeToString() for pair in record.attributes]


@settings(max_examples=200, deadline=None)
@given(POINTS)
def test_points_say_what_the_official_messages_say(message: NumberDataPoint) -> None:
    point = PROTOBUF.point(message.SerializeToString())
    told = message.as_int if message.WhichOneof("value") == "as_int" else message.as_double
    assert point.value == (None if message.flags & 1 else told)
    assert (point.started, point.at) == (message.start_time_unix_nano, message.time_unix_nano)
    assert point.own == [pair.SerializeToString() for pair in message.attributes]


@settings(max_examples=200, deadline=None)
@given(SPANS)
def test_spans_say_what_the_official_messages_say(message: Span) -> None:
    span = PROTOBUF.span(message.SerializeToString())
    assert (span.started, span.at, span.name) == (
        message.start_time_unix_nano,
        message.end_time_unix_nano,
        storable(message.name),
    )
    assert (span.trace_id, span.span_id, span.parent_id) == (
        message.trace_id.hex(),
        message.span_id.hex(),
        message.parent_span_id.hex(),
    )
    assert span.own == [pair.SerializeToString() for pair in message.attributes]


@settings(max_examples=100, deadline=None)
@given(st.lists(RECORDS, max_size=4), ATTRIBUTES)
def test_a_body_says_the_same_in_both_encodings(records: list[LogRecord], resource: list[KeyValue]) -> None:
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.extend(resource)
    for record in records:
        record.ClearField("trace_id")  # the official JSON writes ids in Base64, OTLP in hex
        record.ClearField("span_id")
    group.scope_logs.add().log_records.extend(records)
    one = read("logs", PROTOBUF_TYPE, request.SerializeToString())
    other = read("logs", JSON_TYPE, json.dumps(MessageToDict(request)).encode())
    for row, twin in zip(one.records, other.records, strict=True):
        assert (row.name, row.happened_at, row.session_id, row.detail) == (
            twin.name,
            twin.happened_at,
            twin.session_id,
            twin.detail,
        )
    assert (one.rejected, one.notes) == (other.rejected, other.notes)


def bodies() -> list[tuple[str, str, bytes]]:
    return [each for kind in ("delta", "details", "cumulative") for each in captured(kind)]


def converted(signal: str, content_type: str, body: bytes) -> Message:
    """A captured protobuf body as the official message."""
    message: Message = REQUESTS[signal]()
    assert content_type == PROTOBUF_TYPE
    message.ParseFromString(body)
    return message


def test_captured_bodies_hold_as_many_items_as_the_official_messages() -> None:
    counted = 0
    for signal, content_type, body in bodies():
        if content_type == PROTOBUF_TYPE:
            message = converted(signal, content_type, body)
            counted += 1
            assert inspect(signal, content_type, body) == (_items(message), 0, "")
    assert counted > 5


def _items(message: Message) -> int:
    if isinstance(message, ExportLogsServiceRequest):
        return sum(len(scoped.log_records) for group in message.resource_logs for scoped in group.scope_logs)
    if isinstance(message, ExportTraceServiceRequest):
        return sum(len(scoped.spans) for group in message.resource_spans for scoped in group.scope_spans)
    assert isinstance(message, ExportMetricsServiceRequest)
    scopes = [scoped for group in message.resource_metrics for scoped in group.scope_metrics]
    return sum(len(metric.sum.data_points) for scoped in scopes for metric in scoped.metrics)


@pytest.mark.parametrize("number", range(len(bodies())))
def test_a_body_that_is_cut_off_anywhere_is_a_bad_body_and_nothing_else(number: int) -> None:
    signal, content_type, body = bodies()[number]
    whole = inspect(signal, content_type, body).records
    for end in range(0, len(body), 97):
        with suppress(BadBodyError):
            assert inspect(signal, content_type, body[:end]).records < whole


@pytest.mark.parametrize("seed", range(6))
def test_damaged_bodies_are_refused_or_read_and_never_break_the_reader(seed: int) -> None:
    random, seeds = Random(seed), [body for _, _, body in bodies()]
    read_ones = 0
    for _ in range(150):
        signal, content_type, body = random.choice(bodies())
        damaged = mutate(random, body, seeds)
        try:
            read(signal, content_type, damaged)
            read_ones += 1
        except BadBodyError:
            continue
    assert read_ones > 5


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["logs", "metrics", "traces"]), st.sampled_from([PROTOBUF_TYPE, JSON_TYPE]), st.binary(max_size=400)
)
def test_any_bytes_are_refused_or_read(signal: str, content_type: str, body: bytes) -> None:
    with suppress(BadBodyError):
        assert read(signal, content_type, body).rejected >= 0


@pytest.mark.parametrize(
    "unknown", [b"\xf8\x07\x05", b"\xfa\x07\x03abc", b"\xf9\x07" + b"x" * 8, b"\xfd\x07" + b"x" * 4]
)
def test_unknown_fields_are_skipped_at_every_level(unknown: bytes) -> None:
    pair = KeyValue(key="event.name", value=AnyValue(string_value="auth")).SerializeToString() + unknown
    record = (
        LogRecord(time_unix_nano=NOW * 1000).SerializeToString()
        + unknown
        + b"\x32"
        + bytes([len(pair)])
        + pair
        + unknown
    )
    scoped = unknown + b"\x12" + bytes([len(record)]) + record
    group = b"\x12" + bytes([len(scoped)]) + scoped + unknown
    body = b"\x0a" + bytes([len(group)]) + group + unknown
    assert [each.name for each in read("logs", PROTOBUF_TYPE, body).records] == ["auth"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"resourceLogs":5}', b'{"resourceLogs":[', b"[" * 100_000, b'{"resourceLogs":' * 50_000, b'{"resourceLogs":[[]]}', b"\xff\xfe"],
)  # fmt: skip
def test_json_that_is_no_envelope_is_a_bad_body(body: bytes) -> None:
    with pytest.raises(BadBodyError):
        inspect("logs", JSON_TYPE, body)


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"resourceLogs":[]}', b'{"resourceLogs":null,"later":{"a":[1]}}', b'\xef\xbb\xbf{"resourceLogs":[{}]}', b'{"resourceLogs":[{"resource":null,"scopeLogs":[{"logRecords":null},null]},null]}'],
)  # fmt: skip
def test_empty_envelopes_hold_nothing(body: bytes) -> None:
    assert inspect("logs", JSON_TYPE, body) == (0, 0, "")
    assert inspect("logs", PROTOBUF_TYPE, b"") == (0, 0, "")


@pytest.mark.parametrize("time", ['"1795311000000000000"', "1795311000000000000"])
def test_json_tells_long_numbers_as_text_or_as_numbers(time: str) -> None:
    body = f'{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"timeUnixNano":{time},"body":{{"stringValue":"x"}}}}]}}]}}]}}'
    assert read("logs", JSON_TYPE, body.encode()).records[0].happened_at == NOW


def test_one_bad_json_record_does_not_cost_the_others() -> None:
    good = '{"timeUnixNano":"5","body":{"stringValue":"a"}}'
    bad = [
        '{"timeUnixNano":{}}',
        '{"timeUnixNano":"x","body":{}}',
        "5",
        '{"timeUnixNano":"5","attributes":{}}',
        "null",
        '{"timeUnixNano":-1}',
    ]
    records = ",".join([good, *bad, good])
    told = read("logs", JSON_TYPE, f'{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}'.encode())
    assert (len(told.records), told.rejected) == (2, len(bad))


def test_damaged_text_in_json_is_mended() -> None:
    record = b'{"timeUnixNano":"5","body":{"stringValue":"a"},"attributes":[{"key":"k\xff","value":{"stringValue":"v\xff\\ud800"}}]}'
    told = read("logs", JSON_TYPE, b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + record + b"]}]}]}")
    assert told.notes == ()
    assert json.loads(told.records[0].attributes) == {"k\ufffd": "v\ufffd?"}


@pytest.mark.parametrize("call", [inspect, read])
def test_other_signals_and_content_types_are_refused(call: Callable[[str, str, bytes], object]) -> None:
    with pytest.raises(BadBodyError, match="content type"):
        call("logs", "text/plain", b"")
    with pytest.raises(BadBodyError, match="signal"):
        call("profiles", JSON_TYPE, b"{}")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_content_types_may_have_parameters(content_type: str) -> None:
    assert isinstance(wire_for(content_type), JsonWire)
    assert isinstance(wire_for("application/grpc+proto"), ProtobufWire)
