"""The server under clients that are slow, silent, many or mad; and how it ends."""

from __future__ import annotations

import os
import resource
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

import pytest

from tests.conftest import Machine
from tests.fuzzing import mutate
from tests.hardships import until
from tests.raw_http import Wire, answered, request, status
from tests.web_stage import NOW, Dashboard, certificate, fill, quiet
from tokentide.errors import TimeZoneUnknownError
from tokentide.serving.connections import Patience
from tokentide.serving.sockets import tls_of
from tokentide.web import app
from tokentide.web.app import Plan
from tokentide.web.gate import MOST_BODY_BYTES, Doorway
from tokentide.web.html import environment
from tokentide.web.hub import MOST_LISTENERS
from tokentide.web.serving import bound, serve

SHORT = Patience(head=1.5, body=1.5, rest=1.5, write=2, idle=3, most_connections=40)
SLACK = 4.0
"""Seconds beyond a limit after which a connection counts as forgotten: it is looked at every second, on a busy machine."""
FUZZ_SECONDS = float(os.environ.get("TOKENTIDE_FUZZ_SECONDS", "3"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    machine = Machine(tmp_path_factory.mktemp("serving"))
    fill(machine, days=10)
    return machine


@pytest.fixture(scope="module")
def dashboard(filled: Machine) -> Iterator[Dashboard]:
    with Dashboard(filled, patience=SHORT).serving() as dashboard:
        yield dashboard
        assert dashboard.faults == []


def lives(dashboard: Dashboard) -> bool:
    return dashboard.ask("/api/v1/status").status == 200


def drip(wire: Wire, data: bytes, seconds: float) -> float:
    """Send byte by byte until nobody listens; how long that took."""
    begun = time.monotonic()
    for byte in data:
        try:
            wire.socket.sendall(bytes([byte]))
        except OSError:
            break
        wire.socket.settimeout(seconds)
        try:
            if not wire.socket.recv(4096):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begun


# Slow clients.


def test_who_says_nothing_is_hung_up_on(dashboard: Dashboard) -> None:
    with Wire.to(dashboard) as wire:
        assert SHORT.head * 0.5 < wire.seconds_to_hang_up() < SHORT.head + SLACK


def test_a_head_byte_by_byte_is_hung_up_on(dashboard: Dashboard) -> None:
    with Wire.to(dashboard) as wire:
        assert drip(wire, request(dashboard, "X-Slow: " + "x" * 500), 0.1) < SHORT.head + SLACK
    assert lives(dashboard)


def test_the_second_head_of_a_connection_has_no_more_time(dashboard: Dashboard) -> None:
    with Wire.to(dashboard) as wire:
        wire.send(f"GET /api/v1/status HTTP/1.1\r\nHost: {dashboard.host}\r\n\r\n".encode())
        assert status(wire.until(b"}")) == 200
        assert drip(wire, request(dashboard, "X-Slow: " + "x" * 500), 0.1) < SHORT.head + SLACK


def test_a_silent_connection_ends_after_an_answer(dashboard: Dashboard) -> None:
    with Wire.to(dashboard) as wire:
        wire.send(f"GET /api/v1/status HTTP/1.1\r\nHost: {dashboard.host}\r\n\r\n".encode())
        assert status(wire.until(b"}")) == 200
        assert wire.seconds_to_hang_up() < SHORT.idle + SLACK


@pytest.mark.parametrize("target", ["/settings", "/api/v1/status", "/nowhere"])
@pytest.mark.parametrize("framing", ["Content-Length: 5000", "Transfer-Encoding: chunked"])
def test_a_body_byte_by_byte_is_hung_up_on(dashboard: Dashboard, target: str, framing: str) -> None:
    head = f"POST {target} HTTP/1.1\r\nHost: {dashboard.host}\r\n{framing}\r\n\r\n".encode()
    with Wire.to(dashboard) as wire:
        wire.send(head)
        assert drip(wire, b"1\r\nx\r\n" * 200, 0.1) < SHORT.body + SLACK


def test_a_body_without_end_is_cut_off(dashboard: Dashboard) -> None:
    head = f"POST /nowhere HTTP/1.1\r\nHost: {dashboard.host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"x" * (1 << 16) + b"\r\n"
    begun, sent = time.monotonic(), 0
    with Wire.to(dashboard) as wire:
        wire.send(head)
        wire.socket.settimeout(5)
        while time.monotonic() - begun < SHORT.body + SLACK:
            try:
                sent += wire.socket.send(chunk)
            except OSError:
                break
        else:
            pytest.fail("the body was taken for ever")
    assert lives(dashboard)


def test_a_form_that_is_longer_than_it_may_be_is_refused(filled: Machine) -> None:
    """In chunks, so that nothing tells its length before it has come."""
    chunks = (
        b"".join(b"1000\r\n" + b"x" * 4096 + b"\r\n" for _ in range(MOST_BODY_BYTES // 4096)) + b"1\r\nx\r\n0\r\n\r\n"
    )
    with Dashboard(filled, token="a-token-that-is-long-enough").serving() as asking:
        head = request(asking, "Transfer-Encoding: chunked", method="POST", target="/login")
        told = answered(asking, head + chunks)
        assert status(told) == 413
        assert b"64 KiB" in told
        assert asking.faults == []


def test_a_reader_that_never_reads_is_hung_up_on(dashboard: Dashboard) -> None:
    """A big answer, asked for by someone with a small buffer who takes nothing of it."""
    host, _, port = dashboard.host.rpartition(":")
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.settimeout(20)
        lazy.connect((host, int(port)))
        lazy.sendall(f"GET /static/plotly.js HTTP/1.1\r\nHost: {dashboard.host}\r\n\r\n".encode())
        begun = time.monotonic()
        while is_held(dashboard, lazy.getsockname()[1]):
            assert time.monotonic() - begun < SHORT.write + SHORT.idle + SLACK, "its answer is kept for ever"
            time.sleep(0.2)
        got = Wire(lazy).rest()
    assert len(got) < 4_000_000, "it was not cut off"


def is_held(dashboard: Dashboard, port: int) -> bool:
    """Whether the server still has the connection with that port of ours, as the system tells."""
    own = int(dashboard.host.rpartition(":")[2])
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    held = [line.split() for line in lines]
    return any(
        int(words[1].rpartition(":")[2], 16) == own
        and int(words[2].rpartition(":")[2], 16) == port
        and words[3] == "01"
        for words in held
    )


def test_a_slow_reader_that_reads_gets_everything(dashboard: Dashboard) -> None:
    """Slower than the limit in all, but never standing still."""
    whole = dashboard.ask("/static/plotly.js").body
    with Wire.to(dashboard) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        wire.send(request(dashboard, target="/static/plotly.js"))
        got, begun = bytearray(), time.monotonic()
        while chunk := wire.socket.recv(1 << 16):
            got += chunk
            time.sleep(0.07)
        assert bytes(got).endswith(whole[-100:])
        assert time.monotonic() - begun > SHORT.write


# Many clients.


def test_silent_connections_make_room_for_others(dashboard: Dashboard) -> None:
    """1,000 that say nothing: whoever asks is answered at once."""
    with ExitStack() as stack:
        for _ in range(min(1_000, max(100, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 300))):
            stack.enter_context(Wire.to(dashboard))
        begun = time.monotonic()
        assert lives(dashboard)
        assert time.monotonic() - begun < 2


def test_who_is_answered_is_not_hung_up_on_for_newcomers(dashboard: Dashboard) -> None:
    with ExitStack() as stack:
        stream = stack.enter_context(Wire.to(dashboard))
        stream.send(request(dashboard, target="/api/v1/events"))
        assert status(stream.until(b"event: changed")) == 200
        for _ in range(SHORT.most_connections * 2):
            stack.enter_context(Wire.to(dashboard))
        assert lives(dashboard)
        stream.socket.settimeout(0.3)
        assert not has_ended(stream)


def has_ended(wire: Wire) -> bool:
    """Whether the other side has hung up; it says nothing for a moment where it has not."""
    try:
        while wire.socket.recv(4096):
            pass
    except TimeoutError:
        return False
    return True


def test_listeners_are_limited(filled: Machine) -> None:
    with Dashboard(filled).serving() as dashboard, ExitStack() as stack:
        for _ in range(MOST_LISTENERS):
            wire = stack.enter_context(Wire.to(dashboard))
            wire.send(request(dashboard, target="/api/v1/events"))
        until(lambda: dashboard.ask("/api/v1/status").json()["listeners"] == MOST_LISTENERS)
        told = dashboard.ask("/api/v1/events")
        assert told.status == 503
        assert told.headers["retry-after"]
        assert "Too many listen" in told.json()["error"]
        stack.close()
        until(lambda: dashboard.ask("/api/v1/status").json()["listeners"] == 0)
        assert dashboard.faults == []


def test_many_readers_at_once_are_answered(dashboard: Dashboard) -> None:
    with ThreadPoolExecutor(30) as readers:
        answers = readers.map(lambda index: dashboard.ask(f"/api/v1/daily?last={index % 10 + 1}d").status, range(150))
        assert set(answers) == {200}


# Mad clients.


def seeds(dashboard: Dashboard) -> list[bytes]:
    """Requests to be damaged."""
    body = b"token=x&next=/"
    post = request(
        dashboard, f"Content-Length: {len(body)}", f"Origin: {dashboard.address}", method="POST", target="/login"
    )
    chunked = (
        request(dashboard, "Transfer-Encoding: chunked", method="POST", target="/settings") + b"3\r\nabc\r\n0\r\n\r\n"
    )
    gets = [
        request(dashboard, "Cookie: a=b; c", "Range: bytes=0-", target=t)
        for t in ("/", "/api/v1/daily?last=7d", "/static/app.js")
    ]
    return [*gets, post + body, chunked, gets[0] + gets[1]]


@pytest.mark.fuzz
def test_whatever_comes_the_server_answers_or_hangs_up(dashboard: Dashboard) -> None:
    seed = int(os.environ.get("TOKENTIDE_FUZZ_SEED", "1"))
    random, known = Random(seed), seeds(dashboard)
    begun, tried = time.monotonic(), 0
    while time.monotonic() - begun < FUZZ_SECONDS:
        data = mutate(random, random.choice(known), known)[:200_000]
        with Wire.to(dashboard, timeout=SHORT.head + SHORT.body + SLACK) as wire:
            wire.send(data)
            with suppress(OSError):  # the server may have hung up already
                wire.socket.shutdown(socket.SHUT_WR)
            told = wire.rest()
        assert told == b"" or told.startswith(b"HTTP/1.1 "), (seed, tried, data, told[:200])
        assert status(told) != 500, (seed, tried, data)
        tried += 1
    assert tried > 20
    assert lives(dashboard)
    assert dashboard.faults == []


# Beginning and ending.


def test_a_port_that_is_taken_is_not_taken_twice() -> None:
    with bound("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use"):
        bound("127.0.0.1", first.getsockname()[1])


def test_it_listens_on_both_kinds_of_loopback() -> None:
    with bound("::", 0) as both:
        port = both.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), 5).close()


def test_wrong_settings_are_told_before_it_serves(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.settings('timezone = "Nowhere/Land"\n')
    for name, value in machine._environ().items():
        monkeypatch.setenv(name, value)
    plan = Plan(machine._environ(), lambda: 0, Doorway.of(1, ["127.0.0.1"]))
    with bound("127.0.0.1", 0) as listener, pytest.raises(TimeZoneUnknownError):
        serve(plan, listener, lambda: None)


def test_open_streams_do_not_hold_up_the_end(filled: Machine) -> None:
    threads = threading.active_count()
    with ExitStack() as stack:
        with Dashboard(filled).serving() as dashboard:
            for _ in range(20):
                wire = stack.enter_context(Wire.to(dashboard))
                wire.send(request(dashboard, target="/api/v1/events"))
                assert wire.until(b"event: changed")
            begun = time.monotonic()
        assert time.monotonic() - begun < 3
        bound("127.0.0.1", int(dashboard.host.rpartition(":")[2])).close()
    until(lambda: threading.active_count() <= threads)


def test_an_error_of_ours_is_told_and_shown_without_its_message(machine: Machine) -> None:
    """A clock that fails, once there is something to ask it for."""
    quiet(machine)
    with Dashboard(machine).serving() as dashboard:
        dashboard.now = "secret"  # type: ignore[assignment]
        told = dashboard.ask("/api/v1/daily")
        assert told.status == 500
        assert "secret" not in told.text
        assert "Traceback" not in told.text
        assert "the terminal tells more" in told.text
        assert told.headers["x-frame-options"] == "DENY"
        until(lambda: [type(each).__name__ for each in dashboard.faults][:1] == ["TypeError"])
        dashboard.now = NOW
        assert lives(dashboard)


def test_tls_is_spoken_and_nothing_else(filled: Machine, tmp_path: Path) -> None:
    context = ssl.create_default_context()
    cert, key = certificate(tmp_path)
    context.load_verify_locations(cert)
    with Dashboard(filled, tls=tls_of(cert, key)).serving() as dashboard:
        host, _, port = dashboard.host.rpartition(":")
        with (
            socket.create_connection((host, int(port)), 10) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as wire,
        ):
            wire.sendall(request(dashboard))
            assert status(Wire(wire).rest()) == 200
            assert wire.version() in ("TLSv1.2", "TLSv1.3")
        assert status(answered(dashboard, request(dashboard))) == 0, "without TLS there is no answer"
        assert dashboard.faults == []


def test_templates_are_made_ready_behind_the_start(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(machine)
    monkeypatch.setattr(app, "WARM_AFTER_SECONDS", 0.0)
    environment.cache_clear()
    end = time.monotonic() + 20
    with Dashboard(machine).serving():
        made = environment()
        while made.cache is None or len(made.cache) < len(made.list_templates()):
            assert time.monotonic() < end
            time.sleep(0.02)
