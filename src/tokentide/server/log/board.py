"""A few words that one process writes in place, over and over, and others read whenever they like.

Writing needs no new room on the disk and makes no file: it goes on where the disk is full. A reader that comes in
between sees a wrong checksum, and looks again.
"""

from __future__ import annotations

import os
from zlib import crc32

from tokentide.private_files import OWNER_ONLY

BINARY = getattr(os, "O_BINARY", 0)
"""Lets Windows leave line ends as they are."""
_CHECK_BYTES = 8
_TRIES = 100
"""A write takes some microseconds; who finds half of one so often reads a damaged file."""


class Board:
    """The file, open for writing; `size` is the most bytes that its words may have."""

    def __init__(self, path: str, size: int) -> None:
        """Raises OSError."""
        self._size = size
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | BINARY, OWNER_ONLY)
        if os.fstat(self._descriptor).st_size < size + _CHECK_BYTES:
            try:
                os.write(self._descriptor, bytes(size + _CHECK_BYTES))
            except OSError:
                os.close(self._descriptor)
                raise

    def write(self, words: bytes) -> None:
        """Put these words in place of the others. Raises OSError; ValueError where they are too many."""
        if len(words) > self._size:
            raise ValueError(f"{len(words)} bytes for a board of {self._size}")
        content = words.ljust(self._size)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, sealed(content))

    def close(self) -> None:
        """Let go of the file; the words stay."""
        os.close(self._descriptor)


def words_of(path: str) -> bytes | None:
    """What stands there, without spaces at its end; None where nothing does, or nothing that is whole."""
    for _ in range(_TRIES):
        try:
            with open(path, "rb", buffering=0) as file:
                found = file.read()
        except FileNotFoundError:
            return None
        words = opened_words(found)
        if words is not None:
            return words
    return None


def sealed(words: bytes) -> bytes:
    """The words with their checksum before them."""
    return _checked(words) + words


def opened_words(content: bytes) -> bytes | None:
    """What was sealed, without spaces at its end; None where it is not whole."""
    words = content[_CHECK_BYTES:]
    return words.rstrip() if words and content[:_CHECK_BYTES] == _checked(words) else None


def _checked(content: bytes) -> bytes:
    return b"%08x" % crc32(content)
