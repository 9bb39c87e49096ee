"""Rules on cost: by the calendar, and hours that are far dearer than usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tokentide.alerts.finding import Finding
from tokentide.alerts.situation import Situation
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import COST, UNUSUAL_HOUR, WARNING, Claim, Facts, Rule
from tokentide.render.alert_words import cost_words, unusual_words
from tokentide.store.query import Filters, Period, Query

HISTORY_WEEKS = 8
LEAST_HISTORY_DAYS = 14
"""With less nobody knows what is usual."""
HIGH_SHARE = 0.95
"""An hour is unusual only above so many of the hours with any use."""

_SAME_START_US = {"day": 11 * HOUR_US, "week": 26 * HOUR_US, "month": 26 * HOUR_US}
"""Starts that lie no further apart are those of one day, week or month, seen from two time zones."""


def find_in_usage(situation: Situation) -> Iterator[Finding]:
    """What the rules on cost find."""
    yield from _costs(situation)
    for rule in situation.rules.of(UNUSUAL_HOUR):
        if rule.enabled:
            yield from _unusual_hour(situation, rule)


def _costs(situation: Situation) -> Iterator[Finding]:
    """Of each period and set of accounts the highest amount that was passed."""
    wanted: dict[tuple[str, str], list[int]] = {}
    for rule in situation.rules.of(COST):
        if rule.enabled:
            wanted.setdefault((rule.per, rule.account), []).extend(rule.amounts)
    for (per, account), amounts in wanted.items():
        filters = _filters(situation, account)
        if filters is None:
            continue
        start = _start_of(situation, per)
        spent = situation.ledger.used(filters, situation.mode, start, situation.now + 1).cost
        passed = max((amount for amount in amounts if amount <= spent), default=None)
        if passed is not None:
            who = "" if account == "*" else account
            facts: Facts = {
                "period": per,
                "since_at": start,
                "cost_nano_usd": spent,
                "threshold_nano_usd": passed,
                "accounts": account,
            }
            claim = Claim(f"{COST}|{who}|{per}", start, float(passed), _SAME_START_US[per])
            yield Finding(claim, COST, WARNING, cost_words(per, spent, passed, who, situation.look), facts=facts)


def _start_of(situation: Situation, per: str) -> int:
    """When the day, week or month began."""
    calendar = situation.calendar
    return calendar.start_of(calendar.first_day(calendar.date_of(situation.now), per))


def _filters(situation: Situation, pattern: str) -> Filters | None:
    """Whose usage counts; None where the pattern takes nobody."""
    if pattern == "*":
        return Filters()
    from fnmatch import fnmatchcase

    names = situation.ledger.values("account")
    taken = tuple(name for name in names if fnmatchcase(name.lower(), pattern.lower()))
    return Filters(accounts=taken) if taken else None


def _unusual_hour(situation: Situation, rule: Rule) -> Iterator[Finding]:
    """This hour, if it cost more than the floor, the factor, and nearly all hours before it."""
    filters = _filters(situation, rule.account)
    if filters is None:
        return
    now = situation.now
    local = situation.calendar.local(now)
    start = now - (local.minute * MINUTE_US + local.second * 1_000_000 + local.microsecond)
    spent = situation.ledger.used(filters, situation.mode, start, now + 1).cost
    if spent < rule.least:
        return
    past = _past_hours(situation, filters, start)
    known_days = sum(1 for day in situation.ledger.days() if day * DAY_US < start)
    if not past or known_days < LEAST_HISTORY_DAYS:
        return
    alike = [past.get(hour, 0) for hour in _same_hours(situation, start, min(past))]
    usual = sum(alike) // len(alike) if alike else 0
    if spent < rule.factor * usual or spent <= _high_of(list(past.values())):
        return
    who = "" if rule.account == "*" else rule.account
    factor = spent / usual if usual else 0.0
    yield Finding(
        Claim(f"{UNUSUAL_HOUR}|{who}|", start),
        UNUSUAL_HOUR,
        WARNING,
        unusual_words(spent, usual, factor, start, situation.look),
        facts={"since_at": start, "cost_nano_usd": spent, "usual_nano_usd": usual, "accounts": rule.account},
    )


def _past_hours(situation: Situation, filters: Filters, start: int) -> dict[int, int]:
    """Cost of each hour before that had any, by its beginning in UTC hours aligned with `start`; nano-USD."""
    first = start - HISTORY_WEEKS * 7 * DAY_US
    periods = tuple(Period(str(at), at, at + HOUR_US) for at in range(first, start, HOUR_US))
    groups = situation.ledger.totals(Query(("period",), periods, filters, situation.mode))
    return {int(group.keys[0]): group.sums.cost for group in groups if group.sums.cost > 0}


def _same_hours(situation: Situation, start: int, since: int) -> list[int]:
    """The same hour of the same weekday in the weeks before, also across changes of daylight-saving time."""
    local = situation.calendar.local(start)
    back = (local - timedelta(weeks=weeks) for weeks in range(1, HISTORY_WEEKS + 1))
    instants = (round(moment.timestamp()) * 1_000_000 for moment in back)
    return [at for at in instants if at >= since - HOUR_US]


def _high_of(costs: Sequence[int]) -> int:
    """What only a few hours were above."""
    ranked = sorted(costs)
    return ranked[min(int(len(ranked) * HIGH_SHARE), len(ranked) - 1)]
