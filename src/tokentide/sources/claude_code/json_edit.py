"""Edits inside JSON text: something is added at the end of an object or a list, or taken out; all else stays.

The text must be valid JSON, without a byte-order mark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

Path = Sequence[str | int]
"""Keys and indexes from the outermost value inwards."""
INDENT = "  "
"""Of a text that has none of its own."""
_SPACE = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder()


class Verbatim(NamedTuple):
    """A value that is put in as the text it is."""

    text: str


class Item(NamedTuple):
    """One member of an object or item of a list, by its places in the text."""

    key: str | int
    start: int
    """Of the key's first quote; of a list's item itself."""
    value_start: int
    end: int
    """Behind the value."""


def items_of(text: str, path: Path) -> list[Item]:
    """What the object or list at that path holds, in order. Raises KeyError where there is none."""
    opening = _after_space(text, 0)
    for step in path:
        found = [item for item in _items(text, opening) if item.key == step]
        if not found:
            raise KeyError(step)
        opening = found[-1].value_start
    if text[opening] not in "{[":
        raise KeyError(path[-1] if path else "")
    return _items(text, opening)


def added(text: str, path: Path, key: str | None, value: object) -> str:
    """With a value at the end of what stands at that path, under `key` in an object; in the text's own style."""
    there = items_of(text, path)
    opening = _opening(text, path)
    name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}{_colon(text)}"
    if not there:
        depth, closing = len(path), _after_space(text, opening + 1)
        if "\n" not in text.strip() and len(text.strip()) > 2:
            return text[: opening + 1] + name + _written(text, value, None) + text[closing:]
        gap = _newline(text) + _unit(text) * (depth + 1)
        end = _newline(text) + _unit(text) * depth
        return text[: opening + 1] + gap + name + _written(text, value, gap) + end + text[closing:]
    last = there[-1]
    gap = _gap(text, last.start)
    return text[: last.end] + "," + gap + name + _written(text, value, gap if "\n" in gap else None) + text[last.end :]


def replaced(text: str, path: Path, value: object) -> str:
    """With another value at that path, in the text's own style. Raises KeyError where there is none."""
    item = [item for item in items_of(text, path[:-1]) if item.key == path[-1]][-1]
    gap = _gap(text, item.start)
    written = _written(text, value, gap if "\n" in gap else None)
    return text[: item.value_start] + written + text[item.end :]


def removed(text: str, path: Path) -> str:
    """Without what stands at that path; of several members of one name without the last."""
    there = items_of(text, path[:-1])
    index = max(number for number, item in enumerate(there) if item.key == path[-1])
    item = there[index]
    if index:
        return text[: there[index - 1].end] + text[item.end :]
    if len(there) > 1:
        return text[: item.start] + text[there[1].start :]
    return text[: _opening(text, path[:-1]) + 1] + text[_after_space(text, item.end) :]


def _items(text: str, opening: int) -> list[Item]:
    """What stands between an opening bracket and its closing one."""
    found: list[Item] = []
    at = _after_space(text, opening + 1)
    while text[at] not in "}]":
        start, key = at, len(found)
        name: str | int = key
        if text[opening] == "{":
            name, end = _decoder.raw_decode(text, at)
            at = _after_space(text, _after_space(text, end) + 1)
        end = _decoder.raw_decode(text, at)[1]
        found.append(Item(name, start, at, end))
        at = _after_space(text, end)
        at = _after_space(text, at + 1) if text[at] == "," else at
    return found


def _opening(text: str, path: Path) -> int:
    """Where the value at that path begins."""
    at = _after_space(text, 0)
    for step in path:
        at = [item for item in _items(text, at) if item.key == step][-1].value_start
    return at


def _gap(text: str, start: int) -> str:
    """The space before something."""
    before = text[:start]
    return before[len(before.rstrip(" \t\r\n")) :]


def _colon(text: str) -> str:
    """What stands between the outermost keys and their values."""
    there = _items(text, _after_space(text, 0))
    if not there:
        return ": "
    between = text[there[-1].start : there[-1].value_start]
    return between[_decoder.raw_decode(between)[1] :]


def _unit(text: str) -> str:
    """What a level is indented by."""
    there = _items(text, _after_space(text, 0))
    return _gap(text, there[0].start).rpartition("\n")[2] or INDENT if there else INDENT


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _written(text: str, value: object, gap: str | None) -> str:
    """A value over several lines below its gap, or on one line where there is none."""
    if isinstance(value, Verbatim):
        return value.text
    if gap is None:
        separators = None if _colon(text).endswith(" ") else (",", ":")
        return json.dumps(value, ensure_ascii=False, separators=separators)
    written = json.dumps(value, ensure_ascii=False, indent=_unit(text))
    return written.replace("\n", _newline(text) + gap.rpartition("\n")[2])


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
