"""Transcripts that change under the reader's eyes, that are enormous, or that are no transcripts at all."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.conftest import Machine, usage_line
from tests.hardships import Done, inside, many_lines, measured, one_clear_line, put, responses, run
from tests.transcripts import encoded
from tokentide.model.files import FileStamp, FileState
from tokentide.sources.claude_code import reader as reader_module
from tokentide.sources.claude_code.parser import NOBODY, Harvest
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.sources.claude_code.reader import TranscriptReader

MEGABYTE = 1 << 20
MOST_MEMORY = 400 * MEGABYTE
COUNTER = b'"usage":{"input_tokens":1,"output_tokens":1}'


def doctor(machine: Machine) -> dict[str, object]:
    """What the doctor finds, as JSON."""
    done = inside(machine, "doctor", "--json")
    assert done.code in {0, 3}, done.err
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


# Growing, shrinking, replaced.


def test_a_file_that_grows_while_it_is_read(machine: Machine) -> None:
    # A writer appends lines in torn pieces during ten synchronisations; in the end each line is counted once.
    path = machine.write("p/s.jsonl", usage_line("first", "first"))
    lines = many_lines(3000)
    writer = threading.Thread(target=_write_in_pieces, args=(path, b"".join(line + b"\n" for line in lines)))
    writer.start()
    seen = [responses(machine) for _ in range(8)]
    writer.join()
    assert responses(machine) == 3001
    assert seen == sorted(seen)
    found = run(machine, "daily", "--json").json()["totals"]
    assert (found["input_tokens"], found["output_tokens"]) == (300_100, 150_050)
    assert (doctor(machine)["lines"], doctor(machine)["problems"]) == (3001, 0)


def _write_in_pieces(path: Path, data: bytes) -> None:
    random, start = Random(1), 0
    with path.open("ab", buffering=0) as file:
        while start < len(data):
            size = random.choice((1, 50, 700, 5000, 30_000))
            file.write(data[start : start + size])
            start += size
            time.sleep(0.003)


def replace(path: Path, data: bytes) -> None:
    """Another file takes the name."""
    other = path.with_suffix(".new")
    other.write_bytes(data)
    os.replace(other, path)


def rewrite(path: Path, data: bytes) -> None:
    """The same file gets another content."""
    with path.open("r+b") as file:
        file.write(data)
        file.truncate(len(data))


def joined(lines: list[bytes]) -> bytes:
    """Lines as a file's content."""
    return b"".join(line + b"\n" for line in lines)


@pytest.mark.parametrize("change", [replace, rewrite], ids=["another inode", "in place"])
def test_a_file_that_becomes_another_one(machine: Machine, change: Callable[[Path, bytes], None]) -> None:
    path = machine.write("p/s.jsonl", *many_lines(20))
    assert responses(machine) == 20
    change(path, joined(many_lines(5, first=100)))
    assert responses(machine) == 25
    change(path, joined(many_lines(40, first=100)))
    assert responses(machine) == 60
    change(path, b"")
    assert responses(machine) == 60
    change(path, joined(many_lines(3, first=500)))
    assert responses(machine) == 63
    assert (doctor(machine)["lines"], doctor(machine)["usage_lines"]) == (3, 3)


@pytest.mark.parametrize("change", [replace, rewrite], ids=["another inode", "in place"])
@pytest.mark.parametrize("where", ["everywhere", "the middle", "the end"])
def test_a_file_rewritten_in_the_same_size(machine: Machine, change: Callable[[Path, bytes], None], where: str) -> None:
    # 60 lines are over 20 KB: the middle lies far from the head and the tail of the file.
    before = many_lines(60, first=1000)
    place = {"everywhere": slice(0, 60), "the middle": slice(30, 32), "the end": slice(58, 60)}[where]
    after = list(before)
    after[place] = many_lines(60, first=5000)[place]
    assert len(joined(after)) == len(joined(before))
    path = put(machine.claude / "projects" / "p" / "s.jsonl", before)
    assert responses(machine) == 60
    change(path, joined(after))
    assert responses(machine) == 60 + len(after[place])


