"""The picture of `tokentide wrapped`: the year's page as one PNG or SVG, without names unless they are wanted."""

from __future__ import annotations

from tokentide.analytics.activity_days import COST
from tokentide.analytics.heat_map import weeks_of
from tokentide.analytics.wrapped import Wrapped
from tokentide.render import wrapped_words
from tokentide.render.pictures import activity_card as card
from tokentide.render.pictures import parts, year_parts
from tokentide.render.pictures.activity_card import MARGIN, ROOM, WIDTH
from tokentide.render.pictures.parts import Area
from tokentide.render.pictures.scene import INK, Item, Line, Scene

GUTTER = 48


def wrapped_card(wrapped: Wrapped, theme: str, first_weekday: int, *, with_names: bool) -> Scene:
    """The whole picture."""
    activity = wrapped.activity
    items: list[Item] = [*card.head(wrapped_words.title(wrapped), wrapped_words.when(wrapped))]
    items += card.tiles(activity)
    items += year_parts.month_bars(wrapped, Area(MARGIN, 276, ROOM, 200))
    top = 506.0
    items += parts.heat_map(activity, COST, first_weekday, Area(MARGIN, top, ROOM, 0))
    y = top + parts.heat_map_height(len(weeks_of(activity.days, first_weekday)), ROOM)
    items += card.below_map(activity, COST, y + 26)
    items += card.charts(activity, COST, first_weekday, y + 66)
    y += 66 + 150 + 40
    columns = year_parts.rankings(wrapped, with_names=with_names)
    width = (ROOM - GUTTER * (len(columns) - 1)) / len(columns)
    for number, (title, note, found) in enumerate(columns):
        items += parts.ranking(title, note, found, Area(MARGIN + number * (width + GUTTER), y, width, 0))
    y += max(parts.ranking_height(len(found)) for _, _, found in columns)
    for told in _sentences(wrapped):
        y += 30
        items.append(Line(MARGIN, y + 4, told, 15, INK))
    items += card.foot(y + 54, "cost")
    title = wrapped_words.title(wrapped)
    return Scene(WIDTH, round(y + 54 + 28), tuple(items), title, card.description(activity, COST), theme)


def _sentences(wrapped: Wrapped) -> list[str]:
    """What the plan was worth, and what it compares to."""
    worth = [f"Worth {wrapped_words.worth_in_short(wrapped.plan)}, by the models' list price."] if wrapped.plan else []
    return [*worth, *wrapped_words.comparisons(wrapped)]
