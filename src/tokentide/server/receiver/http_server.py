"""uvicorn, as far as it is wanted: one socket, our connections, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, cast

import uvicorn

from tokentide.server.receiver.connections import LONGEST_HEAD_BYTES, H11Connection, Patience, WatchedConnection
from tokentide.server.receiver.http import HttpDoor
from tokentide.server.receiver.listening import BACKLOG

SHUTDOWN_SECONDS = 1
"""For bodies that are on their way when it is to end; clients wait no longer than two in all."""
HANDSHAKE_SECONDS = 10
TICKS_A_SECOND = 10
ENDING = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if (number := getattr(signal, name, None))
)


class HttpServer(uvicorn.Server):
    """Answers on a socket until it is to end."""

    def __init__(self, door: HttpDoor, patience: Patience, tls: ssl.SSLContext | None) -> None:
        kind = connection_class()
        super().__init__(_config(door, kind, patience))
        self._kind: type[Any] = kind
        self._patience, self._tls = patience, tls
        self._ready: Callable[[], None] = _nothing
        self._each_second: Callable[[], None] = _nothing
        self._ticks = 0

    @property
    def connections(self) -> list[WatchedConnection]:
        """Those that are open."""
        return cast("list[WatchedConnection]", list(self.server_state.connections))

    def end(self) -> None:
        """Take no more connections, answer what has come, and end."""
        self.should_exit = True

    async def run(  # type: ignore[override]
        self, listener: socket.socket, ready: Callable[[], None], each_second: Callable[[], None]
    ) -> None:
        """Serve; `ready` is called when requests are answered."""
        self._ready, self._each_second = ready, each_second
        await self.serve([listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; whoever is to agree on TLS first has little time for that."""
        await self.lifespan.startup()
        self.servers = [await self._listening(each) for each in sockets or ()]
        self.started = True
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections about once a second."""
        self._ticks += 1
        if self._ticks % TICKS_A_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for each in self.connections:
                each.look(now)
            self._each_second()
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

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.end()

    async def _listening(self, listener: socket.socket) -> asyncio.base_events.Server:
        loop = asyncio.get_running_loop()
        if self._tls is None:
            return await loop.create_server(self._connection, sock=listener, backlog=BACKLOG)
        return await loop.create_server(
            self._connection,
            sock=listener,
            backlog=BACKLOG,
            ssl=self._tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )

    def _connection(self) -> WatchedConnection:
        made: WatchedConnection = self._kind(self.config, self.server_state, self.lifespan.state)
        made.patience = self._patience
        return made


def connection_class() -> type[WatchedConnection]:
    """Connections with the quickest parser there is here."""
    try:
        from tokentide.server.receiver.quick_connections import QuickConnection
    except ImportError:  # httptools is of CPython
        return H11Connection
    return QuickConnection


def _config(door: HttpDoor, kind: type[Any], patience: Patience) -> uvicorn.Config:
    return uvicorn.Config(
        cast("Any", door),
        loop="none",
        http=kind,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[("server", "tokentide")],
        date_header=True,
        h11_max_incomplete_event_size=LONGEST_HEAD_BYTES,
        timeout_keep_alive=int(patience.idle),
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        proxy_headers=False,
    )


def _nothing() -> None:
    """Before it runs nobody is told."""
