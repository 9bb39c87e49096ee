"""A table with what stands around it: the way down to it, its totals, and the line in which one types a filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from tokentide.analytics.live_tables import LiveTable, View
from tokentide.live.lines import crumb_line
from tokentide.live.rows import Rows
from tokentide.render.live_look import LiveLook
from tokentide.render.live_tables import total_line


class TablePane(Vertical):
    """Shows the table of one view, as it is filtered."""

    def __init__(self, look_of: Callable[[int], LiveLook]) -> None:
        """`look_of` says how things are drawn in so many columns."""
        super().__init__(id="tables")
        self._look_of = look_of
        self._views: Sequence[View] = ()
        self._wish = ""
        self._wishes: dict[View, str] = {}
        """Filters of the views that one may come back to."""
        self.table: LiveTable | None = None
        """None until it has come."""

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Static(id="crumbs")
        yield Rows()
        yield Static(id="totals")
        yield Input(id="filter", placeholder="only rows with these words; Esc ends", compact=True)

    @property
    def is_filtering(self) -> bool:
        """Whether there is a filter, or one is being typed."""
        return bool(self._wish) or self._field.display

    def begin(self, views: Sequence[View]) -> None:
        """Another view, the last of these; its table comes later. Where one comes back to, all is as it was."""
        if self._views:
            self._wishes[self._views[-1]] = self._wish
        self._wishes = {view: wish for view, wish in self._wishes.items() if view in views}
        self._views, self.table = views, None
        self.end_filter()
        self._wish = self._wishes.get(views[-1], "")
        self.query_one(Rows).clear_table(views)
        self.query_one("#totals", Static).update("")
        self.query_one("#crumbs", Static).update(crumb_line(views, self._wish, self._look()))

    def show(self, table: LiveTable) -> None:
        """The table, or a newer one of the same view."""
        self.table = table
        self.draw()

    def draw(self) -> None:
        """Draw what is known."""
        if self.table is None:
            return
        look, rows = self._look(), self.query_one(Rows)
        rows.show_table(self.table, look, self._wish)
        self.query_one("#totals", Static).update(total_line(self.table, rows.shown_rows, look))
        crumbs = crumb_line(self._views, self._wish, look)
        if not rows.shown_rows:
            crumbs.append("  no row has these words" if self.table.rows else "  nothing here yet", look.palette.dim)
        self.query_one("#crumbs", Static).update(crumbs)

    def take_focus(self) -> None:
        """Let keys go to the rows."""
        self.query_one(Rows).focus()

    def begin_filter(self) -> None:
        """Type what rows must contain."""
        self._field.display = True
        self._field.value = self._wish
        self._field.focus()

    def end_filter(self) -> None:
        """Show all rows."""
        self._wish = ""
        self._field.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        event.stop()
        if self._field.display:
            self._wish = event.value
            self.draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, and go back to the rows."""
        event.stop()
        self._field.display = False
        self.take_focus()

    def as_text(self) -> str:
        """The rows, their cells separated by tabs."""
        return self.query_one(Rows).as_text()

    @property
    def _field(self) -> Input:
        return self.query_one("#filter", Input)

    def _look(self) -> LiveLook:
        return self._look_of(max(self.app.size.width - 2, 20))
