"""One background runner a ledger; see tokentide.locks."""

from __future__ import annotations

import os

from tokentide import locations
from tokentide.locks import FileLock, HeldError, Holder, holder_of


class AnotherRunsError(HeldError):
    """A runner of this ledger runs already."""


class RunnerLock(FileLock):
    """The lock, held for as long as this is open. Use it as a context manager."""

    def __init__(self, now: int) -> None:
        """Raises AnotherRunsError; OSError where the file cannot be made."""
        super().__init__(lock_path(), now)

    def refusal(self, holder: Holder | None) -> AnotherRunsError:
        """What is raised where another process holds it."""
        who = f" (process {holder.pid})" if holder else ""
        return AnotherRunsError(
            holder, f"`tokentide watch` runs already{who}: one is enough; `tokentide watch status` tells more"
        )


def holder() -> Holder | None:
    """Who runs now, process 0 where that could not be written down; None where nobody does."""
    return holder_of(lock_path())


def lock_path() -> str:
    """The lock file, beside the ledger."""
    return os.path.join(locations.data_dir(), "watch.lock")
