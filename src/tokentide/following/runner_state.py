"""What the background runner last did, in a small file beside the ledger: for `watch status`, which asks nobody."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Any

from tokentide import locations
from tokentide.private_files import write_private

MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class RunnerState:
    """One run; instants are µs UTC, 0 for what has not happened."""

    pid: int = 0
    started_at: int = 0
    looked_at: int = 0
    """The last round that went through."""
    evaluated_at: int = 0
    """When alerts were last looked at."""
    event_at: int = 0
    event: str = ""
    """The last line of the log."""
    files_read: int = 0
    alerts_told: int = 0
    faults: int = 0
    """Rounds that failed, in a row."""
    fault: str = ""
    """Why the last one failed."""


def state_path() -> str:
    """The file; absent until a runner ran."""
    return os.path.join(locations.data_dir(), "watch.json")


def read_state() -> RunnerState:
    """What the last runner noted; blank where none did, or where the file is no longer readable."""
    with suppress(OSError, ValueError, RecursionError):
        with open(state_path(), "rb") as file:
            said = json.loads(file.read(MOST_BYTES))
        if isinstance(said, dict):
            return RunnerState(**_known(said))
    return RunnerState()


def write_state(state: RunnerState) -> None:
    """Replace the file; where that cannot be, status shows an older one."""
    with suppress(OSError):
        write_private(state_path(), json.dumps(asdict(state)).encode())


def _known(said: dict[Any, Any]) -> dict[str, Any]:
    """The entries of the right kind."""
    blank = RunnerState()
    return {
        field.name: said[field.name]
        for field in fields(RunnerState)
        if type(said.get(field.name)) is type(getattr(blank, field.name))
    }
