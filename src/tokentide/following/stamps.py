"""Whether files are still what they were when they were read."""

from __future__ import annotations

import os

Stamp = tuple[int, int, int] | None
"""When a file was written, its size, which file it is; None for one that is absent."""


def stamps_of(*paths: str) -> tuple[Stamp, ...]:
    """What tells these files from what they were."""
    return tuple(map(_stamp, paths))


def _stamp(path: str) -> Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
