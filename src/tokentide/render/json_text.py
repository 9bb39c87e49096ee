"""JSON text with exact decimals; the standard writer would round money through binary floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring_ascii

Json = None | bool | int | float | str | Decimal | Sequence["Json"] | Mapping[str, "Json"]


def dumps(value: Json, indent: int = 0) -> str:
    """The value as JSON, two spaces a level; ASCII only, so that any terminal and pipe takes it."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, Mapping):
        pairs = [f"{encode_basestring_ascii(key)}: {dumps(item, indent + 2)}" for key, item in value.items()]
        return _lines("{", pairs, "}", indent)
    if isinstance(value, Sequence):
        return _lines("[", [dumps(item, indent + 2) for item in value], "]", indent)
    return _scalar(value)


def usd(nano: int) -> Decimal:
    """Nano-USD as a decimal number of USD, exact."""
    return Decimal(nano).scaleb(-9)


def _scalar(value: float | Decimal | None) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, Decimal):
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in ("-0", "") else text
    return repr(value + 0)


def _lines(opening: str, parts: list[str], closing: str, indent: int) -> str:
    if not parts:
        return opening + closing
    space = "\n" + " " * (indent + 2)
    return f"{opening}{space}{f',{space}'.join(parts)}\n{' ' * indent}{closing}"
