"""Replays of forecasts: they take seconds, so each is made once a day, one at a time, and tells how far it is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import date

from pydantic import Field

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.backtest_report import Backtest, run_backtest
from tokentide.errors import TokentideError
from tokentide.model.limits import Account
from tokentide.store.sqlite.ledger import Ledger
from tokentide.web.asked import Filters

DAYS = 60
"""Of history that are replayed unless told otherwise; as `tokentide forecast --backtest`."""
MOST_KEPT = 8
Question = tuple[str, int, str, date]
"""Key of the account, days, zone, the day it was asked on."""


class ReplayRunsError(TokentideError):
    """Another replay is under way, and two would take twice as long."""

    def __init__(self) -> None:
        super().__init__("another replay is under way: ask again when it is done")


class BacktestQuery(Filters):
    """How right forecasts were; of the filters only the account means anything here."""

    days: int = Field(default=DAYS, ge=7, le=366, description="how many days of history to replay")


class Replays:
    """One for a server; from any thread."""

    def __init__(self) -> None:
        self._running = threading.Lock()
        self._kept: OrderedDict[Question, Backtest] = OrderedDict()
        self.progress = (0, 0)
        """How many instants of how many are done; nothing of nothing where none runs."""

    def of(self, ledger: Ledger, account: Account, calendar: Calendar, *, days: int, now: int) -> Backtest:
        """That of an account, kept until the day is over. Raises ReplayRunsError, LedgerError."""
        question = (account.key, days, calendar.name, calendar.date_of(now))
        found = self._kept.get(question)
        return (
            found
            if found is not None
            else self._made(
                question, lambda: run_backtest(ledger, account, calendar, days=days, now=now, progress=self._show)
            )
        )

    def _made(self, question: Question, make: Callable[[], Backtest]) -> Backtest:
        if not self._running.acquire(blocking=False):
            raise ReplayRunsError
        try:
            made = make()
        finally:
            self.progress = (0, 0)
            self._running.release()
        self._kept[question] = made
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return made

    def _show(self, done: int, total: int) -> None:
        self.progress = (done, total)
