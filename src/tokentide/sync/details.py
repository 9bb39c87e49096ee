"""Brings what happened around responses into the ledger: only the files that changed since the last such reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tokentide.model.limits import Account
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Observer

if TYPE_CHECKING:
    from tokentide.model.files import FileState

_NOBODY = Account("", "")


def sync_details(ledger: Ledger, found: Sequence[FoundFile], observer: Observer, *, rebuild: bool = False) -> int:
    """Read what is new in these files, with `rebuild` all of them; returns how many were read.

    What files no longer hold stays in the ledger.

    Safe beside other processes that do the same. Raises LedgerDamagedError, LedgerUnwritableError.
    """
    store = ledger.details
    known = {} if rebuild else store.files()
    changed = [each for each in found if each.key not in known or known[each.key].stamp != each.stamp]
    if not changed:
        return 0
    observer.begin(_new_bytes(changed, known))
    try:
        _read(ledger, changed, known, observer)
    finally:
        observer.end()
    return len(changed)


def _new_bytes(changed: Sequence[FoundFile], known: Mapping[str, FileState]) -> int:
    return sum(
        max(each.stamp.size - (known[each.key].position.offset if each.key in known else 0), 0) for each in changed
    )


def _read(ledger: Ledger, changed: Sequence[FoundFile], known: Mapping[str, FileState], observer: Observer) -> None:
    """Read the files and write what they tell, a group at a time."""
    from tokentide.sources.claude_code.batches import Task
    from tokentide.sources.claude_code.details import decode_details, encode_details, read_details
    from tokentide.sync.workers import Reading, read_all

    tasks = [Task(each, _NOBODY, known.get(each.key)) for each in changed]
    reading = Reading(read_details, encode_details, decode_details)
    for batch in read_all(tasks, reading, observer.advance):
        ledger.details.take(batch.traits, batch.runs, batch.marks, batch.files, batch.agent_types)
