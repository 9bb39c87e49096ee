"""The panel's building blocks: rows that fit a width, and the box around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.render.charts import bar
from tokentide.render.fitting import shortened
from tokentide.render.words import clean

WIDEST, NARROWEST = 60, 10
"""Columns of the box, its border included."""
WIDEST_BAR, NARROWEST_BAR = 20, 8
PERCENT_CELLS = 6
"""Room for `100 %` and the blank before it."""
_BORDER = tuple("┌─┐│└┘")
_PLAIN_BORDER = tuple("+-+|++")


@dataclass(frozen=True, slots=True)
class PanelLook:
    """How the panel is drawn."""

    calendar: Calendar
    thresholds: tuple[int, int, int]
    """Percent from which a bar is yellow, orange and red."""
    width: int
    """Columns that there are."""
    now: int
    """µs UTC."""
    is_plain: bool = False
    """True where the output takes ASCII alone: no pictures, and every sign one column wide."""

    @property
    def box_width(self) -> int:
        """Columns of the box."""
        return min(max(self.width, NARROWEST), WIDEST)

    @property
    def room(self) -> int:
        """Columns inside the border and its margin."""
        return self.box_width - 4

    def safe(self, text: str) -> str:
        """Text from data, fit for this output."""
        shown = clean(text)
        if self.is_plain:
            shown = shown.replace("€", "EUR ").replace("£", "GBP ")
        return shown.encode("ascii", "replace").decode() if self.is_plain else shown

    def sign(self, picture: str) -> str:
        """A picture with a blank after it; nothing on a plain output."""
        return "" if self.is_plain else f"{picture} "

    def moment(self, at: int) -> str:
        """A local time of day, with the date where that is another one."""
        local, today = self.calendar.local(at), self.calendar.date_of(self.now)
        return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"


def boxed(title: str, rows: Iterable[Text], look: PanelLook) -> list[Text]:
    """The rows in a box with a title; every line is exactly as wide as the others in columns of the terminal."""
    left, line, right, side, low_left, low_right = _PLAIN_BORDER if look.is_plain else _BORDER
    width = look.box_width
    head = f"{left} {shortened(title, width - 4)} "
    top = Text(head + line * (width - 1 - cell_len(head)) + right)
    folded = (part for row in rows for part in _folded(row, look.room))
    body = [Text.assemble(f"{side} ", _padded(row, look.room), f" {side}") for row in folded]
    return [top, *body, Text(low_left + line * (width - 2) + low_right)]


def wrapped(text: str, width: int, style: str = "") -> list[Text]:
    """The text in as many rows as it needs, broken between words; a word that is too wide is cut."""
    rows = [""]
    for word in text.split():
        joined = f"{rows[-1]} {word}" if rows[-1] else word
        if cell_len(joined) <= width:
            rows[-1] = joined
        elif rows[-1]:
            rows.append(shortened(word, width))
        else:
            rows[-1] = shortened(word, width)
    return [Text(row, style) for row in rows]


def bar_rows(label: str, percent: tuple[float, str], style: str, look: PanelLook, label_cells: int) -> list[Text]:
    """A label, a bar and a percentage in words: on one row where there is room, else the bar on its own."""
    value, words = percent
    width = min(WIDEST_BAR, look.room - label_cells - 1 - PERCENT_CELLS)
    if width >= NARROWEST_BAR:
        padding = " " * (label_cells + 1 - cell_len(label))
        return [Text.assemble(label, padding, (bar(value / 100, width), style), (f"{words:>{PERCENT_CELLS}}", style))]
    gap = " " * max(1, look.room - cell_len(label) - cell_len(words))
    return [Text.assemble(label, gap, (words, style)), Text(bar(value / 100, look.room), style)]


def label_cells(labels: Sequence[str]) -> int:
    """Columns of the widest label."""
    return max(map(cell_len, labels), default=0)


def _folded(row: Text, width: int) -> list[Text]:
    """The row in as many as it needs, broken at blanks; what has none ends in an ellipsis."""
    rows: list[Text] = []
    while row.cell_len > width:
        blanks = [place for place, sign in enumerate(row.plain) if sign == " " and place]
        fitting = [place for place in blanks if cell_len(row.plain[:place]) <= width]
        if not fitting:
            row.truncate(width, overflow="ellipsis")
            break
        head, row = row.divide([fitting[-1]])
        rows.append(head)
        row = row[1:]
    return [*rows, row]


def _padded(row: Text, width: int) -> Text:
    """A row of exactly this width."""
    return Text.assemble(row, " " * max(0, width - row.cell_len))
