"""What the server says of itself: requests, listeners, answers kept, the ledger's file, how it stands."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokentide import __version__, locations
from tokentide.store.sqlite.format import FORMAT
from tokentide.web.desk import Desk

Tally = dict[tuple[str, str], int]
"""Requests by method and class of the answer's status; both are few."""


class Counted:
    """Notes the status of each request."""

    def __init__(self, app: ASGIApp, tally: Tally) -> None:
        self._app, self._tally = app, tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it through and look at the status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                key = (scope["method"], f"{message['status'] // 100}xx")
                self._tally[key] = self._tally.get(key, 0) + 1
            await send(message)

        await self._app(scope, receive, counting)


class Server(Collector):
    """Gauges that are read at each scrape."""

    def __init__(self, desk: Desk, tally: Tally) -> None:
        self._desk, self._tally = desk, tally

    def collect(self) -> Iterator[Metric]:
        """How the server stands, and what it has answered."""
        build = GaugeMetricFamily("tokentide_build_info", "The version; always 1.", labels=("version", "ledger_format"))
        build.add_metric((__version__, str(FORMAT)), 1)
        yield build
        for name, told, value in self._gauges():
            yield GaugeMetricFamily(f"tokentide_{name}", told, value=value)
        requests = CounterMetricFamily(
            "tokentide_requests", "Requests answered, by method and class of status.", labels=("method", "code")
        )
        for key, count in sorted(self._tally.items()):
            requests.add_metric(key, count)
        yield requests
        answers = self._desk.answers
        yield CounterMetricFamily("tokentide_answers_made", "Answers made out of the ledger.", value=answers.made)
        yield CounterMetricFamily("tokentide_answers_given", "Answers given, made or kept.", value=answers.given)

    def _gauges(self) -> Iterator[tuple[str, str, float]]:
        condition, desk = self._desk.condition, self._desk
        size, written = _file_facts()
        yield "ready", "1 once all transcripts were read for the first time, else 0.", float(condition.is_ready)
        yield "fault", "1 while something is wrong that pages tell of, else 0.", float(bool(condition.fault))
        yield "problems", "Lines, files and folders that could not be read.", condition.problems
        yield "transcripts", "Transcripts that are there.", condition.files
        yield "ledger_size_bytes", "Of the ledger with its log.", size
        yield "ledger_written_timestamp_seconds", "When the ledger was last written to.", written
        yield "listeners", "Open streams of events.", desk.hub.listeners
        yield "answers_kept_bytes", "Answers that are kept for the next who asks.", desk.answers.kept_bytes


def _file_facts() -> tuple[int, float]:
    """Bytes of the ledger with its log, and when either was last written."""
    path = locations.ledger_path()
    found = [os.stat(part) for part in (path, f"{path}-wal") if os.path.exists(part)]
    return sum(each.st_size for each in found), max((each.st_mtime for each in found), default=0.0)


def registry_of(desk: Desk, tally: Tally) -> CollectorRegistry:
    """Everything that is read anew at each scrape."""
    registry = CollectorRegistry()
    registry.register(Server(desk, tally))
    ProcessCollector(registry=registry)
    return registry
