"""Senders that are slow, silent, many or hostile, and the end of the receiver."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from random import Random
from subprocess import PIPE

import pytest

from tests.fuzzing import HAND_MADE, mutate
from tests.hardships import until
from tests.raw_http import Wire, status
from tests.receiver_stage import BASE, Receiver, entries_in, gzipped, json_logs, logs, receiving
from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.process import ReceiverProcess
from tokentide.serving.connections import Patience

HASTE = Patience(head=1, body=1, rest=1, write=1, idle=3, most_connections=50)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """Hangs up soon."""
    with receiving(tmp_path_factory.mktemp("log"), replace(BASE, patience=HASTE)) as found:
        yield found


def head(length: int, *more: str) -> bytes:
    lines = ["POST /v1/logs HTTP/1.1", "host: x", "content-type: application/x-protobuf", *more]
    return "\r\n".join([*lines, f"content-length: {length}", "", ""]).encode()


def test_who_says_nothing_is_hung_up_on(hasty: Receiver) -> None:
    with hasty.wire() as wire:
        assert 0.5 < wire.seconds_to_hang_up() < 4


def test_a_head_that_comes_slowly_is_hung_up_on(hasty: Receiver) -> None:
    with hasty.wire() as wire:
        begun = time.monotonic()
        for byte in head(3)[:-4]:
            wire.send(bytes([byte]))
            wire.socket.settimeout(0.1)
            with suppress(TimeoutError):
                if wire.socket.recv(100) == b"":
                    break
        assert 0.5 < time.monotonic() - begun < 4


def test_a_body_that_does_not_come_is_told_so(hasty: Receiver) -> None:
    with hasty.wire() as wire:
        wire.send(head(100) + b"x" * 50)
        assert wire.rest().startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_steadily_may_take_its_time(hasty: Receiver) -> None:
    body = logs("steady", 1, 40_000)
    with hasty.wire() as wire:
        wire.send(head(len(body), "connection: close"))
        for place in range(0, len(body), 4000):
            wire.send(body[place : place + 4000])
            time.sleep(0.35)
        assert wire.rest().startswith(b"HTTP/1.1 200 ")


def test_a_connection_is_kept_between_requests_and_not_for_ever(hasty: Receiver) -> None:
    body = logs("kept")
    with hasty.wire() as wire:
        for _ in range(3):
            wire.send(head(len(body)) + body)
            assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
            time.sleep(0.7)
        assert wire.seconds_to_hang_up() < 5


def test_requests_in_one_packet_are_answered_in_turn(hasty: Receiver) -> None:
    good, bad = logs("pipelined"), b"\xff\xff"
    with hasty.wire() as wire:
        wire.send(head(len(good)) + good + head(len(bad)) + bad + head(0, "connection: close"))
        answers = wire.rest().split(b"HTTP/1.1 ")[1:]
    assert [each[:3] for each in answers] == [b"200", b"400", b"200"]


def test_who_waits_for_leave_gets_it(hasty: Receiver) -> None:
    body = logs("expected")
    with hasty.wire() as wire:
        wire.send(head(len(body), "expect: 100-continue", "connection: close"))
        assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        wire.send(body)
        assert wire.rest().startswith(b"HTTP/1.1 200 ")


def test_a_sender_that_is_gone_leaves_nothing_behind(hasty: Receiver) -> None:
    for cut in (10, 60, len(head(100)), len(head(100)) + 50):
        with hasty.wire() as wire:
            wire.send((head(100) + b"x" * 100)[:cut])
    assert hasty.is_well()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nx: " + b"y" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 5000 + b"\r\n",
        b"GET /" + b"y" * 40_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n123456",
        b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n123456",
        b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"POST /v1/logs HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 1\r\n\r\nx",
        b"\r\n" * 40_000,
        b"\0" * 1000,
        b"x" * 100_000,
    ],
)
def test_what_is_no_request_is_refused_and_hung_up_on(hasty: Receiver, sent: bytes) -> None:
    with hasty.wire() as wire:
        wire.send(sent)
        answer = wire.rest()
    assert status(answer) in {0, 400, 404, 408, 415, 431}
    assert hasty.is_well()


def test_of_too_many_connections_the_silent_ones_go(hasty: Receiver) -> None:
    body = logs("among many")
    with ExitStack() as stack:
        wires = [stack.enter_context(hasty.wire()) for _ in range(60)]
        numbers = hasty.process.numbers()
        assert numbers is not None
        last = wires[-1]
        last.send(head(len(body)) + body)
        assert last.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        assert hasty.is_well()


def test_random_bytes_never_make_it_fail(hasty: Receiver) -> None:
    seeds = [
        head(len(body)) + body for body in (logs("fuzz", 3), json_logs("fuzz"), gzipped(logs("fuzz")), *HAND_MADE[:3])
    ]
    seeds += [seed.replace(b"x-protobuf", b"json") for seed in seeds]
    random, until, count = Random(os.environ.get("FUZZ_SEED", "3")), time.monotonic() + 8, 0
    while time.monotonic() < until:
        with hasty.wire() as wire:
            wire.socket.settimeout(3)
            wire.send(mutate(random, random.choice(seeds), seeds).replace(b"host: x", b"host: x\r\nconnection: close"))
            with suppress(TimeoutError, OSError):
                wire.socket.shutdown(socket.SHUT_WR)
                answer = wire.rest()
                assert status(answer) != 500, answer
        count += 1
    assert count > 20
    assert hasty.is_well()
    numbers = hasty.process.numbers()
    assert numbers is not None
    assert (numbers.failures, numbers.last_failure) == (0, "")


def test_a_thousand_silent_connections_keep_nobody_waiting(tmp_path: Path) -> None:
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with receiving(tmp_path) as receiver, ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(receiver.wire())
        begun = time.monotonic()
        for number in range(50):
            assert receiver.post("/v1/logs", logs(f"{number}")).status == 200
        assert time.monotonic() - begun < 10
        time.sleep(1.2)
        numbers = receiver.process.numbers()
        assert numbers is not None
        assert numbers.connections >= 1000
        assert receiver.process.end() == 0
        assert len(entries_in(tmp_path)) == 50


def post_without_end(receiver: Receiver, name: str, kept: list[bytes], over: threading.Event) -> None:
    number = 0
    while not over.is_set():
        body = logs(f"{name}-{number}", 2, random.choice((0, 500, 20_000)))
        with suppress(OSError, HTTPException):
            if receiver.post("/v1/logs", body).status == 200:
                kept.append(body)
        number += 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of other systems")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_everything_acknowledged_is_in_the_log_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    kept: list[bytes] = []
    over = threading.Event()
    with receiving(tmp_path) as receiver:
        threads = [
            threading.Thread(target=post_without_end, args=(receiver, f"{name}", kept, over)) for name in range(6)
        ]
        for thread in threads:
            thread.start()
        os.kill(receiver.process.pid, signal.SIGINT)  # a terminal's Ctrl+C reaches it too, and is its parent's to hear
        until(lambda: len(kept) > 50)
        begun = time.monotonic()
        os.kill(receiver.process.pid, number)
        receiver.process._process.join(10)
        took = time.monotonic() - begun
        over.set()
        for thread in threads:
            thread.join()
        assert receiver.process.exit_code == (-9 if number == signal.SIGKILL else 0)
    assert took < 2
    with receiving(tmp_path):
        pass
    found = [each.body for each in entries_in(tmp_path)]
    assert len(found) == len(set(found))
    assert set(kept) <= set(found)


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    with receiving(tmp_path) as receiver:
        assert receiver.is_well()
        receiver.process._lifeline.close()
        receiver.process._process.join(5)
        assert receiver.process.exit_code == 0


def test_a_body_on_its_way_is_not_waited_for_at_the_end(tmp_path: Path) -> None:
    with receiving(tmp_path) as receiver, receiver.wire() as wire:
        wire.send(head(100) + b"x" * 50)
        time.sleep(0.3)
        begun = time.monotonic()
        threading.Thread(target=receiver.process.end).start()
        answer = wire.rest()
        assert time.monotonic() - begun < 2.5
        assert status(answer) in {0, 503}


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with receiving(tmp_path / "1") as receiver:
        plan = replace(BASE, log_folder=str(tmp_path / "2"), http_port=receiver.http_port)
        with pytest.raises(ReceiverError, match=f"127.0.0.1 port {receiver.http_port}: another program listens there"):
            ReceiverProcess(plan).wait_until_ready()
        plan = replace(BASE, log_folder=str(tmp_path / "1"))
        with pytest.raises(ReceiverError, match=f"process {receiver.process.pid} writes to it"):
            ReceiverProcess(plan).wait_until_ready()
    with pytest.raises(ReceiverError, match="this machine has no such address"):
        ReceiverProcess(replace(BASE, log_folder=str(tmp_path / "2"), host="192.0.2.1")).wait_until_ready()


def test_several_receivers_share_a_port(tmp_path: Path) -> None:
    if not hasattr(socket, "SO_REUSEPORT"):
        pytest.skip("this system shares no ports")
    plan = replace(BASE, is_shared=True)
    with receiving(tmp_path / "1", plan) as one, receiving(tmp_path / "2", replace(plan, http_port=one.http_port)):
        for number in range(60):
            assert one.post("/v1/logs", logs(f"{number}")).status == 200
    counts = [len(entries_in(tmp_path / name)) for name in "12"]
    assert sum(counts) == 60
    assert min(counts) > 0


PLAIN = """
import sys
from dataclasses import replace
from multiprocessing import Pipe
from threading import Thread
sys.modules["httptools"] = sys.modules["uvloop"] = None
from tests.receiver_stage import BASE
from tokentide.serving.connections import Patience
from tokentide.server.receiver.serving import serve_receiver

