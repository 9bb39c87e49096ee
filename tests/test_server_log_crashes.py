"""Whatever happens to the process that appends: what was acknowledged is there, once, until it is released."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import rmtree

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.log_stage import NOW, entry, writer
from tokentide.server.log.entry import packed
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.reader import LogReader
from tokentide.server.log.recovery import recover
from tokentide.server.log.segments import BEGIN, head_of, path_of, segments_in
from tokentide.server.log.writer import LogWriter

LIMITS = LogLimits(segment_bytes=600, least_free_bytes=0, group_entries=3)


class Log(RuleBasedStateMachine):
    """Appends, crashes, reads and releases in any order, beside a list that says what must be there."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log: LogWriter | None = writer(self.folder, LIMITS)
        self.reader = LogReader(str(self.folder))
        self.waiting: list[bytes] = []
        """Acknowledged, not released."""
        self.number = 0

    def teardown(self) -> None:
        if self.log:
            self.log.close()
        self.reader.close()
        rmtree(self.folder)

    @precondition(lambda self: self.log)
    @rule(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=8))
    def append(self, sizes: list[int]) -> None:
        assert self.log
        sent = [b"%d " % (self.number + place) + b"x" * size for place, size in enumerate(sizes)]
        for future in [self.log.append(entry(body)) for body in sent]:
            future.result(10)
        self.number += len(sizes)
        self.waiting += sent

    @precondition(lambda self: self.log)
    @rule(size=st.integers(0, 300), cut=st.integers(0, 400), is_flipped=st.booleans())
    def crash(self, size: int, cut: int, is_flipped: bool) -> None:
        """The process ends while it writes an entry: some of it is there, whatever of it, and nobody was told."""
        assert self.log
        self.log.close()
        self.log = None
        segments = segments_in(str(self.folder))
        if not segments:
            return
        head = head_of(str(self.folder), segments[-1])
        assert head
        torn = bytearray(head.mark + b"".join(packed(entry(b"t" * size))))[: cut or 1]
        torn = torn[:-1] if len(torn) >= len(b"".join(packed(entry(b"t" * size)))) + 8 else torn
        if is_flipped and torn:
            torn[len(torn) // 2] ^= 0xFF
        with open(path_of(str(self.folder), segments[-1]), "ab") as file:
            file.write(torn)

    @precondition(lambda self: self.log)
    @rule(length=st.integers(0, BEGIN - 1))
    def crash_at_the_beginning_of_a_segment(self, length: int) -> None:
        assert self.log
        self.log.close()
        self.log = None
        number = max([*segments_in(str(self.folder)), self.reader.checkpoint.segment]) + 1
        Path(path_of(str(self.folder), number)).write_bytes(os.urandom(length))

    @precondition(lambda self: not self.log)
    @rule()
    def open(self) -> None:
        self.log = writer(self.folder, LIMITS)

    @precondition(lambda self: not self.log)
    @rule()
    def only_recover(self) -> None:
        recover(str(self.folder), NOW)

    @rule()
    def open_reader_anew(self) -> None:
        self.reader.close()
        self.reader = LogReader(str(self.folder))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.waiting)))
        found = self.reader.entries(1 << 30, count)
        self.reader.release(found[-1].position)
        del self.waiting[: len(found)]

    @invariant()
    def everything_acknowledged_waits_once(self) -> None:
        assert [each.body for each in self.reader.entries(1 << 30)] == self.waiting
        assert bool(self.reader.waiting_bytes()) == bool(self.waiting)
        assert not self.reader.damages

    @invariant()
    def small_steps_find_the_same(self) -> None:
        found: list[bytes] = []
        after = self.reader.checkpoint
        while step := self.reader.entries(200, 2, after=after):
            found += [each.body for each in step]
            after = step[-1].position
        assert found == self.waiting


TestLog = Log.TestCase
TestLog.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def acknowledged_until_killed(folder: Path, seconds: float) -> list[int]:
    """Numbers that a process said were in the log, before it was killed."""
    root = str(Path(__file__).parent.parent)
    child = subprocess.Popen([sys.executable, "-m", "tests.log_stage", str(folder)], stdout=subprocess.PIPE, cwd=root)
    assert child.stdout
    first = child.stdout.readline()
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read()
    child.stdout.close()
    child.wait(10)
    lines = (first + rest).split(b"\n")[:-1]
    return [int(line) for line in lines]


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of other systems")
def test_every_acknowledged_entry_survives_kill_9(tmp_path: Path) -> None:
    random, count = Random(7), 0
    for turn in range(12):
        folder = tmp_path / str(turn % 4)
        reader = LogReader(str(folder))
        told = acknowledged_until_killed(folder, random.random() * 0.4)
        recover(str(folder), NOW)
        found: list[int] = []
        while entries := reader.entries(1 << 20):
            found += [int(each.body.split(b" ", 1)[0]) for each in entries]
            reader.release(entries[-1].position)
        reader.close()
        assert found == list(range(len(found)))
        assert told == list(range(len(told)))
        assert len(found) >= len(told)
        assert not reader.damages
        count += len(told)
    assert count > 500


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of other systems")
def test_a_reader_beside_a_writer_that_is_killed_sees_each_entry_once(tmp_path: Path) -> None:
    root = str(Path(__file__).parent.parent)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.log_stage", str(tmp_path)], stdout=subprocess.DEVNULL, cwd=root
    )
    try:
        reader = LogReader(str(tmp_path))
        found: list[int] = []
        until = time.monotonic() + 20
        while len(found) < 2000 and time.monotonic() < until:
            with suppress(IndexError):
                entries = reader.entries(100_000)
                found += [int(each.body.split(b" ", 1)[0]) for each in entries]
                reader.release(entries[-1].position)
    finally:
        child.kill()
        child.wait(10)
    assert len(found) >= 2000
    assert found == list(range(len(found)))
    assert not reader.damages
    reader.close()
