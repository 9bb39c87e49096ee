"""Posts telemetry to receivers from many connections, and prints how many are acknowledged a second, and how soon.

    python bench/intake.py [--folder DIR] [--seconds 8] [--rounds 3] [--connections 64] [--receivers 1] [--access]

A body is three log records of about 1 KB each in protobuf, and no two are equal. `As many as go` has every connection
send its next request when it has an answer. `At half of that` sends at fixed instants, whatever comes back, and a
request's time counts from the instant at which it was due. CPU is that of the receivers, user and system: it says
what a core of its own would carry, also where others use the machine. Beside it stands the same server with an
application that only reads the body and answers: what there is left to win. The load tool runs on the same cores, in
one process.

Each figure is the median of the rounds, which take turns. DIR should be on the disk that a log would be on.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import platform
import shutil
import socket
import statistics
import struct
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn
import uvloop
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tokentide.clock import now_us
from tokentide.server.receiver.access import TokenAccess
from tokentide.server.receiver.plan import ReceiverPlan
from tokentide.server.receiver.process import ReceiverProcess
from tokentide.server.tenants.directory import Directory
from tokentide.server.tenants.tokens import INGEST, Grant

_INSTANT = 1_790_000_000_000_000_000
GOAL_POSTS, GOAL_P99_MS = 8000, 500


def body_of() -> bytes:
    """Three records as the client sends them, 1 KB each."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    scope = resource.scope_logs.add()
    for _ in range(3):
        record = scope.log_records.add()
        record.time_unix_nano = record.observed_time_unix_nano = _INSTANT
        record.body.string_value = "claude_code.api_request"
        for number in range(24):
            attribute = record.attributes.add()
            attribute.key, attribute.value.string_value = f"attribute.{number}", "x" * 20
    body: bytes = request.SerializeToString()
    return body


class Bodies:
    """Requests that differ in the instant of their records alone; made from one template."""

    def __init__(self, token: str) -> None:
        body = body_of()
        head = (
            "POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n"
            f"user-agent: OTel-OTLP-Exporter-JavaScript/0.208.0\r\ncontent-length: {len(body)}\r\n"
            + (f"authorization: Bearer {token}\r\n" if token else "")
        )
        self._request = bytearray(head.encode() + b"\r\n" + body)
        packed = struct.pack("<Q", _INSTANT)
        self._places = [place for place in range(len(self._request)) if self._request.startswith(packed, place)]
        self._next = time.time_ns()

    def next(self) -> bytes:
        """One that was never sent before."""
        self._next += 1
        for place in self._places:
            struct.pack_into("<Q", self._request, place, self._next)
        return bytes(self._request)


@dataclass
class Tally:
    """What came back."""

    answers: int = 0
    others: int = 0
    """Answers that are no 200."""
    seconds: list[float] = field(default_factory=list)
    sent: int = 0
    """All answers, those before and behind the stretch that is measured included."""


class Sender(asyncio.Protocol):
    """One connection. With an interval it sends at fixed instants, else as soon as there is an answer."""

    def __init__(self, bodies: Bodies, tally: Tally, first: float, interval: float) -> None:
        self._bodies, self._tally = bodies, tally
        self._due, self._interval = first, interval
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin when it is due."""
        self.transport = cast("asyncio.Transport", transport)
        self._loop.call_at(self._due, self._send)

    def data_received(self, data: bytes) -> None:
        """Count the answer."""
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            return
        tally, now = self._tally, self._loop.time()
        tally.answers += 1
        tally.sent += 1
        tally.others += not self._buffer.startswith(b"HTTP/1.1 200")
        tally.seconds.append(now - self._due)
        self._buffer = b""
        if self.is_over:
            return
        self._due = self._due + self._interval if self._interval else now
        if self._due <= now:
            self._send()
        else:
            self._loop.call_at(self._due, self._send)

    def _send(self) -> None:
        if not self.is_over:
            self.transport.write(self._bodies.next())


async def load(port: int, token: str, connections: int, seconds: float, rate: float) -> tuple[float, Tally]:
    """Posts a second that were acknowledged, and what came back; a rate of 0 means as many as go."""
    loop, bodies, tally = asyncio.get_running_loop(), Bodies(token), Tally()
    interval = connections / rate if rate else 0
    begin = loop.time() + 0.3
    senders = []
    for number in range(connections):
        first = begin + number / rate if rate else begin
        _, sender = await loop.create_connection(partial(Sender, bodies, tally, first, interval), "127.0.0.1", port)
        senders.append(sender)
    await asyncio.sleep(begin + 0.5 - loop.time())
    tally.answers, tally.seconds[:] = 0, []
    begun = loop.time()
    await asyncio.sleep(seconds)
    found = Tally(tally.answers, tally.others, list(tally.seconds))
    took = loop.time() - begun
    for sender in senders:
        sender.is_over = True
    await asyncio.sleep(0.3)
    for sender in senders:
        sender.transport.abort()
    found.sent = tally.sent
    return found.answers / took, found


async def bare(
    _scope: object, receive: uvicorn._types.ASGIReceiveCallable, send: uvicorn._types.ASGISendCallable
) -> None:
    """Reads the body and answers."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/x-protobuf"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def serve_bare(port: int) -> None:
    """The server without anything behind it."""
    uvicorn.run(bare, port=port, log_level="critical", lifespan="off", access_log=False)


