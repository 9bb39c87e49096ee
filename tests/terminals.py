"""A shell in a terminal of its own, by tmux."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PROMPT = "prompt>"
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Pane:
    """The shell and what its screen shows; 80 columns and 30 lines at first."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        """With nothing in its environment but `environ`."""
        self._server = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        given = {"TERM": "xterm-256color", "PS1": f"{PROMPT} "} | environ
        shell = ["env", "-i", *(f"{name}={value}" for name, value in given.items()), "bash", "--norc", "--noprofile"]
        self._run("new-session", "-d", "-x", "80", "-y", "30", shlex.join(shell))
        self._run("set", "-s", "escape-time", "0")
        self.wait(lambda text: PROMPT in text)

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._server, *words], capture_output=True, text=True, encoding="utf-8", check=True)
        return done.stdout

    def text(self, *, history: bool = False) -> str:
        """What is seen, with `history` also what has left the screen."""
        return self._run("capture-pane", "-p", *(("-S", "-") if history else ()))

    def is_plain(self) -> bool:
        """True where the cursor is shown, on the shell's own screen, with the mouse left to the terminal."""
        return self._run("display", "-p", "#{cursor_flag}#{alternate_on}#{mouse_any_flag}").strip() == "100"

    def state(self) -> tuple[bool, bool]:
        """Whether the cursor is shown, and whether the alternate screen is."""
        shown, alternate = self._run("display", "-p", "#{cursor_flag} #{alternate_on}").split()
        return shown == "1", alternate == "1"

    def press(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def start(self, *words: str) -> None:
        """Begin a command of ours; its exit code follows it as `code=N`."""
        self.press(shlex.join([sys.executable, "-m", "tokentide", *words]) + "; echo code=$?", "Enter")

    def resize(self, columns: int, lines: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(lines))

    def wait(self, is_there: Callable[[str], bool], seconds: float = 30) -> str:
        """The screen once it shows that."""
        deadline = time.monotonic() + seconds
        while not is_there(text := self.text()):
            assert time.monotonic() < deadline, f"never came; the screen shows:\n{text}"
            time.sleep(0.1)
        return text

    def end(self) -> None:
        self._run("kill-server")
