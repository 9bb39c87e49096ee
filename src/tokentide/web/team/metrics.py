"""`/metrics` of the team server: what the viewer may see, and for an admin what the server says of itself."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from fastapi import APIRouter, Request, Response
from prometheus_client.core import GaugeMetricFamily

from tokentide.analytics.team.meters import read_team_meters
from tokentide.store.team.query import Scope
from tokentide.web.answers import Answer
from tokentide.web.asked import Filters
from tokentide.web.metrics.exposing import text_of, told, wants_openmetrics
from tokentide.web.team.access import viewer_in
from tokentide.web.team.desk import TeamSight
from tokentide.web.team.metric_families import TeamFamilies
from tokentide.web.team.metric_server import server_families
from tokentide.web.team.replies import team_desk

MOST_SCOPES = 64
"""Whose counters are remembered: of so many different viewers, the last that asked."""


class _Remembered:
    """The counters of each scope; from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Scope, TeamFamilies] = OrderedDict()

    def of(self, scope: Scope) -> TeamFamilies:
        with self._lock:
            found = self._kept.setdefault(scope, TeamFamilies())
            self._kept.move_to_end(scope)
            while len(self._kept) > MOST_SCOPES:
                self._kept.popitem(last=False)
            return found


def team_metrics_routes() -> APIRouter:
    """The route; what it remembers lives as long as the router."""
    router = APIRouter(include_in_schema=False)
    remembered = _Remembered()

    def make(sight: TeamSight, *, is_open: bool) -> Answer:
        """What the store says. Raises StoreError."""
        mode = Filters().cost_mode(sight.settings)
        has_people = sight.plan.metrics_users
        meters = read_team_meters(sight.store, sight.scope, mode, now=sight.now, has_people=has_people)
        return Answer.of(text_of(remembered.of(sight.scope).of(meters), is_open=is_open).decode())

    @router.get("/metrics")
    async def scrape(request: Request) -> Response:
        begun = time.perf_counter()
        viewer, desk, is_open = viewer_in(request), team_desk(request), wants_openmetrics(request)
        kept = await desk.answer(viewer, f"metrics {is_open}", lambda sight: make(sight, is_open=is_open))
        taken = GaugeMetricFamily(
            "tokentide_server_scrape_duration_seconds",
            "How long asking the store took for this scrape.",
            value=time.perf_counter() - begun,
        )
        own = [*(server_families(desk.plan.status()) if viewer.sees_server else ()), taken]
        return told(kept.body, text_of(own, is_open=is_open), is_open=is_open)

    return router
