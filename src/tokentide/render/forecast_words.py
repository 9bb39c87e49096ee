"""Odds and instants ahead as people say them; shared by every surface that shows a forecast."""

from __future__ import annotations

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import FULL, WindowForecast
from tokentide.clock import DAY_US
from tokentide.model.odds import EVEN_ODDS, SAFE_ODDS

NAMELESS = "account not known"
"""Records tell of an account only where one was logged in."""
_SMALL = ((100, 0.0125), (50, 0.03), (20, 0.07))
"""1 in so many, up to these odds."""


def odds_words(odds: float) -> str:
    """7 in 10, 1 in 50, more than 49 in 50; never certain, unless it is."""
    if odds >= 1:
        return "certain"
    if odds < 0.007:
        return "less than 1 in 100"
    for many, bound in _SMALL:
        if odds < bound:
            return f"1 in {many}"
    for many, bound in _SMALL[1:]:
        if 1 - odds < bound:
            return f"{many - 1} in {many}" if 1 - odds >= _SMALL[0][1] else "more than 49 in 50"
    return f"{min(max(round(odds * 10), 1), 9)} in 10"


def whole_percent(figure: float) -> int:
    """A percentage to the nearest whole one, as the vendor's; what is not full is not shown as full."""
    return round(figure) if figure >= FULL else min(round(figure), int(FULL) - 1)


def outlook_words(each: WindowForecast, calendar: Calendar, now: int) -> str:
    """7 in 10 to run out before the reset, most likely about 12:05; for a window that has odds."""
    odds = each.odds or 0.0
    when = ""
    if each.hits_at is not None and odds >= SAFE_ODDS:
        word = "most likely" if odds >= EVEN_ODDS else "then"
        when = f", {word} about {clock_words(each.hits_at.rounded().likely, calendar, now)}"
    return f"{odds_words(odds)} to run out before the reset{when}"


def clock_words(at: int, calendar: Calendar, now: int) -> str:
    """14:00 today, Thu 14:00 within six days, else with the date."""
    local = calendar.local(at)
    if local.date() == calendar.local(now).date():
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if abs(at - now) < 6 * DAY_US else f"{local:%a %d %b %H:%M}"
