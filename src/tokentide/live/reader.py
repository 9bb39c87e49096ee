"""Reads the live view from the ledger, which it keeps up to date: changes within a second, nothing while nothing is."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tokentide import locations
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.live import LiveAsk, build_live
from tokentide.analytics.live_tables import REALTIME, View, build_table
from tokentide.errors import LedgerDamagedError, LedgerUnwritableError, TokentideError
from tokentide.live.errands import Errands
from tokentide.live.feed import Post, Update
from tokentide.live.first_read import LONG_BYTES, read_apart
from tokentide.model.alerts import BELL, HELD, SCREEN, Alert
from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synchroniser
from tokentide.sync.watching import Watcher

SYNC_PAUSE_SECONDS = 0.5
"""Transcripts are read no more often."""
AGES_SECONDS = 30.0
"""So old a state may be though nothing was written: rates fall as time goes by."""
RETRY_SECONDS = 5.0
"""So long after a fault nothing is tried."""
NOTICE_SECONDS = 20.0
"""So long it is told that the ledger was made anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be read, by whom."""

    settings: Settings
    environ: Mapping[str, str]
    book: PriceBook
    calendar: Calendar
    ask_of: Callable[[Ledger], LiveAsk]
    """What the command line asks for, once the ledger is there to name accounts."""
    clock: Callable[[], int]
    """The present instant, µs UTC."""
    may_ask: bool = True
    """Whether the account itself may be asked."""


class LedgerReader:
    """A reader over the personal ledger; see `feed.Reader`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._synchroniser = Synchroniser(plan.settings, plan.environ, plan.book)
        self._watcher: Watcher | None = None
        self._errands = Errands(plan.settings, plan.environ, plan.calendar, plan.clock, may_ask=plan.may_ask)
        self._ledger: Ledger | None = None
        self._ask: LiveAsk | None = None
        self._over = threading.Event()
        self._problems = 0
        self._synced_at = self._read_at = self._failed_at = -math.inf
        self._file: tuple[int, int] | None = None
        self._is_due = True
        self._version = -1
        self._notice, self._notice_until = "", -math.inf
        self._fault = ""
        """What the screen was told last."""
        self._told: set[tuple[str, int]] | None = None

    def open(self, post: Post) -> None:
        """Open the ledger; a first long reading is done by another process, and told of."""
        self._watcher = Watcher(self._plan.settings, self._plan.environ)
        with suppress(TokentideError):  # what is wrong is told when it is read
            ledger = self._opened()
            unread = self._synchroniser.unread_bytes(ledger)
            if unread >= LONG_BYTES and ledger.is_kept:
                read_apart(self._plan.environ, unread, post, self._over)

    def wait(self, seconds: float) -> bool:
        """Wait for a change of the transcripts; one that comes too soon after the last waits its turn."""
        if self._watcher is not None and self._watcher.changes(0.1 if self._is_due else seconds):
            self._is_due = True
        return self._is_due

    def wake(self) -> None:
        """End the wait."""
        if self._watcher is not None:
            self._watcher.wake()

    def read(self, view: View, *, has_changed: bool, is_asked: bool) -> Update | None:
        """Synchronise, and build what is shown where anything is new."""
        now = self._plan.clock()
        self._is_due = self._is_due or has_changed
        if time.monotonic() - self._failed_at < RETRY_SECONDS and not is_asked:
            return None
        try:
            return self._read(view, now, is_asked=is_asked)
        except LedgerDamagedError as error:
            return self._recovered(error, now)
        except TokentideError as error:
            return self._failed(str(error))

    def close(self) -> None:
        """End the errands, let go of the ledger and of the system's watches."""
        self._over.set()
        self._errands.stop()
        if self._watcher is not None:
            self._watcher.close()
        self._drop()

    def _read(self, view: View, now: int, *, is_asked: bool) -> Update | None:
        ledger = self._opened()
        begin = time.monotonic()
        is_new = self._is_due and begin - self._synced_at >= SYNC_PAUSE_SECONDS and self._sync(ledger)
        ledger = self._opened()
        version = ledger.changes_elsewhere()
        is_new = is_new or is_asked or version != self._version or begin - self._read_at >= AGES_SECONDS
        fault = self._fault_now(begin)
        if not is_new:
            return None if fault is None else Update(fault=fault)
        self._version, self._read_at, self._failed_at = version, begin, -math.inf
        ask = self._ask or self._plan.ask_of(ledger)
        self._ask = ask
        table = None if view.name == REALTIME else build_table(ledger, view, ask, now=now)
        state = build_live(ledger, ask, now=now, problems=self._problems)
        if ledger.is_kept:
            self._errands.start()
        alerts = self._news(state.alerts)
        rings = bool(alerts) and self._errands.is_shown_on(BELL)
        return Update(
            state, table, fault=fault, alerts=alerts if self._errands.is_shown_on(SCREEN) else (), rings=rings
        )

    def _news(self, alerts: Sequence[Alert]) -> list[Alert]:
        """The alerts that were raised since the last time, by whichever process; none the first time."""
        known, self._told = self._told, {(alert.key, alert.at) for alert in alerts if alert.state != HELD}
        return [each for each in alerts if known is not None and (each.key, each.at) in self._told - known]

    def _fault_now(self, now: float) -> str | None:
        """What is to be told beside the figures, where it is not what was told last."""
        fault = self._notice if now < self._notice_until else self._errands.fault
        before, self._fault = self._fault, fault
        return None if fault == before else fault

    def _sync(self, ledger: Ledger) -> bool:
        """Bring the ledger up to date; True if that changed anything."""
        try:
            synced = self._synchroniser.sync(ledger)
        except LedgerUnwritableError:
            if not ledger.is_kept:
                raise
            self._ledger = ledger.in_memory()
            ledger.close()
            synced = self._synchroniser.sync(self._ledger)
        self._synced_at, self._is_due = time.monotonic(), False
        is_new = bool(synced.read_files) or synced.repriced or synced.problems != self._problems
        self._problems = synced.problems
        return is_new

    def _opened(self) -> Ledger:
        """The ledger; where its file cannot be written, a copy that is kept nowhere. Raises LedgerError."""
        if self._ledger is not None and self._ledger.is_kept and _file_of(self._ledger.path) != self._file:
            self._drop()  # it was deleted or replaced: what it held is to be read again
            self._is_due, self._synced_at = True, -math.inf
        if self._ledger is None:
            try:
                self._ledger = Ledger.open(locations.ledger_path())
                self._file = _file_of(self._ledger.path)
            except LedgerUnwritableError:
                from tokentide.sync.recovery import open_copy

                self._ledger = open_copy(locations.ledger_path())
        return self._ledger

    def _recovered(self, error: LedgerDamagedError, now: int) -> Update:
        """Set the damaged ledger aside and go on with a new one."""
        from tokentide.sync.recovery import recover

        self._drop()
        try:
            recovered = recover(locations.ledger_path(), self._synchroniser, now)
        except TokentideError as worse:
            return self._failed(str(worse))
        self._is_due, self._synced_at, self._read_at = True, -math.inf, -math.inf
        self._notice = str(error) if recovered is None else recovered.sentence()
        self._notice_until = time.monotonic() + NOTICE_SECONDS
        return Update(fault=self._notice)

    def _failed(self, fault: str) -> Update:
        """Tell what is wrong, and open the ledger anew the next time."""
        self._drop()
        self._failed_at, self._fault = time.monotonic(), fault
        return Update(fault=fault)

    def _drop(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None


def _file_of(path: str) -> tuple[int, int] | None:
    """Which file lies there; None for none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
