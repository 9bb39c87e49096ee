"""The log of errors that no person could be told of: of a status line, which has one line and no standard error.

It tells where the program was, never what it was reading: the message of an error that is not our own may quote its
input, so only its type is kept.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone

from tokentide import __version__, locations
from tokentide.clock import SECOND_US
from tokentide.errors import TokentideError
from tokentide.locations import ensure_private_dir
from tokentide.private_files import write_private

MOST_BYTES = 256 << 10
"""Of the log; when it is full its older half goes."""


def log_error(error: BaseException, now: int) -> None:
    """Note an error with its way through the program; the same one twice in a row is noted once.

    `now` is µs UTC. A log that cannot be written is let be: there is nobody to tell.
    """
    body = "\n".join([f"tokentide {__version__}", *_lines(error)]) + "\n"
    moment = datetime.fromtimestamp(now // SECOND_US, timezone.utc)
    with suppress(OSError):
        _append(f"{moment:%Y-%m-%dT%H:%M:%SZ} ".encode(), body.encode("utf-8", "backslashreplace"))


def _lines(error: BaseException) -> Iterator[str]:
    """The error, then what caused it, each with the functions that it passed."""
    current: BaseException | None = error
    while current is not None:
        yield f"{type(current).__name__}{_message(current)}"
        for frame in traceback.extract_tb(current.__traceback__):
            yield f"  {_place(frame.filename)}:{frame.lineno} {frame.name}"
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _message(error: BaseException) -> str:
    """Of our own errors, and the system's reason; others may quote what they read."""
    if isinstance(error, TokentideError):
        return f": {error}"
    return f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""


def _place(path: str) -> str:
    """A source file below its package, without the folders of this machine."""
    return "/".join(path.replace("\\", "/").split("/")[-3:])


def _append(stamp: bytes, body: bytes) -> None:
    """Add an entry, unless it is the last one already."""
    path = locations.error_log_path()
    ensure_private_dir(os.path.dirname(path))
    with open(path, "ab+", opener=_private) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(body)))
        if file.read() == body:
            return
        if size + len(stamp) + len(body) <= MOST_BYTES:
            file.write(stamp + body)
            return
        file.seek(max(0, size - MOST_BYTES // 2))
        kept = file.read().partition(b"\n")[2]
    write_private(path, kept + stamp + body)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
