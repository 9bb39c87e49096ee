"""Windows as cards: how full, until when, with which odds, said by whom and how long ago."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.analytics.limits import AccountLimits, Level, level_of
from tokentide.analytics.windows import STALE_US, WindowState
from tokentide.model.limits import Money
from tokentide.model.odds import EVEN_ODDS, SAFE_ODDS
from tokentide.render.currency import shown_currency
from tokentide.render.forecast_words import NAMELESS, clock_words, outlook_words
from tokentide.render.limit_words import (
    PLAN_WORDS,
    SOURCE_WORDS,
    money_of,
    percent,
    plan_name,
    poll_words,
    window_title,
)
from tokentide.render.words import ago, clean, duration, money

FROM_RECORDS = "reckoned from the transcripts"
"""Who tells of an estimate; its badge says what it is."""


@dataclass(frozen=True, slots=True)
class WindowCard:
    """One window as it is shown."""

    window: str
    title: str
    percent: str
    filled: float
    """Of the bar, 0 to 100."""
    elapsed: float | None
    """Of the window's time that has passed, 0 to 100; where the clock stands on the bar."""
    level: str
    """Empty where no percentage is known."""
    reset: str
    odds: str
    """What is expected, or why nothing is."""
    odds_level: str
    origin: str
    """Who says so, and how long ago."""
    is_stale: bool
    is_estimate: bool
    is_open: bool
    """True where there is a course to draw: it has a percentage and a reset ahead."""
    amounts: str = ""


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One account's windows."""

    name: str
    plan: str
    fault: str
    """Why the account did not answer; empty if it did."""
    polled: str
    """When the account was asked, and when it is asked next; empty where it never was."""
    windows: tuple[WindowCard, ...]
    key: str
    """`Account.key`."""

    @property
    def is_open(self) -> bool:
        """True where any window has a course to draw."""
        return any(each.is_open for each in self.windows)


@dataclass(frozen=True, slots=True)
class WindowLook:
    """What the words depend on."""

    calendar: Calendar
    thresholds: tuple[int, int, int]
    now: int


def account_cards(
    found: Iterable[AccountLimits], forecasts: Mapping[str, Forecast], look: WindowLook
) -> list[AccountCard]:
    """A card an account, with a card a window."""
    return [_account(limits, forecasts.get(limits.account.key), look) for limits in found]


def _account(limits: AccountLimits, forecast: Forecast | None, look: WindowLook) -> AccountCard:
    return AccountCard(
        clean(limits.account.name) or NAMELESS,
        plan_name(limits.profile) if limits.profile else "",
        clean(limits.polled.fault),
        poll_words(limits.polled, look.now),
        tuple(window_card(each, forecast.of(each.window) if forecast else None, look) for each in limits.windows),
        limits.account.key,
    )


def window_card(window: WindowState, expected: WindowForecast | None, look: WindowLook) -> WindowCard:
    """One window."""
    known, elapsed = window.percent, window.elapsed(look.now)
    is_over = window.is_over(look.now)
    odds = expected.odds if expected is not None and not is_over else None
    return WindowCard(
        window=window.window,
        title=window_title(window.window),
        percent=("~" if window.is_estimate and known is not None else "") + percent(known),
        filled=min(max(known or 0.0, 0.0), 100.0),
        elapsed=None if elapsed is None else 100 * elapsed,
        level="" if known is None or is_over else level_of(known, look.thresholds).value,
        reset=_reset(window, look),
        odds=_odds(expected, look) if not is_over else "",
        odds_level="" if odds is None else odds_level(odds),
        origin=_origin(window, look.now),
        is_stale=look.now - window.observed_at > STALE_US,
        is_estimate=window.is_estimate,
        is_open=known is not None and window.resets_at is not None and not is_over,
        amounts=_amounts(window),
    )


def odds_level(odds: float) -> str:
    """How much odds should worry."""
    if odds < SAFE_ODDS:
        return Level.LOW.value
    return Level.RAISED.value if odds < EVEN_ODDS else Level.HIGH.value if odds < 1 else Level.FULL.value


def _odds(expected: WindowForecast | None, look: WindowLook) -> str:
    if expected is None:
        return ""
    return expected.abstains if expected.odds is None else outlook_words(expected, look.calendar, look.now)


def _reset(window: WindowState, look: WindowLook) -> str:
    if window.resets_at is None:
        return "not open"
    at = clock_words(window.resets_at, look.calendar, look.now)
    if window.is_over(look.now):
        return f"was reset at {at}; nothing newer is known"
    return f"resets in {duration(window.resets_at - look.now)}, {at}"


def _origin(window: WindowState, now: int) -> str:
    by = f", {PLAN_WORDS.get(window.plan, window.plan)}" if window.plan else ""
    source = FROM_RECORDS if window.is_estimate else SOURCE_WORDS.get(window.source, clean(window.source))
    return f"{source}{by}, {ago(now - window.observed_at)}"


def _amounts(window: WindowState) -> str:
    if window.used is None:
        return ""
    used = _amount(window.used)
    return used if window.ceiling is None else f"{used} of {_amount(window.ceiling)}"


def _amount(amount: Money) -> str:
    """In its own currency; USD as the page shows all amounts."""
    if amount.currency == "USD" and shown_currency() is not None:
        return money(amount.minor * 10 ** (9 - amount.exponent))
    return money_of(amount)
