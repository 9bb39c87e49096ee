"""The ledger under attack: kills, many processes at once, newer versions, and damage of every kind."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import pytest

from tests.conftest import Machine
from tests.hardships import (
    Done,
    finished,
    group_is_gone,
    inside,
    many_lines,
    one_clear_line,
    ordinary_rights,
    put,
    responses,
    run,
    start,
    until,
)
from tests.ledgers import ROLLUP_FROM_RECORDS, rollup_columns
from tokentide.errors import LedgerUnwritableError
from tokentide.store.sqlite.connection import connect

LINES = 1000
"""Of a transcript; enough for the ledger to be more than the first pages of its many tables."""


def transcripts(machine: Machine, files: int = 4, lines: int = LINES) -> list[Path]:
    """Files with so many responses each."""
    names = [machine.claude / "projects" / f"p{n}" / "s.jsonl" for n in range(files)]
    return [put(name, many_lines(lines, first=n * lines)) for n, name in enumerate(names)]


def assert_sound(path: Path) -> None:
    """The file is a whole database whose totals agree with its responses; looked at in a copy."""
    copy = path.parent.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(path.parent, copy)
    connection = sqlite3.connect(copy / path.name)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    if connection.execute("PRAGMA user_version").fetchone()[0]:
        kept = set(connection.execute(f"SELECT {rollup_columns()} FROM rollup"))
        assert kept == set(connection.execute(ROLLUP_FROM_RECORDS))
    connection.close()


# Kills and interruptions.


def test_kills_at_any_moment_leave_a_sound_ledger(machine: Machine) -> None:
    # Ten times, the first reading and later ones, each with something new to take in.
    random, count, killed = Random(5), 0, 0
    path = machine.claude / "projects" / "p" / "s.jsonl"
    for _ in range(10):
        put(path, many_lines(6000, first=count), append=True)
        count += 6000
        process = start(machine, "sync")
        until(machine.ledger.exists)
        time.sleep(random.uniform(0, 0.3))
        killed += process.poll() is None
        process.kill()
        process.communicate()
        assert_sound(machine.ledger)
    assert killed > 3
    done = run(machine, "daily", "--json")
    totals = done.json()["totals"]
    assert (totals["responses"], totals["input_tokens"], totals["output_tokens"]) == (count, count * 100, count * 50)
    assert done.err == b""
    assert_sound(machine.ledger)


def test_a_kill_while_the_ledger_is_made_anew_loses_no_history(machine: Machine) -> None:
    # Half of the history is in the ledger alone; a rebuild is killed again and again.
    files = transcripts(machine)
    assert responses(machine) == 4 * LINES
    for path in files[:2]:
        path.unlink()
    random = Random(6)
    for _ in range(6):
        process = start(machine, "sync", "--rebuild")
        time.sleep(random.uniform(0.05, 0.25))
        process.kill()
        process.communicate()
        assert_sound(machine.ledger)
    assert responses(machine) == 4 * LINES
    assert run(machine, "sync", "--rebuild").code == 0
    assert responses(machine) == 4 * LINES


def long_reading(machine: Machine) -> int:
    """70 MB in 15 files, read over several processes; returns how many responses they hold."""
    filler = b'{"type":"user","message":{"content":"' + b"x" * 9000 + b'"}}'
    for number in range(15):
        lines = [part for line in many_lines(100, first=100 * number) for part in (line, *[filler] * 5)]
        put(machine.claude / "projects" / f"p{number}" / "s.jsonl", lines)
    return 1500


@pytest.mark.parametrize("everyone", [False, True], ids=["the process", "its group, as the terminal does"])
def test_control_c_during_a_first_reading(machine: Machine, everyone: bool) -> None:
    count, interrupted = long_reading(machine), 0
    for delay in (0, 0.01, 0.03, 0.06, 0.1):
        shutil.rmtree(machine.ledger.parent, ignore_errors=True)
        process = start(machine, "daily", "--json")
        until(machine.ledger.exists)
        time.sleep(delay)
        (os.killpg if everyone else os.kill)(process.pid, signal.SIGINT)
        done = finished(process, timeout=5)
        assert done.code in {0, 130, -signal.SIGINT}, done.err
        interrupted += done.code == 130
        assert done.err == b""
        assert done.out == b"" or done.code != 130
        assert group_is_gone(process)
        assert_sound(machine.ledger)
    assert interrupted
    assert responses(machine) == count


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_processes_that_read_end_with_the_one_that_started_them(machine: Machine, number: signal.Signals) -> None:
    long_reading(machine)
    process = start(machine, "daily")
    until(machine.ledger.exists)
    time.sleep(0.03)
    process.send_signal(number)
    process.wait()
    gone = group_is_gone(process, seconds=3)
    process.communicate()
    assert gone


# Many at once.


def _open_at(path: str, instant: float) -> str:
    """Open a ledger at an instant that others open it at too; what went wrong, or nothing."""
    time.sleep(max(instant - time.time(), 0))
    try:
        connect(path).close()
    except LedgerUnwritableError as error:
        return str(error)
    return ""


def test_a_new_ledger_is_laid_out_by_many_at_the_same_moment(tmp_path: Path) -> None:
    with ProcessPoolExecutor(6) as pool:
        for number in range(60):
            path = str(tmp_path / str(number) / "ledger.sqlite3")
            instant = time.time() + 0.01
            assert set(pool.map(_open_at, [path] * 6, [instant] * 6)) == {""}


def test_four_processes_at_once_on_a_new_ledger(machine: Machine) -> None:
    paths = transcripts(machine)
    total = 4 * LINES
    for _ in range(3):
        for done in _at_once(machine, 4):
            assert (done.json()["totals"]["responses"], done.err) == (total, b"")
        for number, path in enumerate(paths):
            put(path, many_lines(50, first=total + 50 * number), append=True)
        total += 200
    assert responses(machine) == total
    assert_sound(machine.ledger)
    assert len(list(machine.ledger.parent.glob("*damaged*"))) == 0


def _at_once(machine: Machine, count: int, *arguments: str) -> list[Done]:
    processes = [start(machine, *(arguments or ("daily", "--json"))) for _ in range(count)]
    return [finished(process) for process in processes]


def test_a_first_reading_beside_appending_rebuilding_and_reporting(machine: Machine) -> None:
    paths = transcripts(machine)
    processes = [
        start(machine, *words) for words in (("sync",), ("sync", "--rebuild"), ("daily",), ("doctor",), ("sync",))
    ]
    for number, path in enumerate(paths):
        put(path, many_lines(50, first=4 * LINES + 50 * number), append=True)
    for process in processes:
        done = finished(process)
        assert (done.code, done.err) == (0, b""), done
    assert responses(machine) == 4 * LINES + 200
    assert_sound(machine.ledger)


def test_processes_that_meet_a_damaged_ledger_together_lose_nothing(machine: Machine) -> None:
    transcripts(machine)
    machine.ledger.parent.mkdir()
    machine.ledger.write_bytes(b"no database" * 5000)
    for done in _at_once(machine, 4):
        assert done.json()["totals"]["responses"] == 4 * LINES
    assert responses(machine) == 4 * LINES
    aside = list(machine.ledger.parent.glob("*damaged*"))
    assert any(path.read_bytes() == b"no database" * 5000 for path in aside)


def test_a_ledger_locked_by_another_program_is_waited_for(machine: Machine) -> None:
    transcripts(machine, files=1)
    assert responses(machine) == LINES
    put(machine.claude / "projects" / "p0" / "s.jsonl", many_lines(5, first=LINES), append=True)
    other = sqlite3.connect(machine.ledger, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    process = start(machine, "daily", "--json")
    time.sleep(0.7)
    assert process.poll() is None
    other.execute("ROLLBACK")
    other.close()
    assert finished(process).json()["totals"]["responses"] == LINES + 5


# Versions.


def test_a_ledger_of_a_newer_version_is_left_alone(machine: Machine) -> None:
    transcripts(machine, files=1)
    assert responses(machine) == LINES
    connection = sqlite3.connect(machine.ledger)
    connection.execute("PRAGMA user_version = 999")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    before = machine.ledger.read_bytes()
    for words in (("daily",), ("daily", "--json"), ("sync",), ("sync", "--rebuild"), ("doctor",), ()):
        done = run(machine, *words)
        assert (done.code, done.out) == (1, b"")
        one_clear_line(done, str(machine.ledger), "999", "update tokentide", "TOKENTIDE_DATA_DIR")
    assert machine.ledger.read_bytes() == before
    assert sorted(path.name for path in machine.ledger.parent.glob("ledger*")) == ["ledger.sqlite3"]


def test_a_database_of_something_else_is_not_written_to(machine: Machine) -> None:
    # Somebody else's SQLite file lies at the ledger's place: its tables are not ours to change.
    transcripts(machine, files=1)
    machine.ledger.parent.mkdir()
    connection = sqlite3.connect(machine.ledger)
    connection.execute("CREATE TABLE records (recipe TEXT)")
    connection.execute("INSERT INTO records VALUES ('soup')")
    connection.commit()
    connection.close()
    done = run(machine, "daily", "--json")
    assert b"Traceback" not in done.err
    assert done.code in {0, 1}
    holding = [path for path in machine.ledger.parent.glob("ledger*") if b"soup" in path.read_bytes()]
    assert holding


# Damage.

PAGE = 8192


def truncated(path: Path) -> None:
    """Half of the file is missing."""
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


def torn(path: Path) -> None:
    """The end is missing, not at a page."""
    os.truncate(path, path.stat().st_size - 5000)


def header(path: Path) -> None:
    """The first bytes are others'."""
    overwrite(path, 0, b"\x00" * 100)


