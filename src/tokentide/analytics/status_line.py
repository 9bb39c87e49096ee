"""What a status line tells: the reconciled windows of the session's account, its context, and what is being spent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.limits import current_windows
from tokentide.analytics.windows import WindowState
from tokentide.clock import HOUR_US
from tokentide.model.limits import HIGHEST_PERCENT, LimitReading
from tokentide.sources.statusline.parser import Push

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.store.sqlite.glance import Glance

KEPT_FREE_TOKENS = 20_000
"""Of the context window, for the answer: 2.1.197 calls 150,000 of 200,000 tokens 83 % used, and compacts before 100."""
BURN_US = HOUR_US
"""The stretch that the burn rate is measured over: just the hour that it is given for."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What the ledger says of now, nano-USD at list price, as of the last sync."""

    today: int
    last_hour: int
    """Spent within BURN_US: the burn rate, in USD per hour."""


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


def status_line(push: Push, readings: Iterable[LimitReading], now: int, spending: Spending | None = None) -> StatusLine:
    """Put together what the push and the account's readings tell."""
    return StatusLine(
        model=push.model_name or push.model_id,
        effort=push.effort,
        windows=current_windows(readings, now),
        context_percent=_context_percent(push, 0),
        context_fill=_context_percent(push, KEPT_FREE_TOKENS),
        session_cost=push.cost,
        spending=spending,
    )


def spending(glance: Glance, calendar: Calendar, cost_mode: str, now: int) -> Spending | None:
    """Today's cost, by the local day, and the last hour's; two seeks. Raises LedgerError."""
    if not glance.has_usage():
        return None
    today = calendar.start_of(calendar.date_of(now))
    return Spending(glance.spent(today, now + 1, cost_mode), glance.spent_in_responses(now - BURN_US, now, cost_mode))


def _context_percent(push: Push, kept_free: int) -> float | None:
    """The tokens' share of the window less what is kept free; the client's own figure where that says the same."""
    tokens, window = push.context_tokens, push.context_window_tokens
    if (push.context_percent is not None and not kept_free) or tokens is None or window is None:
        return push.context_percent
    return min(100 * tokens / max(window - kept_free, 1), HIGHEST_PERCENT)
