"""What a receiver tells whoever started it, by the pipe between them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """Requests are answered."""

    http_port: int
    grpc_port: int
    """0 where gRPC is not spoken."""
    notes: tuple[str, ...] = ()
    """Sentences for a person: what does not work, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It has ended before it began."""

    sentence: str