@pytest.mark.parametrize("size", ["the same size", "another size"])
def test_a_file_replaced_by_one_with_the_same_time(machine: Machine, size: str) -> None:
    path = machine.write("p/s.jsonl", *many_lines(20, first=100))
    assert responses(machine) == 20
    status = path.stat()
    replace(path, joined(many_lines(20 if size == "the same size" else 25, first=500)))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert responses(machine) == 20 + (20 if size == "the same size" else 25)


def test_a_file_cut_short_and_written_on(machine: Machine) -> None:
    lines = many_lines(30)
    path = machine.write("p/s.jsonl", *lines)
    assert responses(machine) == 30
    with path.open("r+b") as file:
        file.truncate(len(joined(lines[:10])) + 25)
    assert responses(machine) == 30
    put(path, [b"", *many_lines(5, first=200)], append=True)
    assert responses(machine) == 35
    assert doctor(machine)["problems"] == 1


def test_what_a_deleted_file_said_stays(machine: Machine) -> None:
    path = machine.write("p/s.jsonl", *many_lines(30))
    before = inside(machine, "daily", "--json").json()
    path.unlink()
    path.parent.rmdir()
    after = inside(machine, "daily", "--json").json()
    assert (after["rows"], after["totals"]) == (before["rows"], before["totals"])
    assert inside(machine, "sync", "--rebuild").code == 0
    assert inside(machine, "daily", "--json").json()["totals"] == before["totals"]
    put(path, many_lines(31))
    assert responses(machine) == 31


def test_a_file_that_disappears_between_being_found_and_being_read(machine: Machine) -> None:
    # A thread deletes and makes files all the while; whatever is met, the steady ones are all counted.
    steady = [machine.write(f"p/steady{n}.jsonl", *many_lines(50, first=100 * n)) for n in range(3)]
    stop = threading.Event()
    flicker = threading.Thread(target=_flicker, args=(machine.claude / "projects" / "p", stop))
    flicker.start()
    try:
        for _ in range(6):
            for path in steady:
                os.utime(path)
            done = run(machine, "daily", "--json", "--model", "sonnet")
            assert done.json()["totals"]["responses"] == 150
            assert b"Traceback" not in done.err
    finally:
        stop.set()
        flicker.join()


def _flicker(folder: Path, stop: threading.Event) -> None:
    number = 0
    while not stop.is_set():
        path = folder / f"flicker{number % 20}.jsonl"
        if path.exists():
            path.unlink()
        else:
            put(path, [encoded(usage_line(f"f{number}", f"f{number}", model="other"))])
        number += 1


# Enormous lines.


@pytest.fixture
def huge(machine: Machine) -> Iterator[Path]:
    """The name of a transcript whose large content is removed at once, not with the temporary folders of three runs."""
    path = machine.write("p/s.jsonl")
    yield path
    path.unlink(missing_ok=True)


