"""Says on the terminal what takes its time, for as long as it does; nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentide.cli.terminal import Terminal

if TYPE_CHECKING:
    from tokentide.store.sqlite.ledger import Ledger

CLEAR = "\r\x1b[K"
MANY = 50_000
"""From so many responses on, what takes its time is said."""


def takes_long(ledger: Ledger) -> bool:
    """True where there are so many responses that going through all of them is felt."""
    return ledger.row_counts()["records"] >= MANY


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
