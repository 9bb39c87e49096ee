"""Windows, percentages and resets as people read them; shared by every surface that shows limits."""

from __future__ import annotations

from decimal import Decimal

from tokentide.analytics.limits import Level
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import (
    ACCOUNT,
    CLIENT_COPY,
    ESTIMATE,
    EXTRA_USAGE,
    FIVE_HOUR,
    PACE_MAKER,
    REFUSAL,
    SEVEN_DAY,
    SPEND,
    STATUSLINE,
    Money,
    Poll,
    Profile,
)
from tokentide.render.words import ago, clean

LEVEL_STYLES = {Level.LOW: "green", Level.RAISED: "yellow", Level.HIGH: "dark_orange", Level.FULL: "red"}
"""Rich styles."""
LEVEL_ANSI = {Level.LOW: "32", Level.RAISED: "33", Level.HIGH: "38;5;208", Level.FULL: "31"}
"""The same as parameters of the terminal's own sequence, where Rich would take too long."""
SOURCE_WORDS = {
    STATUSLINE: "status line",
    ACCOUNT: "account",
    CLIENT_COPY: "Claude Code's copy",
    REFUSAL: "refusal",
    PACE_MAKER: "Pace Maker's copy",
    ESTIMATE: "estimate",
}
PLAN_WORDS = {
    "pro": "Pro, as others measured it",
    "max5": "Max 5x, as others measured it",
    "max20": "Max 20x, as others measured it",
    "team": "Team, taken for Pro",
    "custom": "your own blocks, of which 9 in 10 were smaller",
    "custom_max": "your largest block",
    "tokens": "the number of tokens that you gave",
}
"""What an estimate is reckoned by, by `WindowState.plan`."""
_TITLES = {FIVE_HOUR: "5 hours", SEVEN_DAY: "Week", EXTRA_USAGE: "Extra usage", SPEND: "Spend"}
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
"""Of the currencies that are written with one; the others with their letters behind the amount."""
_PLANS = {"claude_enterprise": "Enterprise", "claude_team": "Team", "claude_pro": "Pro", "claude_max": "Max"}


def window_title(window: str) -> str:
    """5 hours; Week; Week, Opus; an unknown window by the vendor's own name."""
    if window in _TITLES:
        return _TITLES[window]
    part = window.removeprefix(f"{SEVEN_DAY}_")
    name = clean(part.replace("_", " ").capitalize())
    return f"{_TITLES[SEVEN_DAY]}, {name}" if part != window else name


def percent(value: float | None) -> str:
    """62 %; one that nobody tells is no number. Never rounded up to 100: what is not full is not shown as full."""
    if value is None:
        return "?"
    shown = int(value) if value < 100 else round(value)
    return f"{shown} %"


def countdown(us: int) -> str:
    """A stretch of time ahead in its two largest units: 1h 40m."""
    if us >= DAY_US:
        return f"{us // DAY_US}d {us % DAY_US // HOUR_US}h"
    if us >= HOUR_US:
        return f"{us // HOUR_US}h {us % HOUR_US // MINUTE_US:02}m"
    return f"{us // MINUTE_US}m" if us >= MINUTE_US else "<1m"


def poll_words(polled: Poll, now: int) -> str:
    """When the account itself was asked last, and when it is asked next; empty where it never was."""
    told = [f"account asked {ago(now - polled.good_at)}"] if polled.good_at else []
    told += [f"next in {countdown(polled.next_at - now)}"] if polled.next_at > now else []
    return ", ".join(told).capitalize()


def money_of(money: Money) -> str:
    """An amount in its own currency: $12.50, 1,200 JPY."""
    amount = Decimal(money.minor).scaleb(-money.exponent)
    text = f"{abs(amount):,.{money.exponent}f}"
    sign = "-" if amount < 0 else ""
    symbol = SYMBOLS.get(money.currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {clean(money.currency)}"


def plan_name(profile: Profile) -> str:
    """Enterprise, Team, Max 20x, Pro; empty for a plan without a name here.

    The organisation's type tells best; the account's flags help where it is missing.
    """
    plan = _PLANS.get(profile.organization_type, "")
    if not plan:
        plan = "Max" if profile.has_max else "Pro" if profile.has_pro else ""
    factor = profile.rate_limit_tier.rpartition("_")[2]
    is_factor = factor.endswith("x") and factor[:-1].isdecimal()
    return f"{plan} {factor}" if plan == "Max" and is_factor else plan
