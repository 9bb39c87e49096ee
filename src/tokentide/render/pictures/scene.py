"""A drawing made of rounded rectangles and lines of text, in whole pictures' units; what paints it stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PAPER, SURFACE, INK, MUTED, ACCENT = "paper", "surface", "ink", "muted", "accent"
SHADES = ("shade0", "shade1", "shade2", "shade3", "shade4", "shade5")
"""Of a heat map: nothing, then five steps up."""
ROLES = (PAPER, SURFACE, INK, MUTED, ACCENT, *SHADES)
"""What a colour is for; a theme says which it is."""
Theme = Mapping[str, str]
"""Colours by role, as #rrggbb."""
LIGHT: Theme = dict(
    zip(
        ROLES,
        (
            "#ffffff", "#f2f5f9", "#18202b", "#566273", "#0f7b60",
            "#e7ecf2", "#a9dcc9", "#78c7ab", "#36a27f", "#0f7b60", "#07503f",
        ),
        strict=True,
    )
)  # fmt: skip
DARK: Theme = dict(
    zip(
        ROLES,
        (
            "#0f131a", "#171d27", "#e8edf5", "#9aa7ba", "#4fd3a8",
            "#1f2733", "#124a3c", "#176b54", "#1f9474", "#4fd3a8", "#b5f5de",
        ),
        strict=True,
    )
)  # fmt: skip
THEMES = {"light": LIGHT, "dark": DARK}
START, MIDDLE, END = "start", "middle", "end"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    role: str
    radius: float = 0
    hint: str = ""
    """What it says where one points at it; PNG has none."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text."""

    x: float
    y: float
    """Of the baseline."""
    text: str
    size: float
    role: str = INK
    anchor: str = START
    is_bold: bool = False


Item = Box | Line


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture."""

    width: int
    height: int
    items: tuple[Item, ...]
    title: str
    """For those who do not see it, and for a browser's tab."""
    description: str = ""
    """What it shows, in a sentence or two."""
    theme: str = "light"
    """A key of THEMES."""
