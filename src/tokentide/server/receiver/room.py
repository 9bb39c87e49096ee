"""Bytes that are held for senders at this moment, and how many there may be."""

from __future__ import annotations

TIGHT, FULL = 0.7, 0.9
"""Shares from which bodies are read more slowly, and from which no new one is begun."""


class Room:
    """One for all ways in; for the event loop."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.used_bytes = 0

    @property
    def is_tight(self) -> bool:
        """Whether senders should be read more slowly."""
        return self.used_bytes > self.most_bytes * TIGHT

    def has(self, expected_bytes: int) -> bool:
        """Whether a body of so many bytes may be begun."""
        return self.used_bytes + expected_bytes <= self.most_bytes * FULL

    @property
    def is_over(self) -> bool:
        """Whether even what was begun has to go."""
        return self.used_bytes > self.most_bytes
