"""Changes of transcripts are told within a second, by the system's word and without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tokentide.settings import Settings
from tokentide.sync import watching
from tokentide.sync.watching import Watcher

PROMPT_SECONDS = 1.5
"""A change is told within a second; the rest is for a busy machine."""


@pytest.fixture(params=[True, False], ids=["told", "looking"])
def watcher(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watcher]:
    (tmp_path / ".claude" / "projects" / "p").mkdir(parents=True)
    (tmp_path / ".claude" / "projects" / "p" / "s.jsonl").write_text("{}\n")
    with Watcher(Settings(), {"HOME": str(tmp_path)}, may_be_told=request.param) as found:
        assert found.is_told is request.param
        yield found


def later(act: Callable[[], object]) -> float:
    """Do something shortly; returns when."""
    timer = threading.Timer(0.2, act)
    timer.start()
    return time.monotonic() + 0.2


def seconds_until_told(watcher: Watcher, act: Callable[[], object]) -> float:
    at = later(act)
    assert watcher.changes(10), "never told"
    return time.monotonic() - at


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("{}\n")


def append_below(folder: Path, *parts: str) -> None:
    """In a folder that is new."""
    folder.joinpath(*parts).mkdir(parents=True)
    append(folder.joinpath(*parts, "new.jsonl"))


CHANGES: dict[str, Callable[[Path], object]] = {
    "appended": lambda folder: append(folder / "s.jsonl"),
    "rewritten": lambda folder: (folder / "s.jsonl").write_text("[]\n"),
    "another file": lambda folder: append(folder / "t.jsonl"),
    "another project": lambda folder: append_below(folder.parent, "q"),
    "a sub-agent's": lambda folder: append_below(folder, "s", "subagents"),
    "rotated": lambda folder: os.replace(folder / "s.jsonl", folder / "old.jsonl"),
    "removed": lambda folder: (folder / "s.jsonl").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_told_within_a_second(watcher: Watcher, tmp_path: Path, change: str) -> None:
    folder = tmp_path / ".claude" / "projects" / "p"
    assert seconds_until_told(watcher, lambda: CHANGES[change](folder)) < PROMPT_SECONDS


def test_nothing_is_told_while_nothing_changes(watcher: Watcher) -> None:
    begin = time.monotonic()
    assert not watcher.changes(1.5)
    assert 1.4 < time.monotonic() - begin < 3


def test_what_happened_before_the_wait_is_told(watcher: Watcher, tmp_path: Path) -> None:
    append(tmp_path / ".claude" / "projects" / "p" / "s.jsonl")
    assert watcher.changes(5)


def test_other_files_of_the_client_are_no_change(tmp_path: Path) -> None:
    folder = tmp_path / ".claude" / "projects" / "p"
    folder.mkdir(parents=True)
    (folder / "notes.md").write_text("a")
    with Watcher(Settings(), {"HOME": str(tmp_path)}) as watcher:
        later(lambda: (folder / "notes.md").write_text("b"))
        assert not watcher.changes(1)


def test_a_root_that_appears_and_goes_is_followed(tmp_path: Path) -> None:
    with Watcher(Settings(), {"HOME": str(tmp_path)}) as watcher:
        assert not watcher.changes(0.1)
        projects = tmp_path / ".claude" / "projects"
        assert seconds_until_told(watcher, lambda: projects.mkdir(parents=True)) < PROMPT_SECONDS
        assert watcher.is_told
        assert seconds_until_told(watcher, lambda: append(projects / "s.jsonl")) < PROMPT_SECONDS
        while watcher.changes(0.5):
            pass
        assert seconds_until_told(watcher, lambda: shutil.rmtree(projects)) < PROMPT_SECONDS
        while watcher.changes(1.5):
            pass
        assert seconds_until_told(watcher, projects.mkdir) < PROMPT_SECONDS


def test_a_folder_that_is_replaced_by_another_is_watched(watcher: Watcher, tmp_path: Path) -> None:
    projects = tmp_path / ".claude" / "projects"
    projects.rename(tmp_path / "aside")
    projects.mkdir()
    while watcher.changes(1.5):
        pass
    assert seconds_until_told(watcher, lambda: append(projects / "s.jsonl")) < PROMPT_SECONDS


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".claude" / "projects").mkdir(parents=True)
    (tmp_path / ".claude" / "projects" / "link").symlink_to(tmp_path / "elsewhere")
    with Watcher(Settings(), {"HOME": str(tmp_path)}) as watcher:
        assert seconds_until_told(watcher, lambda: append(tmp_path / "elsewhere" / "s.jsonl")) < PROMPT_SECONDS


def test_a_wait_ends_when_another_thread_says_so(watcher: Watcher) -> None:
    at = later(watcher.wake)
    assert not watcher.changes(20)
    assert time.monotonic() - at < PROMPT_SECONDS
    watcher.wake()
    begin = time.monotonic()
    assert not watcher.changes(20)
    assert time.monotonic() - begin < PROMPT_SECONDS


def test_without_watchfiles_it_looks_itself(tmp_path: Path) -> None:
    (tmp_path / ".claude" / "projects").mkdir(parents=True)
    code = (
        "import sys; sys.modules['watchfiles'] = None\n"
        "from tokentide.settings import Settings\n"
        "from tokentide.sync.watching import Watcher\n"
        f"print(Watcher(Settings(), {{'HOME': {str(tmp_path)!r}}}).is_told)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the mount table is Linux's")
@pytest.mark.parametrize(
    ("mounts", "is_remote"),
    [
        ("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", False),
        ("22 1 8:1 / / rw - ext4 a rw\n23 22 0:40 / {root} rw shared:1 - nfs4 server:/x rw\n", True),
        ("22 1 8:1 / / rw - ext4 a rw\n23 22 0:40 / {root}/.claude rw - fuse.sshfs u@h: rw\n", True),
        ("22 1 8:1 / / rw - ext4 a rw\n23 22 0:40 / {root}x rw - nfs4 server:/x rw\n", False),
        ("no table\n", False),
        ("", False),
    ],
)
def test_folders_of_other_machines_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: str, is_remote: bool
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(mounts.format(root=tmp_path))
    (tmp_path / ".claude" / "projects").mkdir(parents=True)
    monkeypatch.setattr(watching, "_MOUNTS", str(table))
    with Watcher(Settings(), {"HOME": str(tmp_path)}) as watcher:
        assert watcher.is_told is not is_remote


def test_waiting_costs_next_to_nothing(watcher: Watcher) -> None:
    begin = time.process_time()
    assert not watcher.changes(3)
    assert time.process_time() - begin < 0.03
