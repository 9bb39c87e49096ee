"""What a shard cannot take now: rows in files on our disk, synced, in the order they came, of bounded size.

A file is one INSERT: a line of JSON that says into which table, then the rows. It is there whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from tokentide.errors import StoreUnreachableError
from tokentide.private_files import write_private
from tokentide.store.team.engine import Quarter
from tokentide.store.team.pending import PendingQuarters

MOST_BYTES = 4 << 30
"""So much is kept for one shard; what comes then waits in the log."""
_SUFFIX = ".rows"


class Head(msgspec.Struct, frozen=True):
    """What a file begins with."""

    table: str
    token: str
    quarters: list[Quarter]


@dataclass(frozen=True, slots=True)
class Parcel:
    """Rows on their way."""

    head: Head
    body: bytes
    """JSON, a line a row."""


class Spool:
    """One shard's; the writer's alone. Every method that writes raises StoreUnreachableError where the disk refuses."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._names = sorted(name for name in _listed(folder) if name.endswith(_SUFFIX))
        self._bytes = sum(os.path.getsize(os.path.join(folder, name)) for name in self._names)
        self._next = int(self._names[-1].removesuffix(_SUFFIX)) + 1 if self._names else 0

    def __bool__(self) -> bool:
        return bool(self._names)

    @property
    def waiting_bytes(self) -> int:
        """What is kept."""
        return self._bytes

    def add(self, parcel: Parcel) -> None:
        """Keep it behind what is there; it is on the disk when this returns."""
        content = msgspec.json.encode(parcel.head) + b"\n" + parcel.body
        if self._bytes + len(content) > MOST_BYTES:
            raise StoreUnreachableError(
                f"{self.folder} holds {self._bytes} bytes for a shard that is down, and no more"
            )
        name = f"{self._next:012d}{_SUFFIX}"
        with _disk_of(self.folder):
            write_private(os.path.join(self.folder, name), content, is_synced=True)
        self._names.append(name)
        self._bytes += len(content)
        self._next += 1

    def first(self) -> Parcel | None:
        """What came first; None where nothing waits."""
        if not self._names:
            return None
        try:
            with open(os.path.join(self.folder, self._names[0]), "rb") as file:
                head, _, body = file.read().partition(b"\n")
            return Parcel(msgspec.json.decode(head, type=Head), body)
        except (OSError, msgspec.DecodeError) as error:
            raise StoreUnreachableError(f"{self.folder}/{self._names[0]} cannot be read: {error}") from error

    def remove_first(self) -> None:
        """It has arrived."""
        self._drop_first(None)

    def set_aside_first(self) -> None:
        """It will never be taken: kept under another name, for a person to look at."""
        self._drop_first(".refused")

    def _drop_first(self, suffix: str | None) -> None:
        name = self._names[0]
        path = os.path.join(self.folder, name)
        with _disk_of(path):
            size = os.path.getsize(path)
            if suffix:
                os.replace(path, path + suffix)
            else:
                os.unlink(path)
        del self._names[0]
        self._bytes -= size


class Debt(PendingQuarters):
    """Quarter hours that are to be refreshed once more, in a file of that name.

    Raises StoreUnreachableError where its file cannot be read or written.
    """

    def __init__(self, folder: str, name: str) -> None:
        self._folder = folder
        with _disk_of(folder):
            super().__init__(os.path.join(folder, f"{name}.json"))

    def _write(self) -> None:
        with _disk_of(self._folder):
            super()._write()


@contextmanager
def _disk_of(place: str) -> Iterator[None]:
    """What the disk refuses there, as an engine says it."""
    try:
        yield
    except OSError as error:
        raise StoreUnreachableError(f"{place}: {error.strerror}") from error


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
