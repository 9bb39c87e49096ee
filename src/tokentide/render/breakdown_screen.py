"""A breakdown as a table, as Markdown, and the page of the most telling ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from tokentide.analytics.attribution import Breakdown, Share
from tokentide.analytics.dimensions import MAIN, Dimension
from tokentide.analytics.payees import Runs
from tokentide.render import words
from tokentide.render.breakdown_columns import Namer, ShareColumn, breakdown_columns, share_of
from tokentide.render.charts import sparkline, thin_bar
from tokentide.render.columns import Heading, Title
from tokentide.render.fitting import flowed, shortened
from tokentide.render.markdown import markdown_table
from tokentide.render.table import plain_strip, print_strips
from tokentide.store.query import Sums

PAGE_ROWS = 5
WIDE, NARROW, NARROWEST = 110, 39, 34
"""From where on two sections stand side by side; up to where the hours stand below their title; up to where a section
has names and costs alone."""
STRIP_MARGIN = 11
LEAST_NAME, NAMED = 8, 20
"""Cells of a name: at least; and as many as it gets before columns of figures do."""
WIDEST = 130
GUTTER = 4
"""Between two sections that stand side by side."""
MORE, EARLIER = "more", "earlier"


def folded(breakdown: Breakdown, top: int, parts: int) -> tuple[Breakdown, int]:
    """The same with at most so many rows and parts of a row, the rest in one; and how many stand in such a one."""
    shares, hidden = _fold(breakdown, breakdown.shares, top)
    result: list[Share] = []
    for share in shares:
        below, rest = _fold(breakdown, share.parts, parts, depth=1)
        hidden += rest
        result.append(replace(share, parts=below))
    return replace(breakdown, shares=tuple(result)), hidden


def print_breakdown(console: Console, breakdown: Breakdown, width: int | None) -> tuple[str, ...]:
    """Print the table; returns the titles of the columns that had no room."""
    lines = _lines(breakdown)
    columns = breakdown_columns(breakdown)
    total = Share("", breakdown.totals, breakdown.runs if breakdown.is_by_tool else None)
    name = Title(_title(breakdown), 9, is_number=False, style="bold", shrinks=True)
    strips = [
        replace(plain_strip(name, [text for text, _, _ in lines], "Total"), least=_least(breakdown, lines)),
        *(
            plain_strip(
                column, [column.text(share) for _, share, _ in lines], column.text(total) if column.title else ""
            )
            for column in columns
        ),
    ]
    styles = ["dim" if depth else "" for _, _, depth in lines]
    return tuple(
        title for title in print_strips(console, strips, styles, width, totals=len(breakdown.shares) > 1) if title
    )


def breakdown_markdown(breakdown: Breakdown) -> str:
    """All columns but the bar, parts behind their row's name."""
    columns = [column for column in breakdown_columns(breakdown) if column.title]
    total = Share("", breakdown.totals, breakdown.runs if breakdown.is_by_tool else None)
    rows = [
        [name.strip() if not depth else f"› {name.strip()}", *_cells(columns, share)]
        for name, share, depth in _lines(breakdown)
    ]
    headings: list[Heading] = [Title(_title(breakdown), 9, is_number=False), *columns]
    return markdown_table(headings, rows, ["Total", *_cells(columns, total)] if len(breakdown.shares) > 1 else ())


def print_page(console: Console, found: Sequence[Breakdown], width: int) -> None:
    """Print several: the dearest few of each, side by side where there is room; hours as a strip."""
    room = min(width, WIDEST)
    for line in _head(found[0], room):
        console.print(line, soft_wrap=True)
    told = [each for each in found if not each.by[0].is_time and _tells(each)]
    columns = 2 if room >= WIDE else 1
    cells = (room - GUTTER * (columns - 1)) // columns
    sections = [_section(each, cells) for each in told]
    for start in range(0, len(sections), columns):
        for line in _beside(sections[start : start + columns], cells):
            console.print(line, soft_wrap=True)
    for each in found:
        if each.by[0].is_time and each.shares:
            for line in _strip(each, room):
                console.print(line, soft_wrap=True)


def _head(breakdown: Breakdown, room: int) -> list[Text]:
    """What it is all about: the whole, and from when to when."""
    totals, calendar = breakdown.totals, breakdown.ask.calendar
    first, last = calendar.date_of(totals.first_at), calendar.date_of(totals.last_at)
    days = f"{first}" if first == last else f"{first} to {last}"
    parts = [
        Text(words.cost(totals), style="bold green"),
        Text(f"{words.short_tokens(totals.total_tokens)} tokens, {words.plural(totals.responses, 'response')}"),
        Text(days, style="dim"),
    ]
    return [*flowed(parts, room), Text("")]


def _fold(breakdown: Breakdown, shares: tuple[Share, ...], top: int, depth: int = 0) -> tuple[tuple[Share, ...], int]:
    """The first rows, and one for the rest, where that saves any; of days in their order the last."""
    if len(shares) - top < 2:
        return shares, 0
    is_earlier = depth < len(breakdown.by) and breakdown.by[depth].is_endless and breakdown.ask.sort in ("", "key")
    rest = shares[: len(shares) - top] if is_earlier else shares[top:]
    one = _together(rest, EARLIER if is_earlier else MORE, is_blurred=breakdown.is_by_tool)
    return ((one, *shares[-top:]) if is_earlier else (*shares[:top], one)), len(rest)


