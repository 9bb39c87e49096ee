"""Connections that do not wait for ever: a slow or silent client is hung up on, and makes room for others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

LEAST_BYTES_A_SECOND = 1 << 10
"""Whoever takes an answer more slowly than this takes it to keep us busy."""
_SILENT = logging.Logger("tokentide")  # noqa: LOG001 -- what the library says of bad requests is said to nobody
_SILENT.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each party may take, in seconds."""

    head: float = 10
    """From the connection, or the first byte of a request, to the end of its headers."""
    body: float = 30
    """From there to the end of the body."""
    write: float = 30
    """In which a reader takes nothing to speak of."""
    idle: float = 20
    """Between two requests of one connection."""
    most_connections: int = 512
    """When more come, the one that has been silent longest goes."""


USUAL = Patience()
Phase = tuple[str, object]
"""What is waited for, and in which exchange."""


class Connection(H11Protocol):
    """One client. `look` is called about once a second."""

    def __init__(
        self, config: Config, state: ServerState, app_state: dict[str, Any], patience: Patience = USUAL
    ) -> None:
        super().__init__(config, state, app_state)
        self.logger = _SILENT
        self._patience = patience
        self._phase: Phase = ("", None)
        self._since = 0.0
        self._unsent = 0
        self.silent_since = 0.0
        """Seconds of the loop's clock; since then it waits for a request."""

    @property
    def is_silent(self) -> bool:
        """True where nothing was asked that is not answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the client in, and let the longest silent one go where there are too many."""
        super().connection_made(transport)
        now = self.loop.time()
        self.silent_since = self._since = now
        self._phase = ("head", None)
        make_room(cast("Iterable[Connection]", self.connections), self._patience.most_connections, self)

    def on_response_complete(self) -> None:
        """Note since when it is silent."""
        self.silent_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong, if an answer has not begun already; the one that was being made has nowhere to go."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.abort()
        if not self.is_silent:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def look(self, now: float) -> None:
        """Hang up if the client has taken too long for what it is to do."""
        phase, unsent = self._waits_for(), self.transport.get_write_buffer_size()
        if phase != self._phase:
            self._phase, self._since, self._unsent = phase, now, unsent
            return
        limit = self._limit(phase[0])
        if limit is None or now - self._since < limit:
            return
        if phase[0] == "reader" and self._unsent - unsent >= limit * LEAST_BYTES_A_SECOND:
            self._since, self._unsent = now, unsent
            return
        self.transport.abort()

    def _waits_for(self) -> Phase:
        if self.transport.get_write_buffer_size():
            return "reader", self.cycle
        if self.conn.their_state is h11.SEND_BODY:
            return "body", self.cycle
        if not self.is_silent:
            return "", self.cycle
        return ("head" if self.cycle is None or self.conn.trailing_data[0] else "idle"), self.cycle

    def _limit(self, phase: str) -> float | None:
        patience = self._patience
        return {
            "head": patience.head,
            "body": patience.body,
            "reader": patience.write,
            "idle": patience.idle,
        }.get(phase)


def make_room(connections: Iterable[Connection], most: int, newest: Connection) -> None:
    """Let the longest silent connection go where there are too many; the newest itself where none is silent."""
    living = [each for each in connections if not each.transport.is_closing()]
    if len(living) <= most:
        return
    silent = [each for each in living if each.is_silent and each is not newest]
    (min(silent, key=_silence) if silent else newest).transport.abort()


def _silence(connection: Connection) -> float:
    return connection.silent_since
