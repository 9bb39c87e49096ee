"""uvicorn, as far as it is wanted: one socket, our connections, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal, cast

import uvicorn

from tokentide.serving.connections import LONGEST_HEAD_BYTES, H11Connection, Patience, WatchedConnection

HANDSHAKE_SECONDS = 10
TICKS_A_SECOND = 10
ENDING = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if (number := getattr(signal, name, None))
)


def _nothing() -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Service:
    """How a server answers."""

    backlog: int
    """Connections that wait to be taken in; so many are taken at once, before the first of them is looked at."""
    shutdown_seconds: int
    """For what is on its way when it is to end."""
    patience: Patience
    tls: ssl.SSLContext | None = None
    connection: type[WatchedConnection] = H11Connection
    """The class of the connections, which is a protocol of uvicorn's too."""
    lifespan: Literal["on", "off"] = "off"
    headers: tuple[tuple[str, str], ...] = ()
    """Of every answer."""
    ready: Callable[[], None] = _nothing
    """Called when requests are answered."""
    each_second: Callable[[], None] = _nothing


class HttpServer(uvicorn.Server):
    """Answers on a socket until it is to end."""

    def __init__(self, application: object, service: Service) -> None:
        super().__init__(_config(application, service))
        self._service = service
        self._kind: Any = service.connection
        self._ticks = 0

    @property
    def connections(self) -> list[WatchedConnection]:
        """Those that are open."""
        return cast("list[WatchedConnection]", list(self.server_state.connections))

    def end(self) -> None:
        """Take no more connections, answer what has come, and end."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer on the sockets. Raises RuntimeError where the application does not start."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise RuntimeError("the application did not start")
        self.servers = [await self._listening(each) for each in sockets or ()]
        self.started = True
        self._service.ready()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections about once a second."""
        self._ticks += 1
        if self._ticks % TICKS_A_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for each in self.connections:
                each.look(now)
            self._service.each_second()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what has come be answered; who does not let go is hung up on."""
        await super().shutdown(sockets)
        for each in self.connections:
            each.transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals that end it, and no more: what is to be put away behind it is put away. The main thread gets them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        caught = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._on_signal) for number in caught}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """End; at once, the second time that a person asks for it."""
        self.force_exit = self.should_exit and number == signal.SIGINT
        self.end()

    async def _listening(self, listener: socket.socket) -> asyncio.base_events.Server:
        """Answer on it; whoever is to agree on TLS first has little time for that."""
        loop, service = asyncio.get_running_loop(), self._service
        if service.tls is None:
            return await loop.create_server(self._connection, sock=listener, backlog=service.backlog)
        return await loop.create_server(
            self._connection,
            sock=listener,
            backlog=service.backlog,
            ssl=service.tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=service.shutdown_seconds,
        )

    def _connection(self) -> WatchedConnection:
        made: WatchedConnection = self._kind(self.config, self.server_state, self.lifespan.state)
        made.patience = self._service.patience
        return made


def quickest_connection() -> type[WatchedConnection]:
    """Connections with the quickest parser there is here."""
    try:
        from tokentide.serving.quick_connections import QuickConnection
    except ImportError:  # httptools is of CPython
        return H11Connection
    return QuickConnection


def _config(application: object, service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        cast("Any", application),
        loop="none",
        http=cast("Any", service.connection),
        ws="none",
        lifespan=service.lifespan,
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=list(service.headers),
        date_header=True,
        h11_max_incomplete_event_size=LONGEST_HEAD_BYTES,
        timeout_keep_alive=int(service.patience.idle),
        timeout_graceful_shutdown=service.shutdown_seconds,
        proxy_headers=False,
    )
