"""A few threads that answer questions, each with a ledger of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from tokentide import locations
from tokentide.errors import LedgerError
from tokentide.following.follower import file_of
from tokentide.store.sqlite.ledger import Ledger

T = TypeVar("T")
THREADS = 4
BUSY_SECONDS = 5.0
"""No page waits longer for another process's write to end."""
CLOSE_SECONDS = 3.0
"""So long the end waits for what is being done."""
Task = Callable[["_Own"], None]


class Ledgers:
    """Runs work over the ledger off the loop.

    The threads are daemons: one that hangs in the system, in a network folder that is gone, does not keep the process.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._is_over = False
        self._closing = threading.Lock()
        self._threads = [
            threading.Thread(target=self._serve, name=f"tokentide web {number}", daemon=True)
            for number in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[Ledger], T]) -> Future[T]:
        """Have something done with a ledger; the future raises LedgerError, and what `work` raises."""
        done: Future[T] = Future()

        def task(own: _Own) -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                done.set_result(self._run(own, work))
            except BaseException as error:  # noqa: BLE001 -- whoever waits for the future raises it
                done.set_exception(error)

        self._tasks.put(task)
        return done

    def close(self) -> None:
        """End the threads after what they are doing; what waits is refused."""
        self._is_over = True
        for _ in self._threads:
            self._tasks.put(None)
        end = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _serve(self) -> None:
        own = _Own()
        while (task := self._tasks.get()) is not None:
            task(own)
        with self._closing:  # of two that close at the same moment neither is the last, which takes the log away
            own.forget()

    def _run(self, own: _Own, work: Callable[[Ledger], T]) -> T:
        if self._is_over:
            raise LedgerError("the server is ending")
        try:
            return work(own.ledger())
        except LedgerError:
            own.forget()
            raise


class _Own:
    """One thread's ledger, which no other may touch."""

    def __init__(self) -> None:
        self._ledger: Ledger | None = None
        self._file: tuple[int, int] | None = None

    def ledger(self) -> Ledger:
        """The ledger, opened anew where its file is another one by now. Raises LedgerError."""
        path = locations.ledger_path()
        if self._ledger is not None and self._file == file_of(path):
            self._ledger.verify_format()
            return self._ledger
        self.forget()
        self._ledger = Ledger.open(path, busy_seconds=BUSY_SECONDS)
        self._file = file_of(path)
        return self._ledger

    def forget(self) -> None:
        """Close it."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
