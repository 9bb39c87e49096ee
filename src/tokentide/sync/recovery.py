"""What to do with a ledger that is damaged or cannot be written."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass

from tokentide.clock import SECOND_US
from tokentide.model.merging import Portion
from tokentide.store.sqlite.connection import MEMORY
from tokentide.store.sqlite.ledger import Ledger
from tokentide.store.sqlite.salvage import salvage
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


def recover(path: str, synchroniser: Synchroniser, now: int) -> Recovered:
    """Set the ledger aside and make a new one from the transcripts and what is readable of the old.

    Raises LedgerUnwritableError.
    """
    aside = _set_aside(path, now)
    with Ledger.open(path) as ledger:
        synchroniser.sync(ledger)
        before = ledger.row_counts()["records"]
        rest = salvage(aside)
        with ledger.intake(synchroniser.book.cost_nano_usd) as intake:
            portion = Portion()
            portion.add(rest.batch)
            intake.take(portion)
        responses = ledger.row_counts()["records"]
        return Recovered(aside, responses, responses - before, rest.lost_rows)


def _set_aside(path: str, now: int) -> str:
    """Move the file and its companions out of the way."""
    aside = f"{path}.damaged-{now // SECOND_US}"
    for companion in _COMPANIONS:
        if os.path.exists(path + companion):
            os.replace(path + companion, aside + companion)
    return aside


def open_copy(path: str) -> Ledger:
    """The ledger's content in memory, as far as it can be read; empty if not at all."""
    for mode in ("mode=ro", "immutable=1"):
        try:
            source = sqlite3.connect(f"file:{_quoted(path)}?{mode}", uri=True, isolation_level=None)
            with Ledger(source, path) as ledger:
                return ledger.in_memory()
        except sqlite3.Error:
            continue
    return Ledger.open(MEMORY)


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
