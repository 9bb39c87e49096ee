"""Requests as bytes, for what no client library would send."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.web_stage import Dashboard


@dataclass
class Wire:
    """One connection to a dashboard."""

    socket: socket.socket

    @classmethod
    def to(cls, dashboard: Dashboard, timeout: float = 20) -> Wire:
        host, _, port = dashboard.host.rpartition(":")
        return cls(socket.create_connection((host, int(port)), timeout))

    def send(self, data: bytes) -> None:
        """Send what the other side still takes."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def rest(self) -> bytes:
        """Everything until the other side hangs up."""
        found = []
        with suppress(ConnectionResetError):
            while chunk := self.socket.recv(1 << 16):
                found.append(chunk)
        return b"".join(found)

    def until(self, end: bytes) -> bytes:
        """What comes up to these bytes, or to the end."""
        found = b""
        with suppress(ConnectionResetError):
            while end not in found and (chunk := self.socket.recv(1 << 16)):
                found += chunk
        return found

    def seconds_to_hang_up(self) -> float:
        """How long the other side keeps the connection."""
        begun = time.monotonic()
        self.rest()
        return time.monotonic() - begun

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def request(dashboard: Dashboard, *lines: str, target: str = "/api/v1/status", method: str = "GET") -> bytes:
    """A request's head that asks to be hung up on; `Host` is right unless it is among the lines."""
    own = [] if any(line.lower().startswith("host") for line in lines) else [f"Host: {dashboard.host}"]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *own, *lines, "Connection: close", "", ""]).encode("latin-1")


def answered(dashboard: Dashboard, data: bytes) -> bytes:
    """What comes back for these bytes."""
    with Wire.to(dashboard) as wire:
        wire.send(data)
        return wire.rest()


def status(answer: bytes) -> int:
    """The status of an answer; 0 for none."""
    parts = answer.split(b" ", 2)
    return int(parts[1]) if answer.startswith(b"HTTP/1.1 ") else 0
