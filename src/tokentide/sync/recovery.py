"""What to do with a ledger that is damaged or cannot be written."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape as glob_escape
from glob import glob

from tokentide.clock import SECOND_US
from tokentide.errors import LedgerDamagedError
from tokentide.model.merging import Portion
from tokentide.store.sqlite.connection import MEMORY, translated
from tokentide.store.sqlite.ledger import Ledger
from tokentide.store.sqlite.salvage import quoted, salvage
from tokentide.sync.engine import Synchroniser

_COMPANIONS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Recovered:
    """How a damaged ledger was made anew."""

    aside: str
    """Where the damaged file is now."""
    responses: int
    """In the new ledger, from the transcripts and from what was readable of the old one."""
    salvaged: int
    """Of these, responses that only the old ledger still knew."""
    lost_rows: int | None
    """Rows of the old ledger that could not be read; None where that cannot be told."""

    def sentence(self) -> str:
        """What happened, in a line."""
        lost = (
            "how many could not be read is unknown"
            if self.lost_rows is None
            else f"{self.lost_rows:,} could not be read"
        )
        return (
            f"the damaged ledger is now {self.aside}; the new one holds {self.responses:,} responses, "
            f"{self.salvaged:,} of them known only to the old ledger, of whose responses {lost}"
        )


def recover(path: str, synchroniser: Synchroniser, now: int) -> Recovered | None:
    """Set the ledger aside and make a new one from the transcripts and what is readable of the old.

    None where another process has done so meanwhile. Raises LedgerUnwritableError.
    """
    with translated(path), _alone(path):
        if _is_sound(path):
            return None
        aside = _set_aside(path, now)
        with Ledger.open(path) as ledger:
            synchroniser.sync(ledger)
            before = ledger.row_counts()["records"]
            lost = _take_rest(ledger, aside, synchroniser)
            responses = ledger.row_counts()["records"]
            return Recovered(aside, responses, responses - before, lost)


def recover_in_memory(path: str, synchroniser: Synchroniser) -> Ledger:
    """The same where nothing can be written: a ledger that is kept nowhere."""
    ledger = Ledger.open(MEMORY)
    synchroniser.sync(ledger)
    for damaged in (path, *glob(f"{glob_escape(path)}.damaged-*[0-9]")):
        if os.path.isfile(damaged):
            _take_rest(ledger, damaged, synchroniser)
    return ledger


def open_copy(path: str) -> Ledger:
    """The ledger's content in memory, as far as it can be read; empty if not at all."""
    for mode in ("mode=ro", "immutable=1"):
        try:
            source = sqlite3.connect(f"file:{quoted(path)}?{mode}", uri=True, isolation_level=None)
            with Ledger(source, path) as ledger:
                return ledger.in_memory()
        except sqlite3.Error:
            continue
    return Ledger.open(MEMORY)


def _take_rest(ledger: Ledger, damaged: str, synchroniser: Synchroniser) -> int | None:
    """Put what is readable of a damaged ledger into another; returns how many responses were not."""
    rest, portion = salvage(damaged), Portion()
    portion.add(rest.batch)
    with ledger.intake(synchroniser.book.cost_nano_usd) as intake:
        intake.take(portion)
    ledger.restore(rest.observations)
    return rest.lost_rows


def _set_aside(path: str, now: int) -> str:
    """Move the file and its companions out of the way."""
    aside = f"{path}.damaged-{now // SECOND_US}"
    for companion in _COMPANIONS:
        if os.path.exists(path + companion):
            os.replace(path + companion, aside + companion)
    return aside


def _is_sound(path: str) -> bool:
    """True if the engine finds no fault in the file."""
    try:
        with Ledger.open(path) as ledger:
            return bool(ledger.row_counts()) and ledger.health() == "ok"
    except LedgerDamagedError:
        return False


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Only one process at a time mends a ledger; the others wait. Windows has no such lock: there the rename fails."""
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
