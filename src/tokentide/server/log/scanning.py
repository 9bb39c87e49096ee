"""Reads entries out of a segment, past whatever is damaged."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from tokentide.server.log.board import BINARY
from tokentide.server.log.entry import HEAD_BYTES, MARK_BYTES, LogEntry, length_at, unpacked_entry

_LEAST_READ_BYTES = 256 << 10


@dataclass
class Found:
    """What was read in a segment."""

    offset: int
    """Where reading goes on."""
    entries: list[LogEntry] = field(default_factory=list)
    entry_bytes: int = 0
    damaged: list[tuple[int, int]] = field(default_factory=list)
    """Where stretches begin and end that hold no entry any more."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a segment that may be read."""

    path: str
    segment: int
    mark: bytes
    begin: int
    end: int


def scanned(stretch: Stretch, most_bytes: int, most_entries: int) -> Found:
    """Entries from the stretch's beginning; one at least, unless there is none. Raises OSError.

    A file that is shorter than it should be ends there, and counts as damaged.
    """
    scan = _Scan(stretch, most_bytes, most_entries)
    descriptor = os.open(stretch.path, os.O_RDONLY | BINARY)
    try:
        while scan.goes_on():
            scan.look(descriptor)
    finally:
        os.close(descriptor)
    return scan.found


class _Scan:
    """One pass; the buffer holds the file from `_buffer_at` on."""

    def __init__(self, stretch: Stretch, most_bytes: int, most_entries: int) -> None:
        self._stretch, self._most_bytes, self._most_entries = stretch, most_bytes, most_entries
        self.found = Found(stretch.begin)
        self._end = stretch.end
        self._buffer, self._buffer_at = b"", stretch.begin

    def goes_on(self) -> bool:
        """True while there may be more, and it is wanted."""
        found = self.found
        return (
            found.offset < self._end
            and len(found.entries) < self._most_entries
            and (found.entry_bytes < self._most_bytes or not found.entries)
        )

    def look(self, descriptor: int) -> None:
        """Take the next entry, or skip what is none."""
        if not self._have(descriptor, HEAD_BYTES):
            self._skip(self._end)
            return
        start = self.found.offset - self._buffer_at
        length = length_at(self._buffer, start, self._stretch.mark)
        entry = None
        if length is not None and self._have(descriptor, length):
            start = self.found.offset - self._buffer_at
            entry = unpacked_entry(self._buffer, start, self._stretch.segment, self._buffer_at)
        if entry is None:
            self._skip_to_mark(descriptor)
            return
        self.found.entries.append(entry)
        self.found.offset = entry.position.offset
        self.found.entry_bytes += length or 0

    def _have(self, descriptor: int, length: int) -> bool:
        """True where so many bytes from here on are in the buffer, and may be read."""
        begin = self.found.offset
        if begin + length > self._end:
            return False
        if begin + length > self._buffer_at + len(self._buffer):
            wanted = max(length, min(self._most_bytes, self._end - begin), _LEAST_READ_BYTES)
            self._buffer, self._buffer_at = _read(descriptor, begin, min(wanted, self._end - begin)), begin
            if len(self._buffer) < min(wanted, self._end - begin):
                self._end = begin + len(self._buffer)
        return begin + length <= self._end

    def _skip_to_mark(self, descriptor: int) -> None:
        """Go to the next place where an entry may begin."""
        self._have(descriptor, min(HEAD_BYTES + 1, self._end - self.found.offset))
        place = self._buffer.find(self._stretch.mark, self.found.offset - self._buffer_at + 1)
        if place >= 0:
            self._skip(self._buffer_at + place)
            return
        end = self._buffer_at + len(self._buffer)
        self._skip(self._end if end >= self._end else max(self.found.offset + 1, end - MARK_BYTES + 1))

    def _skip(self, to: int) -> None:
        damaged, begin = self.found.damaged, self.found.offset
        if damaged and damaged[-1][1] == begin:
            begin = damaged.pop()[0]
        damaged.append((begin, to))
        self.found.offset = to


def _read(descriptor: int, offset: int, length: int) -> bytes:
    """So many bytes, fewer at the end of the file."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    parts, rest = [], length
    while rest and (part := os.read(descriptor, rest)):
        parts.append(part)
        rest -= len(part)
    return b"".join(parts)
