"""Draws something again and again until Ctrl+C; a terminal shows each picture in the place of the one before."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from tokentide import clock
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.lasting import stay
from tokentide.cli.live_screen import LiveScreen
from tokentide.cli.terminal import Terminal

Draw = Callable[[Terminal], int]


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


def redraw(terminal: Terminal, seconds: float, draw: Draw) -> ExitCode:
    """Call `draw` every so many seconds with the terminal as it is then; Ctrl+C is the normal end.

    A picture appears when it is complete, and the last one stays. Where nobody looks at a terminal, the pictures follow
    one another.
    """
    stay()
    try:
        if terminal.out.isatty() and terminal.environ.get("TERM") != "dumb":
            _redraw_on_screen(terminal, seconds, draw)
        while True:
            draw(replace(terminal, now=clock.now_us()))
            terminal.out.flush()
            time.sleep(seconds)
    except KeyboardInterrupt:
        return ExitCode.OK


def _redraw_on_screen(terminal: Terminal, seconds: float, draw: Draw) -> None:
    """Redraw in place; ends by KeyboardInterrupt alone."""
    picture = ""
    try:
        with LiveScreen(terminal.out) as screen:
            while True:
                frame = _Frame(terminal.out)
                draw(replace(terminal, out=frame, err=frame, now=clock.now_us()))
                picture = frame.getvalue()
                screen.show(picture.splitlines())
                time.sleep(seconds)
    finally:
        terminal.out.write(picture)
