"""The first and the last line of the screen: what there is to look at, and which keys do what."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tokentide.analytics.live_tables import REALTIME, VIEWS

TITLES = {
    REALTIME: "Now",
    "daily": "Days",
    "weekly": "Weeks",
    "monthly": "Months",
    "session": "Sessions",
    "project": "Projects",
}
_SHORT_BELOW = 70
"""In fewer columns only the view that is shown is named; the others are their numbers."""
HINTS = (("?", "help"), ("q", "quit"), ("/", "filter"), ("s", "sort"), ("t", "theme"), ("r", "refresh"), ("↵", "open"))


class Tab(Static):
    """One view's name, to be clicked."""

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, name: str, number: int) -> None:
        super().__init__(classes="tab")
        self._view, self._number = name, number

    def draw(self, current: str, *, is_short: bool) -> None:
        """Show it; the current one stands out without colour, too."""
        is_current = current == self._view
        self.set_class(is_current, "-current")
        named = TITLES[self._view] if is_current or not is_short else ""
        self.update(Text(f" {self._number} {named} " if named else f" {self._number} "))

    def on_click(self) -> None:
        """Choose it."""
        self.post_message(self.Chosen(self._view))


class NavigationBar(Horizontal):
    """All views, and the time."""

    current = REALTIME

    def compose(self) -> ComposeResult:
        """A tab a view."""
        yield from self._tabs()
        yield Static(id="clock")

    def show(self, current: str) -> None:
        """Mark the view that is shown."""
        self.current = current
        for tab in self.query(Tab):
            tab.draw(current, is_short=self.app.size.width < _SHORT_BELOW)

    def tell(self, time: str) -> None:
        """The time of day."""
        self.query_one("#clock", Static).update(Text(time))

    def on_mount(self) -> None:
        """Draw the tabs."""
        self.show(self.current)

    def on_resize(self, _event: events.Resize) -> None:
        """Name as many as there is room for."""
        self.show(self.current)

    def _tabs(self) -> Iterator[Tab]:
        for number, name in enumerate(VIEWS, 1):
            yield Tab(name, number)


class HintBar(Static):
    """Keys at the left, as many as there is room for; at the right what is going on."""

    def tell(self, note: str, style: str = "") -> None:
        """Draw it with a note; what is wrong may take the whole line."""
        room = self.app.size.width - 2
        shown = Text(note, style)
        shown.truncate(room, overflow="ellipsis")
        line = Text()
        for key, meaning in HINTS:
            hint = Text.assemble((key, "bold"), f" {meaning}  ")
            if line.cell_len + hint.cell_len + shown.cell_len + 1 > room:
                break
            line.append_text(hint)
        self.update(line + Text(" " * max(room - line.cell_len - shown.cell_len, 0)) + shown)
