"""The colours of the screen: one theme of the toolkit for each palette of the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

from tokentide.render.live_look import PALETTES

PREFIX = "tokentide-"
NAMES = tuple(PALETTES)
"""In the order in which a key goes through them."""
_REVERSE = {
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "block-cursor-text-style": "reverse",
    "block-cursor-blurred-foreground": "ansi_default",
    "block-cursor-blurred-background": "ansi_default",
    "block-cursor-blurred-text-style": "reverse",
}
"""The row of the cursor, where no colour is sure to be seen."""


def _native(name: str) -> Theme:
    """A theme of the terminal's own colours."""
    base = BUILTIN_THEMES["ansi-dark"]
    return replace(base, name=PREFIX + name, variables={**base.variables, **_REVERSE})


THEMES: Mapping[str, Theme] = {
    "classic": _native("classic"),
    "none": _native("none"),
    "dark": Theme(
        name=PREFIX + "dark",
        primary="#62b6ff",
        secondary="#c792ea",
        warning="#f2c94c",
        error="#ff6b66",
        success="#5fd38d",
        accent="#62b6ff",
        foreground="#d5dbe6",
        background="#0f131a",
        surface="#161b24",
        panel="#1d2532",
        variables={"block-cursor-background": "#27405c", "block-cursor-foreground": "#ffffff"},
    ),
    "light": Theme(
        name=PREFIX + "light",
        primary="#0a5aa8",
        secondary="#7d2fa8",
        warning="#8a6100",
        error="#b3141f",
        success="#18733a",
        accent="#0a5aa8",
        foreground="#1c232d",
        background="#fbfcfe",
        surface="#eef2f7",
        panel="#e2e8f0",
        dark=False,
        variables={"block-cursor-background": "#cfe3f8", "block-cursor-foreground": "#10161f"},
    ),
    "high-contrast": Theme(
        name=PREFIX + "high-contrast",
        primary="#00ffff",
        secondary="#ff8cff",
        warning="#ffff00",
        error="#ff6f6f",
        success="#00ff5f",
        accent="#00ffff",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#000000",
        variables={"block-cursor-background": "#ffff00", "block-cursor-foreground": "#000000"},
    ),
}


def theme_for(wish: str, environ: Mapping[str, str], *, is_light: bool | None) -> str:
    """A name out of NAMES: the one wished for; for `auto` the one that goes with the terminal's background, else dark.

    NO_COLOR wins over everything.
    """
    if "NO_COLOR" in environ:
        return "none"
    if wish != "auto":
        return wish
    return "light" if is_light else "dark"
