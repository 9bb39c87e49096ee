"""Runs the application on a socket until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tokentide.serving import sockets
from tokentide.serving.connections import Patience
from tokentide.serving.http_server import HttpServer, Service
from tokentide.web.app import Application, Plan, create_app
from tokentide.web.keeper import Keeper

SHUTDOWN_SECONDS = 2
BACKLOG = 128
USUAL = Patience(head=10, body=30, rest=30, write=30, idle=20, most_connections=512)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one, host `::` every address of both kinds. Raises OSError."""
    return sockets.listening(host, port, BACKLOG)


def serve(plan: Plan, listener: socket.socket, ready: Callable[[], None], tls: ssl.SSLContext | None = None) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `ready` is called when requests are answered.

    Raises SettingsError, PriceDataError.
    """
    Keeper(plan.environ, plan.clock, may_ask=False)  # what is wrong is raised here, not on the loop
    run_server(server_for(plan, ready, tls), listener, plan.failed)


def run_server(server: HttpServer, listener: socket.socket, failed: Callable[[BaseException], None]) -> None:
    """Run a server on its socket to its end."""
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
    with suppress(KeyboardInterrupt):
        asyncio.run(_watched(server, listener, failed))


async def _watched(server: HttpServer, listener: socket.socket, failed: Callable[[BaseException], None]) -> None:
    """Serve, and tell of what goes wrong in a task that nobody waits for."""

    def told(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):  # a client that is gone is no fault
            failed(error)

    asyncio.get_running_loop().set_exception_handler(told)
    await server.serve([listener])


def server_for(
    plan: Plan, ready: Callable[[], None], tls: ssl.SSLContext | None = None, patience: Patience = USUAL
) -> HttpServer:
    """The server, which ends when its `should_exit` is set."""
    return server_of(create_app(plan), ready, tls, patience)


def server_of(
    application: Application, ready: Callable[[], None], tls: ssl.SSLContext | None = None, patience: Patience = USUAL
) -> HttpServer:
    """The same for any application of ours."""
    service = Service(BACKLOG, SHUTDOWN_SECONDS, patience, tls, lifespan="on", ready=ready)
    return _Server(application, service)


class _Server(HttpServer):
    """Ends streams before it waits for them."""

    def __init__(self, application: Application, service: Service) -> None:
        super().__init__(application, service)
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what listens for events, then the rest."""
        self._application.end_streams()
        await super().shutdown(sockets)
