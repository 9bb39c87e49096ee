"""The page of keys."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = (
    ("1 … 6", "now, days, weeks, months, sessions, projects"),
    ("Tab ← →", "the next view, the one before"),
    ("↑ ↓ j k", "up and down; g and G to the ends"),
    ("Enter", "open a day, a project, a session"),
    ("Esc", "back to where you came from"),
    ("/", "show only rows with these words"),
    ("s  S", "sort by the next column; the other way"),
    ("t", "the next theme"),
    ("r", "read everything again now"),
    ("y", "copy what is shown"),
    ("q", "quit; Ctrl+C does the same"),
)
NOTES = (
    "The mark in a bar is the clock: use left of it is slower than time.",
    "Odds are those that a window fills before its reset.",
    "Cost is at list price, burn rates are those of the last hour.",
)
_KEY_WIDTH = 9


class HelpScreen(ModalScreen[None]):
    """Any key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter,space", "dismiss", show=False)]

    def compose(self) -> ComposeResult:
        """The keys, then what to know."""
        with VerticalScroll(id="help"):
            yield Static(Text("Keys", style="bold"), classes="head")
            for key, meaning in KEYS:
                yield Static(Text.assemble((key.ljust(_KEY_WIDTH), "bold"), meaning))
            yield Static(Text(""))
            for note in NOTES:
                yield Static(Text(note))

    def on_click(self) -> None:
        """A click closes it, too."""
        self.dismiss()
