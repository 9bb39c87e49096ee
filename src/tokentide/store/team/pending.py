"""Quarter hours that are to be refreshed, as totals do not know all their rows; in a file, so that no crash forgets."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from tokentide.private_files import write_private
from tokentide.store.team.engine import Quarter


class PendingQuarters:
    """One for a store; the writer's alone. Reading it, and every method that writes, raises OSError."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._quarters: set[Quarter] = _read(path)

    def __bool__(self) -> bool:
        return bool(self._quarters)

    def all(self) -> list[Quarter]:
        """Those that are to be refreshed, oldest first."""
        return sorted(self._quarters, key=lambda quarter: (quarter[1], quarter[0]))

    def add(self, quarters: Iterable[Quarter]) -> None:
        """Note them, before anything forgets what was put into them."""
        new = set(quarters) - self._quarters
        if new:
            self._quarters |= new
            self._write()

    def remove(self, quarters: Iterable[Quarter]) -> None:
        """Their totals are true."""
        self._quarters -= set(quarters)
        self._write()

    def _write(self) -> None:
        write_private(self.path, msgspec.json.encode(self.all()), is_synced=True)


def _read(path: str) -> set[Quarter]:
    """What the file says; one that is damaged says nothing."""
    if not os.path.exists(path):
        return set()
    with open(path, "rb") as file, suppress(msgspec.DecodeError):
        return set(msgspec.json.decode(file.read(), type=list[tuple[str, int]]))
    return set()
