"""Changes a TOML file without touching what a person wrote: a table is put at its end, one is cut out, a key is set.

After each change the file is read again, and has to say what it said before but for the change.
"""

from __future__ import annotations

import os
import re
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal

from tokentide.errors import SettingsError
from tokentide.locations import ensure_private_dir
from tokentide.private_files import write_private

Scalar = str | bool | int | float | Decimal
Value = Scalar | Sequence[str] | Sequence[int] | Sequence[float] | Sequence[Scalar]
Document = dict[str, object]
_HEADER = re.compile(r"\s*\[")
_BY_HAND = "is written in a way that cannot be edited for you: please do it by hand"
_QUOTES = ('"""', "'''")
_STRINGS = re.compile(r"\"\"\"|'''|\"(?:\\.|[^\"\\])*\"|'[^']*'|#.*")
LONGEST_WAIT_SECONDS = 5.0
"""For another process that changes the file, which takes it milliseconds."""
MOST_LINES = 1000
"""Of one value."""


def appended(text: str, kind: str, entry: Mapping[str, Value], path: str) -> str:
    """The text with one more table of that kind, such as `[[rule]]`, at its end. Raises SettingsError."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [f"[[{kind}]]", *(f"{name} = {_toml(value)}" for name, value in entry.items())]
    gap = "" if not text else newline if text.endswith("\n") else 2 * newline
    changed = f"{text}{gap}{newline.join(lines)}{newline}"
    wanted = _parsed(text, path)
    _tables(wanted, kind, path).extend(tomllib.loads("\n".join(lines))[kind])
    return _checked(changed, wanted, path)


def without(text: str, kind: str, number: int, path: str) -> str:
    """The text without the table of that number, from 0. Comments above and below it stay. Raises SettingsError."""
    lines = text.splitlines(keepends=True)
    wanted = _parsed(text, path)
    begin, end = _table_lines(lines, kind, number, wanted, path)
    del _tables(wanted, kind, path)[number]
    if not wanted[kind]:
        del wanted[kind]
    is_gap = begin > 0 and not lines[begin - 1].strip() and (end == len(lines) or not lines[end].strip())
    return _checked("".join(lines[: begin - is_gap] + lines[end:]), wanted, path)


def with_key(text: str, key: str, value: Value | None, path: str) -> str:
    """The text with a key before all tables set, or gone for None. Raises SettingsError."""
    lines = text.splitlines(keepends=True)
    wanted = _parsed(text, path)
    first = next(iter(_headers(lines)), len(lines))
    _put(lines, range(first), key, value)
    _note(wanted, key, value)
    return _checked("".join(lines), wanted, path)


def with_table_key(text: str, kind: str, number: int, assignment: tuple[str, Value | None], path: str) -> str:
    """The text with a key of the table of that number set, or gone for None. Raises SettingsError."""
    lines = text.splitlines(keepends=True)
    wanted = _parsed(text, path)
    begin, end = _table_lines(lines, kind, number, wanted, path)
    _put(lines, range(begin + 1, end), *assignment)
    table = _tables(wanted, kind, path)[number]
    if not isinstance(table, dict):
        raise SettingsError(path, kind, _BY_HAND)
    _note(table, *assignment)
    return _checked("".join(lines), wanted, path)


def keys_of(text: str, path: str) -> frozenset[str]:
    """The keys and tables that stand at the top. Raises SettingsError."""
    return frozenset(_parsed(text, path))


def save(path: str, text: str) -> None:
    """Replace the file in one step, its owner's alone; a link stays a link. Raises SettingsError."""
    try:
        write_private(os.path.realpath(path), text.encode())
    except OSError as error:
        raise SettingsError(path, None, f"cannot be written: {error.strerror}") from error


