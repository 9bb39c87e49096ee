"""Runs the real Claude Code client as a person does, in a tmux of its own, and looks at its screen."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.realclient.client import CACHED_CLIENT, client_environment, find_client, need_client, skip_or_fail

DUMMY_TOKEN = "sk-ant-oat01-dummy-of-a-test"
"""What the client takes for a subscriber's login; the stand-in takes anything."""
COLUMNS, LINES = 140, 30


class ScreenTimeout(Exception):
    """The client did not show in time what was waited for."""

    def __init__(self, *, waited_for: str, seen: str) -> None:
        super().__init__(f"the client's screen never showed {waited_for}; it shows:\n{seen}")


@dataclass(frozen=True)
class Screen:
    """One client in one pane."""

    socket: Path

    def text(self) -> str:
        """What the pane shows, line by line, without colours."""
        return self._tmux("capture-pane", "-p")

    def type_line(self, words: str) -> None:
        """Type a prompt and send it off."""
        self._tmux("send-keys", "-l", words)
        self.wait_for(lambda text: words in text, what=f"the typed {words!r}")
        self._tmux("send-keys", "Enter")

    def wait_for(self, is_there: Callable[[str], bool], *, what: str, seconds: float = 30) -> str:
        """The screen, once it shows something. Raises ScreenTimeout."""
        deadline = time.monotonic() + seconds
        while not is_there(text := self.text()):
            if time.monotonic() > deadline:
                raise ScreenTimeout(waited_for=what, seen=text)
            time.sleep(0.1)
        return text

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout


def need_client_on_screen() -> None:
    """Skip the test where the client or tmux is not installed; on CI that is a failure."""
    need_client()
    if shutil.which("tmux") is None:
        skip_or_fail("needs tmux")


def subscriber_environment(home: Path, base_url: str, more: Mapping[str, str]) -> dict[str, str]:
    """The client's environment with a subscriber's login in place of a key, and without telemetry."""
    kept = {
        name: value
        for name, value in client_environment(home, base_url).items()
        if name != "ANTHROPIC_API_KEY" and "TELEMETRY" not in name and not name.startswith("OTEL_")
    }
    return kept | {"CLAUDE_CODE_OAUTH_TOKEN": DUMMY_TOKEN, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **more}


def past_its_first_start(home: Path) -> Path:
    """A folder to work in, and the client's notes that it has been greeted, and that the folder is trusted."""
    work = home / "work"
    work.mkdir(parents=True, exist_ok=True)
    trust = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True, "projectOnboardingSeenCount": 3}
    notes = {"hasCompletedOnboarding": True, "theme": "dark", "projects": {str(work): trust}}
    (home / ".claude.json").write_text(json.dumps(notes))
    return work


@contextmanager
def running_client(home: Path, base_url: str, model: str, more: Mapping[str, str]) -> Iterator[Screen]:
    """A client at its prompt; its tmux server, which nobody else uses, is ended with the test."""
    client = find_client()
    if client is None:
        raise FileNotFoundError(CACHED_CLIENT)
    work = past_its_first_start(home)
    environ = subscriber_environment(home, base_url, more)
    screen = Screen(home / "tmux")
    pairs = [f"{name}={value}" for name, value in environ.items()]
    size = ["-x", str(COLUMNS), "-y", str(LINES)]
    screen._tmux("new-session", "-d", *size, "-c", str(work), "env", "-i", *pairs, str(client), "--model", model)
    try:
        screen.wait_for(lambda text: "❯" in text, what="its prompt")
        yield screen
    finally:
        screen._tmux("kill-server")
