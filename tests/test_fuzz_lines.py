"""Damaged lines: nothing raises, nothing hangs, every line is counted once, and whole lines beside them are all read.

TOKENTIDE_FUZZ_SECONDS is how long to try (3), TOKENTIDE_FUZZ_FRESH=1 tries other cases. A failure prints its seed, which
TOKENTIDE_FUZZ_SEED takes to run that case alone.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

import msgspec
import pytest

from tests.conftest import CORPUS, usage_line
from tests.fuzzing import HAND_MADE, mutate
from tests.transcripts import encoded
from tokentide.model.files import FileStamp, FileState
from tokentide.model.usage import UsageRecord
from tokentide.sources.claude_code.parser import NOBODY, FileContext, Harvest, LineParser
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.sources.claude_code.reader import TranscriptReader
from tokentide.sources.claude_code.wire import decode_line

SECONDS = float(os.environ.get("TOKENTIDE_FUZZ_SECONDS", "3"))
READING_SECONDS = 15.0
"""CPU time after which the reading of a file of a few lines counts as a hang."""
REAL_LINES = 400
LONGEST_REAL = 20_000


@dataclass(frozen=True)
class Case:
    """One file: its bytes, and the whole lines in it by message id."""

    data: bytes
    untouched: dict[str, dict[str, object]]


class HangError(Exception):
    """Reading took too long."""


def seeds() -> list[bytes]:
    """Lines to begin with: made by hand, and real ones where the shared corpus is."""
    found = list(HAND_MADE)
    for path in sorted(CORPUS.glob("claude/*/projects/**/*.jsonl"))[:60]:
        lines = [line for line in path.read_bytes().split(b"\n") if 0 < len(line) < LONGEST_REAL]
        found += [line for line in lines if b'"usage"' in line][:3] + lines[:3]
    return found[: len(HAND_MADE) + REAL_LINES]


def case_of(seed: int, begin_with: Sequence[bytes]) -> Case:
    """The file that a seed stands for: damaged lines, and whole ones among them."""
    random = Random(seed)
    lines: list[bytes] = []
    untouched: dict[str, dict[str, object]] = {}
    for number in range(random.randint(1, 10)):
        if random.random() < 0.5:
            lines.append(mutate(random, random.choice(begin_with), begin_with))
            continue
        whole = usage_line(f"untouched-{number}", f"whole-{number}", output_tokens=random.randint(0, 10**6))
        untouched[f"untouched-{number}"] = whole
        lines.append(encoded(whole))
    ends = [random.choice((b"\n", b"\n", b"\n", b"\r\n")) for _ in lines]
    if random.random() < 0.2:
        ends[-1] = b""
    return Case(b"".join(line + end for line, end in zip(lines, ends, strict=True)), untouched)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise HangError after so much CPU time of this process."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise HangError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read(
    path: Path, data: bytes, harvest: Harvest, known: FileState | None = None, buffer: int | None = None
) -> FileState:
    """Write the bytes and read the file, from where `known` ends on."""
    path.write_bytes(data)
    status = path.stat()
    stamp = FileStamp(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
    reader = TranscriptReader(harvest)
    if buffer is not None:
        reader._buffer = bytearray(buffer)
    found = FoundFile(str(path), str(path), str(path.parent), "claude_code", "p", stamp)
    with limited(READING_SECONDS):
        return reader.read(found, NOBODY, known)


def told(harvest: Harvest) -> dict[str, tuple[object, ...]]:
    """The records with the places they were spent in, but for when the file was opened."""
    found: dict[str, tuple[object, ...]] = {}
    for identity, record in harvest.records.items():
        place = msgspec.structs.replace(harvest.places[record.place], opened_at=0)
        found[identity] = (msgspec.structs.replace(record, place=0), place)
    return found


def examine(case: Case, folder: Path, random: Random) -> None:
    """Every law of reading on one file."""
    path = folder / "case.jsonl"
    whole = Harvest()
    state = read(path, case.data, whole)
    _check_counts(state, case.data)
    _check_untouched(case, whole.records)
    cut = random.randint(0, len(case.data))
    halves = Harvest()
    first = read(path, case.data[:cut], halves)
    _check_counts(first, case.data[:cut])
    second = read(path, case.data, halves, first)
    _check_counts(second, case.data)
    assert second.generation == 1 or cut == len(case.data), "what was appended to is not read anew"
    assert told(halves) == told(whole), f"other records when read in two, cut at byte {cut}"
    drops = Harvest()
    _check_counts(read(path, case.data, drops, buffer=random.choice((1, 3, 16, 100, 1000))), case.data)
    assert told(drops) == told(whole), "other records when read in small pieces"
    _check_both_decoders(case.data)


def _check_counts(state: FileState, data: bytes) -> None:
    """Every line that has an end is counted exactly once."""
    lines = data.count(b"\n")
    assert state.position.lines == lines
    assert state.usage_lines + state.ignored_lines + state.problem_lines == lines
    assert state.position.offset == data.rfind(b"\n") + 1


def _check_untouched(case: Case, records: dict[str, UsageRecord]) -> None:
    """Whole lines are read whatever stands around them."""
    for identity, line in case.untouched.items():
        assert identity in records, f"{identity} was whole and is not counted"
        message = line["message"]
        assert isinstance(message, dict)
        record = records[identity]
        assert (record.input_tokens, record.output_tokens) == (100, message["usage"]["output_tokens"])
        assert record.request_id == line["requestId"]


def _check_both_decoders(data: bytes) -> None:
    """What the strict decoder takes, the tolerant one understands alike; a NUL behind it keeps the strict one away."""
    for raw in data.split(b"\n"):
        try:
            decode_line(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        strict, tolerant = Harvest(), Harvest()
        for harvest, line in ((strict, raw), (tolerant, raw + b"\x00")):
            LineParser(FileContext("p/s.jsonl", "p", "s"), harvest).usage_line(line, 1)
        assert told(tolerant) == told(strict), raw[:200]


def run_case(seed: int, begin_with: Sequence[bytes], folder: Path) -> None:
    """One case; what goes wrong names the seed and keeps the file."""
    case = case_of(seed, begin_with)
    try:
        examine(case, folder, Random(seed + 1))
    except Exception as error:
        kept = folder / f"failed-{seed}.jsonl"
        kept.write_bytes(case.data)
        reason = (
            f"over {READING_SECONDS} s of CPU" if isinstance(error, HangError) else f"{type(error).__name__}: {error}"
        )
        pytest.fail(f"TOKENTIDE_FUZZ_SEED={seed} reproduces this; the file is {kept}\n{reason}", pytrace=True)


@pytest.mark.fuzz
def test_damaged_lines(tmp_path: Path) -> None:
    begin_with = seeds()
    if "TOKENTIDE_FUZZ_SEED" in os.environ:
        run_case(int(os.environ["TOKENTIDE_FUZZ_SEED"]), begin_with, tmp_path)
        return
    seed = secrets.randbits(48) if os.environ.get("TOKENTIDE_FUZZ_FRESH") else 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        run_case(seed, begin_with, tmp_path)
        seed += 1


def test_every_hand_made_line_may_be_cut_anywhere_before_a_whole_one(tmp_path: Path) -> None:
    # A writer died in the middle of a line, the next one went on behind it, on the same line.
    whole = encoded(usage_line("untouched", "whole"))
    for line in HAND_MADE:
        for cut in range(0, len(line), 17):
            harvest = Harvest()
            state = read(tmp_path / "torn.jsonl", line[:cut] + whole + b"\n", harvest)
            assert state.position.lines == 1
            assert "untouched" in harvest.records, (cut, line)


@pytest.mark.parametrize("between", [b"", b" ", b"\x00\x00", b"\xef\xbb\xbf", b",", b"garbage", b"\r"])
def test_two_whole_lines_without_an_end_between_them_are_both_read(tmp_path: Path, between: bytes) -> None:
    one, other = (encoded(usage_line(f"m{n}", f"r{n}")) for n in (1, 2))
    harvest = Harvest()
    read(tmp_path / "glued.jsonl", one + between + other + b"\n", harvest)
    assert set(harvest.records) == {"m1", "m2"}
