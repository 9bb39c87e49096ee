"""Details are read before the client deletes its transcripts, also for those who only ever ask for quick reports."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
import sys
import time

from tests.conftest import Machine, usage_line
from tokentide.cli.background import reap
from tokentide.store.sqlite.ledger import Ledger


def test_a_report_on_a_terminal_has_details_read_in_the_background(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line("m1", "r1"))
    assert on_a_terminal(machine) == 0
    deadline = time.monotonic() + 30
    while details_read(machine) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_that_is_piped_starts_nothing(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line("m1", "r1"))
    assert machine.run("daily").returncode == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        assert ledger.limits.poll("details").next_at == 0


def test_it_is_started_once_an_hour_at_most(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line("m1", "r1"))
    assert on_a_terminal(machine) == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        booked = ledger.limits.poll("details").next_at
    assert on_a_terminal(machine) == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        assert ledger.limits.poll("details").next_at == booked


def test_a_report_does_not_wait_for_another_process_that_writes(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line("m1", "r1"))
    assert machine.run("daily").returncode == 0
    writer = sqlite3.connect(machine.ledger, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    begin = time.monotonic()
    assert on_a_terminal(machine) == 0
    assert time.monotonic() - begin < 10
    writer.close()
    assert details_read(machine) == 0


def test_without_transcripts_nothing_is_started(machine: Machine) -> None:
    transcript = machine.write("-p/s.jsonl", usage_line("m1", "r1"))
    assert machine.run("daily").returncode == 0
    transcript.unlink()
    assert on_a_terminal(machine) == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        assert ledger.limits.poll("details").next_at == 0


def test_a_command_that_goes_on_leaves_no_zombie() -> None:
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    reap(process)
    deadline = time.monotonic() + 30
    while is_listed(process):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_listed(process: int) -> bool:
    """True also for a zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def on_a_terminal(machine: Machine) -> int:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "tokentide", "daily"]
    done = subprocess.run(command, env=machine._environ(), stdout=subprocess.DEVNULL, stderr=child, check=False)
    os.close(child)
    os.close(parent)
    return done.returncode


def details_read(machine: Machine) -> int:
    with Ledger.open(str(machine.ledger)) as ledger:
        return len(ledger.details.files())
