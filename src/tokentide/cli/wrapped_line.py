"""Runs the status line that was there before ours: the same input, its own output, a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from types import TracebackType
from typing import Self

LIMIT_SECONDS = 3.0
"""It is ended after this; ours is shown anyhow."""
MOST_BYTES = 64 << 10
"""Of its output."""


class Wrapped:
    """One run of another status line, begun before ours is made; use it as a context manager.

    Input and output are files without a name, so that neither a program that does not read nor one that leaves
    something running behind holds anybody up.
    """

    def __init__(self, command: str, data: bytes) -> None:
        """Raises OSError where it cannot be started."""
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 -- closed at this object's own end
        with tempfile.TemporaryFile() as given:
            given.write(data)
            given.seek(0)
            self._process = subprocess.Popen(  # noqa: S602 -- the person's own command, from the client's settings
                command,
                shell=True,
                stdin=given,
                stdout=self._out,
                stderr=subprocess.DEVNULL,
                start_new_session=sys.platform != "win32",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._out.close()

    def output(self) -> str:
        """What it has said when it has ended, or when its time is up; without the line's end."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(LIMIT_SECONDS)
        self._out.seek(0)
        return self._out.read(MOST_BYTES).decode("utf-8", "replace").rstrip("\r\n")

    def _end(self) -> None:
        """End what still runs, with all that it has started."""
        if self._process.poll() is None:
            with suppress(OSError):
                if sys.platform == "win32":
                    self._process.kill()
                else:
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
