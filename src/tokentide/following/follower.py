"""A ledger that follows the transcripts: kept up to date, opened anew when its file is, made anew when damaged."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from tokentide import locations
from tokentide.errors import LedgerUnwritableError, TokentideError
from tokentide.following.first_read import LONG_BYTES, Tell, read_apart
from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced, Synchroniser
from tokentide.sync.watching import Watcher

SYNC_PAUSE_SECONDS = 0.5
"""Transcripts are read no more often."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is followed, at which prices."""

    settings: Settings
    environ: Mapping[str, str]
    book: PriceBook


class Follower:
    """One ledger that is kept up to date. All of it but `wake` and `give_up` is called on one thread.

    With `falls_back` it goes on with a copy in memory where the file cannot be written; else that is an error.
    """

    def __init__(self, sources: Sources, *, falls_back: bool = True) -> None:
        self._sources = sources
        self._falls_back = falls_back
        self._synchroniser = Synchroniser(sources.settings, sources.environ, sources.book)
        self._watcher: Watcher | None = None
        self._ledger: Ledger | None = None
        self._file: tuple[int, int] | None = None
        self._over = threading.Event()
        self._synced_at = -math.inf
        self._is_due = True
        self._version = -1
        self.problems = 0
        """Places that could not be read."""
        self.synced: Synced | None = None
        """What the last reading found."""

    def begin(self, tell: Tell) -> None:
        """Watch the transcripts; a first long reading is done by another process, and told of."""
        self._watcher = Watcher(self._sources.settings, self._sources.environ)
        with suppress(TokentideError):  # what is wrong is told when it is read
            ledger = self.ledger()
            unread = self._synchroniser.unread_bytes(ledger)
            if unread >= LONG_BYTES and ledger.is_kept:
                read_apart(self._sources.environ, unread, tell, self._over)

    def wait(self, seconds: float) -> bool:
        """Wait for a change of the transcripts; one that comes too soon after the last waits its turn."""
        if self._watcher is not None and self._watcher.changes(0.1 if self._is_due else seconds):
            self._is_due = True
        return self._is_due

    def wake(self) -> None:
        """End the wait; from any thread."""
        if self._watcher is not None:
            self._watcher.wake()

    def give_up(self) -> None:
        """End the wait and a first reading: it is to be closed; from any thread."""
        self._over.set()
        self.wake()

    def follow(self, *, has_changed: bool) -> bool:
        """Read what is due; True if the ledger says anything new since the last time, whoever wrote it.

        Raises LedgerError.
        """
        self._is_due = self._is_due or has_changed
        ledger = self.ledger()
        ledger.verify_format()
        is_pause_over = time.monotonic() - self._synced_at >= SYNC_PAUSE_SECONDS
        is_new = self._is_due and is_pause_over and self._sync(ledger)
        before, self._version = self._version, self.ledger().changes_elsewhere()
        return is_new or self._version != before

    def ledger(self) -> Ledger:
        """The ledger; where its file cannot be written, a copy that is kept nowhere. Raises LedgerError."""
        if self._ledger is not None and self._ledger.is_kept and file_of(self._ledger.path) != self._file:
            self.drop()  # it was deleted or replaced: what it held is to be read again
            self._is_due, self._synced_at = True, -math.inf
        if self._ledger is None:
            self._ledger = self._opened()
        return self._ledger

    def recover(self, now: int) -> str:
        """Set the damaged ledger aside and go on with a new one; what to tell of it. Raises TokentideError."""
        from tokentide.sync.recovery import recover

        self.drop()
        recovered = recover(locations.ledger_path(), self._synchroniser, now)
        self._is_due, self._synced_at = True, -math.inf
        return "" if recovered is None else recovered.sentence()

    def drop(self) -> None:
        """Let go of the ledger; it is opened anew when it is asked for."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
        self._version = -1

    def close(self) -> None:
        """Let go of the ledger and of the system's watches, and end a first reading."""
        self._over.set()
        if self._watcher is not None:
            self._watcher.close()
        self.drop()

    def _opened(self) -> Ledger:
        try:
            ledger = Ledger.open(locations.ledger_path())
        except LedgerUnwritableError:
            if not self._falls_back:
                raise
            from tokentide.sync.recovery import open_copy

            return open_copy(locations.ledger_path())
        self._file = file_of(ledger.path)
        return ledger

    def _sync(self, ledger: Ledger) -> bool:
        """Bring the ledger up to date; True if that changed anything."""
        try:
            synced = self._synchroniser.sync(ledger)
        except LedgerUnwritableError:
            if not ledger.is_kept or not self._falls_back:
                raise
            self._ledger = ledger.in_memory()
            ledger.close()
            synced = self._synchroniser.sync(self._ledger)
        self._synced_at, self._is_due = time.monotonic(), False
        is_new = bool(synced.read_files) or synced.repriced or synced.problems != self.problems
        self.problems, self.synced = synced.problems, synced
        return is_new


def file_of(path: str) -> tuple[int, int] | None:
    """Which file lies there; None for none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
