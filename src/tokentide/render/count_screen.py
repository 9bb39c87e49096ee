"""Tokens before they are sent: what weighs how much, and what it comes to for each model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from tokentide.analytics.count import Counted, Fit, ModelCount
from tokentide.analytics.count_parts import Part
from tokentide.analytics.token_estimate import TokenEstimate
from tokentide.render import words
from tokentide.render.charts import bar
from tokentide.render.table import STAYS, Strip, distinct_width, plain_strip, print_strips

BAR_WIDTH = 24
NARROW = 60
MOST_PARTS = 40
"""More are added up in a line."""
_STYLES = {Fit.YES: "green", Fit.PERHAPS: "dark_orange", Fit.NO: "bold red", Fit.UNKNOWN: "dim"}
_TEN_THOUSANDTH = 100_000
"""Nano-USD."""
_KINDS = {"pdf": "PDF", "system": "system prompt", "message": ""}


@dataclass(frozen=True, slots=True)
class CountColumn:
    """One column."""

    title: str
    importance: int = STAYS
    is_number: bool = True
    style: str = ""
    shrinks: bool = False


def print_count(console: Console, counted: Counted, width: int | None) -> tuple[str, ...]:
    """Print what weighs how much, then what it comes to; returns the columns that had no room."""
    dropped: list[str] = []
    if len(counted.parts) > 2 or counted.parts[0].what != "text":
        dropped += _print_parts(console, counted, width)
        console.print()
    if len(counted.models) == 1:
        for line in _one_model(counted.models[0], width):
            console.print(line, soft_wrap=True)
    else:
        dropped += _print_models(console, counted, width)
    return tuple(dict.fromkeys(dropped))


def small_money(nano: int) -> str:
    """Money that may be less than a cent: below a dollar in hundredths of a cent."""
    if nano >= 10**9 or not nano:
        return words.money(nano)
    if nano < _TEN_THOUSANDTH:
        return "<$0.0001"
    return f"${round(nano / 10**9, 4):.4f}"


def _print_parts(console: Console, counted: Counted, width: int | None) -> tuple[str, ...]:
    """A line a file, for the first model."""
    first = counted.models[0]
    shown = [*zip(counted.parts, first.parts, first.are_exact, strict=True)][:MOST_PARTS]
    rest = len(counted.parts) - len(shown)
    cells = [(_name(part), _kind(part), _size(part), *_numbers(found, is_exact=yes)) for part, found, yes in shown]
    if rest:
        cells.append((f"and {rest:,} more", "", "", "", ""))
    columns = (
        CountColumn("For " + words.model_name(first.model), is_number=False, style="bold", shrinks=True),
        CountColumn("Kind", 2, is_number=False, style="dim"),
        CountColumn("Size", 3),
        CountColumn("Tokens"),
        CountColumn("8 in 10 between", 4, style="dim"),
    )
    footers = ("Total", "", "", *_numbers(first.total, is_exact=first.is_official))
    strips = [
        plain_strip(column, [row[number] for row in cells], footers[number]) for number, column in enumerate(columns)
    ]
    strips[0].least = distinct_width([row[0] for row in cells])
    return print_strips(console, strips, [""] * len(cells), width, totals=True)


def _print_models(console: Console, counted: Counted, width: int | None) -> tuple[str, ...]:
    """A line a model, side by side."""
    rows = [_cells(each) for each in counted.models]
    columns = (
        CountColumn("Model", is_number=False, style="bold", shrinks=True),
        CountColumn("Tokens"),
        CountColumn("8 in 10 between", 2, style="dim"),
        CountColumn("As input", 8, style="green"),
        CountColumn("Write 5m", 5),
        CountColumn("Write 1h", 4),
        CountColumn("Read", 6),
        CountColumn("5 hours", 7),
        CountColumn("Context", 7, is_number=False),
    )
    kept = [number for number, title in enumerate(columns) if title.title != "5 hours" or any(row[7] for row in rows)]
    strips: list[Strip] = [plain_strip(columns[number], [row[number] for row in rows], "") for number in kept]
    strips[0].least = distinct_width([row[0] for row in rows])
    styles = [_STYLES[each.fit] if each.fit in (Fit.NO, Fit.PERHAPS) else "" for each in counted.models]
    return print_strips(console, strips, styles, width, totals=False)


def _cells(each: ModelCount) -> tuple[str, ...]:
    costs = each.costs
    prices = (costs.fresh, costs.write_5m, costs.write_1h, costs.read) if costs else ()
    shown = tuple(small_money(price) for price in prices) or (words.NO_PRICE, "", "", "")
    share = _roughly(each.share.likely) if each.share else ""
    return (
        words.model_name(each.model),
        *_numbers(each.total, is_exact=each.is_official),
        *shown,
        share,
        _context(each),
    )


def _one_model(each: ModelCount, width: int | None) -> Iterator[Text]:
    """A model in lines."""
    number, span = _numbers(each.total, is_exact=each.is_official)
    yield Text.assemble((words.clean(each.model), "bold"), "  ", (f"{number} tokens", "bold cyan"))
    if span or each.is_official:
        yield _line("8 in 10", span) if span else _line("counted by", "the vendor")
    bar_width = BAR_WIDTH if width is None or width >= NARROW else BAR_WIDTH // 3
    context = _line("context", "")
    context.append(_bar(each, bar_width), _STYLES[each.fit])
    yield context.append(_context(each))
    if each.costs is None:
        yield _line("price", words.NO_PRICE)
    else:
        yield _line("as input", small_money(each.costs.fresh), "bold green")
        yield _line("write 5 min", small_money(each.costs.write_5m))
        yield _line("write 1 h", small_money(each.costs.write_1h))
        yield _line("cache read", small_money(each.costs.read))
    if each.share is not None:
        span = f"{_percent(each.share.low)} to {_percent(each.share.high)}"
        yield _line("five hours", f"{_roughly(each.share.likely)} as input ({span})")


def _line(title: str, text: str, style: str = "") -> Text:
    return Text.assemble((f"{title:<13}", "dim"), (text, style))


def _bar(each: ModelCount, width: int) -> str:
    """How full the window would be; nothing where nobody knows its size."""
    return f"{bar(each.total.likely / each.context_window, width)} " if each.context_window else ""


def _context(each: ModelCount) -> str:
    """The share of the context window."""
    if each.context_window is None:
        return "size not known"
    percent = 100 * each.total.likely / each.context_window
    told = _percent(percent) if each.is_official else _roughly(percent)
    share = f"{told} of {words.short_tokens(each.context_window)}"
    return share + {Fit.NO: ", will not fit", Fit.PERHAPS: ", may not fit"}.get(each.fit, "")


def _numbers(estimate: TokenEstimate, *, is_exact: bool) -> tuple[str, str]:
    """The number and its range, in three digits; one that is known whole and without a range."""
    if is_exact:
        return words.tokens(estimate.likely), ""
    span = f"{_about(estimate.low)} to {_about(estimate.high)}" if estimate.low < estimate.high else ""
    return f"~{_about(estimate.likely)}", span


def _about(count: int) -> str:
    """A number that is not known more exactly than in three digits."""
    return words.tokens(round(count, 3 - len(str(count))))


def _name(part: Part) -> str:
    return words.clean(part.name)


def _kind(part: Part) -> str:
    """What it is, with what its weight goes by."""
    kind = _KINDS.get(part.what, part.what)
    if part.what == "image":
        width, height = part.images[0]
        return f"image, {width} × {height}"
    return f"{kind}, {words.plural(part.pages, 'page')}" if part.what == "pdf" else kind


def _size(part: Part) -> str:
    """Bytes in the largest unit that leaves a number above 1."""
    size, unit = float(part.size_bytes), "B"
    for larger in ("kB", "MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:,.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"


def _roughly(value: float) -> str:
    """A percentage that is an estimate."""
    return f"{'' if value < 0.01 else '~'}{_percent(value)}"


def _percent(value: float) -> str:
    """A percentage in two digits; a little is not nothing."""
    if 0 < value < 0.01:
        return "<0.01 %"
    return f"{value:.2f} %" if value < 1 else f"{value:.1f} %" if value < 10 else f"{value:,.0f} %"
