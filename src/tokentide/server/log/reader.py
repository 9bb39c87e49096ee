"""Reads a log from another process than the one that writes it, and forgets what was taken."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from tokentide.locations import ensure_private_dir
from tokentide.private_files import sync_folder
from tokentide.server.log.checkpoint import Checkpoint
from tokentide.server.log.entry import LogEntry, Position
from tokentide.server.log.errors import LogError
from tokentide.server.log.refused import Refusal, put_aside
from tokentide.server.log.scanning import Found, Stretch, scanned
from tokentide.server.log.segments import (
    BEGIN,
    checkpoint_path,
    committed_in,
    ends_of,
    mark_of,
    path_of,
    segments_in,
    waiting_in,
)

MOST_BYTES = 16 << 20
MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a log that hold no entry any more: the disk has changed them."""

    segment: int
    begin: int
    end: int


class LogReader:
    """The beginning of a log; a folder has one. Every method raises LogError where the disk refuses."""

    def __init__(self, folder: str) -> None:
        """The folder need not exist yet."""
        self._folder = folder
        self.damages: set[Damage] = set()
        """What was skipped since this was opened."""
        try:
            ensure_private_dir(folder)
            self._checkpoint = Checkpoint(checkpoint_path(folder))
        except OSError as error:
            raise self._failed(error) from error

    @property
    def checkpoint(self) -> Position:
        """Everything up to here is taken."""
        return self._checkpoint.position

    def close(self) -> None:
        """Let go of the log."""
        self._checkpoint.close()

    def entries(
        self, most_bytes: int = MOST_BYTES, most_entries: int = MOST_ENTRIES, *, after: Position | None = None
    ) -> list[LogEntry]:
        """The next entries, oldest first, that are on the disk and not released; at least one if there is any.

        The same ones come again until they are released; with `after` only those behind that place. What is damaged
        is skipped, see `damages`.
        """
        try:
            committed = committed_in(self._folder)
            if committed is None:
                return []
            found = self._found(max(after or self.checkpoint, self.checkpoint), committed, most_bytes, most_entries)
        except OSError as error:
            raise self._failed(error) from error
        if not found and after is None:
            self.release(committed)  # an old segment whose last bytes are damaged, or that a new one has followed
        return found

    def release(self, position: Position) -> None:
        """Forget everything up to there, for good: it is taken. Places before the last one released are nothing new."""
        if position <= self.checkpoint:
            return
        try:
            self._checkpoint.write(position)
            self._forget()
        except OSError as error:
            raise self._failed(error) from error

    def waiting_bytes(self) -> int:
        """Bytes of entries that are on the disk and not released."""
        committed = committed_in(self._folder)
        try:
            return waiting_in(self._folder, self.checkpoint, committed) if committed else 0
        except OSError as error:
            raise self._failed(error) from error

    def set_aside(self, entry: LogEntry, reason: str, *, now: int) -> Refusal:
        """Keep an entry that can never be taken where a person finds it; release it afterwards."""
        try:
            return put_aside(self._folder, entry, reason, now)
        except OSError as error:
            raise self._failed(error) from error

    def _found(self, place: Position, committed: Position, most_bytes: int, most_entries: int) -> list[LogEntry]:
        entries: list[LogEntry] = []
        segments = [each for each in segments_in(self._folder) if each >= place.segment]
        for segment, end in ends_of(self._folder, segments, committed).items():
            begin = max(place.offset, BEGIN) if segment == place.segment else BEGIN
            if begin >= end or most_bytes <= 0 or most_entries <= 0:
                continue
            stretch = Stretch(path_of(self._folder, segment), segment, mark_of(self._folder, segment), begin, end)
            found = scanned(stretch, most_bytes, most_entries)
            self._note(segment, found)
            entries += found.entries
            most_bytes -= found.entry_bytes
            most_entries -= len(found.entries)
            if found.offset < end:
                break
        return entries

    def _note(self, segment: int, found: Found) -> None:
        self.damages.update(Damage(segment, begin, end) for begin, end in found.damaged)

    def _forget(self) -> None:
        """Delete segments of which all is taken; the newest stays, for its number."""
        committed = committed_in(self._folder)
        if committed is None:
            return
        segments = [each for each in segments_in(self._folder) if each <= self.checkpoint.segment + 1]
        ends = ends_of(self._folder, segments, committed)
        gone = [each for each in segments if each < committed.segment and self._is_taken(each, ends[each])]
        for segment in gone:
            with suppress(FileNotFoundError):
                os.unlink(path_of(self._folder, segment))
        if gone:
            sync_folder(self._folder)

    def _is_taken(self, segment: int, end: int) -> bool:
        return (segment, end) <= self.checkpoint

    def _failed(self, error: OSError) -> LogError:
        return LogError(self._folder, error.strerror or str(error))
