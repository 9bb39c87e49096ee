"""Headline figures as a page shows them: the value, how it changed, and whether that is good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.figures import Figure, Share, Unit
from tokentide.render.team_columns import members, text_of
from tokentide.render.team_tables import FIGURE_TITLES

GOOD = frozenset(
    {
        "daily_users",
        "weekly_users",
        "monthly_users",
        "active_users",
        "new_users",
        "accept_rate",
        "success_rate",
        "cache_hits",
        "saved_by_cache",
        "coverage",
        "coverage_cost",
        "pull_requests",
        "commits",
    }
)
"""More of these is better."""
BAD = frozenset(
    {
        "errors",
        "error_rate",
        "retries_exhausted",
        "refusals",
        "p50_ms",
        "p95_ms",
        "ttft_p50_ms",
        "hook_ms_per_prompt",
        "mcp_failures",
        "internal_errors",
        "rejected",
        "hot_spots",
        "cost_per_pull_request",
        "cost_per_commit",
        "metrics_only_cost",
        "deviating_sessions",
        "lopsided",
        "skewed",
    }
)
"""Less of these is better; of all others it is for people to say."""
STILL = 0.005
"""A smaller change is none."""
MOST = 9.995
"""From ten times on, how much more it is says less than what it was."""


@dataclass(frozen=True, slots=True)
class Card:
    """One figure."""

    title: str
    text: str
    change: str = ""
    """As +12 %; empty where nothing can be said."""
    mood: str = ""
    """good, bad or nothing, for a colour that means something."""
    beside: str = ""
    """What it was before."""


def cards_of(figures: Iterable[Figure], calendar: Calendar) -> list[Card]:
    """Cards in the order of the figures; instants stand elsewhere."""
    return [_card(figure, calendar) for figure in figures if figure.unit is not Unit.INSTANT]


def _card(figure: Figure, calendar: Calendar) -> Card:
    before = _text(figure, calendar, before=True)
    change = figure.change
    return Card(
        FIGURE_TITLES.get(figure.name, figure.name.replace("_", " ")),
        _text(figure, calendar, before=False),
        "" if change is None or abs(change) < STILL else _change(figure, change),
        _mood(figure.name, change),
        f"before {before}" if _tells(figure.before) else "",
    )


def _text(figure: Figure, calendar: Calendar, *, before: bool) -> str:
    value = figure.before if before else figure.value
    told = next(iter(members("value", figure.unit, value).values()))
    shown = text_of(told, figure.unit, calendar)
    return f"~{shown}" if figure.is_estimate and told is not None else shown


def _change(figure: Figure, change: float) -> str:
    if figure.unit in (Unit.SHARE, Unit.COST_SHARE):
        return f"{100 * change:+.1f} points"
    return f"{100 * change:+.0f} %" if change < MOST else f"{change + 1:.0f} times"


def _mood(name: str, change: float | None) -> str:
    if change is None or abs(change) < STILL:
        return ""
    if name in GOOD:
        return "good" if change > 0 else "bad"
    return ("bad" if change > 0 else "good") if name in BAD else ""


def _tells(before: float | Share | None) -> bool:
    """Whether there was anything before to compare with."""
    return bool(before.part if isinstance(before, Share) else before)
