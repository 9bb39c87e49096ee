"""The OpenTelemetry SDK for Python as a second sender: its exporters, its batches, its retries, its temporalities."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from tests.otlp_events import Session
from tests.otlp_stage import SCOPES, Client, Event
from tests.team_server import TeamServer, team_server
from tests.telemetry_client import report

EVENTS = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("server")) as running:
        yield running


def a_session(project: str, seed: int) -> Session:
    client = Client(user={"user.email": f"{project}@example.org"}, session=f"{project}-s1", custom={"project": project})
    return Session(seed, client=client, started_ns=time.time_ns() - 600 * 1_000_000_000)


def send_events(exporter: Any, resource: Resource, events: list[Event]) -> None:
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(
        BatchLogRecordProcessor(exporter, schedule_delay_millis=200, max_export_batch_size=64)
    )
    logger = provider.get_logger(SCOPES["logs"], "2.1.329")
    for event in events:
        record = LogRecord(
            timestamp=event.at_ns,
            observed_timestamp=event.at_ns,
            body=f"claude_code.{event.name}",
            attributes=dict(event.attributes),
        )
        logger.emit(record)
    assert provider.force_flush(60_000)
    provider.shutdown()


@pytest.mark.parametrize(("way", "seed"), [("http", 21), ("http-gzip", 22), ("grpc", 23)])
def test_events_of_the_sdk_are_counted_to_the_micro_dollar(server: TeamServer, way: str, seed: int) -> None:
    session = a_session(f"sdk-{way}", seed)
    events = [event for _ in range(EVENTS // 20) for event in session.logs(20).events]
    packed = Compression.Gzip if way == "http-gzip" else Compression.NoCompression
    exporter = (
        GrpcLogs(endpoint=server.grpc, insecure=True)
        if way == "grpc"
        else HttpLogs(endpoint=f"{server.http}/v1/logs", compression=packed)
    )
    send_events(exporter, Resource(dict(session.client.resource)), events)
    assert_told(server, session, f"sdk-{way}")


def assert_told(server: TeamServer, session: Session, project: str) -> None:
    server.wait_until_taken()
    cost = report(server, "cost", project=project)["figures"]
    assert round(Decimal(str(cost["cost"]["value_usd"])) * 10**6) == session.told.cost_micros
    assert cost["responses"]["value"] == session.told.responses
    tools = report(server, "tools", project=project)["tools"]
    assert sum(row["uses"] for row in tools) == session.told.events["tool_result"]


@pytest.mark.parametrize("temporality", ["delta", "cumulative"])
@pytest.mark.parametrize("way", ["http", "grpc"])
def test_metrics_of_the_sdk_add_up_however_they_are_told(server: TeamServer, way: str, temporality: str) -> None:
    project = f"meters-{way}-{temporality}"
    session = a_session(project, 12)
    preferred: dict[type, AggregationTemporality] = {Counter: AggregationTemporality[temporality.upper()]}
    exporter: Any = (
        GrpcMetrics(endpoint=server.grpc, insecure=True, preferred_temporality=preferred)
        if way == "grpc"
        else HttpMetrics(endpoint=f"{server.http}/v1/metrics", preferred_temporality=preferred)
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=150)
    provider = MeterProvider([reader], Resource(dict(session.client.resource)))
    meter = provider.get_meter(SCOPES["metrics"], "2.1.329")
    cost = meter.create_counter("claude_code.cost.usage", "USD")
    lines = meter.create_counter("claude_code.lines_of_code.count")
    standard: dict[str, Any] = dict(session.client.standard)
    for number in range(1, 8):
        cost.add(number / 1e6, {**standard, "model": "claude-opus-4-8", "query_source": "main"})
        lines.add(number, {**standard, "type": "added", "model": "claude-opus-4-8"})
        time.sleep(0.1)
    assert provider.force_flush(30_000)
    provider.shutdown()
    server.wait_until_taken()
    told = report(server, "cost", project=project)
    assert Decimal(str(told["figures"]["cost"]["value_usd"])) == Decimal("0.000028")
    assert Decimal(str(told["cuts"][0]["metrics_cost_usd"])) == Decimal("0.000028"), "no event tells of it"
    assert report(server, "output", project=project)["figures"]["lines_added"]["value"] == 28


def test_the_sdk_comes_again_when_the_receivers_were_away(tmp_path: Path) -> None:
    with team_server(tmp_path) as server:
        session = a_session("again", 13)
        events = [event for _ in range(EVENTS // 20) for event in session.logs(20).events]
        exporter = HttpLogs(endpoint=f"{server.http}/v1/logs", timeout=60)
        sender = threading.Thread(
            target=send_events, args=(exporter, Resource(dict(session.client.resource)), events), daemon=True
        )
        server.kill_receivers()
        sender.start()
        sender.join(90)
        assert not sender.is_alive()
        assert_told(server, session, "again")
