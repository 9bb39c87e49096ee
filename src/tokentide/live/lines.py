"""Lines that the screen itself says: what it waits for, and where one is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tokentide.analytics.live_tables import View
from tokentide.live.bars import TITLES
from tokentide.live.feed import Progress
from tokentide.render import words
from tokentide.render.fitting import flowed
from tokentide.render.live_look import LiveLook, fitted, meter

WIDEST_BAR = 50


def waiting_lines(progress: Progress | None, fault: str, look: LiveLook) -> list[Text]:
    """Until the first figures come: how far the reading is, or why there is none."""
    if fault:
        return [Text(""), *flowed([Text(fault, look.palette.full)], look.room)]
    if progress is None:
        return [Text(""), Text("Reading …", look.palette.dim)]
    share = progress.read_bytes / max(progress.total_bytes, 1)
    bar = meter(share, min(look.room, WIDEST_BAR), look.palette.accent, look.palette.track)
    said = f"{progress.read_bytes / 1e6:,.0f} of {progress.total_bytes / 1e6:,.0f} MB"
    title = fitted("Reading your transcripts for the first time", look.room)
    return [Text(""), title, bar, Text(said, look.palette.dim)]


def crumb_line(views: Sequence[View], wish: str, look: LiveLook) -> Text:
    """The way down to what is shown, and the filter."""
    way = [TITLES[views[0].name], *(words.clean(view.title) for view in views[1:])]
    text = Text(" › ").join([*(Text(step, look.palette.dim) for step in way[:-1]), Text(way[-1], look.palette.head)])
    return text.append(f"   only: {words.clean(wish)}", look.palette.raised) if wish else text
