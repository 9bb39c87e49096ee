"""`/metrics`, in Prometheus' text format or as OpenMetrics, by what is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, Query, Request, Response
from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import BaseModel, ConfigDict, Field

from tokentide.alerts.standing import has_ended
from tokentide.analytics.live import LiveAsk
from tokentide.analytics.meters import read_meters
from tokentide.clock import DAY_US
from tokentide.model.alerts import HELD, Alert
from tokentide.web.answers import Answer
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.metrics.exposing import Families, text_of, told, wants_openmetrics, written
from tokentide.web.metrics.ledger_families import AccountLabels, UsageFamilies, alert_family, state_families
from tokentide.web.metrics.server_families import Counted, Tally, registry_of
from tokentide.web.replies import desk_of

ALERTS_US = 35 * DAY_US
"""An alert may be of a month's cost, and lasts as long as that."""


class MetricsQuery(BaseModel):
    """What a scrape asks for."""

    model_config = ConfigDict(extra="forbid")

    accounts: Literal["id", "name"] = Field(
        default="id", description="the label `account`: a short id that tells nobody who it is, or the name"
    )


class Metrics:
    """What one server measures."""

    def __init__(self) -> None:
        self._usage = UsageFamilies()
        self._lock = threading.Lock()
        self.tally: Tally = {}

    def families(self, sight: Sight, labels: AccountLabels) -> Iterator[Metric]:
        """What the ledger says. Raises LedgerError."""
        asked = Filters()
        calendar = sight.calendar(asked)
        ask = LiveAsk(calendar, sight.mode(asked), wish=sight.plan_wish(asked))
        meters = read_meters(sight.ledger, ask, now=sight.now)
        with self._lock:
            yield from [*self._usage.of(meters.usage)]
        yield from state_families(meters, labels, sight.now)
        recent = sight.ledger.alerts.recent(sight.now - ALERTS_US)
        yield alert_family(each for each in recent if _is_raised(each) and not has_ended(each, calendar, sight.now))


def add_metrics(app: FastAPI) -> None:
    """Count the requests of an application, and answer to who scrapes it."""
    metrics = Metrics()
    app.add_middleware(Counted, tally=metrics.tally)
    app.include_router(_router(metrics))


def _router(metrics: Metrics) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    async def scrape(request: Request, asked: Annotated[MetricsQuery, Query()]) -> Response:
        begun = time.perf_counter()
        desk = desk_of(request)
        is_open = wants_openmetrics(request)
        labels = AccountLabels(is_named=asked.accounts == "name")

        def make(sight: Sight) -> Answer:
            return Answer.of(text_of(metrics.families(sight, labels), is_open=is_open).decode())

        kept = await desk.answer(f"metrics {asked.accounts} {is_open}", make)
        own = registry_of(desk, metrics.tally)
        own.register(Families([_taken(time.perf_counter() - begun)]))
        return told(kept.body, written(own, is_open=is_open), is_open=is_open)

    return router


def _taken(seconds: float) -> Metric:
    return GaugeMetricFamily(
        "tokentide_scrape_duration_seconds", "How long reading the ledger took for this scrape.", value=seconds
    )


def _is_raised(alert: Alert) -> bool:
    return alert.state != HELD and not alert.cleared_at
