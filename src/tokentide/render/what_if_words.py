"""What scenarios and changes of money are called; shared by screens, JSON and whatever else shows them."""

from __future__ import annotations

from tokentide.analytics.what_if.model import (
    BATCH,
    CACHE_1H,
    CACHE_5M,
    CHEAP,
    MODEL,
    NO_CACHE,
    PRICE,
    RESIDENCY,
    SPEED,
    ScenarioCost,
)
from tokentide.render import words
from tokentide.render.console_columns import signed_money

_TITLES = {
    MODEL: "all on {}",
    CHEAP: "small steps on {}",
    BATCH: "batches for programs",
    NO_CACHE: "no prompt cache",
    CACHE_1H: "1 h writes, not 5 min",
    CACHE_5M: "5 min writes, not 1 h",
    PRICE: "another price: {}",
    RESIDENCY: "computed in: {}",
    SPEED: "speed: {}",
}


def scenario_title(scenario: ScenarioCost) -> str:
    """A scenario in a few words."""
    targets = ", ".join(map(words.model_name, scenario.target.split(", ")))
    return _TITLES[scenario.kind].format(targets)


def change(nano: int) -> str:
    """A difference of money with its sign; nothing is $0.00."""
    return f"+{words.money(nano)}" if nano > 0 else signed_money(nano)


def roughly(nano: int) -> str:
    """An amount that is an estimate; less than a cent is so without a mark."""
    text = words.money(nano)
    return text if text.startswith("<") else f"~{text}"


def percent_change(difference: int, base: int) -> str:
    """A difference in percent of what it was, with its sign; empty where there was nothing."""
    if not base or not difference:
        return ""
    share = 100 * difference / base
    if 0 < abs(share) < 0.05:
        return "<0.1 %"
    return f"{share:+,.0f} %" if abs(share) >= 1 else f"{share:+.1f} %"


def change_style(difference: int) -> str:
    """Green for less, red for more."""
    return "red" if difference > 0 else "green" if difference < 0 else ""
