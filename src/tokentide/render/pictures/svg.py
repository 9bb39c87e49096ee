"""A scene as SVG: valid XML without anything from elsewhere; fonts are whatever the reader's machine has."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from tokentide.render.pictures.scene import PAPER, START, THEMES, Box, Item, Line, Scene

FONTS = "'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no place for."""


def svg_text(scene: Scene) -> str:
    """A file of its own, in the scene's theme."""
    theme = THEMES[scene.theme]
    ground = Box(0, 0, scene.width, scene.height, PAPER)
    parts = "\n".join(_item(item, f'fill="{theme[item.role]}"') for item in (ground, *scene.items))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_opening(scene)}\n{parts}\n</svg>\n'


def svg_element(scene: Scene) -> str:
    """An element for a page, whose style sheet paints the roles as classes, and which has its own ground."""
    parts = "\n".join(_item(item, f'class="{item.role}"') for item in scene.items)
    return f"{_opening(scene)}\n{parts}\n</svg>"


def _opening(scene: Scene) -> str:
    """The element's start, with what it is called and what it shows."""
    told = f"<desc>{_safe(scene.description)}</desc>" if scene.description else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width} {scene.height}" '
        f'width="{scene.width}" height="{scene.height}" role="img" '
        f'font-family="{FONTS}"><title>{_safe(scene.title)}</title>{told}'
    )


def _item(item: Item, paint: str) -> str:
    return _box(item, paint) if isinstance(item, Box) else _line(item, paint)


def _box(box: Box, paint: str) -> str:
    rounded = f' rx="{_number(box.radius)}"' if box.radius else ""
    shape = (
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" '
        f'height="{_number(box.height)}"{rounded} {paint}'
    )
    return f"{shape}><title>{_safe(box.hint)}</title></rect>" if box.hint else f"{shape}/>"


def _line(line: Line, paint: str) -> str:
    anchor = f" text-anchor={quoteattr(line.anchor)}" if line.anchor != START else ""
    weight = ' font-weight="600"' if line.is_bold else ""
    return (
        f'<text x="{_number(line.x)}" y="{_number(line.y)}" font-size="{_number(line.size)}"'
        f"{anchor}{weight} {paint}>{_safe(line.text)}</text>"
    )


def _safe(text: str) -> str:
    """Text that is nothing but text."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _number(value: float) -> str:
    """At most two decimals, none that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
