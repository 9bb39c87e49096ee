"""What a shard cannot take now: rows in files on our disk, synced, in the order they came, of bounded size.

A file is one INSERT: a line of JSON that says into which table, then the rows. It is there whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from tokentide.errors import StoreUnreachableError
from tokentide.locations import ensure_private_dir
from tokentide.store.team.engine import Quarter

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
        try:
            written(self.folder, name, content)
        except OSError as error:
            raise StoreUnreachableError(f"{self.folder}: {error.strerror}") from error
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
        try:
            size = os.path.getsize(path)
            if suffix:
                os.replace(path, path + suffix)
            else:
                os.unlink(path)
        except OSError as error:
            raise StoreUnreachableError(f"{path}: {error.strerror}") from error
        del self._names[0]
        self._bytes -= size


class Debt:
    """Quarter hours that are to be refreshed once more when everything is back; in a file, for a crash."""

    def __init__(self, folder: str) -> None:
        self._folder, self._name = folder, "owed.json"
        self._quarters: set[Quarter] = set()
        with suppress(OSError, msgspec.DecodeError), open(os.path.join(folder, self._name), "rb") as file:
            self._quarters = set(msgspec.json.decode(file.read(), type=list[Quarter]))

    def __bool__(self) -> bool:
        return bool(self._quarters)

    def all(self) -> list[Quarter]:
        """Those that are owed, oldest first."""
        return sorted(self._quarters, key=lambda quarter: (quarter[1], quarter[0]))

    def add(self, quarters: Iterable[Quarter]) -> None:
        """Note them. Raises StoreUnreachableError where the disk refuses."""
        new = set(quarters) - self._quarters
        if new:
            self._quarters |= new
            self._write()

    def remove(self, quarters: Iterable[Quarter]) -> None:
        """They are refreshed. Raises StoreUnreachableError where the disk refuses."""
        self._quarters -= set(quarters)
        self._write()

    def _write(self) -> None:
        try:
            written(self._folder, self._name, msgspec.json.encode(self.all()))
        except OSError as error:
            raise StoreUnreachableError(f"{self._folder}: {error.strerror}") from error


def written(folder: str, name: str, content: bytes) -> None:
    """Put a file there whole, on the disk when this returns. Raises OSError."""
    ensure_private_dir(folder)
    temporary = os.path.join(folder, f".{name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, os.path.join(folder, name))
    if os.name == "posix":
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
