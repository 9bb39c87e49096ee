"""What the ledger remembers of a file, so that nothing is read twice."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """How far a file was read, with what tells whether it is still the same file."""

    offset: int = 0
    """Bytes up to the end of the last complete line."""
    lines: int = 0
    """Complete lines up to there."""
    opened_at: int = 0
    """Instant of the first timestamped line, µs UTC; 0 if none was found."""
    head_length: int = 0
    head_checksum: int = 0
    """CRC-32 of the first `head_length` bytes."""
    tail_checksum: int = 0
    """CRC-32 of the last bytes before `offset`."""


class FileStamp(NamedTuple):
    """What one `stat` tells; when it is unchanged the file is not opened."""

    size: int
    mtime_ns: int
    inode: int
    device: int


class FileState(NamedTuple):
    """One file as the ledger knows it."""

    path: str
    source: str
    stamp: FileStamp
    position: Position
    usage_lines: int = 0
    ignored_lines: int = 0
    problem_lines: int = 0
    generation: int = 1
    """How often it was read from its beginning; what was noted of an earlier generation's lines is void."""
