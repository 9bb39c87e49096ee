"""What a file is by its first bytes, how large its picture is, how many pages it has; nothing is rendered."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

TEXT, PDF = "text", "application/pdf"
PNG, JPEG, GIF, WEBP = "image/png", "image/jpeg", "image/gif", "image/webp"
IMAGES = (PNG, JPEG, GIF, WEBP)
UNKNOWN = ""
HEAD_BYTES = 1024
"""A PDF may begin a little later."""
_MAGIC = ((b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG), (b"GIF87a", GIF), (b"GIF89a", GIF))
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "compressed (gzip)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"BZh", "compressed (bzip2)"),
    (b"\xfd7zXZ", "compressed (xz)"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"BM", "a picture that the API does not take (BMP)"),
    (b"II*\x00", "a picture that the API does not take (TIFF)"),
    (b"MM\x00*", "a picture that the API does not take (TIFF)"),
)
_MOST_CONTROL = 0.02
"""Share of control characters from which on something is no text."""
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG that its size follows."""
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_COUNT = re.compile(rb"/Count\s+(\d{1,6})(?!\d)")
_PACKED = re.compile(rb"/ObjStm.{0,400}?stream\r?\n", re.DOTALL)
_MOST_UNPACKED = 64 << 20
"""Of all streams together: a few bytes may unpack to any number."""


def media_of(head: bytes) -> str:
    """The kind by the first bytes: an image's, PDF, TEXT, or UNKNOWN for anything that is none of them."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    found = next((media for magic, media in _MAGIC if head.startswith(magic)), "")
    if found:
        return found
    if b"%PDF-" in head[:HEAD_BYTES]:
        return PDF
    return TEXT if is_text(head) else UNKNOWN


def is_text(piece: bytes) -> bool:
    """True where there is no NUL, and hardly any other control character; of whatever encoding."""
    if b"\0" in piece:
        return False
    return len(piece) - len(piece.translate(None, _CONTROL)) <= _MOST_CONTROL * len(piece)


def binary_words(head: bytes) -> str:
    """What something that is no text seems to be."""
    return next((words for magic, words in _OTHERS if head.startswith(magic)), "binary")


def image_size(data: bytes, media: str) -> tuple[int, int] | None:
    """Width and height in pixels; None where the header is damaged or cut."""
    reader = {PNG: _png, GIF: _gif, JPEG: _jpeg, WEBP: _webp}[media]
    size = reader(data)
    return size if size and all(size) else None


def pdf_pages(data: bytes) -> int:
    """How many pages a PDF has; 0 where it does not tell without being rendered or decrypted."""
    pages = len(_PAGE.findall(data))
    counts = [int(count) for count in _COUNT.findall(data)]
    for packed in _unpacked(data):
        pages += len(_PAGE.findall(packed))
        counts += [int(count) for count in _COUNT.findall(packed)]
    return pages or max(counts, default=0)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The object streams, in which newer files keep their pages; damaged ones as far as they go."""
    left = _MOST_UNPACKED
    for match in _PACKED.finditer(data):
        end = data.find(b"endstream", match.end())
        try:
            unpacked = zlib.decompressobj().decompress(data[match.end() : end if end >= 0 else None], max(left, 1))
        except zlib.error:
            continue
        left -= len(unpacked)
        yield unpacked


def _png(data: bytes) -> tuple[int, int] | None:
    return (_big(data[16:20]), _big(data[20:24])) if data[12:16] == b"IHDR" and len(data) >= 24 else None


def _gif(data: bytes) -> tuple[int, int] | None:
    return (_little(data[6:8]), _little(data[8:10])) if len(data) >= 10 else None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """From the first frame header; segments before it are skipped."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            at += 1
        elif data[at + 1] in _FRAMES:
            return _big(data[at + 7 : at + 9]), _big(data[at + 5 : at + 7])
        elif data[at + 1] in (0xFF, 0x01, *range(0xD0, 0xD9)):
            at += 1 if data[at + 1] == 0xFF else 2
        else:
            at += 2 + max(_big(data[at + 2 : at + 4]), 2)
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    """Lossy, lossless and extended files keep it in three ways."""
    kind = data[12:16]
    if len(data) < 30:
        return None
    if kind == b"VP8X":
        return _little(data[24:27]) + 1, _little(data[27:30]) + 1
    if kind == b"VP8L":
        bits = _little(data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return (_little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF) if kind == b"VP8 " else None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
