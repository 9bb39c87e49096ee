"""Runs the application on a socket until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, cast

import uvicorn

from tokentide.web.app import Application, Plan, create_app
from tokentide.web.connections import USUAL, Connection, Patience
from tokentide.web.keeper import Keeper

LONGEST_HEAD_BYTES = 16 << 10
SHUTDOWN_SECONDS = 2
BACKLOG = 128
"""Connections that wait to be taken in; so many are taken at once, before the first of them is looked at."""
HANDSHAKE_SECONDS = 10
TICKS_A_LOOK = 10
"""The server ticks ten times a second."""
ENDING = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if (number := getattr(signal, name, None))
)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one, host `::` every address of both kinds. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there the other option would let two servers have one port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, port))
        made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def tls_of(certificate: str, key: str) -> ssl.SSLContext:
    """TLS with these files in PEM. Raises OSError, of which ssl.SSLError is one, where they cannot be used."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key, password=lambda: b"")
    return context


def serve(plan: Plan, listener: socket.socket, ready: Callable[[], None], tls: ssl.SSLContext | None = None) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `ready` is called when requests are answered.

    Raises SettingsError, PriceDataError.
    """
    Keeper(plan.environ, plan.clock, may_ask=False)  # what is wrong is raised here, not on the loop
    run_server(server_for(plan, ready, tls), listener, plan.failed)


def run_server(server: uvicorn.Server, listener: socket.socket, failed: Callable[[BaseException], None]) -> None:
    """Run a server on its socket to its end."""
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
    with suppress(KeyboardInterrupt):
        asyncio.run(_watched(server, listener, failed))


async def _watched(server: uvicorn.Server, listener: socket.socket, failed: Callable[[BaseException], None]) -> None:
    """Serve, and tell of what goes wrong in a task that nobody waits for."""

    def told(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):  # a client that is gone is no fault
            failed(error)

    asyncio.get_running_loop().set_exception_handler(told)
    await server.serve([listener])


def server_for(
    plan: Plan, ready: Callable[[], None], tls: ssl.SSLContext | None = None, patience: Patience = USUAL
) -> uvicorn.Server:
    """The server, which ends when its `should_exit` is set."""
    return server_of(create_app(plan), ready, tls, patience)


def server_of(
    application: Application, ready: Callable[[], None], tls: ssl.SSLContext | None = None, patience: Patience = USUAL
) -> uvicorn.Server:
    """The same for any application of ours."""
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        h11_max_incomplete_event_size=LONGEST_HEAD_BYTES,
        timeout_keep_alive=int(patience.idle),
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        proxy_headers=False,
    )
    return _Server(config, application, ready, tls, patience)


class _Server(uvicorn.Server):
    """Says when it is ready, looks after its connections, and ends streams before it waits for them."""

    def __init__(
        self,
        config: uvicorn.Config,
        application: Application,
        ready: Callable[[], None],
        tls: ssl.SSLContext | None,
        patience: Patience,
    ) -> None:
        super().__init__(config)
        self._application, self._ready, self._tls, self._patience = application, ready, tls, patience
        self._ticks = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer on the sockets. Raises RuntimeError where the application does not start."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise RuntimeError("the dashboard did not start")
        self.servers = [await self._listening(each) for each in sockets or ()]
        self.started = True
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections about once a second."""
        self._ticks += 1
        if self._ticks % TICKS_A_LOOK == 0:
            now = asyncio.get_running_loop().time()
            for each in self._connections():
                each.look(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what listens for events, then the rest; who does not let go is hung up on."""
        self._application.end_streams()
        await super().shutdown(sockets)
        for each in self._connections():
            each.transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals that end it, and no more: what is to be put away behind it is put away. The main thread gets them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        caught = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._end) for number in caught}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        """End; at once, the second time that a person asks for it."""
        self.force_exit = self.should_exit and number == signal.SIGINT
        self.should_exit = True

    def _connection(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state, self._patience)

    async def _listening(self, listener: socket.socket) -> asyncio.base_events.Server:
        """Answer on it; whoever is to agree on TLS first has little time for that."""
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

    def _connections(self) -> list[Connection]:
        return cast("list[Connection]", list(self.server_state.connections))
