"""Connections: bounded in number, in the size of a head, and in how long they may take."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

LONGEST_HEAD_BYTES = 16 << 10
LEAST_BYTES_A_SECOND = 1 << 10
"""Who sends or reads more slowly does it to keep us busy."""
SILENT = logging.Logger("tokentide.serving")  # noqa: LOG001 -- what the library says of bad requests is said to nobody
SILENT.addHandler(logging.NullHandler())
_TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_HEAD_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_BAD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each party may take, in seconds; what is usual for senders of telemetry."""

    head: float = 10
    """From the connection, or the first byte of a request, to the end of its headers."""
    body: float = 20
    """In which next to nothing of a body comes."""
    rest: float = 20
    """To send what is left of a body that has been answered."""
    write: float = 20
    """In which a reader takes nothing to speak of."""
    idle: float = 90
    """Between two requests of one connection: clients send metrics once a minute."""
    most_connections: int = 10_000
    """When more come, those that have been silent longest go."""


class WatchedConnection(asyncio.Protocol, ABC):
    """What connections need beside a parser; `look` is called about once a second."""

    patience = Patience()
    cycle: Any
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    connections: Any
    since = 0.0
    """Seconds of the loop's clock: since then what is waited for has not changed."""
    phase = "head"
    _moved = 0
    _received = 0
    _head_bytes = 0

    def begin(self) -> None:
        """Take the client in, and let silent ones go where there are too many."""
        self.since = self.loop.time()
        if len(self.connections) > self.patience.most_connections:
            make_room(self.connections, self.patience.most_connections, self)

    def note(self, data: bytes) -> bool:
        """Count what came; False where it is a head that does not end, and the sender has been told."""
        size = len(data)
        self._received += size
        if not self.is_in_head():
            self._head_bytes = 0
            return True
        self._head_bytes += size
        if self._head_bytes <= LONGEST_HEAD_BYTES:
            return True
        self.transport.write(_HEAD_TOO_LONG)
        self.transport.close()
        return False

    @property
    def is_silent(self) -> bool:
        """True where nothing was asked that is not answered."""
        return self.cycle is None or self.cycle.response_complete

    @abstractmethod
    def is_in_head(self) -> bool:
        """True while a head has begun, or is to begin, and has not ended."""

    @abstractmethod
    def is_in_body(self) -> bool:
        """True while more of a body is to come, also where it has been answered already."""

    def look(self, now: float) -> None:
        """Hang up if the client has taken too long for what it is to do."""
        phase, moved = self._waits_for()
        if phase != self.phase:
            self.phase, self.since, self._moved = phase, now, moved
            return
        limit = getattr(self.patience, phase, None)
        if limit is None or now - self.since < limit:
            return
        if phase in {"body", "write"} and abs(moved - self._moved) >= limit * LEAST_BYTES_A_SECOND:
            self.since, self._moved = now, moved
            return
        self._hang_up(phase)

    def _waits_for(self) -> tuple[str, int]:
        """What is waited for, and how much of it has come or gone."""
        unsent = self.transport.get_write_buffer_size()
        if unsent:
            return "write", unsent
        if self.is_in_body():
            return ("rest" if self.is_silent else "body"), self._received
        if not self.is_silent:
            return "", self._received
        if self.is_in_head():
            return "head", 0
        return "idle", self._received

    def _hang_up(self, phase: str) -> None:
        if phase == "body" and not self.cycle.response_started:
            self.transport.write(_TIMED_OUT)
            self.transport.close()
        else:
            self.transport.abort()
        self.let_go()

    def let_go(self) -> None:
        """Wake whoever reads the body that will not come any more."""
        if not self.is_silent:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def refuse(self) -> None:
        """Say that this is no request, if no answer has begun already."""
        if self.is_silent or not self.cycle.response_started:
            self.transport.write(_BAD)
            self.transport.close()
        else:
            self.transport.abort()
        self.let_go()


class H11Connection(WatchedConnection, H11Protocol):
    """One client, read in Python."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        H11Protocol.__init__(self, config, server_state, app_state, _loop)
        self.logger = SILENT

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the client in."""
        H11Protocol.connection_made(self, transport)
        self.begin()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        H11Protocol.data_received(self, data)
        if not self.transport.is_closing():
            self.note(data)

    def is_in_head(self) -> bool:
        """True while a head has begun, or the first one is to begin."""
        return self.is_silent and (self.cycle is None or bool(self.conn.trailing_data[0]))

    def is_in_body(self) -> bool:
        """True while more of a body is to come."""
        return self.conn.their_state is h11.SEND_BODY

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- nobody is told more
        """Say that this is no request."""
        self.refuse()


def make_room(connections: Any, most: int, newest: WatchedConnection) -> None:
    """Let the longest silent ones go, a hundredth of all; the newest itself where none is silent."""
    living = [each for each in connections if not each.transport.is_closing()]
    if len(living) <= most:
        return
    silent = [each for each in living if each.is_silent and each is not newest]
    for each in nsmallest(max(1, most // 100), silent, key=_since) or [newest]:
        each.transport.abort()


def _since(connection: WatchedConnection) -> float:
    return connection.since