@contextmanager
def bare_server() -> Iterator[int]:
    """Its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=serve_bare, args=(port,))
    process.start()
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.join()


def _wait_for(port: int) -> None:
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit("the bare server did not begin within a minute")


def access_of(path: str) -> TokenAccess:
    """Access by the directory of tokens."""
    return TokenAccess(Directory(path, now_us), is_open=False)


@contextmanager
def receivers(folder: Path, count: int, path: str | None) -> Iterator[tuple[int, list[int]]]:
    """Their port and processes; each has a log of its own."""
    port, running = 0, []
    for number in range(count):
        plan = ReceiverPlan(str(folder / str(number)), http_port=port, grpc_port=None, is_shared=count > 1)
        if path:
            plan = ReceiverPlan(
                plan.log_folder, http_port=port, grpc_port=None, is_shared=count > 1, access=partial(access_of, path)
            )
        running.append(ReceiverProcess(plan))
        port = running[-1].wait_until_ready().http_port
    try:
        yield port, [each.pid for each in running]
    finally:
        time.sleep(1.1)
        for each in running:
            numbers = each.numbers()
            each.end()
            if numbers:
                print(
                    f"  {numbers.entries:,} bodies in {numbers.groups:,} syncs, "
                    f"{numbers.entries / max(1, numbers.groups):.1f} each"
                )


def cpu_seconds(pids: list[int]) -> float:
    """What the processes have used, as Linux tells."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def percentile(seconds: list[float], share: float) -> float:
    """In ms."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))] * 1000 if seconds else 0.0


def main() -> None:
    """Measure and print."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="intake-", dir=options.folder))
    token = ""
    path = str(folder / "team.sqlite3") if options.access else None
    if path:
        directory = Directory(path, now_us)
        token, _ = directory.create(Grant(INGEST))
        directory.close()
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
        f"{options.connections} connections, bodies of {len(body_of()):,} bytes"
    )
    rows: list[tuple[float, float, float, float, float]] = []
    try:
        for number in range(options.rounds):
            rows.append(_round(options, folder / f"round-{number}", path, token))
            shutil.rmtree(folder / f"round-{number}", ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    posts, bare_posts, cpu, p50, p99 = (statistics.median(column) for column in zip(*rows, strict=True))
    print("\n| | posts/s | of the bare server | CPU µs a post | p50 ms at half | p99 ms at half |")
    print("| --- | --: | --: | --: | --: | --: |")
    print(f"| median of {len(rows)} | {posts:,.0f} | {posts / bare_posts:.2f} | {cpu:.0f} | {p50:.1f} | {p99:.1f} |")
    print(f"| goal | {GOAL_POSTS:,} | | {1e6 / GOAL_POSTS:.0f} | | {GOAL_P99_MS} |")


def _round(
    options: argparse.Namespace, folder: Path, path: str | None, token: str
) -> tuple[float, float, float, float, float]:
    """Posts a second, those of the bare server, CPU a post in µs, and two percentiles at half of the goal."""
    with bare_server() as port:
        bare_posts, _ = _run(load(port, token, options.connections, options.seconds / 2, 0))
    with receivers(folder, options.receivers, path) as (port, pids):
        before = cpu_seconds(pids)
        posts, most = _run(load(port, token, options.connections, options.seconds, 0))
        cpu = (cpu_seconds(pids) - before) * 1e6 / most.sent
        _, half = _run(load(port, token, options.connections, options.seconds, GOAL_POSTS / 2))
    p50, p99 = percentile(half.seconds, 0.5), percentile(half.seconds, 0.99)
    print(
        f"  bare {bare_posts:,.0f}/s; receiver {posts:,.0f}/s (p99 {percentile(most.seconds, 0.99):.1f} ms, "
        f"{most.others} refused, {cpu:.0f} µs of CPU a post); "
        f"at {GOAL_POSTS // 2:,}/s p50 {p50:.1f}, p99 {p99:.1f} ms, {half.others} refused"
    )
    return posts, bare_posts, cpu, p50, p99


def _run(work: Coroutine[object, object, tuple[float, Tally]]) -> tuple[float, Tally]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="where the logs are written; the system's temporary folder")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--receivers", type=int, default=1)
    parser.add_argument("--access", action="store_true", help="with a token that is looked up")
    return parser.parse_args()


if __name__ == "__main__":
    main()
