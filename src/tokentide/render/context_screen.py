"""The context of a session on a terminal: a grid beside a table, the largest items, growth, cache, hints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.context.hints import hints_of
from tokentide.analytics.context.model import Big, Context
from tokentide.render import words
from tokentide.render.context_grid import GRID_COLUMNS, grid_lines
from tokentide.render.context_table import Cell, cells_wide, table_lines
from tokentide.render.context_words import (
    CAUSES,
    FILLING,
    FULL,
    GONE,
    LOOKS,
    Look,
    agent_name,
    agents_head,
    cache_facts,
    cache_state,
    head,
    item_title,
    made_of,
    rebuilds_by_cause,
    sentence,
    total,
)

BESIDE = 96
"""From so many columns on the table stands beside the grid."""
WIDEST = 120
"""On a wider terminal figures would stand too far from what they are of."""
GAP = 3
BIGGEST, AGENTS, REBUILDS = 5, 4, 4
CHART_ROWS, CHART_LABEL = 4, 6
LEVELS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class ContextLook:
    """What the page is drawn by."""

    calendar: Calendar
    room: int
    now: int
    is_plain: bool = False
    """True where the output takes no more than ASCII: letters stand for the glyphs."""
    is_whole: bool = False
    """True to leave no part and no item out."""
    is_short: bool = False
    """True where not all of it is seen: then what would help comes before what is so."""

    def glyph(self, look: Look) -> str:
        """How a kind is drawn."""
        return look.letter if self.is_plain else look.glyph


def context_lines(context: Context, look: ContextLook) -> Iterator[Text]:
    """The page, line by line; none is wider than the room."""
    look = replace(look, room=min(look.room, WIDEST))
    yield from _head(context, look)
    if not context.growth:
        yield from _unanswered(context, look)
        return
    if look.is_short:
        yield from _spaced(_hints(context, look))
    yield Text("")
    yield from _picture(context, look)
    if not context.is_from_transcript:
        yield Text("")
        yield from wrapped(GONE, look, "yellow")
    for section in (_biggest, _growth, _cache, _agents):
        yield from _spaced(section(context, look))
    if not look.is_short:
        yield from _spaced(_hints(context, look))


def _spaced(section: Iterator[Text]) -> Iterator[Text]:
    """An empty line before a section that has any."""
    lines = [*section]
    if lines:
        yield Text("")
        yield from lines


def _unanswered(context: Context, look: ContextLook) -> Iterator[Text]:
    """A session without a response: what waits to be sent, and the sub-agents that a file may hold alone."""
    where = "in this session's own conversation" if context.agents else "in this session yet"
    waiting = f"; about {words.tokens(context.total_tokens)} tokens wait to be sent" if context.total_tokens else ""
    yield from wrapped(f"There is no response {where}{waiting}.", look)
    yield from _spaced(_agents(context, look))


def wrapped(text: str, look: ContextLook, style: str = "", indent: str = "") -> Iterator[Text]:
    """A sentence in lines that fit."""
    for line in textwrap.wrap(text, max(look.room, 10), subsequent_indent=indent):
        yield Text(line, style=style)


def _head(context: Context, look: ContextLook) -> Iterator[Text]:
    """Which session it is, and how full its window is."""
    yield from wrapped(head(context, look.now), look, "bold")
    if not context.growth:
        return
    share = context.total_tokens / context.window.tokens
    style = "red" if share >= FULL else "yellow" if share >= FILLING else "green"
    number = total(context)
    lines = [*wrapped(f"{number} of {words.tokens(context.window.tokens)} tokens ({100 * share:.0f} %)", look)]
    lines[0].stylize(f"bold {style}", 0, len(number))
    yield from lines
    yield from wrapped(made_of(context), look, "dim")
    if context.said is not None and context.said.tokens is not None:
        said = words.tokens(context.said.tokens)
        yield from wrapped(
            f"the client's status line said {said} sent, {words.ago(look.now - context.said.at)}", look, "dim"
        )


def _picture(context: Context, look: ContextLook) -> Iterator[Text]:
    """The grid, and the table beside it or below."""
    grid = [*grid_lines(context, look.glyph, look.room)]
    if look.room < BESIDE:
        yield from grid
        yield Text("")
        yield from table_lines(context, look.glyph, look.room, is_whole=look.is_whole)
        return
    table = table_lines(context, look.glyph, look.room - GRID_COLUMNS - GAP, is_whole=look.is_whole)
    for left, right in zip_longest(grid, table):
        line = left.copy() if left is not None else Text("")
        line.append(" " * (GRID_COLUMNS + GAP - line.cell_len))
        yield line if right is None else line.append_text(right)


def _biggest(context: Context, look: ContextLook) -> Iterator[Text]:
    """The largest single items, their age, and how often they were sent again."""
    shown = context.biggest if look.is_whole else context.biggest[:BIGGEST]
    if not shown:
        return
    yield Text("Largest items", style="bold")
    for big in shown:
        yield cells_wide(_big_cells(big, look), look.room)


def _big_cells(big: Big, look: ContextLook) -> list[Cell]:
    item = big.item
    mark = LOOKS[item.kind]
    return [
        Cell(f"{look.glyph(mark)} ", 2, mark.style),
        Cell(item_title(item), 0),
        Cell(f"{'' if item.is_measured else '~'}{words.short_tokens(item.tokens)}", 7, is_number=True),
        Cell(words.ago(look.now - item.at), 15, "dim", is_number=True, least_room=50),
        Cell(f"carried {big.carried:,}×", 14, "dim", is_number=True, least_room=66),
        Cell("" if big.carry_cost is None else words.money(big.carry_cost), 8, "green", is_number=True, least_room=76),
    ]


def _growth(context: Context, look: ContextLook) -> Iterator[Text]:
    """How long the prompts were, one column for one or more requests; compactions are marked below."""
    if len(context.growth) < 2:
        return
    width = min(len(context.growth), look.room - CHART_LABEL - 1, 100)
    edges = [len(context.growth) * column // width for column in range(width + 1)]
    slices = [context.growth[edges[column] : edges[column + 1]] for column in range(width)]
    values = [max(each.prompt_tokens for each in part) for part in slices]
    top = max(values)
    yield from wrapped(f"Growth over {words.plural(len(context.growth), 'request')}", look, "bold")
    for row in reversed(range(CHART_ROWS)):
        label = words.short_tokens(top) if row == CHART_ROWS - 1 else "0" if row == 0 else ""
        signs = "".join(LEVELS[_level(value, top, row)] for value in values)
        yield Text.assemble((f"{label:>{CHART_LABEL}} ", "dim"), (signs, "blue"))
    marks = "".join("^" if any(each.compacted for each in part) else " " for part in slices)
    if "^" in marks:
        yield Text.assemble((" " * (CHART_LABEL + 1), ""), (marks.rstrip(), "yellow"))
        count = sum(bool(each.compacted) for each in context.growth)
        yield Text(f"{'^':>{CHART_LABEL}} {words.plural(count, 'compaction')}", style="dim")


def _level(value: int, top: int, row: int) -> int:
    """How much of a row of the chart a value fills, 0 to 8; nothing but 0 is empty in the lowest row."""
    filled = value * CHART_ROWS * 8 / top - row * 8 if top else 0
    return max(0 if row or not value else 1, min(8, round(filled)))


def _cache(context: Context, look: ContextLook) -> Iterator[Text]:
    """Warm or cold, how much was read from it, and what was written again."""
    cache = context.cache
    if not cache.warm_until:
        return
    is_warm = cache.warm_until >= look.now
    text = Text("Cache ", style="bold")
    text.append(cache_state(context, look.calendar, look.now), f"not bold {'green' if is_warm else 'yellow'}")
    yield text
    yield from wrapped(cache_facts(context), look, "dim")
    if cache.rebuilds:
        yield from _rebuilds(context, look)


def _rebuilds(context: Context, look: ContextLook) -> Iterator[Text]:
    """By cause, the dearest first."""
    yield from wrapped(f"written again {words.times(len(context.cache.rebuilds))}:", look)
    for cause, count, lost, cost in rebuilds_by_cause(context):
        yield cells_wide(
            [
                Cell("  ", 2),
                Cell(f"{count:,}× {CAUSES[cause]}", 0),
                Cell(words.short_tokens(lost), 7, is_number=True),
                Cell(words.money(cost), 8, "green", is_number=True, least_room=40),
            ],
            min(look.room, BESIDE // 2 + 16),
        )


def _agents(context: Context, look: ContextLook) -> Iterator[Text]:
    """Sub-agents have contexts of their own: a line each, the largest first."""
    if not context.agents:
        return
    yield from wrapped(agents_head(context), look, "bold")
    shown = context.agents if look.is_whole else context.agents[:AGENTS]
    for agent in shown:
        yield cells_wide(
            [
                Cell("  ", 2),
                Cell(agent_name(agent), 0),
                Cell(words.short_tokens(agent.tokens), 7, is_number=True),
                Cell(words.plural(agent.requests, "request"), 14, "dim", is_number=True, least_room=50),
                Cell(words.model_name(agent.model), 20, "cyan", is_number=True, least_room=60),
            ],
            min(look.room, BESIDE // 2 + 30),
        )
    if len(shown) < len(context.agents):
        yield Text(f"  {len(context.agents) - len(shown):,} more: --all", style="dim")


def _hints(context: Context, look: ContextLook) -> Iterator[Text]:
    """What would help, a sentence or two each."""
    hints = hints_of(context, look.now)
    if hints:
        yield Text("Hints", style="bold")
    for hint in hints:
        yield from wrapped(sentence(hint), look, "", "  ")
