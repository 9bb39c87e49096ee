"""Takes entries from any thread; a thread of its own has them on the disk, many with one sync."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple, Protocol

from tokentide.server.log.entry import NewEntry, Position, packed
from tokentide.server.log.errors import LogError, LogFullError
from tokentide.server.log.limits import LogLimits, fault_in
from tokentide.server.log.recovery import lock_of
from tokentide.server.log.writing import SegmentWriter

LOOK_SECONDS = 1.0
"""How often room is looked for."""
GATHER_SECONDS = 0.0015
"""After a group of several the next one gathers for so long: fewer syncs, and the event loop is left in peace.
Who sends alone does not wait. Half as many posts a second went in without it."""
RETRY_SECONDS = 5
"""What a sender is told to wait where there is no room."""


class Promise(Protocol):
    """A future, of a thread or of an event loop."""

    def done(self) -> bool:
        """True where nobody waits any more."""

    def set_result(self, result: Position, /) -> None:
        """It is on the disk."""

    def set_exception(self, exception: BaseException, /) -> None:
        """It is not."""


Deliver = Callable[[Callable[[], None]], object]
"""Calls what it is given, where the promises may be kept: on the event loop they belong to."""


def at_once(call: Callable[[], None]) -> None:
    """Call it here."""
    call()


class _Waiting(NamedTuple):
    head: bytes
    body: bytes
    promise: Promise


class LogWriter:
    """The end of a log. Thread-safe; an entry is in the log when its promise is kept."""

    def __init__(self, folder: str, limits: LogLimits | None = None, *, now: int, deliver: Deliver = at_once) -> None:
        """Raises HeldError where another process appends to this folder, LogError where it cannot be used.

        `now` is µs UTC, and is written into the lock. `deliver` is called once for a group.
        """
        self._folder, self._limits, self._deliver = folder, limits or LogLimits(), deliver
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._fault = ""
        self._looked = 0.0
        self._is_closed = self._has_ended = False
        with ExitStack() as stack:
            try:
                stack.enter_context(lock_of(folder, now))
                self._segments = SegmentWriter(folder, self._limits)
            except OSError as error:
                raise LogError(folder, error.strerror or str(error)) from error
            self._lock = stack.pop_all()
        self.groups: list[tuple[int, float]] = []
        """For each sync since somebody took this list: entries, and seconds that it took."""
        self._look()
        self._thread = threading.Thread(target=self._run, name="log-committer", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> str:
        """Why it takes nothing now; empty while it does."""
        return self._fault

    def append(self, entry: NewEntry) -> Future[Position]:
        """Put an entry into the log; for threads. Raises as append_into does."""
        future: Future[Position] = Future()
        self.append_into(entry, future)
        return future

    def append_into(self, entry: NewEntry, promise: Promise) -> None:
        """Put an entry into the log, and keep the promise when it is there, or break it with LogFullError.

        Raises LogFullError where it is known to have no room, CannotLogError where the entry is none.
        """
        if self._fault or self._is_closed:
            raise self._refusal()
        self._queue.put(_Waiting(*packed(entry), promise))
        if self._has_ended:
            self._break_rest()

    def close(self) -> None:
        """Have everything on the disk that was appended, and let go of the folder."""
        if self._is_closed:
            return
        self._is_closed = True
        self._queue.put(None)
        self._thread.join()
        self._segments.close()
        self._lock.close()

    def _refusal(self) -> LogFullError:
        return LogFullError(self._folder, self._fault or "it is being closed", RETRY_SECONDS)

    def _run(self) -> None:
        goes_on = True
        try:
            while goes_on:
                group, goes_on = self._next_group()
                if group:
                    self._commit(group)
                if len(group) > 1:
                    time.sleep(GATHER_SECONDS)
                if time.monotonic() - self._looked >= LOOK_SECONDS:
                    self._look()
        finally:  # whatever has happened, nobody waits for ever
            self._fault = self._fault if self._is_closed else "its thread has failed; start the server anew"
            self._is_closed = self._has_ended = True
            self._break_rest()

    def _break_rest(self) -> None:
        """Refuse what nobody will write any more."""
        with suppress(Empty):
            while True:
                if entry := self._queue.get_nowait():
                    self._deliver(partial(_break, [entry], self._refusal()))

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        """What waits, and whether there may be more afterwards."""
        group: list[_Waiting] = []
        size = 0
        try:
            entry = self._queue.get(timeout=LOOK_SECONDS)
            while entry is not None:
                group.append(entry)
                size += len(entry.body)
                if size >= self._limits.group_bytes or len(group) >= self._limits.group_entries:
                    return group, True
                entry = self._queue.get_nowait()
        except Empty:
            return group, True
        return group, False

    def _commit(self, group: list[_Waiting]) -> None:
        begun = time.perf_counter()
        settle = partial(_break, group, self._refusal())
        try:
            positions = self._segments.write([(each.head, each.body) for each in group])
            self.groups.append((len(group), time.perf_counter() - begun))
            settle = partial(_keep, group, positions)
        except OSError as error:
            self._fault, self._looked = error.strerror or str(error), time.monotonic()
            settle = partial(_break, group, self._refusal())
        finally:
            self._deliver(settle)

    def _look(self) -> None:
        """See whether there is room."""
        self._looked = time.monotonic()
        try:
            self._segments.leave_old_segment()
            self._fault = fault_in(self._folder, self._segments.committed, self._limits)
        except OSError as error:
            self._fault = error.strerror or str(error)


def _keep(group: Sequence[_Waiting], positions: Sequence[Position]) -> None:
    for each, position in zip(group, positions, strict=True):
        if not each.promise.done():
            each.promise.set_result(position)


def _break(group: Sequence[_Waiting], error: LogFullError) -> None:
    for each in group:
        if not each.promise.done():
            each.promise.set_exception(error)
