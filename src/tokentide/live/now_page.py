"""The page of now, which scrolls where it is longer than the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static


class NowPage(VerticalScroll):
    """Lines of text; without a bar beside them where all are seen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
        Binding("ctrl+d", "page_down", show=False),
        Binding("ctrl+u", "page_up", show=False),
        Binding("left,h", "app.turn(-1)", show=False),
        Binding("right,l", "app.turn(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="page")

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="now")

    def draw(self, lines: Sequence[Text], height: int) -> None:
        """Show these lines, of which so many are seen at once."""
        self.query_one("#now", Static).update(Text("\n").join(lines))
        self.show_vertical_scrollbar = len(lines) > height
