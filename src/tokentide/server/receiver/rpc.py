"""OTLP over gRPC, on raw bytes: what comes is written as it is, and no message is built from it here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]

from tokentide.model.telemetry import Entrance
from tokentide.server.receiver.access import as_headers
from tokentide.server.receiver.answers import Answer, protobuf_of, status_of
from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.intake import Intake, Post
from tokentide.server.receiver.listening import verify_free

MOST_BODY_BYTES = 16 << 20
"""gRPC holds a whole message before we see it; the limit of its own is 4 MiB."""
MOST_CALLS = 512
"""At one moment; more are told to come again."""
_SERVICES = {"logs": "LogsService", "metrics": "MetricsService", "trace": "TraceService"}
_KINDS = {
    f"/opentelemetry.proto.collector.{package}.v1.{service}/Export": "traces" if package == "trace" else package
    for package, service in _SERVICES.items()
}
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
WAY = "OTLP over gRPC"
_DETAILS = "grpc-status-details-bin"


class GrpcDoor(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Finds the method of a call. The stream form lets a call be refused before its message is read."""

    def __init__(self, intake: Intake) -> None:
        self._handlers = {
            path: grpc.stream_unary_rpc_method_handler(_Export(intake, kind).call) for path, kind in _KINDS.items()
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler of that method; None for another."""
        return self._handlers.get(handler_call_details.method)


class _Export:
    """The method Export of one signal."""

    def __init__(self, intake: Intake, kind: str) -> None:
        self._intake, self._kind = intake, kind
        self._seconds = asyncio.get_running_loop().time

    async def call(self, messages: AsyncIterator[bytes], context: Any) -> bytes:
        """Answer one call."""
        begun = self._seconds()
        answer = await self._intake.guarded(self._answer(messages, context))
        self._intake.tally.answered("grpc", self._kind, answer.status, self._seconds() - begun)
        if answer.status != 200:
            details = ((_DETAILS, status_of(answer)),)
            await context.abort(_CODES[answer.status], answer.message, trailing_metadata=details)
        return protobuf_of(answer)

    async def _answer(self, messages: AsyncIterator[bytes], context: Any) -> Answer:
        intake = self._intake
        entrance = intake.entrance(as_headers(context.invocation_metadata()))
        if isinstance(entrance, Answer):
            return entrance
        if not intake.room.has(0):
            return intake.crowded()
        body = await anext(aiter(messages), None)
        if body is None:
            return Answer(400, "the call has no message")
        return await self._taken(entrance, body)

    async def _taken(self, entrance: Entrance, body: bytes) -> Answer:
        room = self._intake.room
        room.used_bytes += len(body)
        try:
            if room.is_over:
                return self._intake.crowded()
            post = Post(entrance, self._kind, "application/x-protobuf", "", body)
            return await asyncio.shield(self._intake.take(post))
        finally:
            room.used_bytes -= len(body)


async def serving_grpc(
    intake: Intake, address: tuple[str, int], tls: tuple[bytes, bytes] | None, *, is_shared: bool
) -> tuple[grpc.aio.Server, int]:
    """A server that answers there, and its port; port 0 takes a free one. `tls` is key and certificate in PEM.

    Raises ReceiverError where the port cannot be had.
    """
    host, port = address
    server = grpc.aio.server(
        handlers=[GrpcDoor(intake)], maximum_concurrent_rpcs=MOST_CALLS, options=_options(is_shared=is_shared)
    )
    if port:
        verify_free(WAY, address, is_shared=is_shared)  # the library would not tell what is wrong
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    got = 0
    with suppress(RuntimeError):
        if tls:
            got = server.add_secure_port(place, grpc.ssl_server_credentials([tls]))
        else:
            got = server.add_insecure_port(place)
    if not got:
        raise ReceiverError.port(WAY, host, port)
    await server.start()
    return server, got


def _options(*, is_shared: bool) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", MOST_BODY_BYTES),
        ("grpc.max_metadata_size", 16 << 10),
        ("grpc.so_reuseport", int(is_shared)),
        ("grpc.max_connection_idle_ms", 600_000),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]
