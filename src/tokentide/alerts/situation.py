"""What rules look at: the windows of each account, forecasts, usage, at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.model.alerts import AlertRules, Rule
from tokentide.model.limits import Account
from tokentide.render.alert_words import AlertLook, Words
from tokentide.settings import Settings
from tokentide.store.query import CostMode
from tokentide.store.sqlite.ledger import Ledger

if TYPE_CHECKING:
    from tokentide.analytics.forecasting.model import Forecast


@dataclass(frozen=True, slots=True)
class Situation:
    """One look at everything."""

    ledger: Ledger
    rules: AlertRules
    calendar: Calendar
    now: int
    mode: CostMode
    accounts: tuple[AccountLimits, ...]
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    """By account key, those that a rule has asked for."""

    @property
    def look(self) -> AlertLook:
        """What words depend on."""
        return AlertLook(self.calendar, self.now)

    def forecast(self, limits: AccountLimits) -> Forecast:
        """What is expected of one account's windows; made once a look, and only where a rule asks."""
        key = limits.account.key
        if key not in self.forecasts:
            from tokentide.analytics.forecasting.latest import latest_forecast

            self.forecasts[key] = latest_forecast(self.ledger, limits, self.calendar, now=self.now)
        return self.forecasts[key]

    def named(self, words: Words, account: Account) -> Words:
        """The words with whose limits they are about, where there are several accounts."""
        if len(self.accounts) < 2:
            return words
        whose = " · ".join(filter(None, (account.name, account.organization)))
        return words._replace(title=f"{whose}: {words.title}")


def look_around(
    ledger: Ledger,
    settings: Settings,
    calendar: Calendar,
    rules: AlertRules,
    *,
    now: int,
    plans: Mapping[str, str] | None = None,
) -> Situation:
    """Look at a ledger; `now` is µs UTC, `plans` are those that logins name, by `Account.name`."""
    from tokentide.analytics.plans import PlanWish

    wish = PlanWish(settings.plan, settings.custom_limit_tokens, calendar, plans or {})
    accounts = read_limits(ledger, now=now, wish=wish)
    return Situation(ledger, rules, calendar, now, CostMode(settings.cost_mode), accounts)


def rules_for(rules: tuple[Rule, ...], window: str, account: str) -> tuple[Rule, ...]:
    """The rules of one kind that hold for a window of an account: those of the file, else the default.

    A rule that is off holds for what it matches, and tells nothing.
    """
    found = tuple(rule for rule in rules if matches(rule, window, account))
    own = tuple(rule for rule in found if not rule.is_default)
    return tuple(rule for rule in own or found if rule.enabled)


def matches(rule: Rule, window: str, account: str) -> bool:
    """True where the rule's patterns take the window and the account's name, in any case of letters."""
    return _takes(rule.window, window) and _takes(rule.account, account)


def _takes(pattern: str, text: str) -> bool:
    return pattern == "*" or fnmatchcase(text.lower(), pattern.lower())
