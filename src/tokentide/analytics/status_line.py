"""What a status line tells: the reconciled windows of the session's account, its context, and what is being spent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tokentide.analytics.limits import current_windows
from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.limits import HIGHEST_PERCENT, LimitReading
from tokentide.model.odds import NOTABLE_ODDS
from tokentide.sources.statusline.parser import Push

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.store.sqlite.glance import Glance

KEPT_FREE_TOKENS = 20_000
"""Of the context window, for the answer: 2.1.197 calls 150,000 of 200,000 tokens 83 % used, and compacts before 100."""
FORECAST_HOLDS_US = 10 * MINUTE_US
"""An older forecast says nothing of now."""
FULL = 100
"""Percent from which a window is full: it has no odds any more."""
BURN_US = HOUR_US
"""The stretch that the burn rate is measured over: just the hour that it is given for."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What the ledger says of now, nano-USD at list price, as of the last sync."""

    today: int
    last_hour: int
    """Spent within BURN_US: the burn rate, in USD per hour."""


class Odds(NamedTuple):
    """The window that is most likely to be full before its reset."""

    window: str
    odds: float
    """0 to 1."""
    hit_at: int
    """When that is most likely, µs UTC."""


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One call's figures; what is not known is empty or None."""

    model: str
    effort: str
    windows: tuple[WindowState, ...]
    context_percent: float | None
    """Of the whole context window."""
    context_fill: float | None
    """Percent of what the client lets the context grow to: 100 is out of reach of `context_percent`."""
    session_cost: int | None
    """By the client's own count, nano-USD."""
    spending: Spending | None
    """None for a ledger without any usage."""
    odds: Odds | None = None
    """None where no window is in danger, or no forecast is new enough."""


def status_line(
    push: Push,
    readings: Iterable[LimitReading],
    now: int,
    spending: Spending | None = None,
    odds: Odds | None = None,
) -> StatusLine:
    """Put together what the push and the account's readings tell."""
    return StatusLine(
        model=push.model_name or push.model_id,
        effort=push.effort,
        windows=current_windows(readings, now),
        context_percent=_context_percent(push, 0),
        context_fill=_context_percent(push, KEPT_FREE_TOKENS),
        session_cost=push.cost,
        spending=spending,
        odds=odds,
    )


def spending(glance: Glance, calendar: Calendar, cost_mode: str, now: int) -> Spending | None:
    """Today's cost, by the local day, and the last hour's; two seeks. Raises LedgerError."""
    if not glance.has_usage():
        return None
    today = calendar.start_of(calendar.date_of(now))
    return Spending(glance.spent(today, now + 1, cost_mode), glance.spent_in_responses(now - BURN_US, now, cost_mode))


def odds_now(glance: Glance, account: str, now: int, readings: Iterable[LimitReading]) -> Odds | None:
    """What the forecast of the last sync says of windows that are still the same; one seek. Raises LedgerError."""
    text = glance.forecast(account, now - FORECAST_HOLDS_US)
    try:
        return _odds_in(json.loads(text)["windows"] if text else [], readings, now)
    except (ValueError, KeyError, TypeError):  # of another version of this program: the next sync makes it anew
        return None


def _odds_in(windows: list[dict[str, Any]], readings: Iterable[LimitReading], now: int) -> Odds | None:
    """The window most in danger, of those in a forecast's JSON."""
    ends = {state.window: state.resets_at for state in current_windows(readings, now) if (state.percent or 0) < FULL}
    found = [
        Odds(each["window"], each["odds"], each["hits_at"]["likely"])
        for each in windows
        if each["odds"] is not None
        and each["hits_at"]
        and each["hits_at"]["likely"] > now
        and abs((ends.get(each["window"]) or 0) - each["resets_at"]) <= SAME_RESET_US
    ]
    dangers = [each for each in found if NOTABLE_ODDS <= each.odds < 1]
    return max(dangers, key=lambda each: each.odds, default=None)


def _context_percent(push: Push, kept_free: int) -> float | None:
    """The tokens' share of the window less what is kept free; the client's own figure where that says the same."""
    tokens, window = push.context_tokens, push.context_window_tokens
    if (push.context_percent is not None and not kept_free) or tokens is None or window is None:
        return push.context_percent
    return context_fill(tokens, window, kept_free)


def context_fill(tokens: int, window: int, kept_free: int = KEPT_FREE_TOKENS) -> float:
    """How full a context window is, in percent of what the client uses of it."""
    return min(100 * tokens / max(window - kept_free, 1), HIGHEST_PERCENT)
