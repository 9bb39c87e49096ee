"""A screen of its own that is redrawn in place; the terminal is left as it was found, however the program ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self, TextIO

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?25h\x1b[?1049l"
"""The alternate screen does not reflow when it is resized, and gives the shell's screen back at the end."""
_HOME, _CLEAR_LINE, _CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"


_Keyboard = list[int | list[bytes | int]]
"""What `termios` tells of a terminal."""


class LiveScreen:
    """Use it as a context manager; Ctrl+C raises KeyboardInterrupt as ever, a polite kill raises SystemExit."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown: tuple[object, ...] = ()
        self._keyboard: _Keyboard | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines as they are now."""
        size = os.get_terminal_size(self._out.fileno())
        return size.columns or 80, size.lines or 24

    def show(self, lines: Sequence[str]) -> None:
        """Draw the lines, each no wider than the screen; those below its end are left out."""
        columns, height = self.size
        picture = (columns, *lines[:height])
        if picture != self._shown:
            self._shown = picture
            # Cleared before it is written: after a line that fills the screen it would take the last sign away.
            body = "\r\n".join(f"{_CLEAR_LINE}{line}" for line in lines[:height])
            rest = f"\r\n{_CLEAR_REST}" if len(lines) < height else ""
            self._write(f"{_HOME}{body}{rest}")

    def __enter__(self) -> Self:
        self._keyboard = _quiet_keyboard()
        self._write(_ENTER)
        signal.signal(signal.SIGTERM, _end)
        if hasattr(signal, "SIGTSTP"):
            signal.signal(signal.SIGTSTP, self._pause)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the terminal itself may have gone
            self._give_back()

    def _give_back(self) -> None:
        """The screen and the keyboard as they were found."""
        self._write(_LEAVE)
        _restore_keyboard(self._keyboard)

    def _pause(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl+Z: give the screen back, stop, and draw anew when the shell says so."""
        self._give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._pause)
        self._shown = ()
        self._keyboard = _quiet_keyboard()
        self._write(_ENTER)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _quiet_keyboard() -> _Keyboard | None:
    """Let keys show nothing, Ctrl+C and Ctrl+Z work on; returns how it was, None where no keyboard is there."""
    try:
        import termios
    except ImportError:  # Windows shows no keys on the alternate screen
        return None
    try:
        before: _Keyboard = termios.tcgetattr(0)
        quiet = termios.tcgetattr(0)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(0, termios.TCSANOW, quiet)
    except (termios.error, OSError):
        return None
    return before


def _restore_keyboard(before: _Keyboard | None) -> None:
    """As it was; what was typed meanwhile is forgotten."""
    if before is None:
        return
    import termios

    with suppress(termios.error):
        termios.tcsetattr(0, termios.TCSAFLUSH, before)
