"""Bad circumstances for the command line: full and read-only disks, missing rights, limits, kills, and many lines."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Machine, usage_line
from tests.transcripts import encoded

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
WITHOUT_ROOTS_RIGHTS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""In front of a command: permission bits bind it although it is root's."""


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: bytes
    err: bytes
    most_memory_bytes: int = 0
    cpu_seconds: float = 0

    @property
    def said(self) -> list[str]:
        """The lines on standard error."""
        return self.err.decode("utf-8", "backslashreplace").splitlines()

    def json(self) -> Any:
        """What it printed; it must have succeeded without a traceback."""
        assert self.code == 0, self.err
        assert b"Traceback" not in self.err
        return json.loads(self.out)


def command(machine: Machine, *arguments: str, prefix: Sequence[str] = ()) -> list[str]:
    """The words that run the command line."""
    assert machine.root.is_dir()
    return [*prefix, sys.executable, "-m", "tokentide", *arguments]


def start(
    machine: Machine,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    stdout: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """The command line as a process that goes on by itself, in a group of its own."""
    return subprocess.Popen(
        command(machine, *arguments, prefix=prefix),
        env={**machine._environ(), **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def run(
    machine: Machine,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    timeout: float = 60,
) -> Done:
    """The command line to its end, its output as bytes."""
    process = start(machine, *arguments, environ=environ, prefix=prefix)
    return finished(process, timeout)


def finished(process: subprocess.Popen[bytes], timeout: float = 60) -> Done:
    """Wait for a process of ours; one that hangs is killed and fails the test."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, err = process.communicate()
        pytest.fail(f"{process.args!r} did not end in {timeout} s: {err[-2000:]!r}")
    return Done(process.returncode, out or b"", err)


MEASURE = (
    "import os, sys; pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ); _, status, usage = os.wait4(pid, 0); "
    "open(sys.argv[1], 'w').write(f'{usage.ru_maxrss} {usage.ru_utime + usage.ru_stime}'); "
    "sys.exit(os.waitstatus_to_exitcode(status))"
)
"""Runs a command from a small process: on Linux a process begins with the peak memory of the one that started it."""


def measured(machine: Machine, *arguments: str, timeout: float = 60) -> Done:
    """The command line with its CPU time and the largest memory, those of its own processes included."""
    figures = machine.root / "figures"
    words = [sys.executable, "-S", "-c", MEASURE, str(figures), *command(machine, *arguments)]
    process = subprocess.Popen(
        words,
        env=machine._environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail(f"{arguments!r} did not end in {timeout} s")
    memory_kb, cpu = figures.read_text().split()
    return Done(process.returncode, out, err, int(memory_kb) * 1024, float(cpu))


def one_clear_line(done: Done, *words: str) -> None:
    """What was said is one line of ours that has these words, and no traceback."""
    text = done.err.decode("utf-8", "backslashreplace")
    assert "Traceback" not in text
    assert len(done.said) == 1, text
    assert text.startswith("tokentide: ")
    for word in words:
        assert word in text, text


def inside(machine: Machine, *arguments: str, environ: Mapping[str, str] | None = None) -> Done:
    """The command line in this process, ten times as quick; an error of ours is raised, not said."""
    code, out, err = machine.call(*arguments, **(environ or {}))
    return Done(code, out.encode(), err.encode())


def responses(machine: Machine, *arguments: str, environ: Mapping[str, str] | None = None) -> int:
    """How many responses a report on everything counts; reckoned in this process."""
    return int(inside(machine, "daily", "--json", *arguments, environ=environ).json()["totals"]["responses"])


def many_lines(count: int, *, first: int = 0, per_quarter: int = 10) -> list[bytes]:
    """So many responses of 150 tokens each, ten in a quarter hour."""
    base = encoded(usage_line("MESSAGE", "REQUEST", "2026-TIME"))
    lines = []
    for number in range(first, first + count):
        minutes = number // per_quarter * 15
        at = f"2026-{minutes // 40_320 + 1:02}-{minutes % 40_320 // 1440 + 1:02}T{minutes % 1440 // 60:02}:{minutes % 60:02}:00.000Z"
        named = base.replace(b"MESSAGE", b"msg_%d" % number).replace(b"REQUEST", b"req_%d" % number)
        lines.append(named.replace(b"2026-TIME", at.encode()))
    return lines


def put(path: Path, lines: Sequence[bytes], *, append: bool = False) -> Path:
    """Write lines to a file, or behind what it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if append else "wb") as file:
        file.write(b"".join(line + b"\n" for line in lines))
    return path


@contextmanager
def small_disk(folder: Path, size: str, *, read_only: bool = False) -> Iterator[Path]:
    """A disk of that size at the folder; skips where this process may not mount one."""
    if not IS_ROOT or shutil.which("mount") is None:
        pytest.skip("only root can mount a disk of a few KB")
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size},mode=0700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tokentide-test", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this machine does not let root mount a disk: {done.stderr.decode().strip()}")
    try:
        if read_only:
            remount(folder, "ro")
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change a mounted disk: `ro`, `rw`, `size=1m`."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def ordinary_rights() -> tuple[str, ...]:
    """What to put in front of a command so that permission bits bind it."""
    if not IS_ROOT:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root is bound by permission bits only below setpriv, which is not here")
    return WITHOUT_ROOTS_RIGHTS


def limited_files(kilobytes: int) -> tuple[str, ...]:
    """What to put in front of a command so that no file of its may become larger."""
    return ("bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "limited")


def group_is_gone(process: subprocess.Popen[bytes], seconds: float = 5) -> bool:
    """Whether all processes that the ended one started end in that time; those that do not are killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    return False


def until(happened: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that must happen."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)