def until_told():
    print(ours.recv().http_port, flush=True)
    sys.stdin.read()
    ours.close()

ours, theirs = Pipe()
Thread(target=until_told).start()
plan = replace(BASE, log_folder=sys.argv[1], patience=Patience(head=1, body=1, rest=1, idle=3))
code = serve_receiver(plan, theirs)
assert "uvicorn.protocols.http.httptools_impl" not in sys.modules
sys.exit(code)
"""


def test_without_the_quick_loop_and_parser_the_same_is_taken(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PLAIN, str(tmp_path)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, cwd=root) as child:
        assert child.stdin
        assert child.stdout
        try:
            port = int(child.stdout.readline())
            body = logs("plain", 3, 100_000)
            good = head(len(body)) + body
            with Wire(socket.create_connection(("127.0.0.1", port), 20)) as wire:
                wire.send(good)
                assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
                wire.send(head(2, "connection: close") + b"\xff\xff")
                assert wire.rest().startswith(b"HTTP/1.1 400 ")
            for sent, expected in ((head(9) + b"x", 408), (b"\0" * 100, 400), (head(9)[:-9], 0)):
                with Wire(socket.create_connection(("127.0.0.1", port), 20)) as wire:
                    wire.send(sent)
                    assert status(wire.rest()) == expected
        finally:
            child.stdin.close()
            child.wait(10)
    assert child.returncode == 0
    assert [each.body for each in entries_in(tmp_path)] == [body]


def test_numbers_are_told(tmp_path: Path) -> None:
    from tokentide.server.receiver.numbers import status_of

    with receiving(tmp_path) as receiver:
        body = logs("numbers", 3)
        assert [receiver.post("/v1/logs", body).status for _ in range(2)] == [200, 200]
        assert receiver.post("/v1/logs", b"\xff").status == 400
        time.sleep(1.3)
        numbers = receiver.process.numbers()
        assert numbers is not None
        assert numbers.requests == [("http", "logs", 200, 2), ("http", "logs", 400, 1)]
        assert (numbers.received_bytes, numbers.records, numbers.duplicates) == (len(body), 3, 1)
        assert (numbers.groups, numbers.entries, numbers.http_port) == (1, 1, receiver.http_port)
        assert sum(count for _, count in numbers.acknowledge_ms) == 2
        assert sum(count for _, count in numbers.commit_ms) == 1
        both = status_of([numbers, numbers], is_running=True)
        assert both.requests == {("http", "logs", 200): 4, ("http", "logs", 400): 2}
        assert (both.is_running, both.received_bytes) == (True, 2 * len(body))
