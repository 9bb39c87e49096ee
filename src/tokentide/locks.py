"""One process at a time: whoever holds the lock file is it, and the file says who that is.

The system lets go of the lock when its holder ends, however it ends: nothing is stale for longer than that.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from tokentide.clock import SECOND_US
from tokentide.errors import TokentideError
from tokentide.locations import ensure_private_dir

_TRIES, _PAUSE_SECONDS = 5, 0.1
"""Who only looks whether the lock is held holds it for a moment."""
_FAR_BYTE = 1 << 30
"""Windows keeps others from reading what is locked: a byte that nobody reads is locked in place of the words."""


class Holder(NamedTuple):
    """Who holds a lock."""

    pid: int
    since: int
    """µs UTC."""


class HeldError(TokentideError):
    """Another process holds the lock; `holder` is None where it has not written down who it is."""

    def __init__(self, holder: Holder | None, sentence: str) -> None:
        self.holder = holder
        super().__init__(sentence)


class FileLock:
    """The lock, held for as long as this is open. Use it as a context manager."""

    def __init__(self, path: str, now: int) -> None:
        """Raises HeldError; OSError where the file cannot be made."""
        self._path, self._since = path, now
        self._descriptor = self._taken()

    def renew(self) -> None:
        """Take it anew where its file was deleted, which lets a second one begin. Raises HeldError."""
        with suppress(OSError):
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):
                    return
            descriptor = self._taken()
            os.close(self._descriptor)
            self._descriptor = descriptor

    def refusal(self, holder: Holder | None) -> HeldError:
        """What is raised where another process holds it."""
        who = f" by process {holder.pid}" if holder else ""
        return HeldError(holder, f"{self._path} is held{who}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _taken(self) -> int:
        """The lock file, open and locked."""
        ensure_private_dir(os.path.dirname(self._path))
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        if not any(_tries(descriptor)):
            os.close(descriptor)
            raise self.refusal(_holder_in(self._path))
        os.ftruncate(descriptor, 0)
        with suppress(OSError):  # on a full disk it is held all the same, without a word
            os.write(descriptor, f"{os.getpid()} {self._since // SECOND_US}\n".encode())
        return descriptor


def holder_of(path: str) -> Holder | None:
    """Who holds the lock now, process 0 where that could not be written down; None where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if any(_tries(descriptor, 1)) else _holder_in(path) or Holder(0, 0)
    finally:
        os.close(descriptor)


def _tries(descriptor: int, count: int = _TRIES) -> list[bool]:
    """Try to get the lock; the last answer tells."""
    found = [_is_got(descriptor)]
    while not found[-1] and len(found) < count:
        time.sleep(_PAUSE_SECONDS)
        found.append(_is_got(descriptor))
    return found


def _is_got(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _holder_in(path: str) -> Holder | None:
    """What the file says; None where its holder has not written it yet."""
    with suppress(OSError, ValueError):
        with open(path, "rb") as file:
            pid, since = file.read(100).split()
        return Holder(int(pid), int(since) * SECOND_US)
    return None
