"""Reads what is to be counted: files and streams of any length, of which a bounded sample is kept.

Text is looked at and dropped; up to 32 MB stay in memory as they came, for an official count and for whole requests.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tokentide.errors import TokentideError
from tokentide.sources.messages_api.media import (
    IMAGES,
    PDF,
    TEXT,
    binary_words,
    image_size,
    is_text,
    media_of,
    pdf_pages,
)

PIECE_BYTES = 16 << 10
MOST_PIECES = 64
MOST_REQUEST_BYTES = 32 << 20
"""What the API takes at once. Source: platform documentation, "Request size limits"."""
STDIN = "-"
STDIN_NAME = "(standard input)"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BOM = codecs.BOM_UTF8

Told = Callable[[int], None]
"""Is told how many bytes were read."""


class UnreadableError(TokentideError):
    """Something that cannot be counted; the message names it and says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True, slots=True)
class Content:
    """One file, or what came in by standard input."""

    name: str
    media: str
    """TEXT, PDF, or an image's type."""
    size_bytes: int
    """Of a text its UTF-8 bytes."""
    samples: tuple[str, ...] = ()
    """Of a text: all of it, or pieces at equal distances."""
    sampled_bytes: int = 0
    width: int = 0
    height: int = 0
    pages: int = 0
    """Of a PDF."""
    data: bytes | None = None
    """The whole as it is sent; None where it is larger than MOST_REQUEST_BYTES."""


def read_content(path: str, stdin: BinaryIO, told: Told = lambda _: None) -> Content:
    """Read a file, or standard input for `-`. Raises UnreadableError."""
    if path == STDIN:
        return content_of(STDIN_NAME, stdin, told)
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            raise UnreadableError(path, "is a folder; name the files in it")
        with open(path, "rb") as file:
            return content_of(path, file, told)
    except OSError as error:
        raise UnreadableError(path, f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise UnreadableError(path, "is no name of a file") from None


def content_of(name: str, file: BinaryIO, told: Told = lambda _: None) -> Content:
    """Read an open file to its end. Raises UnreadableError, OSError."""
    head = file.read(PIECE_BYTES)
    if head.startswith(_UTF16):
        return _text(name, _recoded(head, file), told)
    media = media_of(head)
    if media == TEXT:
        return _text(name, _pieces(head.removeprefix(_BOM), file), told)
    if media == PDF or media in IMAGES:
        return _medium(name, media, head + file.read(MOST_REQUEST_BYTES))
    raise UnreadableError(name, f"is {binary_words(head)}; text, PDF, PNG, JPEG, GIF and WebP can be counted")


def _medium(name: str, media: str, data: bytes) -> Content:
    """A picture or a PDF."""
    if len(data) > MOST_REQUEST_BYTES:
        raise UnreadableError(name, "is larger than the 32 MB that the API takes")
    if media == PDF:
        pages = pdf_pages(data)
        if not pages:
            raise UnreadableError(name, "no page found in this PDF: it is encrypted or damaged")
        return Content(name, media, len(data), pages=pages, data=data)
    size = image_size(data, media)
    if size is None:
        raise UnreadableError(name, f"is damaged: no size in its header ({media})")
    return Content(name, media, len(data), width=size[0], height=size[1], data=data)


def _text(name: str, pieces: Iterator[bytes], told: Told) -> Content:
    """A text of any length."""
    sampler = _Sampler()
    for piece in pieces:
        if not is_text(piece):
            raise UnreadableError(name, f"is no text: binary data after {sampler.size_bytes:,} bytes")
        sampler.add(piece)
        told(sampler.size_bytes)
    return sampler.content(name)


class _Sampler:
    """Keeps every second, fourth, eighth piece of what comes, so that their number stays the same."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._pieces: list[bytes] = []
        self._stride = 1
        self._seen = 0
        self._kept: list[bytes] | None = []

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        if self._seen % self._stride == 0:
            self._pieces.append(piece)
        if len(self._pieces) > MOST_PIECES:
            del self._pieces[1::2]
            self._stride *= 2
        self._seen += 1
        self.size_bytes += len(piece)
        if self._kept is not None:
            self._kept.append(piece)
            if self.size_bytes > MOST_REQUEST_BYTES:
                self._kept = None

    def content(self, name: str) -> Content:
        """What came of it; a text that was kept whole is looked at whole, so that no cut falls into a word."""
        pieces = [b"".join(self._pieces)] if self._stride == 1 else self._pieces
        texts = tuple(_decoded(piece) for piece in pieces)
        sampled = sum(map(len, pieces))
        data = b"".join(self._kept) if self._kept is not None else None
        return Content(name, TEXT, self.size_bytes, texts, sampled, data=data)


def _decoded(piece: bytes) -> str:
    """UTF-8, cut anywhere; what is not valid is read as Western European."""
    trimmed = piece.lstrip(bytes(range(0x80, 0xC0)))
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(trimmed, final=False)
    return text if text.count("\N{REPLACEMENT CHARACTER}") * 50 <= len(text) else piece.decode("cp1252", "replace")


def _pieces(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    piece = head
    while piece:
        yield piece
        piece = file.read(PIECE_BYTES)


def _recoded(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    """UTF-16, as some Windows programs write it, in UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for piece in _pieces(head, file):
        recoded = decoder.decode(piece).encode()
        if recoded:
            yield recoded
