"""The progress bar of a long first reading; nothing where nobody looks at a terminal, or where it is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.cli.terminal import Terminal
from tokentide.sync.engine import Observer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LONG_BYTES = 64 << 20
"""From so much to read on, a bar is shown."""
MANY = 10_000
"""From so many things to send on."""


def observer_for(terminal: Terminal, sending: str = "") -> Observer:
    """A bar on standard error if that is a terminal: of bytes that are read, or of so called things that are sent."""
    if not terminal.err.isatty() or terminal.environ.get("TERM") == "dumb":
        return Observer()
    return BarObserver(terminal, sending)


class BarObserver(Observer):
    """Draws the bar when told; no thread of its own, since processes may be forked meanwhile."""

    def __init__(self, terminal: Terminal, sending: str = "") -> None:
        self._terminal, self._sending = terminal, sending
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def begin(self, total: int) -> None:
        """Show the bar if this will take a while."""
        if total < (MANY if self._sending else LONG_BYTES):
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        title = TextColumn(f"Sending {self._sending}" if self._sending else "Reading transcripts")
        amount = MofNCompleteColumn() if self._sending else DownloadColumn()
        columns = (title, BarColumn(), amount, TimeRemainingColumn(compact=True))
        self._bar = Progress(*columns, console=Console(file=self._terminal.err), auto_refresh=False, transient=True)
        self._task = self._bar.add_task("", total=total)
        self._bar.start()
        self._bar.refresh()

    def advance(self, done: int) -> None:
        """Move on."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, done)
            self._bar.refresh()

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
