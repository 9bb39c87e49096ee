"""Rules on what tokentide itself sees: logins, readings that stopped, caps that moved, lines that it cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from tokentide.alerts.finding import Finding
from tokentide.alerts.situation import Situation, rules_for
from tokentide.analytics.limits import AccountLimits
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import CAP_CHANGED, INFO, LOGIN, PROBLEMS, STALE, WARNING, Claim
from tokentide.render.alert_words import cap_words, login_words, problem_words, stale_words
from tokentide.render.words import ago, duration
from tokentide.store.query import Filters

LOGIN_FAULTS = ("the login has expired", "the login was refused")
"""How the faults of a poll begin that only a new login mends."""
BLIND_AFTER_US = HOUR_US
"""A login that does not serve matters only where nobody else tells of the limits."""
AT_WORK_US = 30 * MINUTE_US
"""Responses within this time are work that goes on."""
CAP_NEWS_US = 14 * DAY_US
SAME_CHANGE_US = 7 * DAY_US
"""Changes of one cap that lie no further apart are one, placed anew as more becomes known."""


def find_in_health(situation: Situation) -> Iterator[Finding]:
    """What these rules find."""
    for account in situation.accounts:
        yield from _login(situation, account)
        yield from _stale(situation, account)
        yield from _caps(situation, account)
    yield from _problems(situation)


def _login(situation: Situation, account: AccountLimits) -> Iterator[Finding]:
    """A login that has to be renewed, while nothing else tells of the limits; once for each good answer before it."""
    fault, heard = account.polled.fault, _heard_at(account)
    wanted = rules_for(situation.rules.of(LOGIN), "", account.account.name)
    if not wanted or not fault.startswith(LOGIN_FAULTS) or situation.now - heard < BLIND_AFTER_US:
        return
    known = ago(situation.now - heard) if heard else ""
    yield Finding(
        Claim(f"{LOGIN}|{account.account.key}|", account.polled.good_at),
        LOGIN,
        WARNING,
        situation.named(login_words(fault, known), account.account),
        account.account.key,
        facts={"account": account.account.name, "fault": fault, "good_at": account.polled.good_at or None},
    )


def _stale(situation: Situation, account: AccountLimits) -> Iterator[Finding]:
    """Responses come, but no reading does."""
    rules = rules_for(situation.rules.of(STALE), "", account.account.name)
    heard, now = _heard_at(account), situation.now
    if not rules or not heard or now - heard < min(rule.after_us for rule in rules):
        return
    filters = Filters(accounts=(account.account.name,))
    if not situation.ledger.used(filters, situation.mode, now - AT_WORK_US, now + 1).responses:
        return
    yield Finding(
        Claim(f"{STALE}|{account.account.key}|", heard),
        STALE,
        WARNING,
        situation.named(stale_words(duration(now - heard)), account.account),
        account.account.key,
        facts={"account": account.account.name, "observed_at": heard},
    )


def _heard_at(account: AccountLimits) -> int:
    """When anything official was last told of an account; 0 if nothing was."""
    told = (window.observed_at for window in account.windows if not window.is_estimate)
    return max([account.polled.good_at, *told])


def _caps(situation: Situation, account: AccountLimits) -> Iterator[Finding]:
    """Limits that the vendor seems to have moved of late."""
    rules = situation.rules.of(CAP_CHANGED)
    if not any(rules_for(rules, window.window, account.account.name) for window in account.windows):
        return
    for change in situation.forecast(account).cap_changes:
        is_wanted = rules_for(rules, change.window, account.account.name)
        if is_wanted and situation.now - change.at <= CAP_NEWS_US:
            yield Finding(
                Claim(f"{CAP_CHANGED}|{account.account.key}|{change.window}", change.at, 0.0, SAME_CHANGE_US),
                CAP_CHANGED,
                INFO,
                situation.named(cap_words(change, situation.look), account.account),
                account.account.key,
                change.window,
                {
                    "account": account.account.name,
                    "window": change.window,
                    "changed_at": change.at,
                    "before_nano_usd": change.before,
                    "after_nano_usd": change.after,
                    "ratio": round(change.ratio, 4),
                },
            )


def _problems(situation: Situation) -> Iterator[Finding]:
    """More unreadable lines than were told of before."""
    if not any(rule.enabled for rule in situation.rules.of(PROBLEMS)):
        return
    count = sum(lines for _, lines in situation.ledger.stamps().values())
    if count:
        yield Finding(Claim(PROBLEMS, 0, float(count)), PROBLEMS, INFO, problem_words(count), facts={"lines": count})
