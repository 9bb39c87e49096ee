"""A ledger, a clock and rules for tests of alerts: readings are said, time goes on, and what is told is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.ledgers import take
from tokentide.alerts.engine import check, judge
from tokentide.alerts.rule_file import rules_from
from tokentide.alerts.situation import Situation, look_around
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Forecast, Instants, WindowForecast
from tokentide.clock import HOUR_US, MINUTE_US, SECOND_US
from tokentide.model.alerts import Alert, AlertRules
from tokentide.model.batch import Batch
from tokentide.model.limits import ACCOUNT, FIVE_HOUR, Account, LimitReading, Money, Poll, poll_subject
from tokentide.model.usage import Place, UsageRecord
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger

NOON = 1_773_316_800 * SECOND_US
"""2026-03-12T12:00:00Z, a Thursday."""
ADA = Account("ada:org", "ada@example.com", "Engines")
BOB = Account("bob:org", "bob@example.com", "Engines")
RESET = NOON + 2 * HOUR_US
"""The five-hour window opened three hours before noon: 60 % of its time has passed."""


def rules(text: str, *, off: tuple[str, ...] = ()) -> AlertRules:
    """Rules of a file, with some defaults switched off."""
    return rules_from(
        text + "".join(f"\n[[rule]]\nkind = '{kind}'\nenabled = false\n" for kind in off), "alerts.toml", {}
    )


def only(kind: str, more: str = "") -> AlertRules:
    """A file with one rule, and no default."""
    defaults = {"percent", "odds", "extra_usage", "reset", "login_expired", "cap_changed"} - {kind}
    return rules(f"[[rule]]\nkind = '{kind}'\n{more}\n", off=tuple(sorted(defaults)))


@dataclass
class Stage:
    """One ledger and what is asked of it."""

    rules: AlertRules
    ledger: Ledger = field(default_factory=lambda: Ledger.open(":memory:"))
    calendar: Calendar = field(default_factory=lambda: Calendar("UTC"))
    settings: Settings = field(default_factory=Settings)
    count: int = 0

    def say(
        self,
        minute: float,
        percent: float | None,
        resets_at: int | None = RESET,
        *,
        window: str = FIVE_HOUR,
        account: Account = ADA,
        money: tuple[int, int] | None = None,
    ) -> None:
        """A reading of the account, so many minutes after noon; `money` in cents, used and ceiling."""
        used, ceiling = (Money(money[0], "USD", 2), Money(money[1], "USD", 2)) if money else (None, None)
        at = NOON + round(minute * MINUTE_US)
        reading = LimitReading(account.key, window, ACCOUNT, at, percent, resets_at, used, ceiling)
        self.ledger.limits.take([account], [reading])

    def fault(self, fault: str, good_at: int, account: Account = ADA) -> None:
        """How the last poll of the account ended."""
        self.ledger.limits.take([account], [])
        self.ledger.limits.finish_poll(Poll(poll_subject("usage", account.key), 0, 1, fault, good_at, ""))

    def spend(self, minute: float, usd: float, account: str = ADA.name) -> None:
        """A response that cost so much, so many minutes after noon."""
        self.count += 1
        place = Place("claude_code", account, "s1", 0, "/srv/shop", "main", "", is_sidechain=False, version="2.1.100")
        at = NOON + round(minute * MINUTE_US)
        record = UsageRecord(f"m{self.count}", "", at, 0, "claude-opus-4-8", 1, 1, reported_cost=round(usd * 10**9))
        take(self.ledger, [Batch(places=[place], records=[record])])

    def spend_tokens(self, minute: float, millions: float) -> None:
        """A response of so many million input tokens of a model at $5 for a million."""
        self.count += 1
        place = Place("claude_code", ADA.name, "s1", 0, "/srv/shop", "main", "", is_sidechain=False, version="2.1.100")
        at = NOON + round(minute * MINUTE_US)
        record = UsageRecord(f"m{self.count}", "", at, 0, "claude-opus-4-8", round(millions * 10**6))
        take(self.ledger, [Batch(places=[place], records=[record])])

    def look(self, minute: float) -> tuple[Alert, ...]:
        """What is told so many minutes after noon."""
        return check(self.ledger, self.settings, self.calendar, self.rules, now=NOON + round(minute * MINUTE_US))

    def titles(self, minute: float) -> list[str]:
        return [alert.title for alert in self.look(minute)]

    def foresee(
        self, minute: float, odds: float | None, window: str = FIVE_HOUR, *, has_time: bool = True
    ) -> tuple[Alert, ...]:
        """The same with a forecast that gives a window these odds."""
        now = NOON + round(minute * MINUTE_US)
        around: Situation = look_around(self.ledger, self.settings, self.calendar, self.rules, now=now)
        for limits in around.accounts:
            hits = Instants(now + HOUR_US // 2, now + HOUR_US, now + 3 * HOUR_US // 2)
            windows = tuple(
                WindowForecast(
                    state.window,
                    state.resets_at,
                    state.percent,
                    odds if state.window == window else None,
                    hits if state.window == window and odds and has_time else None,
                    None,
                    None,
                )
                for state in limits.windows
            )
            around.forecasts[limits.account.key] = forecast_of(limits.account, now, windows)
        return judge(around)


def forecast_of(account: Account, now: int, windows: tuple[WindowForecast, ...]) -> Forecast:
    """A forecast that says no more than these windows."""
    return Forecast(account, now, windows, "", None, None, (), (), None, 0, None)
