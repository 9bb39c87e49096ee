"""Why a message did not arrive, in words that hold no secret."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """What came of one channel."""

    reason: str = ""
    """Why the message did not arrive; empty where it did."""
    is_passing: bool = False
    """True where the same message may get through in some minutes: a network that is not there yet."""


class DeliveryError(Exception):
    """A channel did not take a message. Its text is ours: never that of a library, which may quote an address."""

    def __init__(self, reason: str, *, is_lasting: bool = False) -> None:
        self.is_lasting = is_lasting
        """True where trying again would not help."""
        super().__init__(reason)