def with_hole(path: Path, size: int, *pieces: tuple[int, bytes]) -> None:
    """A file of that size that holds these pieces and else zeros, which take no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
        for place, data in pieces:
            file.seek(place)
            file.write(data)


@pytest.mark.parametrize("bears", [False, True], ids=["without usage", "with usage"])
def test_a_line_of_a_gigabyte(machine: Machine, huge: Path, bears: bool) -> None:
    first, last = joined(many_lines(1)), joined(many_lines(1, first=1))
    size = 1024 * MEGABYTE
    begin = b'{"type":"user","message":{"content":"'
    middle = [(500 * MEGABYTE, COUNTER)] if bears else []
    with_hole(huge, size, (0, first + begin), *middle, (size - len(last) - 4, b'"}}\n' + last))
    done = measured(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 2
    assert done.most_memory_bytes < MOST_MEMORY
    one_clear_line(done, "1 place could not be read") if bears else _silent(done)
    found = doctor(machine)
    assert (found["lines"], found["usage_lines"], found["problems"]) == (3, 2, int(bears))


def _silent(done: Done) -> None:
    assert done.err == b""


def test_a_gigabyte_of_zeros_is_no_line_at_all(machine: Machine, huge: Path) -> None:
    with_hole(huge, 1024 * MEGABYTE, (0, joined(many_lines(1))))
    done = measured(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 1
    assert done.most_memory_bytes < MOST_MEMORY
    put(huge, [b"", *many_lines(1, first=1)], append=True)
    assert responses(machine) == 2


def test_a_line_of_thirty_megabytes_with_usage_is_read(machine: Machine, huge: Path) -> None:
    line = {**usage_line("big", "big"), "toolUseResult": {"stdout": "x" * (30 * MEGABYTE)}}
    put(huge, [*many_lines(1), encoded(line), *many_lines(1, first=1)])
    done = measured(machine, "daily", "--json")
    assert (done.json()["totals"]["responses"], done.err) == (3, b"")
    assert done.most_memory_bytes < MOST_MEMORY


def test_a_line_of_thirty_megabytes_that_only_a_tolerant_eye_can_read(machine: Machine, huge: Path) -> None:
    line = encoded({**usage_line("big", "big"), "toolUseResult": {"stdout": "x" * (30 * MEGABYTE)}})
    put(huge, [*many_lines(1), line + line.replace(b'"big"', b'"two"'), *many_lines(1, first=1)])
    done = measured(machine, "daily", "--json")
    assert (done.json()["totals"]["responses"], done.err) == (4, b"")
    assert done.most_memory_bytes < 2 * MOST_MEMORY


@pytest.mark.parametrize("length", [4093, 4094, 4095, 4096, 4097, 4098, 8192, 8193])
def test_lines_around_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    # With 4 KB in place of 64 MiB: a line with usage around the limit is read or is a problem, its neighbours are read.
    monkeypatch.setattr(reader_module, "MAX_LINE_BYTES", 4096)
    long = encoded(usage_line("long", "long"))
    long += b" " * (length - len(long))
    harvest = Harvest()
    state = _read(tmp_path / "s.jsonl", joined([*many_lines(1), long, *many_lines(2, first=1)]), harvest)
    assert state.position.lines == 4
    assert (state.usage_lines, state.problem_lines) == ((4, 0) if "long" in harvest.records else (3, 1))
    assert len(harvest.records) == state.usage_lines
    assert ("long" in harvest.records) == (length < 4096)


def test_long_lines_are_counted_once_wherever_the_reading_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With a limit of 4 KB in place of 64 MiB, every cut of a file that has lines beyond it.
    monkeypatch.setattr(reader_module, "MAX_LINE_BYTES", 4096)
    long = b'{"type":"user","message":{"content":"' + b"y" * 9000 + b'"}}'
    bearing = b'{"type":"user","message":{"content":"' + b"y" * 5000 + COUNTER + b"y" * 5000 + b'"}}'
    data = joined([*many_lines(1), long, *many_lines(1, first=1), bearing, bearing, *many_lines(1, first=2)])
    whole = Harvest()
    expected = _read(tmp_path / "s.jsonl", data, whole)
    assert (expected.usage_lines, expected.ignored_lines, expected.problem_lines) == (3, 1, 2)
    for cut in range(0, len(data), 97):
        harvest = Harvest()
        first = _read(tmp_path / "s.jsonl", data[:cut], harvest)
        second = _read(tmp_path / "s.jsonl", data, harvest, first)
        assert set(harvest.records) == set(whole.records), cut
        assert second.position == expected.position, cut
        found = (second.usage_lines, second.ignored_lines, second.problem_lines)
        assert found == (3, 1, 2), f"cut at {cut}"


def _read(path: Path, data: bytes, harvest: Harvest, known: FileState | None = None) -> FileState:
    path.write_bytes(data)
    status = path.stat()
    stamp = FileStamp(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
    reader = TranscriptReader(harvest)
    reader._buffer = bytearray(1024)
    return reader.read(FoundFile(str(path), str(path), str(path.parent), "claude_code", "p", stamp), NOBODY, known)


# Lines that take long to understand.

ESCAPED = b'{"type":"user","sessionId":"s","message":{"content":"' + b'\\"name\\": \\"value\\", ' * 20_000
SLOW = {
    "a torn line with quoted source text": ESCAPED,
    "the same with a counter in it": ESCAPED + COUNTER,
    "a torn line, then a whole one": ESCAPED + encoded(usage_line("torn", "torn")),
    "backslashes": b'{"a":"' + b"\\" * 400_001 + COUNTER,
    "openings of objects": b'{"a":' * 80_000 + COUNTER,
    "openings of arrays": b"[" * 400_000 + COUNTER,
    "closed arrays": b"[" * 200_000 + b"]" * 200_000 + COUNTER,
    "many glued objects": b'{"uuid":1}' * 40_000 + COUNTER,
    "many glued objects with something between": b'{"uuid":1}x' * 20_000 + COUNTER,
    "quotes": b'{"a":' + b'"' * 400_001 + COUNTER,
    "spaces": b"{" + b" " * 200_000 + b"{" + b" " * 200_000 + COUNTER,
    "surrogates": b'{"a":"' + b"\\ud800" * 70_000 + COUNTER + b'"}',
    "zeros": b"\x00" * 1_000_000 + COUNTER + b"\x00" * 1_000_000,
    "a long number": b'{"message":{"usage":{"input_tokens":' + b"9" * 400_000 + b"}}}",
    "invalid text": b'{"a":"' + b"\xff" * 400_000 + COUNTER + b'"}',
}


@pytest.mark.parametrize("kind", SLOW)
def test_no_line_of_half_a_megabyte_takes_more_than_a_few_seconds(machine: Machine, kind: str) -> None:
    machine.write("p/s.jsonl", *many_lines(1), SLOW[kind], *many_lines(1, first=1))
    done = measured(machine, "daily", "--json", timeout=9)
    assert done.json()["totals"]["responses"] == 2 + (kind == "a torn line, then a whole one")
    assert done.cpu_seconds < 3


# Rubbish.


def test_binary_rubbish_beside_transcripts(machine: Machine) -> None:
    random = Random(7)
    machine.write("p/s.jsonl", *many_lines(3))
    for number in range(10):
        machine.write(f"p/rubbish{number}.jsonl").write_bytes(random.randbytes(20_000))
    put(
        machine.claude / "projects" / "p" / "mixed.jsonl",
        [random.randbytes(300), *many_lines(2, first=3), random.randbytes(300)],
    )
    done = inside(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 5
    assert len(done.said) == 1
    assert "could not be read: `tokentide doctor` lists them" in done.said[0]
    found = doctor(machine)
    listed = found["problem_list"]
    assert isinstance(listed, list)
    assert 0 < len(listed) <= int(str(found["problems"]))
    assert all(problem["path"].endswith(".jsonl") for problem in listed)


@pytest.mark.parametrize(
    "magic",
    [
        b"\x1f\x8b\x08",
        b"PK\x03\x04",
        b"SQLite format 3\x00",
        b"%PDF-1.7\n",
        b"\x7fELF",
        b"\xff\xfe{\x00",
        b'{\n  "type": 1,\n}\n',
    ],
)
def test_other_kinds_of_files_with_the_name_of_a_transcript(machine: Machine, magic: bytes) -> None:
    machine.write("p/s.jsonl", *many_lines(2))
    machine.write("p/other.jsonl").write_bytes(magic + Random(3).randbytes(5000))
    done = inside(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 2
    assert len(done.said) <= 1


def test_a_transcript_in_utf_16(machine: Machine) -> None:
    machine.write("p/s.jsonl", *many_lines(2))
    machine.write("p/wide.jsonl").write_text("".join(line.decode() + "\n" for line in many_lines(2, first=9)), "utf-16")
    done = inside(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] in {2, 4}
    if done.json()["totals"]["responses"] == 2:
        one_clear_line(done, "could not be read")


# Numbers that no response ever had.

HUGE_COUNTS = (2**53, 2**53 - 1, 10**15)


@pytest.mark.parametrize("model", ["claude-opus-4-8", "a-model-without-a-price"])
@pytest.mark.parametrize("count", HUGE_COUNTS)
def test_counts_too_large_to_be_true_do_not_stop_the_report(machine: Machine, model: str, count: int) -> None:
    huge = usage_line("huge", "huge", model=model, input_tokens=count, output_tokens=count)
    machine.write("p/s.jsonl", *many_lines(2), huge)
    for report in ("daily", "block"):
        done = inside(machine, report, "--json")
        assert done.json()["totals"]["responses"] in {2, 3}
        assert b"Traceback" not in done.err
        if done.json()["totals"]["responses"] == 2:
            one_clear_line(done, "could not be read")
    assert inside(machine, "daily").code == 0


def test_sums_too_large_to_be_true_do_not_stop_the_report(machine: Machine) -> None:
    lines = [usage_line(f"m{n}", f"r{n}", model="x", input_tokens=2**53) for n in range(1100)]
    machine.write("p/s.jsonl", *lines, usage_line("true", "true"))
    done = inside(machine, "daily", "--json", "--model", "sonnet")
    assert done.json()["totals"]["responses"] == 1
    assert b"Traceback" not in done.err
    assert responses(machine) >= 1


@pytest.mark.parametrize(
    "cost", ["1e308", "1e305", "1e20", "1e10", "-1", "-0.0", "1e-300", "123456789012345678901234567890"]
)
def test_costs_too_large_or_small_to_be_true_do_not_stop_the_report(machine: Machine, cost: str) -> None:
    line = encoded({**usage_line("odd", "odd"), "costUSD": 0.125}).replace(b"0.125", cost.encode())
    machine.write("p/s.jsonl", *many_lines(2), line)
    for mode in ("auto", "display", "calculate"):
        done = inside(machine, "daily", "--json", "--mode", mode)
        assert done.json()["totals"]["responses"] in {2, 3}


@pytest.mark.parametrize(
    "cwd", ["/w/a\x00b", "\x00", "/" * 5000, "/w/" + "x" * 100_000, "..", "/w/a\nb", "C:\\w", "\\\\host\\share"]
)
def test_folders_that_no_system_has(machine: Machine, cwd: str) -> None:
    machine.write("p/s.jsonl", *many_lines(1), {**usage_line("odd", "odd"), "cwd": cwd})
    done = inside(machine, "project", "--json")
    assert (done.json()["totals"]["responses"], done.err) == (2, b"")


def test_a_repository_whose_git_is_a_pipe(machine: Machine) -> None:
    # A folder that the transcript names is looked at, never waited for.
    folder = machine.root / "work"
    folder.mkdir()
    os.mkfifo(folder / ".git")
    machine.write("p/s.jsonl", {**usage_line(), "cwd": str(folder)})
    assert run(machine, "project", "--json", timeout=5).json()["totals"]["responses"] == 1


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r", b"\x00", b" "])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("inside", [b"", b"\\ud800", b"\xff"])
def test_a_whole_last_line_counts_however_it_ends(machine: Machine, end: bytes, start: bytes, inside: bytes) -> None:
    line = encoded({**usage_line(), "gitBranch": "BRANCH"}).replace(b"BRANCH", b"b" + inside)
    machine.write("p/s.jsonl").write_bytes(start + line + end)
    code, out, _ = machine.call("daily", "--json")
    assert (code, json.loads(out)["totals"]["responses"]) == (0, 1)
