"""Makes a log whole again that a process or a machine left without a word."""

from __future__ import annotations

import os
from contextlib import suppress

from tokentide.locations import ensure_private_dir
from tokentide.locks import FileLock, HeldError, Holder
from tokentide.private_files import sync_folder
from tokentide.server.log.board import Board
from tokentide.server.log.entry import Position
from tokentide.server.log.errors import LogError
from tokentide.server.log.scanning import Stretch, scanned
from tokentide.server.log.segments import (
    BEGIN,
    checkpoint_in,
    committed_in,
    committed_path,
    head_of,
    mark_of,
    path_of,
    segments_in,
)

BOARD_BYTES = 48
_ALL = 1 << 62
_SCAN_BYTES = 8 << 20


class WriterLock(FileLock):
    """One process appends to a log."""

    def refusal(self, holder: Holder | None) -> HeldError:
        """Another one does."""
        who = f"process {holder.pid}" if holder and holder.pid else "another process"
        where = os.path.dirname(self._path)
        return HeldError(holder, f"log {where}: {who} writes to it; a log has one receiver")


def lock_of(folder: str, now: int) -> WriterLock:
    """The right to append, until it is closed. Raises HeldError, OSError."""
    return WriterLock(os.path.join(folder, "writer.lock"), now)


def recover(folder: str, now: int) -> None:
    """Make what a dead receiver left readable: for a folder that no receiver will open again.

    Raises HeldError where one is alive, LogError where the folder cannot be used.
    """
    try:
        with lock_of(folder, now):
            recovered(folder)
    except OSError as error:
        raise LogError(folder, error.strerror or str(error)) from error


def recovered(folder: str) -> Position:
    """Cut what is torn at the end, tell readers how far the log goes, and answer with that.

    Only the last segment can be torn: a new one is begun when all before it is on the disk. One that was only begun
    goes. Whole entries that nobody was told of stay, as their sender may have seen no answer and may not come again.
    Raises OSError.
    """
    ensure_private_dir(folder)
    end = _end_of(folder)
    board = Board(committed_path(folder), BOARD_BYTES)
    try:
        board.write(b"%d %d" % end)
    finally:
        board.close()
    return end


def _end_of(folder: str) -> Position:
    """The last place behind a whole entry. Segments without any are deleted."""
    for segment in reversed(segments_in(folder)):
        with suppress(FileNotFoundError):  # its reader may delete it meanwhile
            end = _whole_bytes(folder, segment)
            if end > BEGIN:
                _cut(path_of(folder, segment), end)
                return Position(segment, end)
            os.unlink(path_of(folder, segment))
            sync_folder(folder)
    return Position(max(checkpoint_in(folder).segment, (committed_in(folder) or Position(0, 0)).segment), BEGIN)


def _whole_bytes(folder: str, segment: int) -> int:
    """How far a segment holds entries; damaged places between them stay."""
    path, size = path_of(folder, segment), os.path.getsize(path_of(folder, segment))
    if size <= BEGIN and head_of(folder, segment) is None:
        return 0
    mark, place, last = mark_of(folder, segment), BEGIN, 0
    while place < size:
        found = scanned(Stretch(path, segment, mark, place, size), _SCAN_BYTES, _ALL)
        if found.entries:
            last = found.entries[-1].position.offset
        place = found.offset
    return last


def _cut(path: str, end: int) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        if os.fstat(descriptor).st_size > end:
            os.ftruncate(descriptor, end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
