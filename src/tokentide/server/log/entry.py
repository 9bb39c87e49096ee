"""An entry of the log, as a value and as bytes.

Bytes of an entry: the mark of its segment (8), length of what follows the head (4), when it was received (8), kind (1),
lengths of encoding (1), tenant, team and content type (2 each), CRC-32 of all that but the mark (4); then these texts
in UTF-8, then the body. Integers are little-endian.

The mark is random and a segment's own: nobody who sends a body can write something into it that is taken for an
entry, should bytes before it be damaged.
"""

from __future__ import annotations

import struct
from typing import NamedTuple
from zlib import crc32

import msgspec

KINDS = ("logs", "metrics", "traces", "push")
MARK_BYTES = 8
MOST_BODY_BYTES = 128 << 20
_FIELDS = struct.Struct("<IqBBHHH")
_CHECK = struct.Struct("<I")
HEAD_BYTES = MARK_BYTES + _FIELDS.size + _CHECK.size
_CHECK_AT = MARK_BYTES + _FIELDS.size
_MOST_TEXT_BYTES = 0xFFFF + 0xFFFF + 0xFFFF + 0xFF


class Position(NamedTuple):
    """A place in the log: an entry's is the one behind it, so that what is released up to there includes it."""

    segment: int
    offset: int


class NewEntry(msgspec.Struct, frozen=True, gc=False):
    """A body as it came, and what is known of it without looking inside."""

    received_at: int
    """µs UTC."""
    tenant: str
    team: str
    kind: str
    """One of KINDS."""
    content_type: str
    encoding: str
    """`gzip`, `deflate`, or empty where the body is as it is."""
    body: bytes


class LogEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry that is on the disk."""

    position: Position
    """The place behind it."""
    received_at: int
    """µs UTC."""
    tenant: str
    team: str
    kind: str
    """One of KINDS."""
    content_type: str
    encoding: str
    """`gzip`, `deflate`, or empty where the body is as it is."""
    body: bytes


class CannotLogError(ValueError):
    """A field is longer than an entry can hold, or the kind is unknown."""


def packed(entry: NewEntry) -> tuple[bytes, bytes]:
    """The entry's head, without the mark, and texts; and its body. Raises CannotLogError."""
    encoding, tenant = entry.encoding.encode(), entry.tenant.encode()
    team, content_type = entry.team.encode(), entry.content_type.encode()
    texts = b"".join((encoding, tenant, team, content_type))
    body = entry.body
    if len(body) > MOST_BODY_BYTES:
        raise CannotLogError(f"a body of {len(body)} bytes")
    try:
        fields = _FIELDS.pack(
            len(texts) + len(body),
            entry.received_at,
            KINDS.index(entry.kind),
            len(encoding),
            len(tenant),
            len(team),
            len(content_type),
        )
    except (struct.error, ValueError) as error:
        raise CannotLogError(str(error)) from None
    check = crc32(body, crc32(texts, crc32(fields)))
    return b"".join((fields, _CHECK.pack(check), texts)), body


def length_at(buffer: bytes, start: int, mark: bytes) -> int | None:
    """Bytes of the entry that seems to begin there, head included; None where none does.

    The head must be inside of the buffer, the rest need not.
    """
    if buffer[start : start + MARK_BYTES] != mark:
        return None
    payload, _, kind, *lengths = _FIELDS.unpack_from(buffer, start + MARK_BYTES)
    texts: int = sum(lengths)
    if kind >= len(KINDS) or not texts <= payload <= _MOST_TEXT_BYTES + MOST_BODY_BYTES:
        return None
    return HEAD_BYTES + int(payload)


def unpacked_entry(buffer: bytes, start: int, segment: int, segment_offset: int) -> LogEntry | None:
    """The entry at `start`, which length_at has found; None where its bytes are damaged.

    `segment_offset` is where the buffer begins in the segment.
    """
    payload, received_at, kind, *lengths = _FIELDS.unpack_from(buffer, start + MARK_BYTES)
    (check,) = _CHECK.unpack_from(buffer, start + _CHECK_AT)
    end = start + HEAD_BYTES + payload
    view = memoryview(buffer)
    if crc32(view[start + HEAD_BYTES : end], crc32(view[start + MARK_BYTES : start + _CHECK_AT])) != check:
        return None
    texts, place = [], start + HEAD_BYTES
    for length in lengths:
        texts.append(buffer[place : place + length].decode())
        place += length
    encoding, tenant, team, content_type = texts
    position = Position(segment, segment_offset + end)
    return LogEntry(position, received_at, tenant, team, KINDS[kind], content_type, encoding, buffer[place:end])
