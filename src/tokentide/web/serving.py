"""Runs the application on a socket until it is told to end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from tokentide.web.app import Plan, create_app

LONGEST_HEAD_BYTES = 16 << 10
MOST_CONNECTIONS = 512
KEEP_ALIVE_SECONDS = 20
SHUTDOWN_SECONDS = 2


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(256)
    except BaseException:
        made.close()
        raise
    return made


def serve(plan: Plan, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called when requests are answered. Raises SettingsError."""
    with suppress(KeyboardInterrupt):
        asyncio.run(server_for(plan, ready).serve([listener]))


def server_for(plan: Plan, ready: Callable[[], None]) -> uvicorn.Server:
    """The server, which ends when its `should_exit` is set."""
    config = uvicorn.Config(
        create_app(plan),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        h11_max_incomplete_event_size=LONGEST_HEAD_BYTES,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        proxy_headers=False,
    )
    return _Server(config, ready)


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
