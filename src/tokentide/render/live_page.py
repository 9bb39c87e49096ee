"""The page of now: the sections beside and below each other, as the room allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from tokentide.analytics.live import LiveState
from tokentide.render.live_look import NARROW, LiveLook, fitted
from tokentide.render.live_sections import SECTIONS

TWO_COLUMNS = 116
"""From so many columns on, limits and sessions stand beside burn rate and block."""
GUTTER = 3
CHART_ROWS = 3
MOST_CHART_ROWS = 10


def live_page(state: LiveState, look: LiveLook, height: int | None = None) -> list[Text]:
    """The lines of the page; they may be more than `height`, by which only the spacing goes. None is without limit."""
    if height is None:
        return _arranged(state, replace(look, chart_rows=CHART_ROWS), is_airy=True)
    dense = _arranged(state, look, is_airy=False)
    airy = _arranged(state, look, is_airy=True)
    spare = height - len(airy)
    if spare <= 0:
        return airy if spare == 0 else dense
    return _arranged(state, replace(look, chart_rows=min(1 + spare, MOST_CHART_ROWS)), is_airy=True)


def _arranged(state: LiveState, look: LiveLook, *, is_airy: bool) -> list[Text]:
    """One column, two by pairs, or two."""

    def drawn(name: str, room: int) -> list[Text]:
        lines = SECTIONS[name](state, replace(look, room=room))
        for line in lines:
            line.truncate(room, overflow="ellipsis")
        return lines

    def column(names: Sequence[str], room: int) -> list[Text]:
        return _stacked([drawn(name, room) for name in names], is_airy=is_airy)

    if look.room < NARROW:
        return column([*SECTIONS], look.room)
    if look.room >= TWO_COLUMNS:
        side = (look.room - GUTTER) * 2 // 5
        left = column(("limits", "alerts", "sessions"), look.room - GUTTER - side)
        both = _beside(left, column(("burn", "block"), side), look.room - GUTTER - side)
        return _stacked([both, drawn("cost", look.room)], is_airy=is_airy)
    half = (look.room - GUTTER) // 2
    pair = _beside(drawn("burn", half), drawn("block", look.room - GUTTER - half), half)
    top = [drawn(name, look.room) for name in ("limits", "alerts")]
    return _stacked([*top, pair, *(drawn(name, look.room) for name in ("sessions", "cost"))], is_airy=is_airy)


def _stacked(sections: Sequence[Sequence[Text]], *, is_airy: bool) -> list[Text]:
    """One below the other, with a blank line between them where there is air; empty ones are left out."""
    lines: list[Text] = []
    for section in filter(None, sections):
        lines += [Text()] if lines and is_airy else []
        lines += section
    return lines


def _beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    """Two columns, the left one that wide."""
    height = max(len(left), len(right))
    padded = ([*lines, *([Text()] * (height - len(lines)))] for lines in (left, right))
    return [fitted(one, width) + Text(" " * GUTTER) + other for one, other in zip(*padded, strict=True)]
