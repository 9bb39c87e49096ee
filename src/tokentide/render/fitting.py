"""Text that fits: cut to so many cells, or over as many lines as it needs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

LEAST_ROOM = 8
"""Cells that a line has at least beside what it is set in by."""


def shortened(text: str, cells: int) -> str:
    """A text of at most so many cells, with an ellipsis where something is missing."""
    return text if cell_len(text) <= cells else set_cell_size(text, max(cells - 1, 0)) + "…"


def flowed(parts: Sequence[Text], room: int, indent: int = 0, joint: Text | None = None, tail: str = "") -> list[Text]:
    """Parts one after the other, in as many lines as they need; one that is longer than a line is broken at blanks.

    `tail` ends a part that the next line follows, where parts that share a line have the joint between them.
    """
    joint = Text("  ") if joint is None else joint
    lines: list[Text] = []
    for number, part in enumerate(parts):
        after = len(tail) if number < len(parts) - 1 else 0
        if lines and lines[-1].cell_len + joint.cell_len + part.cell_len + after <= room:
            lines[-1] = lines[-1] + joint + part
            continue
        if lines:
            lines[-1] = lines[-1] + tail
        lines += [Text(" " * indent) + piece for piece in broken(part, max(room - indent - after, LEAST_ROOM))]
    return lines


def in_lines(text: str, room: int, style: str = "") -> list[Text]:
    """Sentences in lines of so many letters, broken at blanks; a word that is longer stands in a line of its own."""
    lines = textwrap.wrap(text, max(room, 1), break_long_words=False, break_on_hyphens=False)
    return [Text(line, style) for line in lines]


def broken(text: Text, room: int) -> list[Text]:
    """A text in lines of so many cells, broken at blanks; a word that is longer ends in an ellipsis."""
    lines: list[Text] = []
    line = Text()
    for word in text.split(" "):
        if line.cell_len and line.cell_len + 1 + word.cell_len > room:
            lines.append(line)
            line = Text()
        line = line + Text(" ") + word if line.cell_len else word
        if line.cell_len > room:
            line.truncate(room, overflow="ellipsis")
    return [*lines, line]
