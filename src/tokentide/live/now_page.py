"""The page of now, which scrolls where it is longer than the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static


class NowPage(VerticalScroll):
    """Lines of text; without a bar beside them where all are seen."""

    def __init__(self) -> None:
        super().__init__(id="page")

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="now")

    def draw(self, lines: Sequence[Text], height: int) -> None:
        """Show these lines, of which so many are seen at once."""
        self.query_one("#now", Static).update(Text("\n").join(lines))
        self.show_vertical_scrollbar = len(lines) > height
