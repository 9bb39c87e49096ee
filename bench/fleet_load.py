"""Sends a fleet's batches as its clients would: many connections that stay open, and tries again when it is told to.

Times are those of the event loop; what was acknowledged, what may have been taken and what was refused is counted
apart, so that an answer of the server can be held between two bounds.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, cast
from urllib.parse import urlsplit

from bench.fleet_people import Batch
from bench.fleet_sums import Sums
from tokentide.model.latency import bucket_of

ACKNOWLEDGED = range(200, 300)
RETRIED = (0, 429, 502, 503, 504)
"""Statuses after which the client tries again; 0 is no answer."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, FACTOR = 1.0, 5.0, 1.5
"""How the client's exporter waits."""
SERVICES = {
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
GRPC_AS_HTTP = {"OK": 200, "UNAVAILABLE": 503, "RESOURCE_EXHAUSTED": 429, "DEADLINE_EXCEEDED": 0, "CANCELLED": 0}
"""What stands for a status of gRPC; all others are refusals."""


@dataclass(frozen=True)
class Manners:
    """How batches are sent."""

    attempts: int = 5
    """So often one is tried; the client's exporter does it five times."""
    timeout_seconds: float = 10.0
    gzip_share: float = 0.2
    duplicates: float = 0.02
    """So great a share is sent twice, though it was acknowledged."""
    token: str = ""


@dataclass
class Outcome:
    """What became of everything."""

    acknowledged: Sums = field(default_factory=Sums)
    uncertain: Sums = field(default_factory=Sums)
    """Given up on without an acknowledgement: the server may have it or not."""
    refused: Sums = field(default_factory=Sums)
    answers: Counter[int] = field(default_factory=Counter)
    """By status, every attempt; 0 for none."""
    duplicates: int = 0
    bytes: int = 0
    """Of acknowledged bodies, before they were packed."""
    acknowledge_ms: Counter[int] = field(default_factory=Counter)
    """How long acknowledgements took, by bucket of tokentide.model.latency."""
    behind_seconds: float = 0.0
    """How late the last batch was sent that was late most: above a second the load tool was the bound."""
    seconds: float = 0.0

    def add(self, other: Outcome) -> None:
        """Take in what another process saw."""
        self.acknowledged.add(other.acknowledged)
        self.uncertain.add(other.uncertain)
        self.refused.add(other.refused)
        self.answers.update(other.answers)
        self.acknowledge_ms.update(other.acknowledge_ms)
        self.duplicates += other.duplicates
        self.bytes += other.bytes
        self.behind_seconds = max(self.behind_seconds, other.behind_seconds)
        self.seconds = max(self.seconds, other.seconds)


class Way(Protocol):
    """A way to the server; one request at a time."""

    async def send(self, batch: Batch, *, is_packed: bool) -> tuple[int, float]:
        """The answer's status (0 for none) and how many seconds it asks to wait (0 where it does not say)."""

    async def close(self) -> None:
        """Hang up."""


class HttpWay:
    """A connection of HTTP/1.1 that stays open, and is opened again when it was lost."""

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 4318
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        self.head = f"Host: {self.host}:{self.port}\r\nUser-Agent: OTel-OTLP-Exporter-JavaScript/0.208.0\r\n{bearer}"
        self.timeout_seconds = timeout_seconds
        self._wire: _Wire | None = None

    async def send(self, batch: Batch, *, is_packed: bool) -> tuple[int, float]:
        """See Way."""
        body = gzip.compress(batch.body, 1, mtime=0) if is_packed else batch.body
        packed = "Content-Encoding: gzip\r\n" if is_packed else ""
        length = f"Content-Type: {batch.content_type}\r\nContent-Length: {len(body)}\r\n{packed}\r\n"
        request = f"POST /v1/{batch.signal} HTTP/1.1\r\n{self.head}{length}".encode() + body
        try:
            async with asyncio.timeout(self.timeout_seconds):
                if self._wire is None or self._wire.is_lost:
                    loop = asyncio.get_running_loop()
                    _, self._wire = await loop.create_connection(_Wire, self.host, self.port)
                return await self._wire.ask(request)
        except (OSError, TimeoutError):
            await self.close()
            return 0, 0.0

    async def close(self) -> None:
        """See Way."""
        if self._wire is not None and self._wire.transport is not None:
            self._wire.transport.close()
        self._wire = None


class _Wire(asyncio.Protocol):
    """Reads answers, of which the length is told; enough for a receiver of OTLP."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.is_lost = False
        self._answer: asyncio.Future[tuple[int, float]] | None = None
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, float]]:
        self._seen, self._answer = b"", asyncio.get_running_loop().create_future()
        assert self.transport is not None
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, end, body = self._seen.partition(b"\r\n\r\n")
        if not end or self._answer is None or self._answer.done():
            return
        lines = head.lower().split(b"\r\n")
        fields = dict(line.split(b":", 1) for line in lines[1:] if b":" in line)
        if len(body) >= int(fields.get(b"content-length", b"0")):
            self.is_lost = fields.get(b"connection", b"").strip() == b"close" or lines[0].startswith(b"http/1.0")
            wait = float(fields.get(b"retry-after", b"0"))
            self._answer.set_result((int(lines[0].split(b" ")[1]), wait))


class GrpcWay:
    """A channel of gRPC; grpcio is imported only where a fleet uses it."""

    def __init__(self, target: str, token: str, timeout_seconds: float) -> None:
        import grpc.aio  # type: ignore[import-untyped,unused-ignore]

        self._channel = grpc.aio.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])
        self._calls = {signal: self._channel.unary_unary(path) for signal, path in SERVICES.items()}
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self.timeout_seconds = timeout_seconds

    async def send(self, batch: Batch, *, is_packed: bool) -> tuple[int, float]:
        """See Way."""
        import grpc  # type: ignore[import-untyped,unused-ignore]

        packed = grpc.Compression.Gzip if is_packed else grpc.Compression.NoCompression
        call = self._calls[batch.signal]
        try:
            await call(batch.body, metadata=self._metadata, timeout=self.timeout_seconds, compression=packed)
        except grpc.aio.AioRpcError as error:
            return GRPC_AS_HTTP.get(error.code().name, 400), 0.0
        return 200, 0.0

    async def close(self) -> None:
        """See Way."""
        await self._channel.close()


class Courier:
    """One way and what waits for it: batches are sent one after another, each until it is taken or given up."""

    def __init__(self, way: Way, manners: Manners, outcome: Outcome, room: asyncio.Semaphore, random: Random) -> None:
        self.way = way
        self.room = room
        """Released by one when a batch was dealt with."""
        self.manners = manners
        self.outcome = outcome
        self.random = random
        self.waiting: asyncio.Queue[tuple[float, Batch] | None] = asyncio.Queue()

    async def run(self) -> None:
        """Send what comes, until None does; beside a batch stands when it is due, by the event loop's clock."""
        loop = asyncio.get_running_loop()
        while (waiting := await self.waiting.get()) is not None:
            due, batch = waiting
            self.outcome.behind_seconds = max(self.outcome.behind_seconds, loop.time() - due)
            await self.deliver(batch)
            self.room.release()
        await self.way.close()

    async def deliver(self, batch: Batch) -> None:
        """Send one, and count what became of it."""
        is_packed = self.random.random() < self.manners.gzip_share
        status = await self._attempts(batch, is_packed=is_packed)
        if status in ACKNOWLEDGED:
            self.outcome.acknowledged.add(batch.sums)
            if self.random.random() < self.manners.duplicates:
                self.outcome.duplicates += 1
                await self._attempts(batch, is_packed=is_packed)
        elif status in RETRIED:
            self.outcome.uncertain.add(batch.sums)
        else:
            self.outcome.refused.add(batch.sums)

    async def _attempts(self, batch: Batch, *, is_packed: bool) -> int:
        """The status in the end."""
        loop, status, pause = asyncio.get_running_loop(), 0, FIRST_WAIT_SECONDS
        for attempt in range(self.manners.attempts):
            begun = loop.time()
            status, asked = await self.way.send(batch, is_packed=is_packed)
            self.outcome.answers[status] += 1
            if status in ACKNOWLEDGED:
                self.outcome.bytes += len(batch.body)
                self.outcome.acknowledge_ms[bucket_of(round((loop.time() - begun) * 1_000))] += 1
            if status not in RETRIED:
                return status
            if attempt + 1 < self.manners.attempts:
                await asyncio.sleep(max(asked, pause * self.random.uniform(0.8, 1.2)))
            pause = min(pause * FACTOR, LONGEST_WAIT_SECONDS)
        return status


def counted(answers: Mapping[int, int]) -> dict[str, int]:
    """Answers by status, for people."""
    return {str(status) if status else "no answer": count for status, count in sorted(answers.items())}
