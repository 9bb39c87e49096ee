"""The server without its pages, with real processes: what is sent is counted, and whatever ends is started again."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.hardships import until
from tokentide import clock
from tokentide.server.board import posted_in
from tokentide.server.folder import TeamFolder
from tokentide.server.log.entry import NewEntry
from tokentide.server.log.writer import LogWriter
from tokentide.server.station import AnotherServerError, Station, StationPlan
from tokentide.server.tenants.tokens import INGEST, Grant
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.tables import USAGE

PATIENCE_SECONDS = 30


def plan_in(folder: Path, **wishes: Any) -> StationPlan:
    return StationPlan(TeamFolder(str(folder)), lambda _record: None, http_port=0, grpc_port=None, **wishes)


def request_event(request_id: str, micros: int) -> bytes:
    """A response as the client's log export tells it."""
    told = {
        "session.id": "s-1",
        "user.email": "ada@example.org",
        "event.name": "api_request",
        "model": "claude-opus-4-8",
    }
    attributes = [
        {"key": key, "value": {"stringValue": value}} for key, value in {**told, "request_id": request_id}.items()
    ]
    attributes += [
        {"key": key, "value": {"intValue": value}}
        for key, value in {"input_tokens": 10, "output_tokens": 57, "cost_usd_micros": micros}.items()
    ]
    record = {
        "timeUnixNano": str(time.time_ns()),
        "body": {"stringValue": "claude_code.api_request"},
        "attributes": attributes,
    }
    return json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [record]}]}]}).encode()


def post(station: Station, body: bytes, token: str = "") -> int:
    parts = urlsplit(station.addresses()["http"])
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS)
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    try:
        connection.request("POST", "/v1/logs", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def cost(station: Station, tenant: str = "default") -> int:
    return station.store.totals(Scope(tenant), TeamQuery(USAGE, ("auto_cost",))).value()


def test_what_is_sent_is_counted_once_and_survives_a_restart(tmp_path: Path) -> None:
    body = request_event("req_1", 20_450)
    with Station(plan_in(tmp_path)) as station:
        assert [post(station, body), post(station, body)] == [200, 200]
        until(lambda: cost(station) > 0)
    with Station(plan_in(tmp_path)) as again:
        assert post(again, body) == 200
        assert post(again, request_event("req_2", 1)) == 200
        until(lambda: cost(again) > 20_450_000)
        assert cost(again) == 20_451_000


def test_a_receiver_that_is_killed_is_started_again_on_its_port(tmp_path: Path) -> None:
    with Station(plan_in(tmp_path)) as station:
        assert post(station, request_event("req_1", 5)) == 200
        address, first = station.addresses(), station._receivers[0].pid
        os.kill(first, signal.SIGKILL)
        until(lambda: station._receivers[0].pid != first and station.status().receiver.is_running)
        assert station.addresses() == address
        until(lambda: _accepts(station, request_event("req_2", 7)))
        until(lambda: cost(station) == 12_000)


def _accepts(station: Station, body: bytes) -> bool:
    try:
        return post(station, body) == 200
    except OSError:
        return False


def test_two_receivers_share_a_port_and_nothing_is_lost(tmp_path: Path) -> None:
    with Station(plan_in(tmp_path, receivers=2)) as station:
        assert {post(station, request_event(f"req_{number}", 1)) for number in range(40)} == {200}
        until(lambda: cost(station) == 40_000)


def test_what_a_receiver_acknowledged_that_is_not_wanted_any_more_is_taken(tmp_path: Path) -> None:
    with closing(LogWriter(TeamFolder(str(tmp_path)).log(1), now=clock.now_us())) as log:
        entry = NewEntry(clock.now_us(), "default", "", "logs", "application/json", "", request_event("req_1", 5))
        log.append(entry).result(PATIENCE_SECONDS)
    with Station(plan_in(tmp_path)) as station:
        until(lambda: cost(station) == 5_000)


def test_one_server_has_a_folder(tmp_path: Path) -> None:
    with Station(plan_in(tmp_path)), pytest.raises(AnotherServerError, match="runs already"):
        Station(plan_in(tmp_path))


def test_others_on_the_machine_see_how_it_stands_while_it_runs(tmp_path: Path) -> None:
    folder = TeamFolder(str(tmp_path))
    with Station(plan_in(tmp_path)) as station:
        post(station, request_event("req_1", 5))
        until(lambda: cost(station) > 0)
        until(lambda: (found := posted_in(folder)) is not None and found.status.taken_records == 1)
        posted = posted_in(folder)
        assert posted is not None
        assert posted.status.is_well
        assert posted.addresses == station.addresses()
    assert posted_in(folder) is None


def test_tokens_part_tenants_and_a_viewers_cannot_send(tmp_path: Path) -> None:
    with Station(plan_in(tmp_path, is_open=False)) as station:
        ours, _ = station.directory.create(Grant(INGEST, "ours", ("core",)))
        theirs, _ = station.directory.create(Grant(INGEST, "theirs"))
        looks, _ = station.directory.create(Grant("viewer", "ours", role="admin"))
        body = request_event("req_1", 5)
        until(lambda: post(station, body, ours) == 200)
        until(lambda: post(station, request_event("req_2", 3), theirs) == 200)
        assert [post(station, body), post(station, body, "ttide_" + "x" * 43), post(station, body, looks)] == [
            401,
            401,
            403,
        ]
        until(lambda: (cost(station, "ours"), cost(station, "theirs")) == (5_000, 3_000))
        assert cost(station) == 0


def test_the_clock_that_is_passed_in_dates_what_comes(tmp_path: Path) -> None:
    with Station(plan_in(tmp_path, clock=_in_a_century)) as station:
        assert post(station, request_event("req_1", 5)) == 200
        until(lambda: cost(station) > 0)
        [row] = station.store.engine.ask("SELECT is_skewed, received_at - happened_at FROM telemetry")
        assert row == (True, 0)


def _in_a_century() -> int:
    return clock.now_us() + 100 * 365 * clock.DAY_US
