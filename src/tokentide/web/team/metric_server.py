"""What a team server says of itself: what comes in, what waits, how the store is."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from tokentide.model.latency import middle_of
from tokentide.server.status import ReceiverStatus, ServerStatus
from tokentide.web.team.metric_families import cumulative

PREFIX = "tokentide_server_"
MICRO = 10**6


def server_families(status: ServerStatus) -> Iterator[Metric]:
    """One look at the server."""
    build = GaugeMetricFamily(f"{PREFIX}build_info", "The version; always 1.", labels=("version", "engine"))
    build.add_metric((status.version, status.engine), 1)
    yield build
    yield from _intake(status.receiver)
    for name, told, value in _counts(status):
        yield CounterMetricFamily(PREFIX + name, told, value=value)
    for name, told, value in _gauges(status):
        yield GaugeMetricFamily(PREFIX + name, told, value=value)


def _intake(receiver: ReceiverStatus) -> Iterator[Metric]:
    requests = CounterMetricFamily(f"{PREFIX}received_requests", "Exports answered.", labels=("way", "signal", "code"))
    for (way, signal, code), count in sorted(receiver.requests.items()):
        requests.add_metric((way, signal, str(code)), count)
    yield requests
    yield CounterMetricFamily(f"{PREFIX}received_bytes", "Bodies as they came.", value=receiver.received_bytes)
    took = HistogramMetricFamily(f"{PREFIX}acknowledge_seconds", "From a body's end to its acknowledgement.")
    counts = dict(receiver.acknowledge_ms)
    seconds = sum(middle_of(bucket) * count for bucket, count in counts.items()) / 1000
    took.add_metric((), cumulative(counts), seconds)
    yield took


def _counts(status: ServerStatus) -> Iterator[tuple[str, str, float]]:
    yield "taken_records", "Records put into the store.", status.taken_records
    yield (
        "refused_records",
        "Records left out: unreadable, or older than what is kept.",
        status.refused_records,
    )
    yield "refused_bodies", "Bodies that could not be read at all.", status.refused_bodies


def _gauges(status: ServerStatus) -> Iterator[tuple[str, str, float]]:
    yield "well", "1 while nothing needs a person, else 0.", float(status.is_well)
    yield "receiver_up", "1 while every receiver answers, else 0.", float(status.receiver.is_running)
    yield "connections", "Connections of senders.", status.receiver.connections
    yield "start_timestamp_seconds", "When the server started.", status.started_at / MICRO
    yield "waiting_bytes", "Acknowledged, on disk, and not in the store yet.", status.waiting_bytes
    yield "lag_seconds", "Age of the oldest that waits.", status.lag_us / MICRO
    yield "free_bytes", "Room on the disk of the log.", status.free_bytes
    yield "store_up", "1 while the engine takes rows, else 0.", float(not status.engine_fault)
    yield "store_missing_shards", "Shards that cannot be reached.", len(status.missing)
    yield "store_size_bytes", "Of an embedded store.", status.store_bytes
    yield "spooled_bytes", "Kept on disk for shards that are down.", status.spooled_bytes
    yield "last_received_timestamp_seconds", "When telemetry last came; 0 for never.", status.last_received_at / MICRO
    yield "last_taken_timestamp_seconds", "When rows were last put into the store.", status.last_taken_at / MICRO
