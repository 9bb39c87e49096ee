"""Rules on windows: percentages, predicted run-outs, paid amounts, and windows that are free again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from tokentide.alerts.finding import Finding
from tokentide.alerts.situation import Situation, rules_for
from tokentide.alerts.turns import former_resets, opened_after, peak_of, reset_of, turns_of
from tokentide.analytics.forecasting.model import FULL, WindowForecast
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tokentide.model import alerts, limits
from tokentide.model.alerts import CRITICAL, INFO, WARNING, Claim, Facts
from tokentide.model.limits import Money, length_of, snapped
from tokentide.render.alert_words import odds_alert_words, paid_words, percent_words, reset_words

CLOCK_COUNTS_BELOW = 90.0
"""A threshold below is told only where use is ahead of the clock: 80 % near the end of a window is as it should be."""
GRAVE_FROM = 95.0
"""Percent from which an alert is critical."""
RAISED_FROM = 80.0
"""Percent from which an alert is a warning."""
GRAVE_ODDS = 0.9
NEARLY_FULL = {limits.FIVE_HOUR: 95.0}
"""How full a window must have been for its reset to be news; NEARLY_FULL_WEEK for the others."""
NEARLY_FULL_WEEK = 98.0
RESET_GRACE_US = MINUTE_US
"""So long after a reset that nobody has confirmed yet it is believed: the vendor is late by seconds."""
RESET_NEWS_US = {limits.FIVE_HOUR: 5 * HOUR_US}
"""So long a reset is news; a day for the others."""
SAME_MONTH_US = 26 * HOUR_US
"""Starts of a month that lie no further apart are one, seen from two time zones."""
_NANO_DIGITS = 9


def find_in_windows(situation: Situation) -> Iterator[Finding]:
    """What the rules on windows find, account by account."""
    for account in situation.accounts:
        for window in account.windows:
            if window.resets_at is not None and window.is_over(situation.now):
                continue
            yield from _percent(situation, account, window)
            yield from _odds(situation, account, window)
            yield from _paid(situation, account, window)
        yield from _resets(situation, account)


def _percent(situation: Situation, account: AccountLimits, window: WindowState) -> Iterator[Finding]:
    """The highest threshold that is passed."""
    if window.percent is None:
        return
    rules = rules_for(situation.rules.of(alerts.PERCENT), window.window, account.account.name)
    passed = [bound for rule in rules for bound in rule.percents if bound <= window.percent]
    pace = window.pace(situation.now)
    if not passed or (max(passed) < CLOCK_COUNTS_BELOW and pace is not None and pace <= 0):
        return
    expected = None
    if rules_for(situation.rules.of(alerts.ODDS), window.window, account.account.name):
        expected = situation.forecast(account).of(window.window)
    grave = CRITICAL if window.percent >= GRAVE_FROM else WARNING if window.percent >= RAISED_FROM else INFO
    yield Finding(
        _claim(situation, alerts.PERCENT, account, window, max(passed)),
        alerts.PERCENT,
        grave,
        situation.named(percent_words(window, expected, situation.look), account.account),
        account.account.key,
        window.window,
        {**_facts(situation, account, window), "threshold_percent": max(passed)},
        former=partial(former_resets, situation.ledger, account.account.key, window, now=situation.now),
    )


def _odds(situation: Situation, account: AccountLimits, window: WindowState) -> Iterator[Finding]:
    """A run-out that is likely; what is full already is left to the percentages."""
    rules = rules_for(situation.rules.of(alerts.ODDS), window.window, account.account.name)
    if not rules or window.resets_at is None:
        return
    expected = situation.forecast(account).of(window.window)
    if expected is None or expected.odds is None or (window.percent or 0.0) >= FULL:
        return
    if expected.odds <= min(rule.clear_odds for rule in rules):
        return
    hit = expected.hits_at
    facts: Facts = {
        **_facts(situation, account, window),
        "odds": round(expected.odds, 4),
        "hit_low_at": hit.low if hit else None,
        "hit_likely_at": hit.likely if hit else None,
        "hit_high_at": hit.high if hit else None,
    }
    yield Finding(
        _claim(situation, alerts.ODDS, account, window, 0.0),
        alerts.ODDS,
        CRITICAL if expected.odds >= GRAVE_ODDS else WARNING,
        situation.named(
            odds_alert_words(_at_least(expected, window), window.resets_at, situation.look), account.account
        ),
        account.account.key,
        window.window,
        facts,
        fires=expected.odds >= min(rule.odds for rule in rules),
        former=partial(former_resets, situation.ledger, account.account.key, window, now=situation.now),
    )


def _at_least(expected: WindowForecast, window: WindowState) -> WindowForecast:
    """The forecast with the official percentage where it has none of its own."""
    return expected if expected.percent is not None else replace(expected, percent=window.percent)


def _paid(situation: Situation, account: AccountLimits, window: WindowState) -> Iterator[Finding]:
    """The highest amount that was passed, else that paid use has begun."""
    kind = window.window
    if kind not in (limits.EXTRA_USAGE, limits.SPEND) or window.used is None or window.used.minor <= 0:
        return
    rules = rules_for(situation.rules.of(kind), kind, account.account.name)
    steps = [_money(bound, window.used) for rule in rules for bound in rule.amounts]
    passed = max((step for step in steps if step.minor <= window.used.minor), default=None)
    if passed is None and not any(rule.begins for rule in rules):
        return
    yield Finding(
        _claim(situation, kind, account, window, float(passed.minor) if passed else 0.0),
        kind,
        WARNING,
        situation.named(paid_words(window, passed), account.account),
        account.account.key,
        kind,
        {**_facts(situation, account, window), "passed_minor": passed.minor if passed else None},
    )


def _money(nano: int, like: Money) -> Money:
    """An amount of a rule in the minor units of a currency, rounded up."""
    return like._replace(minor=-(-nano // 10 ** (_NANO_DIGITS - like.exponent)))


def _resets(situation: Situation, account: AccountLimits) -> Iterator[Finding]:
    """Windows that were nearly full and are free again, unless another one blocks everything."""
    rules = situation.rules.of(alerts.RESET)
    if not any(rule.enabled for rule in rules) or _is_blocked(account.windows, situation.now):
        return
    for window in account.windows:
        if length_of(window.window) is None or window.is_estimate:
            continue
        for rule in rules_for(rules, window.window, account.account.name):
            bounds = rule.percents or (NEARLY_FULL.get(window.window, NEARLY_FULL_WEEK),)
            yield from _reset(situation, account, window, min(bounds))


def _reset(situation: Situation, account: AccountLimits, window: WindowState, bound: float) -> Iterator[Finding]:
    """The last turn, if it was so full, is over, and the present one is not as full again."""
    now, length = situation.now, length_of(window.window) or 0
    news = RESET_NEWS_US.get(window.window, DAY_US)
    if (situation.ledger.limits.highest(account.account.key, window.window, now - length - news) or 0.0) < bound:
        return
    turns = turns_of(situation.ledger, account.account.key, window.window, now=now)
    ended = next((turn for turn in reversed(turns) if _ended_at(turns, turn, now) is not None), None)
    if ended is None or peak_of(ended) < bound:
        return
    at, resets_at = _ended_at(turns, ended, now), reset_of(ended)
    if at is None or now - at > news or (ended is not turns[-1] and peak_of(turns[-1]) >= bound):
        return
    yield Finding(
        _claim_at(alerts.RESET, account, window, resets_at or at),
        alerts.RESET,
        INFO,
        situation.named(reset_words(window.window, peak_of(ended), at, situation.look), account.account),
        account.account.key,
        window.window,
        {"account": account.account.name, "window": window.window, "peak_percent": peak_of(ended), "reset_at": at},
    )


def _ended_at(turns: list[list[WindowState]], turn: list[WindowState], now: int) -> int | None:
    """When a turn ended: at its reset, or when the next was spoken of before that; None for one that has not."""
    reset, opened = reset_of(turn), opened_after(turns, turn)
    if opened is not None:
        return opened if reset is None else min(reset, opened)
    return reset if reset is not None and reset + RESET_GRACE_US <= now else None


def _is_blocked(windows: Iterable[WindowState], now: int) -> bool:
    """True where an open window that holds for every model is full."""
    whole = (limits.FIVE_HOUR, limits.SEVEN_DAY)
    return any(
        each.window in whole and (each.percent or 0.0) >= FULL and each.resets_at is not None and not each.is_over(now)
        for each in windows
    )


def _claim(situation: Situation, kind: str, account: AccountLimits, window: WindowState, level: float) -> Claim:
    """A turn is known by its reset; a window without one has a turn a month."""
    if window.resets_at is not None:
        return _claim_at(kind, account, window, window.resets_at, level)
    calendar = situation.calendar
    month = calendar.start_of(calendar.first_day(calendar.date_of(situation.now), "month"))
    return _claim_at(kind, account, window, month, level)._replace(tolerance_us=SAME_MONTH_US)


def _claim_at(kind: str, account: AccountLimits, window: WindowState, at: int, level: float = 0.0) -> Claim:
    return Claim(f"{kind}|{account.account.key}|{window.window}", snapped(at), level, SAME_RESET_US)


def _facts(situation: Situation, account: AccountLimits, window: WindowState) -> Facts:
    """What every alert on a window says of it."""
    elapsed = window.elapsed(situation.now)
    money = window.used or window.ceiling
    return {
        "account": account.account.name,
        "organization": account.account.organization,
        "window": window.window,
        "percent": window.percent,
        "elapsed_percent": None if elapsed is None else round(100 * elapsed, 2),
        "resets_at": window.resets_at,
        "source": window.source,
        "age_seconds": max(situation.now - window.observed_at, 0) // SECOND_US,
        "used_minor": window.used.minor if window.used else None,
        "ceiling_minor": window.ceiling.minor if window.ceiling else None,
        "currency": money.currency if money else None,
        "exponent": money.exponent if money else None,
    }
