"""What the status line runs beside itself, and what it loads."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.claude_pushes import LINE, UNSYNCED, call, pushed
from tests.conftest import Machine, usage_line
from tokentide.cli.background import start_sync
from tokentide.errors import UsageError
from tokentide.store.sqlite.ledger import Ledger


@pytest.fixture
def quiet(machine: Machine) -> Machine:
    machine.settings(UNSYNCED)
    return machine


def test_another_status_line_comes_first_and_gets_the_same_input(quiet: Machine) -> None:
    line = call(quiet, pushed(), "--wrap", "echo before; wc -c; printf '\\033[1mbold\\033[0m\\n\\n'")
    assert line == f"before\n{len(pushed())}\n\x1b[1mbold\x1b[0m\n{LINE}"


@pytest.mark.parametrize("command", ["exit 3", "false", "no-such-command-anywhere", "echo error >&2", "kill -9 $$"])
def test_one_that_fails_leaves_ours_alone(quiet: Machine, command: str) -> None:
    assert call(quiet, pushed(), "--wrap", command) == LINE


def test_one_that_hangs_is_ended_with_all_that_it_started(quiet: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.cli.wrapped_line.LIMIT_SECONDS", 0.3)
    note = quiet.root / "pid"
    line = call(quiet, pushed(), "--wrap", f"echo begun; sleep 60 & echo $! > {shlex.quote(str(note))}; wait")
    assert line == f"begun\n{LINE}"
    assert wait_for_end(int(note.read_text()))


def test_one_that_leaves_something_running_holds_nobody_up(quiet: Machine) -> None:
    begin = time.monotonic()
    assert call(quiet, pushed(), "--wrap", "echo begun; sleep 2 &") == f"begun\n{LINE}"
    assert time.monotonic() - begin < 1.5


def test_endless_output_is_cut(quiet: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.cli.wrapped_line.LIMIT_SECONDS", 0.2)
    assert len(call(quiet, pushed(), "--wrap", "yes")) < 70_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--replace",), "belong to"),
        (("--dir", "x"), "belong to"),
        (("--wrap",), "takes the command"),
        (("--wrap", "install"), "install --wrap"),
        (("install", "--wrap", "x"), "takes no command"),
        (("install", "--wrap", "--replace"), "give one of them"),
        (("status", "--replace"), "belong to"),
    ],
)
def test_a_wrong_command_line_says_what_would_be_right(
    quiet: Machine, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        quiet.call("statusline", *arguments)
    assert not quiet.claude.exists()


def test_the_ledger_is_brought_up_to_date_in_the_background(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    done = machine.run("statusline", stdin=pushed(), environ={"NO_COLOR": "1"})
    assert done.returncode == 0
    deadline = time.monotonic() + 60
    while count_of(machine) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    second = machine.run("statusline", stdin=pushed(21, session_id="s2"))
    assert second.returncode == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        booked = ledger.limits.poll("background sync")
    assert abs(booked.next_at / 1_000_000 - 60 - time.time()) < 60


@pytest.mark.parametrize("has_spawn", [True, False])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_sync_runs_apart_and_ends_by_itself(
    machine: Machine, has_spawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.write("-p/s.jsonl", usage_line())
    if not has_spawn:
        monkeypatch.delattr(os, "posix_spawn")
    process = start_sync(machine._environ())
    assert os.getsid(process) == process
    assert os.waitpid(process, 0) == (process, 0)
    assert count_of(machine) == 1


def count_of(machine: Machine) -> int:
    with Ledger.open(str(machine.ledger)) as ledger:
        return ledger.row_counts()["records"]


def wait_for_end(process: int) -> bool:
    """True once a process is no more than a name in the table."""
    for _ in range(100):
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def loaded(quiet: Machine) -> set[str]:
    """The modules that a warm call has loaded at its end."""
    data = pushed(rate_limits={"five_hour": {"used_percentage": 5}})
    quiet.run("statusline", stdin=data)
    code = (
        "import sys; sys.argv = ['tokentide', 'statusline']\n"
        "from tokentide.command import entry; entry(); print(*sys.modules, file=sys.stderr)"
    )
    (quiet.root / "config" / "settings.toml").unlink()
    with Ledger.open(str(quiet.ledger)) as ledger:  # no sync is due for a minute
        ledger.limits.claim_poll("background sync", 2**62, time.time_ns() // 1_000 + 60_000_000)
    done = subprocess.run(
        [sys.executable, "-c", code], env=quiet._environ(), input=data, capture_output=True, text=True, check=True
    )
    assert "5h" in done.stdout
    return {*done.stderr.split()}


def test_a_warm_call_loads_only_what_it_needs(loaded: set[str]) -> None:
    heavy = {
        "argparse",
        "asyncio",
        "concurrent",
        "genai_prices",
        "hashlib",
        "httpx2",
        "importlib.metadata",
        "msgspec",
        "multiprocessing",
        "platformdirs",
        "pydantic",
        "rich",
        "shutil",
        "subprocess",
        "tempfile",
        "tomllib",
        "traceback",
        "unicodedata",
        "zoneinfo",
    }
    assert not loaded & heavy
    ours = {name for name in loaded if name.startswith("tokentide")}
    assert not {name for name in ours if "reader" in name or "lines" in name or "engine" in name}
    assert "tokentide.store.sqlite.ledger" not in ours
    assert "tokentide.sources.claude_code.account" not in ours
    assert len(loaded) < 130, f"{len(loaded)} modules; each costs start-up time"
