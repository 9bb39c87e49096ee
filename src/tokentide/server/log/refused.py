"""Entries that could never be taken: kept apart with the reason, so that they neither vanish nor stand in the way."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from tokentide.private_files import write_private
from tokentide.server.log.entry import LogEntry, NewEntry, Position, packed
from tokentide.server.log.scanning import Stretch, scanned

MOST_REFUSED_BYTES = 256 << 20
"""More than that is not kept: the oldest go."""
MOST_REFUSED = 1_000
"""No more entries are kept: each is a file, and they are looked through whenever one more comes."""
_MARK = b"TTREFUSE"
"""Such a file has one entry and the length of the file tells where it ends: nothing has to be found in it."""
_NAME = re.compile(r"(\d{10})-(\d{12})\.entry")
_REASON_CHARACTERS = 500


class Refusal(msgspec.Struct, frozen=True):
    """An entry that was set aside."""

    path: str
    """The file of the entry; beside it lies one with the reason, `.json`."""
    position: Position
    """Where it stood in the log."""
    refused_at: int
    """µs UTC."""
    reason: str
    entry_bytes: int
    """0 in the file itself."""


def put_aside(folder: str, entry: LogEntry, reason: str, now: int) -> Refusal:
    """Write entry and reason into `refused/`, and let the oldest go where there are too many. Raises OSError."""
    head, body = packed(_as_new(entry))
    content = b"".join((_MARK, head, body))
    path = os.path.join(_folder_of(folder), "{:010d}-{:012d}.entry".format(*entry.position))
    refusal = Refusal(path, entry.position, now, reason[:_REASON_CHARACTERS], len(content))
    write_private(_reason_path(path), msgspec.json.encode(refusal))
    write_private(path, content, is_synced=True)
    _shrink(folder)
    return refusal


def refusals_in(folder: str) -> list[Refusal]:
    """What was set aside in the log of this folder, oldest first. Raises OSError."""
    return [_refusal(path) for path in _paths(folder)]


def refused_entries(folder: str) -> Iterator[LogEntry]:
    """The entries themselves, to be tried again by a newer tokentide; those that are damaged are left out."""
    for path in _paths(folder):
        position = _position_of(path)
        found = scanned(Stretch(path, position.segment, _MARK, 0, os.path.getsize(path)), 1, 1)
        yield from (msgspec.structs.replace(entry, position=position) for entry in found.entries)


def drop_refused(refusal: Refusal) -> None:
    """Delete an entry that was set aside. Raises OSError."""
    _drop(refusal.path)


def _drop(path: str) -> None:
    for each in (path, _reason_path(path)):
        with suppress(FileNotFoundError):
            os.unlink(each)


def _as_new(entry: LogEntry) -> NewEntry:
    return NewEntry(
        entry.received_at, entry.tenant, entry.team, entry.kind, entry.content_type, entry.encoding, entry.body
    )


def _shrink(folder: str) -> None:
    sizes = [(path, os.path.getsize(path)) for path in _paths(folder)]
    total = sum(size for _, size in sizes)
    for left, (path, size) in zip(range(len(sizes), 1, -1), sizes, strict=False):
        if total <= MOST_REFUSED_BYTES and left <= MOST_REFUSED:
            return
        _drop(path)
        total -= size


def _refusal(path: str) -> Refusal:
    """What is known of it; without its reason, where that file is lost."""
    size = os.path.getsize(path)
    with suppress(FileNotFoundError, msgspec.MsgspecError), open(_reason_path(path), "rb") as file:
        return msgspec.structs.replace(msgspec.json.decode(file.read(), type=Refusal), path=path, entry_bytes=size)
    return Refusal(path, _position_of(path), int(os.path.getmtime(path) * 1e6), "", size)


def _folder_of(folder: str) -> str:
    return os.path.join(folder, "refused")


def _paths(folder: str) -> list[str]:
    try:
        names = os.listdir(_folder_of(folder))
    except FileNotFoundError:
        return []
    return [os.path.join(_folder_of(folder), name) for name in sorted(names) if _NAME.fullmatch(name)]


def _position_of(path: str) -> Position:
    match = _NAME.fullmatch(os.path.basename(path))
    return Position(int(match[1]), int(match[2])) if match else Position(0, 0)


def _reason_path(path: str) -> str:
    return path.removesuffix(".entry") + ".json"
