"""The files of a log: which there are, how each begins, and how far a log is written and taken."""

from __future__ import annotations

import os
import re
import struct
from typing import NamedTuple
from zlib import crc32

from tokentide.private_files import OWNER_ONLY, sync_folder
from tokentide.server.log.board import BINARY, words_of
from tokentide.server.log.checkpoint import position_in, read_checkpoint
from tokentide.server.log.entry import MARK_BYTES, Position

_MAGIC = b"TTIDELG1"
_HEAD = struct.Struct(f"<8sQ{MARK_BYTES}sQQ")
_CHECK = struct.Struct("<I")
BEGIN = _HEAD.size + _CHECK.size
"""Where the first entry of a segment begins."""
_NAME = re.compile(r"(\d{10,})\.log")


class SegmentHead(NamedTuple):
    """What a segment says of itself at its beginning."""

    segment: int
    mark: bytes
    """Begins each of its entries; random."""
    previous: Position
    """How far the segment before it is written; what stands behind that was never acknowledged."""


def path_of(folder: str, segment: int) -> str:
    """The file of a segment."""
    return os.path.join(folder, f"{segment:010d}.log")


def segments_in(folder: str) -> list[int]:
    """The numbers of the segments there, oldest first. Raises OSError."""
    matches = map(_NAME.fullmatch, os.listdir(folder))
    return sorted(int(match[1]) for match in matches if match)


def create_segment(folder: str, head: SegmentHead) -> int:
    """A new segment, open for writing behind its head, on the disk with its name. Raises OSError, and leaves none."""
    path = path_of(folder, head.segment)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | BINARY, OWNER_ONLY)
    try:
        packed = _HEAD.pack(_MAGIC, head.segment, head.mark, *head.previous)
        packed += _CHECK.pack(crc32(packed))
        if os.write(descriptor, packed) != len(packed):
            raise OSError(28, "No space left on device")  # noqa: TRY301 -- the same end as any other refusal
        os.fsync(descriptor)
        sync_folder(folder)
    except OSError:
        os.close(descriptor)
        os.unlink(path)
        raise
    return descriptor


def head_of(folder: str, segment: int) -> SegmentHead | None:
    """The head of a segment; None where it is damaged, or the file is gone."""
    try:
        with open(path_of(folder, segment), "rb") as file:
            found = file.read(BEGIN)
    except FileNotFoundError:
        return None
    if len(found) < BEGIN or crc32(found[: _HEAD.size]) != _CHECK.unpack_from(found, _HEAD.size)[0]:
        return None
    magic, number, mark, *previous = _HEAD.unpack_from(found)
    return SegmentHead(number, mark, Position(*previous)) if magic == _MAGIC and number == segment else None


def mark_of(folder: str, segment: int) -> bytes:
    """The mark of its entries; of a segment with a damaged head, what stands where its first entry begins."""
    head = head_of(folder, segment)
    if head:
        return head.mark
    with open(path_of(folder, segment), "rb") as file:
        file.seek(BEGIN)
        return file.read(MARK_BYTES)


def committed_path(folder: str) -> str:
    """The board that says how far entries are on the disk."""
    return os.path.join(folder, "committed")


def checkpoint_path(folder: str) -> str:
    """The file that says how far they are taken."""
    return os.path.join(folder, "checkpoint")


def committed_in(folder: str) -> Position | None:
    """How far entries are on the disk; None where no writer has said so."""
    return position_in(words_of(committed_path(folder)))


def checkpoint_in(folder: str) -> Position:
    """How far they are taken; the beginning where nobody has said so, or where what was said is damaged."""
    return read_checkpoint(checkpoint_path(folder))


def ends_of(folder: str, segments: list[int], committed: Position) -> dict[int, int]:
    """How far each segment may be read.

    Of the one that is written that is where the log is committed; of an older one what the next says of it, or its
    size where that is damaged; of one that is only begun nothing.
    """
    ends: dict[int, int] = {}
    for place, segment in enumerate(segments):
        if segment == committed.segment:
            ends[segment] = committed.offset
        elif segment > committed.segment:
            ends[segment] = BEGIN
        else:
            following = head_of(folder, segments[place + 1]) if place + 1 < len(segments) else None
            told = following.previous if following else None
            ends[segment] = told.offset if told and told.segment == segment else _size_of(folder, segment)
    return ends


def waiting_in(folder: str, checkpoint: Position, committed: Position) -> int:
    """Bytes of entries that are on the disk and not taken. Raises OSError."""
    ends = ends_of(folder, [each for each in segments_in(folder) if each >= checkpoint.segment], committed)
    return sum(
        max(0, end - max(BEGIN, checkpoint.offset if segment == checkpoint.segment else 0))
        for segment, end in ends.items()
    )


def _size_of(folder: str, segment: int) -> int:
    try:
        return os.path.getsize(path_of(folder, segment))
    except FileNotFoundError:
        return 0
