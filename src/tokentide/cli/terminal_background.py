"""Asks a terminal whether its background is light, where that leaves no answer lying in its input."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Mapping

_QUESTION = b"\x1b]11;?\x1b\\\x1b[c"
"""What the background is; then what the terminal is, which every terminal answers, and after the other."""
_COLOUR = re.compile(rb"\x1b\]11;rgb:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")
_LAST = re.compile(rb"\x1b\[\?[0-9;]*c")
PATIENCE_SECONDS = 0.15
LIGHT = 0.5
"""From so much brightness on, of 1."""


def has_light_background(environ: Mapping[str, str]) -> bool | None:
    """What the terminal says; None where it does not, or is not asked.

    COLORFGBG needs no question. Over a slow line an answer may come when somebody else reads the keyboard, so it is not
    asked there; nor is one that is known to be none.
    """
    named = environ.get("COLORFGBG", "").rpartition(";")[2]
    if named.isdecimal():
        return named in ("7", "15")
    if sys.platform == "win32" or "SSH_CONNECTION" in environ or environ.get("TERM", "") in ("", "dumb", "linux"):
        return None
    return brightness_in(_answer())


def brightness_in(answer: bytes) -> bool | None:
    """Whether the colour in an answer is light; None without any."""
    found = _COLOUR.search(answer)
    if found is None:
        return None
    red, green, blue = (int(part, 16) / int(b"f" * len(part), 16) for part in found.groups())
    return 0.299 * red + 0.587 * green + 0.114 * blue >= LIGHT


def _answer() -> bytes:
    """What the terminal says to the question; what was typed meanwhile is lost."""
    import termios
    import tty

    try:
        before = termios.tcgetattr(0)
    except termios.error:
        return b""
    answer, deadline = b"", time.monotonic() + PATIENCE_SECONDS
    try:
        tty.setcbreak(0, termios.TCSANOW)
        os.write(1, _QUESTION)
        while not _LAST.search(answer) and (left := deadline - time.monotonic()) > 0:
            if select.select([0], [], [], left)[0]:
                answer += os.read(0, 1024)
    finally:
        termios.tcsetattr(0, termios.TCSAFLUSH, before)
    return answer
