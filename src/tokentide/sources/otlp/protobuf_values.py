"""Attributes in protobuf: KeyValue and AnyValue, of any depth up to a bound."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from struct import unpack

from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.protobuf_wire import fields, varint
from tokentide.sources.otlp.texts import storable
from tokentide.sources.otlp.wire import MOST_DEPTH, Scalar, Value

_KEY, _VALUE = 0x0A, 0x12
_TEXT, _BOOL, _INT, _DOUBLE, _ARRAY, _MAP, _BYTES = 0x0A, 0x10, 0x18, 0x21, 0x2A, 0x32, 0x3A
_MOST_KEYS = 4096
_keys: dict[bytes, str] = {}


def pair_from(attribute: bytes) -> tuple[str, Value]:
    """The key and value of a KeyValue message. Raises BadBodyError."""
    try:
        at = attribute[1] + 2
        size = len(attribute) - at - 2
        is_short = attribute[0] == _KEY and at < 130 and 2 <= size < 128
        if is_short and attribute[at] == _VALUE and attribute[at + 1] == size:
            value = _usual_value(attribute, at + 2, size)
            if value is not None:
                raw = attribute[2:at]
                return _keys.get(raw) or _key(raw), value
        return _any_pair(attribute, 0)
    except IndexError:
        raise BadBodyError("is cut off") from None


def _usual_value(attribute: bytes, at: int, size: int) -> Scalar | None:
    """A short text or a number that fills the rest of an attribute; None for anything else."""
    kind = attribute[at]
    if kind == _TEXT and attribute[at + 1] == size - 2:
        text = attribute[at + 2 :].decode("utf-8", "replace")
        return text if "\0" not in text else storable(text)
    if kind == _INT:
        number, end = varint(attribute, at + 1)
        return _signed(number) if end == len(attribute) else None
    return _double(attribute[at + 1 :]) if kind == _DOUBLE and size == 9 else None


def _any_pair(message: bytes, depth: int) -> tuple[str, Value]:
    key, value = b"", b""
    for tag, start, end in fields(message):
        if tag == _KEY:
            key = message[start:end]
        elif tag == _VALUE:
            value = message[start:end]
    return _key(key), _any(value, depth)


def _any(message: bytes, depth: int) -> Value:
    """An AnyValue; None for an empty one."""
    if depth > MOST_DEPTH:
        raise BadBodyError(f"holds values more than {MOST_DEPTH} deep")
    value: Value = None
    for tag, start, end in fields(message):
        value = _one(tag, message[start:end], depth, value)
    return value


def _one(tag: int, content: bytes, depth: int, before: Value) -> Value:
    """What a field of an AnyValue says; one that is not known says nothing."""
    if tag in _SCALARS:
        return _SCALARS[tag](content)
    if tag == _ARRAY:
        return [_any(content[start:end], depth + 1) for tag, start, end in fields(content) if tag == _KEY]
    if tag == _MAP:
        return dict(_any_pair(content[start:end], depth + 1) for tag, start, end in fields(content) if tag == _KEY)
    return before


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def _key(raw: bytes) -> str:
    """A key; the same text for the same bytes, since there are few."""
    known = _keys.get(raw)
    if known is None:
        known = storable(raw.decode("utf-8", "replace"))
        if len(_keys) >= _MOST_KEYS:
            _keys.clear()
        _keys[raw] = known
    return known


def _double(content: bytes) -> float:
    told: float = unpack("<d", content)[0]
    return told


_SCALARS: dict[int, Callable[[bytes], Scalar]] = {
    _TEXT: lambda content: storable(content.decode("utf-8", "replace")),
    _BOOL: lambda content: varint(content, 0)[0] != 0,
    _INT: lambda content: _signed(varint(content, 0)[0]),
    _DOUBLE: _double,
    _BYTES: lambda content: storable(b64encode(content).decode()),
}
