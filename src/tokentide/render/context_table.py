"""The table of a context: each kind of part with its tokens, its share of the window, and what carrying it has cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from tokentide.analytics.context import model
from tokentide.analytics.context.model import Context, Part
from tokentide.render import words
from tokentide.render.context_grid import UNKNOWN, reserve_look
from tokentide.render.context_words import FREE, LOOKS, Look, part_title
from tokentide.render.fitting import shortened

NAMED = {
    model.MCP: 4,
    model.MEMORY: 4,
    model.SKILLS: 2,
    model.CALLS: 3,
    model.RESULTS: 4,
    model.ATTACHMENTS: 2,
}
"""So many names are shown of a kind, and of the others none."""
SHARE_ROOM, COST_ROOM = 34, 48
"""From so many columns on these are shown."""
CARRYING = "Carrying: what sending it again cost at list price"
SHARED_OUT = "~ shared out by size"
_LEAST_TITLE = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a line; a width of 0 takes what the others leave."""

    text: str
    width: int
    style: str = ""
    is_number: bool = False
    least_room: int = 0
    """On a narrower line it is left out."""


def cells_wide(cells: Sequence[Cell], room: int) -> Text:
    """A line of cells that fills the room; the cell without a width is cut where it has to be."""
    kept = [cell for cell in cells if cell.least_room <= room]
    rest = max(room - sum(cell.width + bool(cell.width) for cell in kept), _LEAST_TITLE)
    line = Text()
    for number, cell in enumerate(kept):
        width = cell.width or rest
        text = shortened(cell.text, width)
        padding = " " * (width - cell_len(text))
        gap = " " if number and kept[number - 1].text.strip() and not kept[number - 1].text.endswith(" ") else ""
        line.append(gap)
        line.append(padding + text if cell.is_number else text + padding, cell.style or None)
    line.rstrip()
    return line


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as words."""

    title: str
    tokens: str
    share: str = ""
    cost: str = ""
    glyph: str = ""
    glyph_style: str = "dim"
    style: str = ""


def table_lines(context: Context, glyph: Callable[[Look], str], room: int, *, is_whole: bool) -> Iterator[Text]:
    """A head, a line a kind, its largest names below it, then what is free and what is kept free."""
    for row in (
        Row("", "Tokens", "Share", "Carrying", style="bold"),
        *part_rows(context, glyph, is_whole=is_whole),
        *rest_rows(context, glyph),
    ):
        yield _line(row, room)
    if context.parts:
        note = certainty(context)
        yield Text(note if len(note) <= room else SHARED_OUT, style="dim")
    if context.parts and context.read_cost is not None and room >= max(COST_ROOM, len(CARRYING)):
        yield Text(CARRYING, style="dim")


def part_rows(context: Context, glyph: Callable[[Look], str], *, is_whole: bool) -> Iterator[Row]:
    """What fills the window; one line where no part is known."""
    window, total = context.window.tokens, context.total_tokens
    if not context.parts:
        yield Row(UNKNOWN.title, words.short_tokens(total), _share(total, window), "", glyph(UNKNOWN), UNKNOWN.style)
    for part in context.parts:
        look = LOOKS[part.kind]
        yield _part_row(part, window, look.title, glyph(look), look.style)
        most = len(part.parts) if is_whole else NAMED.get(part.kind, 0)
        for inner in part.parts[:most]:
            yield _part_row(inner, window, f"  {part_title(part.kind, inner.name)}")
        left = part.parts[most:] if most else ()
        if left:
            tokens = sum(each.tokens for each in left)
            yield Row(f"  {len(left):,} more", f"~{words.short_tokens(tokens)}", style="dim")


def _part_row(part: Part, window: int, title: str, glyph: str = "", glyph_style: str = "") -> Row:
    sign = "" if part.measured_tokens == part.tokens else "~"
    cost = "" if part.carry_cost is None else words.money(part.carry_cost)
    tokens, style = f"{sign}{words.short_tokens(part.tokens)}", "" if glyph else "dim"
    return Row(title, tokens, _share(part.tokens, window), cost, glyph, glyph_style, style)


def rest_rows(context: Context, glyph: Callable[[Look], str]) -> Iterator[Row]:
    """What is free, and what is kept free."""
    window, free, look = context.window.tokens, context.free_tokens, reserve_look(context)
    kept = min(context.window.reserve_tokens, max(window - context.total_tokens, 0))
    yield Row(FREE.title, words.short_tokens(free), _share(free, window), glyph=glyph(FREE))
    yield Row(look.title, words.short_tokens(kept), _share(kept, window), glyph=glyph(look))


def _line(row: Row, room: int) -> Text:
    """One line; what there is no room for is left out."""
    cells = [
        Cell(f"{row.glyph:<2}", 2, row.glyph_style),
        Cell(row.title, 0, row.style),
        Cell(row.tokens, 8, row.style, is_number=True),
        Cell(row.share, 7, row.style or "dim", is_number=True, least_room=SHARE_ROOM),
        Cell(row.cost, 9, row.style or "green", is_number=True, least_room=COST_ROOM),
    ]
    return cells_wide(cells, room)


def _share(tokens: int, window: int) -> str:
    return words.percent(tokens / window) if window else ""


def certainty(context: Context) -> str:
    """How sure the parts are."""
    measured = sum(part.measured_tokens for part in context.parts)
    share = 100 * measured / context.total_tokens if context.total_tokens else 0
    return f"{SHARED_OUT}; {share:.0f} % is known to the token"
