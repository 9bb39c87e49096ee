"""A table on the screen: filtered, sorted, drawn anew only where something has changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from tokentide.analytics.live_tables import RESPONSES, LiveRow, LiveTable, View
from tokentide.render.live_look import LiveLook
from tokentide.render.live_tables import (
    TITLES,
    Column,
    Sortable,
    cells_of,
    columns_for,
    label_key,
    label_of,
    label_width,
    matches,
)

LABEL = "label"
ARROWS = {False: "▲", True: "▼"}
_FIRST = {"project": ("cost", True), "session": ("last", True)}
"""What a view is sorted by to begin with, and whether the most comes first."""
CHUNK_ROWS, AHEAD_ROWS = 500, 100
"""So many rows are drawn at once, and as many more when so few lie ahead: the toolkit measures all that it is given."""
_Cells = tuple[Text, ...]


class Rows(DataTable[Text]):
    """Shows one LiveTable."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("g", "scroll_top", show=False),
        Binding("G", "scroll_bottom", show=False),
        Binding("ctrl+d", "page_down", show=False),
        Binding("ctrl+u", "page_up", show=False),
        Binding("left,h", "app.turn(-1)", show=False),
        Binding("right,l", "app.turn(1)", show=False),
    ]

    class Opened(Message):
        """A row was chosen that something lies below."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True)
        self._table: LiveTable | None = None
        self._look: LiveLook | None = None
        self._wish = ""
        self._order: dict[str, tuple[str, bool]] = {}
        self._left: list[LiveRow] = []
        """What the filter leaves, in order."""
        self._shown: list[tuple[str, _Cells]] = []
        """Key and cells of those that are drawn."""
        self._wanted = CHUNK_ROWS
        """How many may be drawn."""
        self._heads: list[tuple[str, str, int]] = []
        self._below: dict[str, View | None] = {}
        self._places: dict[View, str] = {}
        """The row of the cursor in views that one may come back to."""

    @property
    def shown_rows(self) -> Sequence[LiveRow]:
        """The rows that the filter leaves, in order."""
        return self._left

    def show_table(self, table: LiveTable, look: LiveLook, wish: str) -> None:
        """Draw what has changed; the cursor stays on its row."""
        is_other = self._table is None or self._table.view != table.view
        if is_other or wish != self._wish:
            self._wanted = CHUNK_ROWS
        self._table, self._look, self._wish = table, look, wish
        columns = columns_for(table, self._room())
        width = label_width(columns, self._room())
        heads = self._heads_of(table, columns, width)
        self._left = self._ordered(table, columns)
        rows = self._drawn(self._left[: self._wanted])
        if is_other or heads != self._heads or [key for key, _ in rows] != [key for key, _ in self._shown]:
            self._rebuild(heads, rows, keep=not is_other)
        else:
            self._patch(rows)
        self._heads, self._shown = heads, rows
        self._below = {row.key: row.below for row in table.rows}

    def clear_table(self, may_come_back: Collection[View] = ()) -> None:
        """Nothing to show until the next table comes; in these views the cursor will stand where it stood."""
        key = self._key_at_cursor()
        if self._table is not None and key is not None:
            self._places[self._table.view] = key
        self._places = {view: key for view, key in self._places.items() if view in may_come_back}
        self.clear(columns=True)
        self._table, self._left, self._shown, self._heads = None, [], [], []

    def as_text(self) -> str:
        """The rows that the filter leaves, their cells separated by tabs."""
        return "\n".join("\t".join(cell.plain.strip() for cell in cells) for _, cells in self._drawn(self._left))

    def action_scroll_bottom(self) -> None:
        """To the very last row."""
        self._draw_more(len(self._left))
        super().action_scroll_bottom()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the next rows before one comes to the end of those that are drawn."""
        super().watch_scroll_y(old_value, new_value)
        self.call_later(self._look_ahead)

    def sort_next(self) -> None:
        """Sort by the next column."""
        if self._table is not None:
            names = [name for name, _, _ in self._heads if name != "share"]
            by, _ = self._sorting(self._table)
            chosen = names[(names.index(by) + 1) % len(names)] if by in names else names[0]
            self._sort(chosen, descending=chosen not in (LABEL, "models", "project", "agent"))

    def reverse(self) -> None:
        """Sort the other way round."""
        if self._table is not None:
            by, descending = self._sorting(self._table)
            self._sort(by, descending=not descending)

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; the other way round the second time."""
        event.stop()
        if self._table is not None:
            by, descending = self._sorting(self._table)
            chosen = str(event.column_key.value)
            self._sort(chosen, descending=not descending if by == chosen else True)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open what lies below the row."""
        event.stop()
        self._open(str(event.row_key.value))

    def on_click(self, event: events.Click) -> None:
        """Open the row that was clicked; the toolkit only marks it."""
        row = event.style.meta.get("row", -1)
        if 0 <= row < len(self._shown):
            self._open(self._shown[row][0])

    def on_resize(self, _event: events.Resize) -> None:
        """Choose the columns anew."""
        if self._table is not None and self._look is not None:
            self.show_table(self._table, self._look, self._wish)

    def _open(self, key: str) -> None:
        below = self._below.get(key)
        if below is not None:
            self.post_message(self.Opened(below))

    def _room(self) -> int:
        """Columns, without that of the scroll bar."""
        return max(self.size.width - 2, 20)

    def _sorting(self, table: LiveTable) -> tuple[str, bool]:
        """By which column, and whether the most comes first."""
        return self._order.get(table.view.name) or _FIRST.get(table.view.name, (LABEL, True))

    def _sort(self, by: str, *, descending: bool) -> None:
        if self._table is not None and self._look is not None:
            self._order[self._table.view.name] = ("cost" if by == "share" else by, descending)
            self._wanted = CHUNK_ROWS
            self.show_table(self._table, self._look, self._wish)

    def _heads_of(self, table: LiveTable, columns: list[Column], width: int) -> list[tuple[str, str, int]]:
        """Name, title and width of each column."""
        by, descending = self._sorting(table)
        heads = [(LABEL, TITLES[table.view.name], width), *((each.name, each.title, each.width) for each in columns)]
        return [(name, f"{title} {ARROWS[descending]}" if name == by else title, cells) for name, title, cells in heads]

    def _ordered(self, table: LiveTable, columns: list[Column]) -> list[LiveRow]:
        """The rows that the filter leaves, in order."""
        by, descending = self._sorting(table)
        keys = {column.name: column.key for column in columns}

        def key(row: LiveRow) -> Sortable:
            return keys[by](row) if by in keys else label_key(table, row)

        left = [row for row in table.rows if matches(row, self._wish)]
        is_as_read = by == LABEL and table.view.name == RESPONSES and descending
        return left if is_as_read else sorted(left, key=key, reverse=descending)

    def _drawn(self, rows: list[LiveRow]) -> list[tuple[str, _Cells]]:
        """Rows with their cells."""
        table, look = self._table, self._look
        if table is None or look is None:
            return []
        shared = cells_of(table, look)
        columns = columns_for(table, self._room())
        width = label_width(columns, self._room())
        return [
            (row.key, (label_of(table, row, shared, width), *(column.cell(row, shared) for column in columns)))
            for row in rows
        ]

    def _look_ahead(self) -> None:
        """Draw the next rows where few lie ahead."""
        if self.scroll_y + self.size.height + AHEAD_ROWS > len(self._shown):
            self._draw_more(len(self._shown) + CHUNK_ROWS)

    def _draw_more(self, many: int) -> None:
        """Draw so many of the rows in all."""
        more = self._drawn(self._left[len(self._shown) : many])
        if more:
            self._wanted = many
            self._shown += more
            for key, cells in more:
                self.add_row(*cells, key=key)

    def _rebuild(self, heads: list[tuple[str, str, int]], rows: list[tuple[str, _Cells]], *, keep: bool) -> None:
        """All columns and rows anew."""
        cursor = self._key_at_cursor() if keep else self._places.get(self._table.view) if self._table else None
        offset = self.scroll_y
        with self.app.batch_update():
            self.clear(columns=True)
            for name, title, width in heads:
                is_text = name in (LABEL, "models", "project", "last", "agent", "share")
                self.add_column(Text(title, justify="left" if is_text else "right"), key=name, width=width)
            for key, cells in rows:
                self.add_row(*cells, key=key)
            keys = [key for key, _ in rows]
            if cursor in keys:
                self.move_cursor(row=keys.index(cursor), scroll=not keep)
            if cursor in keys and keep:
                self.scroll_to(y=offset, animate=False)

    def _patch(self, rows: list[tuple[str, _Cells]]) -> None:
        """Only the cells that are others."""
        names = [name for name, _, _ in self._heads]
        for (key, cells), (_, before) in zip(rows, self._shown, strict=True):
            for name, cell, old in zip(names, cells, before, strict=True):
                if cell != old:
                    self.update_cell(key, name, cell)

    def _key_at_cursor(self) -> str | None:
        index = self.cursor_row
        return self._shown[index][0] if 0 <= index < len(self._shown) else None
