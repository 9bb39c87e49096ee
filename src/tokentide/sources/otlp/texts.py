"""Texts, names and numbers from data, such as every engine can store them."""

from __future__ import annotations

import math

from tokentide.model.telemetry import MICRO, NOT_TOLD
from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.wire import Value

MOST_TEXT = 1024
"""Characters of a value; a longer one is cut, which `…` at its end tells."""
MOST_NAME = 200
"""Characters of what may be a name."""
MOST_COUNT = 10**10
"""A number that reaches further is no figure of a session: tokens, bytes, milliseconds, lines, USD."""


def storable(text: str) -> str:
    """The text without what an engine stumbles over, NUL and lone surrogates, and not endless."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def name_of(value: Value) -> str:
    """A scalar as a name; empty for None, lists and maps."""
    if type(value) is str:
        return value
    if value is None or isinstance(value, list | dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def is_true(value: Value) -> bool:
    """Whether a flag is set: some events send it as text."""
    return value is True or (type(value) is str and value.lower() == "true")


def number(value: Value) -> int | float | None:
    """A number, also one that was sent as text; None for anything else, and for one that no session reaches."""
    if type(value) is str:
        value = _from_text(value)
    if type(value) is int or type(value) is float:
        return value if -MOST_COUNT <= value <= MOST_COUNT else None  # false for what is no number too
    return None


def whole(value: Value) -> int:
    """A count: a number of 0 or more, its fraction cut; NOT_TOLD for anything else."""
    if type(value) is int and 0 <= value <= MOST_COUNT:
        return value
    told = number(value)
    return NOT_TOLD if told is None or told < 0 else int(told)


def checked_value(value: Value) -> int | float:
    """The number of a data point. Raises BadBodyError for none, and for one that no session reaches."""
    told = number(value)
    if told is None:
        raise BadBodyError("a data point's number is none that can be counted")
    return told


def millionths(value: float) -> int:
    """A number in millionths, rounded."""
    return value * MICRO if type(value) is int else round(value * MICRO)


def _from_text(text: str) -> int | float | None:
    if not text or len(text) > 40 or not text.isascii() or "_" in text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        told = float(text)
    except ValueError:
        return None
    return told if math.isfinite(told) else None
