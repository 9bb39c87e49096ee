"""Draws something again and again until Ctrl+C; a terminal shows each picture in the place of the one before."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from tokentide import clock
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal

HOME, CLEAR_LINE, CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class _Frame(io.StringIO):
    """Takes a picture while it is drawn, and looks like the terminal that it is drawn for."""

    def __init__(self, screen: TextIO) -> None:
        super().__init__()
        self._screen = screen

    def isatty(self) -> bool:
        """What the screen says."""
        return self._screen.isatty()

    def fileno(self) -> int:
        """That of the screen, whose size is asked for."""
        return self._screen.fileno()


def watch(terminal: Terminal, seconds: float, draw: Callable[[Terminal], int]) -> ExitCode:
    """Call `draw` every so many seconds with the terminal as it is then; Ctrl+C is the normal end.

    A picture appears when it is complete. Where nobody looks at a terminal, the pictures follow one another.
    """
    on_screen = terminal.out.isatty() and terminal.environ.get("TERM") != "dumb"
    try:
        terminal.out.write(HIDE_CURSOR + HOME + CLEAR_REST if on_screen else "")
        while True:
            frame = _Frame(terminal.out)
            talk = frame if on_screen else terminal.err
            draw(replace(terminal, out=frame, err=talk, now=clock.now_us()))
            picture = frame.getvalue()
            if on_screen:
                picture = HOME + picture.replace("\n", CLEAR_LINE + "\n") + CLEAR_REST
            terminal.out.write(picture)
            terminal.out.flush()
            time.sleep(seconds)
    except KeyboardInterrupt:
        return ExitCode.OK
    finally:
        terminal.out.write(SHOW_CURSOR if on_screen else "")
        terminal.out.flush()
