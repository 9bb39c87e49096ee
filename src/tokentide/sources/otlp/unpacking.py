"""Undoes the Content-Encoding of a body, within a bound."""

from __future__ import annotations

import re
import zlib

from tokentide.sources.otlp.faults import BadBodyError, TooLongError

MOST_BYTES = 64 << 20
"""Of an unpacked body; a bomb is not unpacked further than this."""
MOST_MEMBERS = 1_000
"""Of a gzip body, which costs time for each, however little it holds; senders make one."""
_PORTION_BYTES = 64 << 10
"""So much is handed to the unpacker at once: what lies behind a member is copied by it."""
_PADDING = re.compile(rb"\0*")
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
        return _Unpacking(body, most_bytes).members()
    if name == "deflate":
        is_framed = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
        return _Unpacking(body, most_bytes).stream(_ZLIB if is_framed else _RAW)
    raise BadBodyError("the content encoding is neither gzip, deflate nor identity")


class _Unpacking:
    """A body of which streams are unpacked one behind the other."""

    def __init__(self, body: bytes, most_bytes: int) -> None:
        self._body, self._most_bytes = body, most_bytes
        self._at = 0
        self._room = most_bytes

    def members(self) -> bytes:
        """All gzip members; zeros behind each are padding."""
        pieces: list[bytes] = []
        while not pieces or self._at < len(self._body):
            if len(pieces) == MOST_MEMBERS:
                raise BadBodyError(f"the compressed body has more than {MOST_MEMBERS:,} members")
            pieces.append(self.stream(_GZIP))
            padding = _PADDING.match(self._body, self._at)
            self._at = padding.end() if padding else self._at
        return b"".join(pieces)

    def stream(self, bits: int) -> bytes:
        """What one compressed stream holds. Raises BadBodyError, TooLongError."""
        stream = zlib.decompressobj(bits)
        pieces: list[bytes] = []
        while not stream.eof:
            portion = self._body[self._at : self._at + _PORTION_BYTES]
            if not portion:
                raise BadBodyError("the compressed body is cut off")
            pieces.append(self._piece(stream, portion))
            self._at += len(portion) - len(stream.unused_data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece(self, stream: zlib._Decompress, portion: bytes) -> bytes:
        try:
            piece = stream.decompress(portion, self._room + 1)
        except zlib.error as error:
            raise BadBodyError("the compressed body is damaged") from error
        self._room -= len(piece)
        if self._room < 0:
            raise TooLongError(self._most_bytes)
        return piece
