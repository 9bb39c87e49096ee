"""Attributes in JSON: a key and an AnyValue, of any depth up to a bound; damaged text is mended, not refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TypeVar

import msgspec
from msgspec.json import Decoder

from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.texts import storable
from tokentide.sources.otlp.wire import MOST_DEPTH, Value

_T = TypeVar("_T")
_LARGEST = 1 << 64


class _AnyValue(msgspec.Struct, rename="camel", gc=False):
    string_value: str | None = None
    int_value: int | str | None = None
    double_value: float | int | str | None = None
    bool_value: bool | None = None
    bytes_value: str | None = None
    array_value: _Array | None = None
    kvlist_value: _Map | None = None


class _KeyValue(msgspec.Struct, gc=False):
    key: str = ""
    value: _AnyValue | None = None


class _Array(msgspec.Struct, gc=False):
    values: list[_AnyValue | None] | None = None


class _Map(msgspec.Struct, gc=False):
    values: list[_KeyValue | None] | None = None


_pair, _text = Decoder(_KeyValue), Decoder(str | None)


def decoded(decoder: Decoder[_T], data: bytes) -> _T:
    """The data by its decoder; a second try with damaged text mended. Raises BadBodyError."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise BadBodyError("is no JSON of the protocol") from error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _mended(decoder, data)
    except RecursionError:
        raise BadBodyError("is nested too deeply") from None


def _mended(decoder: Decoder[_T], data: bytes) -> _T:
    """The data without lone surrogates and bytes that are no UTF-8, which the decoder does not read."""
    try:
        value = json.loads(data.decode("utf-8", "replace"))
        text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return decoder.decode(text)
    except RecursionError:
        raise BadBodyError("is nested too deeply") from None
    except ValueError as error:
        raise BadBodyError("is no JSON of the protocol") from error


def pair_from(attribute: bytes) -> tuple[str, Value]:
    """The key and value of a KeyValue object. Raises BadBodyError."""
    try:
        told = _pair.decode(attribute)
    except (ValueError, RecursionError):
        told = decoded(_pair, attribute)
    return storable(told.key), _any(told.value, 0)


def text_of(raw: bytes) -> str:
    """A JSON text; empty for null and for anything else."""
    if raw == b"null":
        return ""
    try:
        return storable(decoded(_text, raw) or "")
    except BadBodyError:
        return ""


def number_of(value: str | int | None) -> int:
    """A 64-bit number without a sign, told as text or as a number; 0 for none. Raises BadBodyError."""
    if value is None:
        return 0
    if type(value) is str:
        if not (value.isascii() and value.isdecimal() and len(value) <= 20):
            raise BadBodyError("holds text where a number belongs")
        value = int(value)
    if type(value) is int and 0 <= value < _LARGEST:
        return value
    raise BadBodyError("holds a number beyond 64 bits")


def _any(told: _AnyValue | None, depth: int) -> Value:
    """An AnyValue; None for an empty one."""
    if told is None:
        return None
    if told.string_value is not None:
        return storable(told.string_value)
    if told.int_value is not None:
        return _int(told.int_value)
    if told.double_value is not None:
        return _double(told.double_value)
    return told.bool_value if told.bool_value is not None else _other(told, depth)


def _other(told: _AnyValue, depth: int) -> Value:
    """Bytes, a list or a map."""
    if told.bytes_value is not None:
        return storable(told.bytes_value)
    if depth >= MOST_DEPTH:
        raise BadBodyError(f"holds values more than {MOST_DEPTH} deep")
    if told.array_value is not None:
        return [_any(each, depth + 1) for each in told.array_value.values or []]
    if told.kvlist_value is not None:
        pairs = [pair for pair in told.kvlist_value.values or [] if pair is not None]
        return {storable(pair.key): _any(pair.value, depth + 1) for pair in pairs}
    return None


def _int(value: int | str) -> Value:
    """A whole number; text that is none stays text."""
    with suppress(ValueError):
        told = int(value)
        if abs(told) < _LARGEST // 2:
            return told
    return storable(str(value))


def _double(value: float | str) -> Value:
    """A number; `NaN` and `Infinity` are told as text."""
    with suppress(ValueError, OverflowError):
        return float(value)
    return storable(str(value))
