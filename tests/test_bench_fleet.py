"""The fleet's hand-made bytes, read by others, say what the fleet says that it told; and the stage's two forms agree."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from bench.fleet import Play, played, report_of
from bench.fleet_load import Manners
from bench.fleet_people import SECOND_NS, Batch, Developer, Plan
from bench.fleet_sums import USAGE, Sums
from google.protobuf.json_format import Parse  # type: ignore[import-untyped,unused-ignore]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from tests.loopback import Answer, Request, answering
from tests.otlp_events import MAKERS, Session
from tests.otlp_stage import JSON, PROTOBUF, Export
from tokentide.model.telemetry import Entrance
from tokentide.server.parties import Parties
from tokentide.sources.otlp.reading import Reader

PLAN = Plan(seed=3, developers=6, start_ns=1_790_000_000 * SECOND_NS, hours=1.0)
ENDED_AT = (PLAN.start_ns + 3_600 * SECOND_NS) // 1_000


def batches(plan: Plan) -> Iterator[Batch]:
    for number in range(plan.developers):
        yield from Developer(number, plan).day()


def told(pairs: Iterable[KeyValue]) -> dict[str, object]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}


def log_records(content_type: str, body: bytes) -> list[LogRecord]:
    made = ExportLogsServiceRequest
    message = made.FromString(body) if content_type == PROTOBUF else Parse(body, made())
    return [record for one in message.resource_logs for scope in one.scope_logs for record in scope.log_records]


def metrics_in(content_type: str, body: bytes) -> list[Metric]:
    made = ExportMetricsServiceRequest
    message = made.FromString(body) if content_type == PROTOBUF else Parse(body, made())
    return [metric for one in message.resource_metrics for scope in one.scope_metrics for metric in scope.metrics]


def sums_read(plan: Plan) -> Sums:
    """The sums of a fleet of delta clients as opentelemetry-proto reads them."""
    sums = Sums()
    for batch in batches(plan):
        sums.posts += 1
        if batch.signal == "logs":
            for record in log_records(batch.content_type, batch.body):
                add_event(sums, record)
        else:
            for metric in metrics_in(batch.content_type, batch.body):
                add_points(sums, metric)
    return sums


def add_event(sums: Sums, record: LogRecord) -> None:
    attributes = told(record.attributes)
    name = str(attributes["event.name"])
    assert record.body.string_value == f"claude_code.{name}"
    sums.records += 1
    sums.events[name] += 1
    if name == "api_request":
        counts = [1, *(int(str(attributes[key])) for key in USAGE[1:-1]), int(str(attributes["cost_usd_micros"]))]
        assert round(float(str(attributes["cost_usd"])) * 1e6) == counts[-1]
        sums.respond(str(attributes["team.id"]), counts)
        sums.users.add(str(attributes["user.email"]))
        sums.sessions.add(str(attributes["session.id"]))


def add_points(sums: Sums, metric: Metric) -> None:
    assert metric.sum.is_monotonic
    for point in metric.sum.data_points:
        kind = str(told(point.attributes).get("type", ""))
        name = metric.name.removeprefix("claude_code.")
        sums.records += 1
        sums.points[f"{name}:{kind}" if kind else name] += round(point.as_double * 1e6)


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["protobuf", "json"])
def test_what_a_fleet_says_it_told_is_what_others_read_in_its_bytes(share: float) -> None:
    plan = replace(PLAN, json_share=share, cumulative_share=0.0)
    said = Sums()
    for batch in batches(plan):
        said.add(batch.sums)
    assert sums_read(plan).as_json() == said.as_json()
    assert said.total["responses"] > 100


def test_a_cumulative_client_tells_every_series_again_and_they_never_shrink() -> None:
    values: dict[tuple[object, ...], float] = {}
    again = 0
    said: Counter[str] = Counter()
    for batch in Developer(1, replace(PLAN, cumulative_share=1.0, late=0.0)).day():
        if batch.signal != "metrics":
            continue
        said.update(batch.sums.points)
        for metric in metrics_in(batch.content_type, batch.body):
            assert metric.sum.aggregation_temporality == 2
            for point in metric.sum.data_points:
                series = (metric.name, point.start_time_unix_nano, *sorted(told(point.attributes).items()))
                again += series in values
                assert point.as_double >= values.get(series, 0)
                values[series] = point.as_double
    assert again > 10
    cost = sum(value for series, value in values.items() if series[0] == "claude_code.cost.usage")
    assert round(cost * 1e6) == said["cost.usage"]


def test_our_reader_finds_the_same_sums_in_a_fleets_bodies() -> None:
    reader, said = Reader(Parties(), lambda _: None), Sums()
    found: Counter[str] = Counter()
    cost = 0
    keys: set[str] = set()
    for batch in batches(replace(PLAN, cumulative_share=0.0)):
        said.add(batch.sums)
        reading = reader.read(
            batch.signal, batch.content_type, batch.body, received_at=ENDED_AT, entrance=Entrance("default")
        )
        assert reading.rejected == 0
        found.update(record.name for record in reading.records if record.kind == "event")
        requests = [sighting for sighting in reading.sightings if sighting.source == "otlp"]
        keys |= {sighting.key for sighting in requests}
        cost += sum(sighting.reported_cost for sighting in requests)
    assert found == said.events
    assert cost == said.total["cost_micros"] * 1_000
    assert len(keys) == said.total["responses"]


def test_the_same_seed_makes_the_same_fleet_and_a_run_has_ids_of_its_own() -> None:
    once = [batch.body for batch in Developer(2, PLAN).day()]
    assert once == [batch.body for batch in Developer(2, PLAN).day()]
    assert once != [batch.body for batch in Developer(2, replace(PLAN, run="b")).day()]


@dataclass
class Sink:
    """A receiver that loses, refuses and asks to wait, by turns, and notes what it took."""

    turns: list[Answer] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        turn = self.turns.pop(0) if self.turns else (200, {}, b"")
        if turn[0] == 200:
            self.taken.append(request)
        return turn


def play_at(url: str, **changed: float) -> Play:
    plan = replace(PLAN, developers=3, hours=0.2, late=0.2)
    return Play(plan, Manners(**changed), url, speed=0, connections=2, is_quiet=True)  # type: ignore[arg-type]


def test_a_fleet_tries_again_when_asked_to_and_counts_each_batch_once() -> None:
    sink = Sink([(503, {"Retry-After": "0.1"}, b""), (429, {}, b"")])
    with answering(sink.answer) as url:
        play = play_at(url, duplicates=0.3, gzip_share=0.5)
        outcome = played(play)
    whole = Sums()
    for batch in batches(play.plan):
        whole.add(batch.sums)
    assert outcome.acknowledged.as_json() == whole.as_json()
    assert outcome.answers[503] == outcome.answers[429] == 1
    assert len(sink.taken) == whole.posts + outcome.duplicates
    assert outcome.duplicates > 0
    packed = [request for request in sink.taken if request.headers.get("content-encoding") == "gzip"]
    assert packed
    assert len(gzip.decompress(packed[0].body)) > len(packed[0].body)
    assert report_of(play, outcome)["answers"] == {"200": len(sink.taken), "429": 1, "503": 1}


def test_what_was_refused_or_never_answered_is_counted_apart() -> None:
    sink = Sink([(400, {}, b""), (503, {}, b""), (503, {}, b"")])
    with answering(sink.answer) as url:
        outcome = played(play_at(url, attempts=1))
    assert outcome.refused.posts == 1
    assert outcome.uncertain.posts == 2
    assert outcome.acknowledged.posts == len(sink.taken) - outcome.duplicates


@pytest.mark.parametrize("seed", range(3))
def test_both_forms_of_a_stage_export_say_the_same(seed: int) -> None:
    session = Session(seed)
    for export in (session.every_event(), session.logs(20)):
        assert log_records(PROTOBUF, export.body()) == log_records(JSON, export.body(JSON))
    points = session.metrics()
    assert [metric.sum for metric in metrics_in(PROTOBUF, points.body())] == [
        metric.sum for metric in metrics_in(JSON, points.body(JSON))
    ]
    assert gzip.decompress(points.packed(JSON)) == points.body(JSON)


def test_the_stage_tells_every_known_event_and_writes_ids_of_spans_as_hex() -> None:
    session = Session(7)
    names = [
        str(told(record.attributes)["event.name"]) for record in log_records(PROTOBUF, session.every_event().body())
    ]
    assert sorted(names) == sorted(MAKERS)
    assert len(names) == 27
    export: Export = session.traces()
    spans = json.loads(export.body(JSON))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert [span["traceId"] for span in spans] == [span.trace_id.hex() for span in export.spans]
