"""A scene as PNG, drawn by Pillow with the font that it brings: the same picture on every machine."""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from tokentide.render.pictures.scene import END, MIDDLE, PAPER, START, THEMES, Box, Line, Scene, Theme

SCALE = 2
"""Pixels of the picture for each unit of the scene."""
FINER = 2
"""It is drawn so many times larger and made smaller then: round corners are smooth."""
_ANCHORS = {START: "ls", MIDDLE: "ms", END: "rs"}
_ALIKE = str.maketrans({"–": "-", "—": "-", "−": "-", "×": "x", "…": "...", "’": "'", "“": '"', "”": '"', "→": ">"})
BOLD = 0.018
"""The font has one weight: bold is an outline of this part of its size."""


def png_bytes(scene: Scene) -> bytes:
    """The whole file."""
    factor = SCALE * FINER
    theme = THEMES[scene.theme]
    image = Image.new("RGB", (scene.width * factor, scene.height * factor), theme[PAPER])
    draw = ImageDraw.Draw(image)
    for item in scene.items:
        if isinstance(item, Box):
            _box(draw, item, theme, factor)
        else:
            _line(draw, item, theme, factor)
    buffer = io.BytesIO()
    image.reduce(FINER).save(buffer, "PNG", optimize=True, dpi=(72 * SCALE, 72 * SCALE))
    return buffer.getvalue()


def drawable(text: str) -> str:
    """The text in characters that the font has: a near one where there is, else a question mark."""
    return "".join(map(_character, unicodedata.normalize("NFC", text)))


def _box(draw: ImageDraw.ImageDraw, box: Box, theme: Theme, factor: int) -> None:
    left, top = box.x * factor, box.y * factor
    right, bottom = left + box.width * factor - 1, top + box.height * factor - 1
    if right >= left and bottom >= top:
        radius = min(box.radius, box.width / 2, box.height / 2) * factor
        draw.rounded_rectangle((left, top, right, bottom), radius, fill=theme[box.role])


def _line(draw: ImageDraw.ImageDraw, line: Line, theme: Theme, factor: int) -> None:
    size = line.size * factor
    draw.text(
        (line.x * factor, line.y * factor),
        drawable(line.text),
        fill=theme[line.role],
        font=_font(size),
        anchor=_ANCHORS[line.anchor],
        stroke_width=size * BOLD if line.is_bold else 0,
    )


@lru_cache(maxsize=64)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _character(sign: str) -> str:
    if sign.isascii():
        return sign if sign.isprintable() else "?"
    if _has(sign):
        return sign
    alike = sign.translate(_ALIKE)
    bare = unicodedata.normalize("NFKD", alike).encode("ascii", "ignore").decode("ascii")
    return bare or "?"


def _has(sign: str) -> bool:
    """True if the font draws it, rather than the box that stands for a missing character."""
    font = _font(32)
    return bytes(font.getmask(sign)) != bytes(font.getmask("\uffff"))
