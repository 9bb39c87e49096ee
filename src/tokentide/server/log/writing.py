"""Groups of entries onto the disk: one write, one sync, all or nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress

from tokentide.server.log.board import Board
from tokentide.server.log.entry import MARK_BYTES, Position
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.recovery import BOARD_BYTES, recovered
from tokentide.server.log.segments import BEGIN, SegmentHead, checkpoint_in, committed_path, create_segment, segments_in

_MOST_PARTS = 1020
"""The system takes 1,024 parts in one write."""


class SegmentWriter:
    """Writes at the end of a log; for one thread. Every method raises OSError and leaves the log as it was."""

    def __init__(self, folder: str, limits: LogLimits) -> None:
        self._folder, self._limits = folder, limits
        self.committed = recovered(folder)
        """How far entries are on the disk."""
        self._mark = b""
        self._descriptor: int | None = None
        self._begun = 0.0
        self._board = Board(committed_path(folder), BOARD_BYTES)

    def write(self, entries: Sequence[tuple[bytes, bytes]]) -> list[Position]:
        """Have these packed entries on the disk; their places, when they are."""
        if self._descriptor is None or self._is_full():
            self._begin_segment()
        assert self._descriptor is not None  # noqa: S101 -- a segment has begun
        parts, positions = self._laid_out(entries)
        try:
            _write_all(self._descriptor, parts)
        except OSError:
            self._cut_back(self._descriptor)
            raise
        try:
            _synced(self._descriptor)
        except OSError:
            # What the system could not write it may forget, and call the next sync a success.
            self._cut_back(self._descriptor)
            self._leave_segment()
            raise
        self._tell(positions[-1])
        return positions

    def leave_old_segment(self) -> None:
        """Begin no more in a segment that is old, so that its reader can delete it."""
        if self._descriptor is not None and self.committed.offset > BEGIN and self._is_old():
            self._begin_segment()

    def close(self) -> None:
        """Let go of the files."""
        self._leave_segment()
        self._board.close()

    def _laid_out(self, entries: Sequence[tuple[bytes, bytes]]) -> tuple[list[bytes], list[Position]]:
        parts: list[bytes] = []
        positions: list[Position] = []
        mark, (segment, offset) = self._mark, self.committed
        for head, body in entries:
            parts += (mark, head, body)
            offset += MARK_BYTES + len(head) + len(body)
            positions.append(Position(segment, offset))
        return parts, positions

    def _is_full(self) -> bool:
        return self.committed.offset > BEGIN and (self.committed.offset >= self._limits.segment_bytes or self._is_old())

    def _is_old(self) -> bool:
        return time.monotonic() - self._begun > self._limits.segment_seconds

    def _begin_segment(self) -> None:
        mark = os.urandom(MARK_BYTES)
        known = (self.committed.segment, checkpoint_in(self._folder).segment, *segments_in(self._folder))
        head = SegmentHead(max(known) + 1, mark, self.committed)
        descriptor = create_segment(self._folder, head)
        self._leave_segment()
        self._descriptor, self._mark, self._begun = descriptor, mark, time.monotonic()
        self._tell(Position(head.segment, BEGIN))

    def _leave_segment(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _cut_back(self, descriptor: int) -> None:
        """Take away what is not whole.

        Where even that is refused a new segment begins, which tells how far this one goes.
        """
        try:
            os.ftruncate(descriptor, self.committed.offset)
            os.lseek(descriptor, self.committed.offset, os.SEEK_SET)
        except OSError:
            self._leave_segment()

    def _tell(self, committed: Position) -> None:
        self.committed = committed
        with suppress(OSError):  # it is on the disk all the same; the next group tells of it as well
            self._board.write(b"%d %d" % committed)


def _write_all(descriptor: int, parts: Sequence[bytes]) -> None:
    """All of it, in one write where the system can."""
    if not hasattr(os, "writev"):
        _write_rest(descriptor, b"".join(parts))
        return
    for begin in range(0, len(parts), _MOST_PARTS):
        some = parts[begin : begin + _MOST_PARTS]
        written = os.writev(descriptor, some)
        if written < sum(map(len, some)):
            _write_rest(descriptor, b"".join(some)[written:])


def _write_rest(descriptor: int, rest: bytes) -> None:
    view = memoryview(rest)
    while view:
        view = view[os.write(descriptor, view) :]


def _synced(descriptor: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)
