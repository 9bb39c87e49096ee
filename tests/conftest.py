"""What every test can use: a machine of its own with transcripts, and the command line run on it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.account_stand_in import AccountStandIn, account_api, log_in
from tests.team_engines import (  # noqa: F401 -- fixtures: one of each for all tests, whatever file asks for them
    clickhouse_cluster,
    clickhouse_server,
    open_engine,
    team_engine,
    team_engines,
)
from tokentide.cli.main import run
from tokentide.cli.terminal import Terminal
from tokentide.repositories import project_of
from tokentide.sources.claude_code.instants import parse_instant

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.web_stage import Dashboard

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
"""Real transcripts beside the repository; absent on most machines."""


@dataclass
class Machine:
    """A home with transcripts, a ledger and settings of its own, below one temporary folder."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.root / "home"

    @property
    def claude(self) -> Path:
        """The default folder of Claude Code."""
        return self.home / ".claude"

    @property
    def ledger(self) -> Path:
        """The ledger file."""
        return self.root / "data" / "ledger.sqlite3"

    @property
    def folders(self) -> dict[str, str]:
        """Where tokentide keeps what is its own, as variables of the environment."""
        return {"TOKENTIDE_DATA_DIR": str(self.root / "data"), "TOKENTIDE_CONFIG_DIR": str(self.root / "config")}

    def write(
        self, name: str, *lines: str | bytes | Mapping[str, object], root: Path | None = None, end: bytes = b"\n"
    ) -> Path:
        """A transcript below `projects/`; objects are written as JSON, text and bytes as they are."""
        path = (root or self.claude) / "projects" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\n".join(map(as_bytes, lines)) + (end if lines else b""))
        return path

    def settings(self, text: str) -> None:
        """The settings file."""
        (self.root / "config").mkdir(exist_ok=True)
        (self.root / "config" / "settings.toml").write_text(text)

    def run(
        self, *arguments: str, environ: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """The command line as a process; the environment holds nothing of the developer's own."""
        return subprocess.run(
            [sys.executable, "-m", "tokentide", *arguments],
            env={**self._environ(), **(environ or {})},
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def call(self, *arguments: str, now: str = "2026-03-12T12:00:00Z", **environ: str) -> tuple[int, str, str]:
        """The command line in this process, at a fixed time; exit code, standard output, standard error."""
        instant = parse_instant(now)
        assert instant is not None
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME", "COLUMNS", "LINES", "NO_COLOR"):
                patch.delenv(name, raising=False)
            for name, value in {**self._environ(), **environ}.items():
                patch.setenv(name, value)
            project_of.cache_clear()
            code = run(list(arguments), Terminal(os.environ, instant, out, err))
        return code, out.getvalue(), err.getvalue()

    def json(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Any:
        """The JSON that a command prints; it must succeed."""
        done = self.run(*arguments, environ=environ)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            **self.folders,
            **self.environ,
        }


def as_bytes(line: str | bytes | Mapping[str, object]) -> bytes:
    """A line as it is written."""
    if isinstance(line, bytes):
        return line
    return line.encode() if isinstance(line, str) else json.dumps(line, separators=(",", ":")).encode()


LineMaker = Callable[..., dict[str, object]]


def usage_line(
    message_id: str | None = "m1",
    request_id: str | None = "r1",
    at: str = "2026-03-10T10:00:00.000Z",
    model: str = "claude-sonnet-4-20250514",
    session: str = "s1",
    **usage: object,
) -> dict[str, object]:
    """An assistant line of 100 input and 50 output tokens, unless `usage` says otherwise."""
    counts = {
        "input_tokens": 100,
        "output_tokens": 50,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        **usage,
    }
    message: dict[str, object] = {"model": model, "usage": counts, "stop_reason": "end_turn"}
    line: dict[str, object] = {
        "timestamp": at,
        "sessionId": session,
        "version": "2.1.100",
        "type": "assistant",
        "message": message,
    }
    if message_id is not None:
        message["id"] = message_id
    if request_id is not None:
        line["requestId"] = request_id
    return line


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty machine."""
    (tmp_path / "home").mkdir()
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared corpus; the test says so and is skipped where it is not."""
    if not CORPUS.is_dir():
        pytest.skip("the shared corpus of real transcripts is not beside this repository")
    return CORPUS


@pytest.fixture
def api() -> Iterator[AccountStandIn]:
    """A stand-in for the account's API."""
    with account_api() as server:
        yield server


@pytest.fixture
def subscriber(machine: Machine, api: AccountStandIn) -> Machine:
    """A machine whose owner is logged in, with that stand-in for the account."""
    log_in(machine)
    machine.environ["TOKENTIDE_API_URL"] = api.url
    return machine


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a screen, for the tests of one file: it may not be open while another file runs a loop."""
    from tests.web_stage import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """The dashboard on the sample of a month, for the tests of one file; no other may run beside it."""
    from tests.web_stage import Dashboard, fill

    machine = Machine(tmp_path_factory.mktemp("dashboard"))
    fill(machine)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard
