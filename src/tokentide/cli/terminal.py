"""What surrounds a command: the streams, their width and colours, the environment, the clock's answer."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

FALLBACK_WIDTH = 80
"""For a terminal that does not tell its width, and for a screen that goes into a pipe."""
_SIGNS = {
    "·": "-",
    "–": "-",
    "—": "-",
    "…": ".",
    "≥": ">",
    "█": "#",
    "░": ".",
    "→": ">",
    "×": "x",
    "│": "|",
    "▓": "=",
    "▒": "-",
    "■": "#",
}
_BARS = dict(zip("▁▂▃▄▅▆▇", "_.-=+*%", strict=True))
_PLAIN = str.maketrans(_SIGNS | _BARS)


@dataclass(frozen=True, slots=True)
class Terminal:
    """The outer world as a command sees it."""

    environ: Mapping[str, str]
    now: int
    """The instant of the call, µs UTC."""
    out: TextIO
    err: TextIO

    def write(self, text: str) -> None:
        """Data, to standard output."""
        self.out.write(text + "\n")

    def say(self, text: str) -> None:
        """Talk, to standard error."""
        self.err.write(f"tokentide: {text}\n")

    def width(self, asked: int | None) -> int | None:
        """Columns to fill; None, without limit, where nobody looks at a terminal."""
        if asked is not None:
            return asked
        named = self.environ.get("COLUMNS", "")
        if named.isdecimal() and int(named) > 0:
            return int(named)
        return os.get_terminal_size(self.out.fileno()).columns or FALLBACK_WIDTH if self.out.isatty() else None

    def columns(self, asked: int | None) -> int:
        """Columns to fill, also where nobody looks at a terminal."""
        return self.width(asked) or FALLBACK_WIDTH

    def console(self, width: int | None, *, no_color: bool) -> Console:
        """A Rich console on standard output."""
        from rich.console import Console

        class PipeConsole(Console):
            """A console that leaves a closed pipe to `main`."""

            def on_broken_pipe(self) -> None:
                raise  # noqa: PLE0704

        plain = no_color or "NO_COLOR" in self.environ or self.environ.get("TERM") == "dumb"
        return PipeConsole(
            file=self.out,
            width=width or 10_000,
            no_color=plain,
            color_system=None if plain else "auto",
            highlight=False,
        )


def standard_terminal(now: int) -> Terminal:
    """The process's own streams; what their encoding lacks is written in plain characters."""
    codecs.register_error("tokentide-plain", _plainly)
    return Terminal(os.environ, now, _tolerant(sys.stdout), _tolerant(sys.stderr))


def plain_help(prog: str) -> argparse.HelpFormatter:
    """Folds what stands below the options; the library for colours is loaded only when help is shown on a terminal."""
    if _has_colours():
        from rich_argparse import RichHelpFormatter

        return RichHelpFormatter(prog)
    import argparse

    return argparse.HelpFormatter(prog)


def help_with_examples(prog: str) -> argparse.HelpFormatter:
    """Leaves what stands below the options as it is."""
    if _has_colours():
        from rich_argparse import RawDescriptionRichHelpFormatter

        return RawDescriptionRichHelpFormatter(prog)
    import argparse

    return argparse.RawDescriptionHelpFormatter(prog)


def _has_colours() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _tolerant(stream: TextIO | None) -> TextIO:
    """A stream that takes any text; one that was closed before we began takes it nowhere."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="tokentide-plain")
    return stream


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Stand-ins for characters that the output's encoding has not."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(character if character.isascii() else "?" for character in text), error.end