def _together(shares: Sequence[Share], word: str, *, is_blurred: bool) -> Share:
    """Several shares as one."""
    sums, runs = Sums(), Runs()
    for share in shares:
        sums.add(share.sums)
        runs.add(share.runs or Runs())
    name = f"({len(shares):,} {word})"
    return Share(name, sums, runs if is_blurred else None, stands_for=len(shares), is_blurred=is_blurred)


def _lines(breakdown: Breakdown) -> list[tuple[str, Share, int]]:
    """Names, shares and depths, in the order of the rows."""
    namer = Namer.of(breakdown)
    lines: list[tuple[str, Share, int]] = []
    for share in breakdown.shares:
        lines.append((namer.name(breakdown.by[0], share), share, 0))
        lines += [(f"  {_part_name(namer, breakdown.by[1], share, part)}", part, 1) for part in share.parts]
    return lines


def _part_name(namer: Namer, dimension: Dimension, share: Share, part: Share) -> str:
    """A tool below its own server goes without the server's name."""
    name = namer.name(dimension, part)
    return name.removeprefix(f"{words.clean(share.key)}/") if dimension.name == "mcp-tool" else name


def _title(breakdown: Breakdown) -> str:
    return " › ".join(each.title for each in breakdown.by)


def _least(breakdown: Breakdown, lines: Sequence[tuple[str, Share, int]]) -> int:
    """Cells that the names need before other columns get any.

    Instants say nothing when they are cut, nor does how many are not shown.
    """
    whole = (
        cell_len(name)
        for name, share, depth in lines
        if breakdown.by[depth].is_time or share.prompt is not None or share.stands_for
    )
    longest = max((cell_len(name) for name, _, _ in lines), default=0)
    return max(min(longest, NAMED), *whole, 0)


def _cells(columns: Sequence[ShareColumn], share: Share) -> list[str]:
    return [column.text(share) for column in columns]


def _tells(breakdown: Breakdown) -> bool:
    """False where every response is in the same boat and the boat has no name, or where there are no sub-agents."""
    return any(not share.key.startswith("(") and share.key != MAIN for share in breakdown.shares)


def _section(breakdown: Breakdown, room: int) -> list[Text]:
    """A heading, and a line a row with its cost, its share and a bar."""
    shown, _ = folded(breakdown, PAGE_ROWS, 0)
    namer = Namer.of(shown)
    dimension = shown.by[0]
    names = [namer.name(dimension, share) for share in shown.shares]
    costs = [words.cost(share.sums) for share in shown.shares]
    shares = [share_of(share, shown.totals) for share in shown.shares]
    wide = max(map(cell_len, costs))
    name_cells = min(max(map(cell_len, names)), max(room - wide - (23 if room > NARROWEST else 4), LEAST_NAME))
    bar_cells = max(room - name_cells - wide - 15, 0)
    top = max(part for part, share in zip(shares, shown.shares, strict=True) if not share.stands_for)
    lines = [Text(dimension.title, style="bold")]
    for name, cost, share, row in zip(names, costs, shares, shown.shares, strict=True):
        fitted = shortened(name, name_cells)
        line = Text(f"  {set_cell_size(fitted, name_cells)}  ", style="dim" if name.startswith("(") else "")
        line.append(f"{cost:>{wide}}", "green")
        if room > NARROWEST:
            line.append(f"  {words.percent(share):>7}  ")
        if bar_cells and not row.stands_for:
            line.append(thin_bar(round(share * 10_000), round(top * 10_000), bar_cells), "blue")
        line.rstrip()
        lines.append(line)
    return [*lines, Text("")]


def _beside(sections: Sequence[list[Text]], cells: int) -> list[Text]:
    """Sections side by side."""
    lines: list[Text] = []
    for row in zip_longest(*sections):
        line = Text()
        for number, part in enumerate(row):
            line.append_text(part or Text())
            if number < len(row) - 1:
                line.append(" " * (cells + GUTTER - line.cell_len))
        line.rstrip()
        lines.append(line)
    return lines


def _strip(breakdown: Breakdown, room: int) -> list[Text]:
    """Hours of the day, or days of the week: a mark each, as wide as there is room, with what they are below."""
    dimension = breakdown.by[0]
    found = {share.key: share for share in breakdown.shares}
    keys = [f"{hour:02}" for hour in range(24)] if dimension.name == "hour" else [s.key for s in breakdown.shares]
    margin = STRIP_MARGIN if room > NARROW else 2
    cells = max(1, min(3, (room - margin) // len(keys))) if dimension.name == "hour" else 4
    costs = [found[key].sums.cost if key in found else 0 for key in keys]
    marks = "".join(
        mark * (cells if cells < 3 else cells - 1) + (" " if cells >= 3 else "") for mark in sparkline(costs)
    )
    dearest = max(breakdown.shares, key=lambda share: share.sums.cost)
    name = Namer.of(breakdown).name(dimension, dearest)
    labels = _labels(dimension.name, keys, cells)
    title = Text(f"{dimension.title:<{margin}}", style="bold")
    blank = " " * margin
    return [
        *([] if room > NARROW else [title]),
        (title if room > NARROW else Text(blank)) + Text(marks.rstrip(), "cyan"),
        Text(f"{blank}{labels}".rstrip(), style="dim"),
        Text(f"{blank}most: {words.cost(dearest.sums)}, {name}", style="dim"),
        Text(""),
    ]


def _labels(name: str, keys: Sequence[str], cells: int) -> str:
    """Every sixth hour; every day of the week by its first letters."""
    if name != "hour":
        return "".join(f"{key[: cells - 1].capitalize():<{cells}}" for key in keys)
    return "".join(f"{key:<{cells * 6}}" for key in keys[::6])
