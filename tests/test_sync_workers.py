"""Reading over several processes gives what reading in one gives."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tokentide.model.batch import Batch
from tokentide.model.files import FileStamp
from tokentide.model.limits import Account
from tokentide.sources.claude_code.batches import Task, decode_batch, encode_batch, read_batch
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.sync import workers

PADDING = "x" * 200_000
USAGE = workers.Reading(read_batch, encode_batch, decode_batch)


@pytest.fixture
def large(machine: Machine) -> Machine:
    """Forty megabytes in twenty files; a fork repeats a file of another group."""
    for number in range(20):
        lines = [
            usage_line(f"m{number}-{n}", f"r{number}-{n}", session=f"s{number}") | {"padding": PADDING}
            for n in range(10)
        ]
        machine.write(f"-p/s{number}.jsonl", *lines)
    machine.write(
        "-p/fork.jsonl", *[usage_line(f"m3-{n}", f"r3-{n}", session="fork") | {"padding": PADDING} for n in range(10)]
    )
    return machine


def tasks(machine: Machine) -> list[Task]:
    paths = sorted((machine.claude / "projects").rglob("*.jsonl"))
    return [
        Task(FoundFile(str(p), str(p), "root", "claude_code", "-p", stamp(p)), Account("account", "account"))
        for p in paths
    ]


def stamp(path: Path) -> FileStamp:
    status = path.stat()
    return FileStamp(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


def identities(batches: list[Batch]) -> list[str]:
    return sorted(record.identity for batch in batches for record in batch.records)


def test_several_processes_read_what_one_reads(large: Machine) -> None:
    advanced: list[int] = []
    meanwhile: list[str] = []
    together = list(workers.read_all(tasks(large), USAGE, advanced.append, lambda: meanwhile.append("done")))
    assert len(together) > 1
    assert sorted(set(identities(together))) == sorted(set(identities([read_batch(tasks(large))])))
    assert sum(advanced) == sum(path.stat().st_size for path in (large.claude / "projects").rglob("*.jsonl"))
    assert meanwhile == ["done"]


def test_a_batch_survives_the_way_between_processes(large: Machine) -> None:
    batch = read_batch(tasks(large)[:3])
    again = decode_batch(encode_batch(batch))
    assert (again.records, again.places, again.files) == (batch.records, batch.places, batch.files)


def test_a_process_that_dies_is_made_up_for(large: Machine) -> None:
    code = (
        "import os, sys; from tokentide.sync import workers; from tokentide.cli.main import main\n"
        "work = workers._work\n"
        "def dying(*given):\n"
        "    os._exit(9)\n"
        "dying.__module__, dying.__qualname__ = '__main__', 'dying'\n"
        "workers._work = dying\n"
        "sys.exit(main(['daily', '--json']))\n"
    )
    environ = {**large._environ()}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["totals"]["responses"] == 200


def test_the_report_over_many_processes_is_right(large: Machine) -> None:
    report = large.json("session", "--json")
    assert report["totals"]["responses"] == 200
    assert len(report["rows"]) == 20


def test_a_long_first_reading_shows_a_bar_on_a_terminal(large: Machine) -> None:
    for number in range(20):
        large.write(f"-q/t{number}.jsonl", *[usage_line(f"q{number}", "x") | {"padding": PADDING * 10}])
    parent, child = pty.openpty()
    environ = {**large._environ(), "TERM": "xterm-256color", "COLUMNS": "90"}
    command = [sys.executable, "-m", "tokentide", "daily", "--json"]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=child)
    os.close(child)
    seen = drained(parent, process)
    assert process.wait(60) == 0
    assert b"Reading transcripts" in seen
    again = subprocess.run(command, env=environ, capture_output=True, check=False)
    assert b"Reading" not in again.stderr


def drained(descriptor: int, process: subprocess.Popen[bytes]) -> bytes:
    seen, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        ready, _, _ = select.select([descriptor], [], [], 0.2)
        try:
            chunk = os.read(descriptor, 65536) if ready else b""
        except OSError:
            break
        seen += chunk
        if not chunk and process.poll() is not None:
            break
    os.close(descriptor)
    return seen
