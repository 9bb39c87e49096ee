"""The grid of a context: two hundred cells are the window, each of the kind that fills it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from tokentide.analytics.context.model import Context
from tokentide.render.context_words import FREE, KEPT, LOOKS, RESERVE, Look

ROWS, CELLS = 10, 20
GRID_COLUMNS = 2 * CELLS - 1
UNKNOWN = Look("not known", "█", "#", "blue")
"""All of it where no part is known."""


def reserve_look(context: Context) -> Look:
    """What the end of the window is kept for."""
    return RESERVE if context.window.compacts_itself else KEPT


def grid_lines(context: Context, glyph: Callable[[Look], str], room: int) -> Iterator[Text]:
    """Ten rows of twenty cells; what fills less than half a cell may have none."""
    cells = grid_cells(context)
    space = " " if room >= GRID_COLUMNS else ""
    for row in range(ROWS):
        line = Text()
        for number, look in enumerate(cells[row * CELLS : (row + 1) * CELLS]):
            line.append(f"{space if number else ''}{glyph(look)}", look.style)
        yield line


def grid_cells(context: Context) -> list[Look]:
    """The kinds in their order, then what is free, then the reserve as far as it is still there."""
    window = max(context.window.tokens, context.total_tokens)
    reserve = min(context.window.reserve_tokens, window - context.total_tokens)
    parts = [(LOOKS[part.kind], part.tokens) for part in context.parts] or [(UNKNOWN, context.total_tokens)]
    parts += [(FREE, window - reserve - context.total_tokens), (reserve_look(context), reserve)]
    counts = _counts([tokens for _, tokens in parts])
    return [look for (look, _), count in zip(parts, counts, strict=True) for _ in range(count)]


def _counts(weights: Sequence[int]) -> list[int]:
    """All cells by weights; those that rounding leaves go to the largest remainders."""
    cells, whole = ROWS * CELLS, sum(weights)
    if not whole:
        return [*[0] * (len(weights) - 1), cells]
    counts = [cells * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda index: -(cells * weights[index] % whole))
    for index in by_rest[: cells - sum(counts)]:
        counts[index] += 1
    return counts
