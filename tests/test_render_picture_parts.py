"""Parts of pictures: lines that leave each other room, colours that can be told apart, letters that can be drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.test_render_pictures import lines, rgb, sampled
from tokentide.analytics.activity import Activity
from tokentide.analytics.activity_days import COST, Slot
from tokentide.analytics.wrapped import Wrapped
from tokentide.render.pictures.activity_card import activity_card
from tokentide.render.pictures.parts import shortened
from tokentide.render.pictures.png import drawable
from tokentide.render.pictures.scene import ROLES, SHADES, THEMES, Line
from tokentide.store.query import Sums

__all__ = ["sampled"]


def extent(line: Line) -> tuple[float, float]:
    """From where to where a line reaches in the widest of the fonts that a reader may have."""
    width = line.size * len(line.text) * (0.71 if line.is_bold else 0.62)
    return (line.x - width, line.x) if line.anchor == "end" else (line.x, line.x + width)


@pytest.mark.parametrize("weekday", range(7))
def test_no_line_runs_into_its_neighbour(sampled: tuple[Activity, Wrapped], weekday: int) -> None:
    activity = replace(sampled[0], weekdays=tuple(Slot(Sums(cost=number == weekday)) for number in range(7)))
    found = lines(activity_card(activity, COST, "light", 0))
    for line, other in pairwise(sorted(found, key=lambda each: (each.y, extent(each)))):
        assert line.y != other.y or extent(line)[1] <= extent(other)[0], (line.text, other.text)


def test_weeks_that_have_no_room_are_told_in_the_picture(sampled: tuple[Activity, Wrapped]) -> None:
    days = [replace(sampled[0].days[0], day=sampled[0].since - timedelta(days=back)) for back in range(200, 0, -1)]
    scene = activity_card(replace(sampled[0], days=(*days, *sampled[0].days)), COST, "light", 0)
    assert any("the map shows the last 54 weeks" in line.text for line in lines(scene))
    assert "A heat map of the last 54 weeks" in scene.description
    assert not any("54 weeks" in line.text for line in lines(activity_card(sampled[0], COST, "light", 0)))


def test_wide_letters_take_the_room_of_two() -> None:
    assert shortened("日" * 30, 20) == "日" * 9 + "…"
    assert shortened("a" * 30, 20) == "a" * 19 + "…"
    assert shortened("日" * 10, 20) == "日" * 10


def luminance(colour: str) -> float:
    parts = [part / 255 for part in rgb(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_can_be_read_and_shades_told_apart(theme: dict[str, str]) -> None:
    assert set(theme) == set(ROLES)
    for words in ("ink", "muted"):
        for ground in ("paper", "surface"):
            assert contrast(theme[words], theme[ground]) >= 4.5
    steps = [luminance(theme[role]) for role in SHADES]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
    for fainter, stronger in zip(SHADES, SHADES[1:], strict=False):
        assert contrast(theme[fainter], theme[stronger]) >= 1.2
    assert contrast(theme[SHADES[-1]], theme["paper"]) >= 4.5


def test_letters_that_the_font_lacks_become_near_ones() -> None:
    assert drawable("a–b × c → d") == "a-b x c > d"
    assert drawable("naïve") in ("naïve", "naive")
    assert drawable("項目\x1b[31m") == "???[31m"
