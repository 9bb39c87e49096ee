"""Undoes the Content-Encoding of a body, within a bound."""

from __future__ import annotations

import zlib

from tokentide.sources.otlp.faults import BadBodyError, TooLongError

MOST_BYTES = 64 << 20
"""Of an unpacked body; a bomb is not unpacked further than this."""
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def unpacked(body: bytes, encoding: str, most_bytes: int = MOST_BYTES) -> bytes:
    """The body without its encoding: gzip (of one or more members), deflate (with its zlib frame or bare), or none.

    Raises BadBodyError for another encoding and for damaged data, TooLongError for a longer body.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        if len(body) > most_bytes:
            raise TooLongError(most_bytes)
        return body
    if name in ("gzip", "x-gzip"):
        return _members(body, most_bytes)
    if name == "deflate":
        is_framed = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
        return _member(body, _ZLIB if is_framed else _RAW, most_bytes, most_bytes)[0]
    raise BadBodyError("the content encoding is neither gzip, deflate nor identity")


def _members(body: bytes, most_bytes: int) -> bytes:
    """All gzip members, one behind the other; zeros behind the last are padding."""
    pieces: list[bytes] = []
    room = most_bytes
    while True:
        piece, body = _member(body, _GZIP, room, most_bytes)
        pieces.append(piece)
        room -= len(piece)
        body = body.lstrip(b"\0")
        if not body:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _member(body: bytes, bits: int, room: int, most_bytes: int) -> tuple[bytes, bytes]:
    """What one compressed stream holds, and what follows it; of `most_bytes` in all there is so much room left."""
    stream = zlib.decompressobj(bits)
    try:
        piece = stream.decompress(body, room + 1)
    except zlib.error as error:
        raise BadBodyError("the compressed body is damaged") from error
    if len(piece) > room:
        raise TooLongError(most_bytes)
    if not stream.eof:
        raise BadBodyError("the compressed body is cut off")
    return piece, stream.unused_data
