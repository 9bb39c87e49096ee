"""How far a log is taken: two places in one file, written in turn, so that one of them is whole at any moment.

Written in place: on a disk that is full to the last byte a checkpoint must still be possible, as nothing else would
ever make room.
"""

from __future__ import annotations

import os

from tokentide.private_files import OWNER_ONLY, sync_folder
from tokentide.server.log.board import BINARY, opened_words, sealed
from tokentide.server.log.entry import Position

_PLACE_BYTES = 512
"""A sector: no disk writes less, or more by half."""


class Checkpoint:
    """The file, open for writing; `position` is what it says. Methods raise OSError."""

    def __init__(self, path: str) -> None:
        self.position = read_checkpoint(path)
        self._turn = 0
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | BINARY, OWNER_ONLY)
        try:
            # Both places, now: what stands in one of them may be damaged, and there is room for both only today.
            for _ in range(2):
                self.write(self.position)
            sync_folder(os.path.dirname(path))
        except OSError:
            os.close(self._descriptor)
            raise

    def write(self, position: Position) -> None:
        """Have this position on the disk."""
        os.lseek(self._descriptor, self._turn * _PLACE_BYTES, os.SEEK_SET)
        os.write(self._descriptor, sealed((b"%d %d" % position).ljust(_PLACE_BYTES - 8)))
        os.fsync(self._descriptor)
        self.position = position
        self._turn = 1 - self._turn

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def read_checkpoint(path: str) -> Position:
    """The later of the two that are whole; the beginning where there is none. Raises OSError."""
    try:
        with open(path, "rb", buffering=0) as file:
            found = file.read(2 * _PLACE_BYTES)
    except FileNotFoundError:
        return Position(0, 0)
    places = (found[:_PLACE_BYTES], found[_PLACE_BYTES:])
    return max(position_in(opened_words(place)) or Position(0, 0) for place in places)


def position_in(words: bytes | None) -> Position | None:
    """The position that is written there."""
    parts = (words or b"").split()
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        return None
    return Position(int(parts[0]), int(parts[1]))
