"""The protobuf wire format: tags, lengths, varints. Source: protobuf's "Encoding" page."""

from __future__ import annotations

from collections.abc import Iterator

from tokentide.sources.otlp.faults import BadBodyError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types; those of groups are not used by OTLP, and no message of it."""
_LONGEST_VARINT = 10


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, 64 bits without a sign, and where it ends. Raises BadBodyError, IndexError."""
    first = data[at]
    if first < 128:
        return first, at + 1
    second = data[at + 1]
    if second < 128:
        return first & 127 | second << 7, at + 2
    number, shift = first & 127 | (second & 127) << 7, 14
    for position in range(at + 2, at + _LONGEST_VARINT):
        byte = data[position]
        number |= (byte & 127) << shift
        if byte < 128:
            return number & 0xFFFF_FFFF_FFFF_FFFF, position + 1
        shift += 7
    raise BadBodyError("holds a number that does not end")


def field(data: bytes, at: int) -> tuple[int, int, int]:
    """The tag (number and wire type in one) of the field that begins there, and where its content begins and ends.

    The end may lie behind that of the data: the caller compares. Raises BadBodyError, IndexError.
    """
    tag, at = data[at], at + 1
    if tag > 127:
        tag, at = varint(data, at - 1)
    kind = tag & 7
    if tag < 8:
        raise BadBodyError("holds a field without a number")
    if kind == BYTES:
        size = data[at]
        if size < 128:  # nearly always, and without a call
            return tag, at + 1, at + 1 + size
        size, at = varint(data, at)
        return tag, at, at + size
    if kind == VARINT:
        return tag, at, varint(data, at)[1]
    if kind == FIXED64:
        return tag, at, at + 8
    if kind == FIXED32:
        return tag, at, at + 4
    raise BadBodyError("holds a field of an unknown kind")


def fields(data: bytes) -> Iterator[tuple[int, int, int]]:
    """All fields of a message, as `field` tells them. Raises BadBodyError."""
    at, end = 0, len(data)
    while at < end:
        try:
            tag, start, at = field(data, at)
        except IndexError:
            raise BadBodyError("is cut off") from None
        if at > end:
            raise BadBodyError("is cut off")
        yield tag, start, at


def contents(data: bytes, most: int) -> dict[int, list[bytes]]:
    """What all fields of a message hold, by their tags. Raises BadBodyError, OverflowError for more than `most`."""
    told: dict[int, list[bytes]] = {}
    at, end, room = 0, len(data), most
    try:
        while at < end:
            tag = data[at]
            if tag & 7 == BYTES and 8 <= tag < 128:  # nearly always, and without a call
                size, start = data[at + 1], at + 2
                if size > 127:
                    size, start = varint(data, at + 1)
                at = start + size
            else:
                tag, start, at = field(data, at)
            if at > end:
                raise BadBodyError("is cut off")
            room -= 1
            if room < 0:
                raise OverflowError
            if tag in told:
                told[tag].append(data[start:at])
            else:
                told[tag] = [data[start:at]]
    except IndexError:
        raise BadBodyError("is cut off") from None
    return told


def length_of(content: bytes) -> bytes:
    """The varint that stands before a content of this length."""
    size, encoded = len(content), bytearray()
    while size > 127:
        encoded.append(size & 127 | 128)
        size >>= 7
    encoded.append(size)
    return bytes(encoded)
