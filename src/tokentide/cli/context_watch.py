"""context --watch: the page stays on the screen and is drawn anew when a transcript changes."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentide import clock, locations
from tokentide.cli.context_page import draw, read_context
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.lasting import stay
from tokentide.cli.live_screen import LiveScreen
from tokentide.cli.terminal import FALLBACK_WIDTH, Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import SECOND_US
from tokentide.errors import SessionError, TokentideError
from tokentide.render.words import clean
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synchroniser
from tokentide.sync.watching import Watcher

if TYPE_CHECKING:
    from tokentide.analytics.context.model import Context

LOOK_SECONDS = 0.2
"""So soon a key, a resized terminal or a change is noticed."""
PAUSE_SECONDS = 1.0
"""Between two readings: a working agent writes several lines a second."""
REDRAW_SECONDS = 10
"""So often ages are drawn anew without any change."""
QUIT = b"qQ\x03\x04"
"""Keys that end it."""


def watch(options: argparse.Namespace, workspace: Workspace) -> ExitCode:
    """Draw until q or Ctrl+C, which are its normal end; the last page stays. Without a terminal, a page a change."""
    stay()
    terminal = workspace.terminal
    page = _Page(options, workspace)
    page.begin()
    is_screen = terminal.out.isatty() and terminal.environ.get("TERM") != "dumb"
    with suppress(KeyboardInterrupt), Watcher(workspace.settings, terminal.environ) as watcher:
        if is_screen:
            with LiveScreen(terminal.out) as screen:
                _keep(page, watcher, screen)
        else:
            _follow(page, watcher, terminal)
    if is_screen:
        for line in page.lines(terminal.width(None), clock.now_us()):
            terminal.write(line)
    return ExitCode.OK


class _Page:
    """The context as it was last read."""

    def __init__(self, options: argparse.Namespace, workspace: Workspace) -> None:
        self._options, self._workspace = options, workspace
        self._context: Context | None = None
        self._fault = ""
        self._due = 0.0

    def begin(self) -> None:
        """Read it as the command begins, with the care that every command takes.

        Raises SessionError for a session that was named; without any one yet, the first will be shown.
        """
        try:
            self._context = self._workspace.with_ledger(
                lambda ledger, synced: read_context(ledger, synced, self._options, self._workspace)
            )
        except SessionError as error:
            if self._options.session:
                raise
            self._fault = str(error)

    def read(self) -> None:
        """Read it anew, a second after the last time at the earliest; what goes wrong is shown below the page."""
        time.sleep(max(0.0, self._due - time.monotonic()))
        settings, environ = self._workspace.settings, self._workspace.terminal.environ
        try:
            with Ledger.open(locations.ledger_path()) as ledger:
                synced = Synchroniser(settings, environ, self._workspace.book).sync(ledger)
                self._context = read_context(ledger, synced, self._options, self._workspace)
            self._fault = ""
        except TokentideError as error:
            self._fault = str(error)
        self._due = time.monotonic() + PAUSE_SECONDS

    def lines(self, columns: int | None, now: int, height: int = 0) -> list[str]:
        """The page as wide as it is asked for, or as there are columns; a short one if it is higher than the screen."""
        width = min(columns or FALLBACK_WIDTH, self._options.width or FALLBACK_WIDTH * 10)
        page = self._drawn(width, now, is_short=False)
        if 0 < height <= len(page):
            page = self._drawn(width, now, is_short=True)
        return [*page, *textwrap.wrap(clean(self._fault), max(width, 10))]

    def _drawn(self, width: int, now: int, *, is_short: bool) -> list[str]:
        if self._context is None:
            return []
        return draw(self._context, self._options, self._workspace, width, now, is_short=is_short)


def _keep(page: _Page, watcher: Watcher, screen: LiveScreen) -> None:
    """Redraw in place until a key ends it; what does not fit below is left out, the foot says how to end."""
    drawn: tuple[object, ...] = ()
    while not _is_ended():
        now = clock.now_us()
        (columns, height), version = screen.size, now // (REDRAW_SECONDS * SECOND_US)
        if drawn != (columns, height, version):
            drawn = (columns, height, version)
            lines = page.lines(columns, now, height)
            foot = "q ends" if len(lines) < height else "q ends; a taller window shows more"
            screen.show([*lines[: height - 1], foot[:columns]])
        if watcher.changes(LOOK_SECONDS):
            page.read()
            drawn = ()


def _follow(page: _Page, watcher: Watcher, terminal: Terminal) -> None:
    """A page each time a transcript has changed; ends by Ctrl+C."""
    said: list[str] = []
    while True:
        lines = page.lines(terminal.width(None), clock.now_us())
        if lines != said:
            said = lines
            terminal.write("\n".join([*lines, ""]))
            terminal.out.flush()
        while not watcher.changes(REDRAW_SECONDS):
            pass
        page.read()


def _is_ended() -> bool:
    """True where a key that ends it was pressed; other keys are forgotten."""
    if not sys.stdin.isatty():
        return False
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.kbhit() and msvcrt.getch() in QUIT
    import select

    while select.select([0], [], [], 0)[0]:
        keys = os.read(0, 64)
        if not keys or any(key in QUIT for key in keys):
            return True
    return False
