"""Says on the terminal what takes its time, for as long as it does; nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tokentide.cli.terminal import Terminal

CLEAR = "\r\x1b[K"


@contextmanager
def waiting(terminal: Terminal, text: str, *, is_shown: bool = True) -> Iterator[Callable[[str], None]]:
    """Show a line on standard error; what it yields shows another one in its place."""
    is_shown = is_shown and terminal.err.isatty() and terminal.environ.get("TERM") != "dumb"

    def show(what: str) -> None:
        if is_shown:
            terminal.err.write(f"{CLEAR}{what}")
            terminal.err.flush()

    show(text)
    try:
        yield show
    finally:
        show("")
