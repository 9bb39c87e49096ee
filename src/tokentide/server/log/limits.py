"""How large a log may grow, and who looks that it does not."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from tokentide.server.log.entry import Position
from tokentide.server.log.segments import checkpoint_in, waiting_in


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Sizes in bytes, times in seconds."""

    segment_bytes: int = 64 << 20
    """A segment that has so many is followed by a new one."""
    segment_seconds: float = 300
    """One that is older as well, so that what is taken does not stay on the disk for long."""
    most_waiting_bytes: int = 4 << 30
    """When so many are not taken, no more come in."""
    least_free_bytes: int = 512 << 20
    """So much room others keep on the disk."""
    group_bytes: int = 8 << 20
    """The most that is written with one sync; a larger entry goes alone."""
    group_entries: int = 1000


def fault_in(folder: str, committed: Position, limits: LogLimits) -> str:
    """Why no more may come in; empty where it may. Raises OSError."""
    free = shutil.disk_usage(folder).free
    if free < limits.least_free_bytes:
        return f"{free >> 20} MiB are free on the disk, {limits.least_free_bytes >> 20} MiB are kept free"
    waiting = waiting_in(folder, checkpoint_in(folder), committed)
    if waiting >= limits.most_waiting_bytes:
        return f"{waiting >> 20} MiB wait to be taken in, which is as much as may"
    return ""
