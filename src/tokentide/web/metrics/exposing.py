"""Families of metrics as text: in Prometheus' format, or as OpenMetrics for who asks for that."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request, Response
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

OPENMETRICS = "application/openmetrics-text"
OPENMETRICS_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
END = b"# EOF\n"


class Families(Collector):
    """Families that were made already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._families


def wants_openmetrics(request: Request) -> bool:
    """Whether who scrapes takes OpenMetrics."""
    return OPENMETRICS in request.headers.get("accept", "")


def text_of(families: Iterable[Metric], *, is_open: bool) -> bytes:
    """The families as text."""
    registry = CollectorRegistry()
    registry.register(Families(families))
    return written(registry, is_open=is_open)


def written(registry: CollectorRegistry, *, is_open: bool) -> bytes:
    """All that a registry collects, as text."""
    if not is_open:
        return exposition.generate_latest(registry)
    text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
    return text


def told(first: bytes, second: bytes, *, is_open: bool) -> Response:
    """Two texts as one answer, which nobody keeps."""
    kind = OPENMETRICS_TYPE if is_open else TEXT_TYPE
    return Response(first.removesuffix(END) + second, headers={"content-type": kind, "cache-control": "no-store"})
