"""Headline figures as a page shows them: the value, how it changed, and whether that is good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.figures import Figure, Share, Unit
from tokentide.render.team_columns import members, text_of
from tokentide.render.team_moods import is_still, mood_of
from tokentide.render.team_tables import FIGURE_TITLES
from tokentide.render.words import short_tokens

MOST = 9.995
"""From ten times on, how much more it is says less than what it was."""
LARGE = 10_000_000
"""Counts from here on are shown in three digits; the whole stands where the pointer is."""


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
    whole: str = ""
    """The count to the last digit, where the text rounds it."""


def cards_of(figures: Iterable[Figure], calendar: Calendar) -> list[Card]:
    """Cards in the order of the figures; instants stand elsewhere."""
    return [_card(figure, calendar) for figure in figures if figure.unit is not Unit.INSTANT]


def _card(figure: Figure, calendar: Calendar) -> Card:
    before, now = (_text(figure, calendar, before=before) for before in (True, False))
    change = figure.change
    return Card(
        FIGURE_TITLES.get(figure.name, figure.name.replace("_", " ")),
        _short(figure.value, figure.unit) or now,
        "" if change is None or is_still(change) else _change(figure, change),
        mood_of(figure.name, change),
        f"before {_short(figure.before, figure.unit) or before}" if _tells(figure.before) else "",
        now if _short(figure.value, figure.unit) else "",
    )


def _short(value: float | Share | None, unit: Unit) -> str:
    """A count that is too long for its place; empty for all others."""
    return short_tokens(value) if unit is Unit.COUNT and isinstance(value, int) and value >= LARGE else ""


def _text(figure: Figure, calendar: Calendar, *, before: bool) -> str:
    value = figure.before if before else figure.value
    told = next(iter(members("value", figure.unit, value).values()))
    shown = text_of(told, figure.unit, calendar)
    return f"~{shown}" if figure.is_estimate and told is not None else shown


def _change(figure: Figure, change: float) -> str:
    if figure.unit in (Unit.SHARE, Unit.COST_SHARE):
        return f"{100 * change:+.1f} points"
    return f"{100 * change:+.0f} %" if change < MOST else f"{change + 1:.0f} times"


def _tells(before: float | Share | None) -> bool:
    """Whether there was anything before to compare with."""
    return bool(before.part if isinstance(before, Share) else before)