def first_page(path: Path) -> None:
    """The first page, with the schema, is noise."""
    overwrite(path, 100, Random(1).randbytes(PAGE - 100))


def middle(path: Path) -> None:
    """Pages in the middle are noise; before them stand the roots of tables that are still empty."""
    size = path.stat().st_size // PAGE
    for page in range(size * 3 // 5, size * 3 // 5 + 5):
        overwrite(path, page * PAGE, Random(page).randbytes(PAGE))


def zeros(path: Path) -> None:
    """Pages in the middle were never written."""
    size = path.stat().st_size // PAGE
    overwrite(path, size // 2 * PAGE, bytes(6 * PAGE))


def every_fourth(path: Path) -> None:
    """Every fourth page but the first is noise."""
    for page in range(3, path.stat().st_size // PAGE, 4):
        overwrite(path, page * PAGE, Random(page).randbytes(PAGE))


def all_but_first(path: Path) -> None:
    """Nothing but the first page is left as it was."""
    for page in range(1, path.stat().st_size // PAGE):
        overwrite(path, page * PAGE, b"\xff" * PAGE)


def empty(path: Path) -> None:
    """Nothing is left."""
    os.truncate(path, 0)


def text(path: Path) -> None:
    """A text stands there."""
    path.write_text("this is not the ledger you are looking for\n" * 50)


def tables_gone(path: Path) -> None:
    """A tool dropped a table."""
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE rollup")
    connection.commit()
    connection.close()


def bad_text(path: Path) -> None:
    """Texts are no UTF-8 any more."""
    data = path.read_bytes().replace(b"claude-sonnet-4-20250514", b"claude-\xff\xfe\xfd\xfc\xfb\xfa-4-20250514")
    path.write_bytes(data)


def overwrite(path: Path, place: int, data: bytes) -> None:
    """Bytes at a place, the size stays."""
    with path.open("r+b") as file:
        file.seek(place)
        file.write(data)


DAMAGES: tuple[Callable[[Path], None], ...] = (
    truncated,
    torn,
    header,
    first_page,
    middle,
    zeros,
    every_fourth,
    all_but_first,
    empty,
    text,
    tables_gone,
    bad_text,
)


def settled(machine: Machine, files: int = 3) -> list[Path]:
    """A machine whose ledger has everything in one file, without companions."""
    paths = transcripts(machine, files)
    assert responses(machine) == files * LINES
    assert sorted(path.name for path in machine.ledger.parent.glob("ledger*")) == ["ledger.sqlite3"]
    return paths


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_ledger_is_made_anew_from_the_transcripts(machine: Machine, damage: Callable[[Path], None]) -> None:
    paths = settled(machine)
    damage(machine.ledger)
    put(paths[0], many_lines(10, first=5000), append=True)
    first = run(machine, "daily", "--json")
    assert first.json()["totals"]["responses"] == 3 * LINES + 10
    second = inside(machine, "daily", "--json")
    assert (second.json()["totals"], second.err) == (first.json()["totals"], b"")
    _check_what_was_said(machine, first)
    # What no report looks at may stay unnoticed, but not for ever: a rebuild looks at everything.
    assert run(machine, "sync", "--rebuild").code == 0
    assert_sound(machine.ledger)
    assert responses(machine) == 3 * LINES + 10


def _check_what_was_said(machine: Machine, done: Done) -> None:
    """If the ledger was set aside, that was said: where it is, and what could not be recovered."""
    aside = [path for path in machine.ledger.parent.glob("*damaged*") if not path.name.endswith(("-wal", "-shm"))]
    assert len(aside) <= 1
    if aside:
        said = done.err.decode()
        assert str(aside[0]) in said
        assert "could not be read" in said
    else:
        assert done.err == b""


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_history_without_transcripts_is_saved_as_far_as_it_can_be_read(
    machine: Machine, damage: Callable[[Path], None]
) -> None:
    for path in settled(machine):
        path.unlink()
    damage(machine.ledger)
    first = run(machine, "daily", "--json")
    kept = first.json()["totals"]["responses"]
    assert 0 <= kept <= 3 * LINES
    aside = list(machine.ledger.parent.glob("*damaged*"))
    if kept < 3 * LINES and damage is not empty:
        assert aside
        assert "could not be read" in first.err.decode()
    totals = first.json()["totals"]
    assert (totals["input_tokens"], totals["output_tokens"]) == (kept * 100, kept * 50)
    if damage in {middle, zeros, every_fourth, tables_gone, torn, truncated, bad_text}:
        assert kept >= LINES // 2, first.err
    second = inside(machine, "daily", "--json")
    assert second.json()["totals"]["responses"] == kept
    assert b"damaged" not in second.err


def test_what_a_damaged_ledger_lost_is_counted(machine: Machine) -> None:
    for path in settled(machine):
        path.unlink()
    truncated(machine.ledger)
    done = run(machine, "daily", "--json")
    kept = done.json()["totals"]["responses"]
    said = done.err.decode()
    assert f"holds {kept:,} responses" in said
    lost = 3 * LINES - kept
    assert f"of whose responses {lost:,} could not be read" in said or "unknown" in said


def test_a_ledger_is_found_damaged_by_the_doctor_before_it_shows(machine: Machine) -> None:
    settled(machine)
    every_fourth(machine.ledger)
    done = run(machine, "doctor", "--json")
    assert done.code in {0, 3}
    assert b"Traceback" not in done.err
    assert responses(machine) == 3 * LINES


@pytest.mark.parametrize("companion", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("content", [b"", b"garbage" * 5000, b"\x37\x7f\x06\x82" + b"\x00" * 9000])
def test_garbage_beside_the_ledger(machine: Machine, companion: str, content: bytes) -> None:
    paths = settled(machine)
    Path(f"{machine.ledger}{companion}").write_bytes(content)
    put(paths[0], many_lines(10, first=5000), append=True)
    assert responses(machine) == 3 * LINES + 10
    assert responses(machine) == 3 * LINES + 10
    assert_sound(machine.ledger)


def test_a_companion_of_a_ledger_that_was_deleted(machine: Machine) -> None:
    settled(machine)
    connection = sqlite3.connect(machine.ledger)
    connection.execute("INSERT INTO meta VALUES ('x', 'y')")
    connection.commit()
    shutil.copy(f"{machine.ledger}-wal", machine.root / "wal")
    connection.close()
    machine.ledger.unlink()
    shutil.copy(machine.root / "wal", f"{machine.ledger}-wal")
    assert responses(machine) == 3 * LINES
    assert_sound(machine.ledger)


def test_single_bits_that_flip_anywhere(machine: Machine) -> None:
    # Whatever the bit, the next report ends in time with a number or one clear line; never a traceback.
    settled(machine, files=1)
    whole = machine.ledger.read_bytes()
    random = Random(11)
    for _ in range(12):
        data = bytearray(whole)
        for _ in range(random.choice((1, 1, 5, 40))):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        shutil.rmtree(machine.ledger.parent)
        machine.ledger.parent.mkdir()
        machine.ledger.write_bytes(data)
        done = run(machine, "daily", "--json")
        assert done.code in {0, 1}, done.err
        assert b"Traceback" not in done.err
        assert done.code == 0 or len(done.said) == 1


def test_a_damaged_ledger_in_a_folder_that_cannot_be_written(machine: Machine) -> None:
    rights = ordinary_rights()
    settled(machine)
    header(machine.ledger)
    before = machine.ledger.read_bytes()
    machine.ledger.parent.chmod(0o500)
    done = run(machine, "daily", "--json", prefix=rights)
    machine.ledger.parent.chmod(0o700)
    assert done.json()["totals"]["responses"] == 3 * LINES
    assert "nothing new was kept" in done.err.decode()
    assert machine.ledger.read_bytes() == before


def test_a_ledger_that_cannot_be_set_aside_is_still_reported_around(machine: Machine) -> None:
    # The name it would be set aside under is taken by a folder.
    settled(machine)
    header(machine.ledger)
    now = int(time.time())
    for second in range(now - 1, now + 10):
        Path(f"{machine.ledger}.damaged-{second}").mkdir()
        (Path(f"{machine.ledger}.damaged-{second}") / "x").touch()
    done = run(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 3 * LINES
