"""The progress bar of a long first reading; nothing where nobody looks at a terminal, or where it is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentide.cli.terminal import Terminal
from tokentide.sync.engine import Observer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LONG_BYTES = 64 << 20
"""From so much to read on, a bar is shown."""


def observer_for(terminal: Terminal) -> Observer:
    """A bar on standard error if that is a terminal."""
    return BarObserver(terminal) if terminal.err.isatty() and terminal.environ.get("TERM") != "dumb" else Observer()


class BarObserver(Observer):
    """Draws the bar when told; no thread of its own, since processes may be forked meanwhile."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def begin(self, total_bytes: int) -> None:
        """Show the bar if this will take a while."""
        if total_bytes < LONG_BYTES:
            return
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("Reading transcripts"), BarColumn(), DownloadColumn(), TimeRemainingColumn(compact=True))
        self._bar = Progress(*columns, console=Console(file=self._terminal.err), auto_refresh=False, transient=True)
        self._task = self._bar.add_task("", total=total_bytes)
        self._bar.start()
        self._bar.refresh()

    def advance(self, read_bytes: int) -> None:
        """Move on."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, read_bytes)
            self._bar.refresh()

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
