"""The few figures of a line in somebody's status bar; each is looked up only when it is asked for."""

from __future__ import annotations

from functools import cached_property

from tokentide.analytics.forecasting.model import WindowForecast
from tokentide.analytics.live import LiveAccount, LiveAsk, Spent, Status, live_accounts, spent_in, status_of
from tokentide.analytics.windows import WindowState
from tokentide.clock import HOUR_US
from tokentide.model.limits import FIVE_HOUR
from tokentide.store.query import Sums
from tokentide.store.sqlite.ledger import Ledger


class Brief:
    """What is known at one instant. Every figure may raise LedgerError."""

    def __init__(self, ledger: Ledger, ask: LiveAsk, *, now: int) -> None:
        """`now` is µs UTC."""
        self._ledger, self._ask = ledger, ask
        self.now = now

    @cached_property
    def accounts(self) -> tuple[LiveAccount, ...]:
        """The account to tell of, the first of `live_accounts`, with its forecast; empty without any."""
        return live_accounts(self._ledger, self._ask, now=self.now)[:1]

    @cached_property
    def bare_accounts(self) -> tuple[LiveAccount, ...]:
        """The same without a forecast, which takes longer than all the rest."""
        known = "accounts" in vars(self)
        return self.accounts if known else live_accounts(self._ledger, self._ask, now=self.now, expect=False)[:1]

    @cached_property
    def last_hour(self) -> Sums:
        """What the last hour came to."""
        return self._ledger.used(self._ask.filters, self._ask.mode, self.now - HOUR_US, self.now + 1)

    @cached_property
    def status(self) -> Status:
        """How the account stands."""
        return status_of(self.accounts, self.now)

    def spent(self, grain: str) -> Spent:
        """What today (`day`), this `week` or this `month` came to."""
        return spent_in(self._ledger, self._ask, grain, self.now)

    def window(self, name: str) -> WindowState | None:
        """One window, if it is open or has no reset; None where it is not known."""
        found = (each for account in self.bare_accounts for each in account.limits.windows if each.window == name)
        return next((each for each in found if not each.is_over(self.now)), None)

    def most_used(self) -> WindowState | None:
        """The open window that is used most; None where no percentage is known."""
        windows = [each for account in self.bare_accounts for each in account.limits.windows]
        known = [each for each in windows if each.percent is not None and not each.is_over(self.now)]
        return max(known, key=lambda each: each.percent or 0.0, default=None)

    def threat(self) -> WindowForecast | None:
        """The window most likely to be full before its reset; of equal odds five hours come first."""
        found = [each for account in self.accounts if account.forecast for each in account.forecast.windows]
        known = [each for each in found if each.odds is not None]
        return max(known, key=lambda each: (each.odds or 0.0, each.window == FIVE_HOUR), default=None)
