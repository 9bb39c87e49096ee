"""A few threads that answer questions, each with a ledger of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from tokentide import locations
from tokentide.errors import LedgerError
from tokentide.following.follower import file_of
from tokentide.store.sqlite.ledger import Ledger

T = TypeVar("T")
THREADS = 4
BUSY_SECONDS = 5.0
"""No page waits longer for another process's write to end."""


class Ledgers:
    """Runs work over the ledger off the loop."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(THREADS, "tokentide web")
        """Where `run` is to be called."""
        self._own = threading.local()
        self._is_over = False

    def run(self, work: Callable[[Ledger], T]) -> T:
        """Do something with this thread's ledger, opened anew where its file is another one by now.

        Raises LedgerError, and what `work` raises.
        """
        if self._is_over:
            raise LedgerError("the server is ending")
        try:
            return work(self._ledger())
        except LedgerError:
            self._forget()
            raise

    def close(self) -> None:
        """End the threads after what they are doing; each closes its own ledger, which no other may."""
        self._is_over = True
        together = threading.Barrier(THREADS)
        for _ in range(THREADS):
            self.threads.submit(self._leave, together)
        self.threads.shutdown(wait=True)

    def _leave(self, together: threading.Barrier) -> None:
        """Close this thread's ledger, and wait for the others, so that no thread does it twice and another never."""
        self._forget()
        with suppress(threading.BrokenBarrierError):
            together.wait(BUSY_SECONDS)

    def _ledger(self) -> Ledger:
        path = locations.ledger_path()
        ledger: Ledger | None = getattr(self._own, "ledger", None)
        if ledger is not None and self._own.file != file_of(path):
            self._forget()
            ledger = None
        if ledger is None:
            ledger = Ledger.open(path, busy_seconds=BUSY_SECONDS)
            self._own.ledger, self._own.file = ledger, file_of(path)
        return ledger

    def _forget(self) -> None:
        ledger: Ledger | None = getattr(self._own, "ledger", None)
        self._own.ledger = None
        if ledger is not None:
            ledger.close()