@contextmanager
def alone(path: str) -> Iterator[None]:
    """Only one process at a time changes the file; the others wait a while, and then read what it wrote.

    The folder is locked, so that nothing is left behind. Windows has no such lock; one that cannot be had is done
    without. Raises SettingsError where another process does not get done.
    """
    descriptor = -1
    with suppress(OSError):
        folder = os.path.dirname(os.path.realpath(path))
        ensure_private_dir(folder)
        if sys.platform != "win32":
            descriptor = os.open(folder, os.O_RDONLY)
    try:
        if descriptor >= 0 and not _locked(descriptor):
            raise SettingsError(path, None, "is being changed by another process, which does not get done")
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Wait for the lock for a while; False where somebody else keeps it. A file system without locks has none."""
    if sys.platform == "win32":
        return True
    import fcntl

    end = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.01)
        except OSError:
            return True
        else:
            return True


def _table_lines(lines: Sequence[str], kind: str, number: int, document: Document, path: str) -> tuple[int, int]:
    """The first line of that table, and the line behind its last; comments that follow it are not its own."""
    headers = _headers(lines)
    own = [line for line in headers if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", lines[line])]
    if number >= len(own) or len(own) != len(_tables(document, kind, path)):
        raise SettingsError(path, kind, _BY_HAND)
    begin = own[number]
    end = next((line for line in headers if line > begin), len(lines))
    while end > begin + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return begin, end


def _put(lines: list[str], where: range, key: str, value: Value | None) -> None:
    """Set the key within some of the lines, in its own place where it has one; a comment behind it stays."""
    newline = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    present = next((line for line in where if re.match(rf"\s*{key}\s*=", lines[line])), None)
    if present is None:
        place = _place(lines, where)
        if value is not None:
            if place > 0 and not lines[place - 1].endswith("\n"):
                lines[place - 1] += newline
            lines.insert(place, f"{key} = {_toml(value)}{newline}")
        return
    end = _value_end(lines, present, where.stop)
    comment = _comment_behind(lines[end - 1])
    fresh = [] if value is None else [f"{key} = {_toml(value)}{comment}{newline}"]
    lines[present:end] = fresh


def _place(lines: Sequence[str], where: range) -> int:
    """Where a new key goes: behind the last one that is there, else behind the comments at the top."""
    filled = [line for line in where if lines[line].strip() and not lines[line].lstrip().startswith("#")]
    if filled:
        return filled[-1] + 1
    return next((line for line in where if not lines[line].startswith("#")), where.stop)


def _value_end(lines: Sequence[str], begin: int, end: int) -> int:
    """The line behind the value that begins there: a list may run over several."""
    for stop in range(begin + 1, min(end, begin + MOST_LINES) + 1):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads("".join(lines[begin:stop]))
            return stop
    return begin + 1


def _comment_behind(line: str) -> str:
    """What stands behind a value, with two spaces before it; empty for nothing."""
    found = next((each[0] for each in _STRINGS.finditer(line) if each[0].startswith("#")), "")
    return f"  {found.rstrip()}" if found else ""


def _note(document: Document, key: str, value: Value | None) -> None:
    """Put into the document what the text is to say."""
    document.pop(key, None)
    if value is not None:
        try:
            document[key] = tomllib.loads(f"value = {_toml(value)}")["value"]
        except tomllib.TOMLDecodeError:  # a text that TOML cannot hold: what is made of it is no TOML either
            document[key] = value


def _headers(lines: Sequence[str]) -> list[int]:
    """The numbers of the lines that begin a table; lines within texts of several lines are none."""
    found, inside = [], ""
    for number, line in enumerate(lines):
        if not inside and _HEADER.match(line) and _is_header(line):
            found.append(number)
        inside = _open_quote(line, inside)
    return found


def _is_header(line: str) -> bool:
    """False for a line of a list that runs over several."""
    return re.match(r"\s*\[\[?\s*[A-Za-z0-9_\-.\"' ]+\s*\]\]?\s*(#.*)?$", line.rstrip("\r\n")) is not None


def _open_quote(line: str, inside: str) -> str:
    """The quote of a text that goes on in the next line; empty where none does."""
    rest = line
    while True:
        if inside:
            closing = rest.find(inside)
            if closing < 0:
                return inside
            rest, inside = rest[closing + 3 :], ""
        match = next((each for each in _STRINGS.finditer(rest) if each[0] in _QUOTES), None)
        if match is None:
            return ""
        rest, inside = rest[match.end() :], match[0]


def _parsed(text: str, path: str) -> Document:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(path, None, f"no valid TOML: {error}") from error


def _tables(document: Document, kind: str, path: str) -> list[object]:
    found = document.setdefault(kind, [])
    if not isinstance(found, list):
        raise SettingsError(path, kind, _BY_HAND)
    return found


def _checked(changed: str, wanted: Document, path: str) -> str:
    """The changed text, if it says just that."""
    try:
        found = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        found = {}
    if found != wanted:
        raise SettingsError(path, None, _BY_HAND)
    return changed


def _toml(value: Value) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (int, float)):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return f"[{', '.join(_toml(item) for item in value)}]"


def _quoted(text: str) -> str:
    """Text as a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in escaped) + '"'
