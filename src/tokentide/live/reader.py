"""Reads the live view from the ledger, which it keeps up to date: changes within a second, nothing while nothing is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.live import LiveAsk, build_live
from tokentide.analytics.live_tables import REALTIME, View, build_table
from tokentide.errors import LedgerDamagedError, TokentideError
from tokentide.following.errands import Errands
from tokentide.following.follower import Follower, Sources
from tokentide.live.feed import Post, Progress, Update
from tokentide.model.alerts import BELL, HELD, SCREEN, Alert
from tokentide.store.sqlite.ledger import Ledger

AGES_SECONDS = 30.0
"""So old a state may be though nothing was written: rates fall as time goes by."""
RETRY_SECONDS = 5.0
"""So long after a fault nothing is tried."""
NOTICE_SECONDS = 20.0
"""So long it is told that the ledger was made anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be read, by whom."""

    sources: Sources
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
        self._follower = Follower(plan.sources)
        settings, environ = plan.sources.settings, plan.sources.environ
        self._errands = Errands(settings, environ, plan.calendar, plan.clock, may_ask=plan.may_ask)
        self._ask: LiveAsk | None = None
        self._read_at = self._failed_at = -math.inf
        self._notice, self._notice_until = "", -math.inf
        self._fault = ""
        """What the screen was told last."""
        self._told: set[tuple[str, int]] | None = None

    def open(self, post: Post) -> None:
        """Open the ledger; a first long reading is done by another process, and told of."""
        self._follower.begin(lambda read, total: post(Update(progress=Progress(read, total))))

    def wait(self, seconds: float) -> bool:
        """Wait for a change of the transcripts; one that comes too soon after the last waits its turn."""
        return self._follower.wait(seconds)

    def wake(self) -> None:
        """End the wait."""
        self._follower.wake()

    def read(self, view: View, *, has_changed: bool, is_asked: bool) -> Update | None:
        """Synchronise, and build what is shown where anything is new."""
        now = self._plan.clock()
        if time.monotonic() - self._failed_at < RETRY_SECONDS and not is_asked:
            return None
        try:
            return self._read(view, now, has_changed=has_changed, is_asked=is_asked)
        except LedgerDamagedError as error:
            return self._recovered(error, now)
        except TokentideError as error:
            return self._failed(str(error))

    def close(self) -> None:
        """End the errands, let go of the ledger and of the system's watches."""
        self._errands.stop()
        self._follower.close()

    def _read(self, view: View, now: int, *, has_changed: bool, is_asked: bool) -> Update | None:
        begin = time.monotonic()
        is_new = self._follower.follow(has_changed=has_changed)
        fault = self._fault_now(begin)
        if not (is_new or is_asked or begin - self._read_at >= AGES_SECONDS):
            return None if fault is None else Update(fault=fault)
        ledger = self._follower.ledger()
        self._read_at, self._failed_at = begin, -math.inf
        ask = self._ask or self._plan.ask_of(ledger)
        self._ask = ask
        table = None if view.name == REALTIME else build_table(ledger, view, ask, now=now)
        state = build_live(ledger, ask, now=now, problems=self._follower.problems)
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

    def _recovered(self, error: LedgerDamagedError, now: int) -> Update:
        """Set the damaged ledger aside and go on with a new one."""
        try:
            sentence = self._follower.recover(now)
        except TokentideError as worse:
            return self._failed(str(worse))
        self._read_at = -math.inf
        self._notice = sentence or str(error)
        self._notice_until = time.monotonic() + NOTICE_SECONDS
        return Update(fault=self._notice)

    def _failed(self, fault: str) -> Update:
        """Tell what is wrong, and open the ledger anew the next time."""
        self._follower.drop()
        self._failed_at, self._fault = time.monotonic(), fault
        return Update(fault=fault)
