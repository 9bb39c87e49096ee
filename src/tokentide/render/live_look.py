"""What the live view is drawn by: colours, room, clock; and the small parts that its sections share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from tokentide.analytics.limits import Level, level_of
from tokentide.render.charts import EMPTY, FULL, LEVELS
from tokentide.render.time_of_day import TimeOfDay

SHADES = "█▓▒░"
"""Parts of a bar where there is no colour."""
NARROW, WIDE = 60, 100
"""Below so many columns everything stands in one column; from so many on, rows have room for all they tell."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Rich styles by meaning."""

    low: str
    raised: str
    high: str
    full: str
    dim: str
    accent: str
    money: str
    track: str
    """What is empty of a bar."""
    head: str = "bold"
    parts: tuple[str, ...] = ("cyan", "magenta", "blue", "green", "yellow")
    """Parts of a whole, in order."""

    def level(self, level: Level) -> str:
        """How near a limit is."""
        return {Level.LOW: self.low, Level.RAISED: self.raised, Level.HIGH: self.high, Level.FULL: self.full}[level]


PALETTES: Mapping[str, Palette] = {
    "classic": Palette("green", "yellow", "dark_orange", "red", "dim", "cyan", "green", "dim"),
    "dark": Palette(
        "#5fd38d",
        "#f2c94c",
        "#ff9f43",
        "#ff6b66",
        "#8b95a7",
        "#62b6ff",
        "#7ee2a8",
        "#3a4354",
        "bold #e8edf5",
        ("#62b6ff", "#c792ea", "#4fd1c5", "#f2c94c", "#ff9f43"),
    ),
    "light": Palette(
        "#18733a",
        "#8a6100",
        "#a84a00",
        "#b3141f",
        "#5b6472",
        "#0a5aa8",
        "#18733a",
        "#c3cbd6",
        "bold #10161f",
        ("#0a5aa8", "#7d2fa8", "#0b7a75", "#8a6100", "#a84a00"),
    ),
    "high-contrast": Palette(
        "bold #00ff5f",
        "bold #ffff00",
        "bold #ffb000",
        "bold #ff6f6f",
        "#ffffff",
        "bold #00ffff",
        "bold #00ff5f",
        "#9a9a9a",
        "bold underline #ffffff",
        ("#00ffff", "#ff8cff", "#ffff00", "#00ff5f", "#ffb000"),
    ),
    "none": Palette("", "", "bold", "bold", "", "", "", "", "bold", ("", "", "", "", "")),
}


@dataclass(frozen=True, slots=True)
class LiveLook:
    """How a section is drawn."""

    time: TimeOfDay
    thresholds: tuple[int, int, int]
    room: int
    """Columns."""
    now: int
    palette: Palette
    chart_rows: int = 1

    def clock(self, at: int) -> str:
        """The time of day."""
        return self.time.clock(at)

    def when(self, at: int) -> str:
        """An instant as near as needed."""
        return self.time.when(at, self.now)

    def level_style(self, percent: float) -> str:
        """The colour of a percentage of a limit."""
        return self.palette.level(level_of(percent, self.thresholds))


def fitted(text: Text | str, width: int, style: str = "") -> Text:
    """A text in exactly so many cells, with an ellipsis where something is missing."""
    found = Text.assemble((text, style)) if isinstance(text, str) else text.copy()
    found.truncate(max(width, 0), overflow="ellipsis", pad=True)
    return found


def right(text: str, width: int, style: str = "") -> Text:
    """A text at the right end of so many cells."""
    return Text.assemble((text.rjust(width), style))


def meter(share: float, width: int, style: str, track: str) -> Text:
    """A bar filled up to a share from 0 to 1; anything above nothing is seen."""
    filled = min(max(round(share * width), 1 if share > 0 else 0), width)
    return Text.assemble((FULL * filled, style), (EMPTY * (width - filled), track))


def stacked(shares: Sequence[tuple[float, str]], width: int) -> Text:
    """A bar of several parts with their styles; each part that is more than nothing is seen where there is room.

    Parts without a style differ by how densely they are filled.
    """
    text, done, total = Text(), 0, 0.0
    for number, (share, style) in enumerate(shares):
        total += share
        cells = max(round(total * width), done + (share > 0)) - done
        cells = min(cells, width - done)
        text.append(part_sign(number, style, FULL) * cells, style)
        done += cells
    return text


def part_sign(number: int, style: str, otherwise: str) -> str:
    """What a part of a bar is drawn with, and marked by in the words below it."""
    return otherwise if style else SHADES[min(number, len(SHADES) - 1)]


def columns_of(values: Sequence[int], rows: int) -> list[str]:
    """A column a value, `rows` lines high; the highest fills it, and little is still seen."""
    top = max(values, default=0)
    eighths = [0 if value <= 0 or top <= 0 else max(1, round(value * rows * 8 / top)) for value in values]
    return ["".join(LEVELS[min(max(each - 8 * row, 0), 8)] for each in eighths) for row in reversed(range(rows))]
