"""Hard circumstances: each gives the right answer or one clear line, never a traceback, and loses nothing."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tests.hardships import (
    inside,
    limited_files,
    many_lines,
    one_clear_line,
    ordinary_rights,
    put,
    remount,
    responses,
    run,
    small_disk,
)

REPORTS = ("daily", "weekly", "monthly", "session", "project", "model", "branch", "block")
NOTHING_KEPT = "nothing new was kept"


# Nothing there.


@pytest.mark.parametrize("report", REPORTS)
def test_an_empty_machine(machine: Machine, report: str) -> None:
    done = inside(machine, report)
    assert (done.code, done.out) == (0, b"")
    one_clear_line(done, "no Claude Code transcripts", "tokentide doctor")
    found = inside(machine, report, "--json").json()
    assert (found["rows"], found["totals"]["responses"]) == ([], 0)


def test_no_home_at_all(machine: Machine) -> None:
    shutil.rmtree(machine.home)
    done = inside(machine, "daily")
    assert done.code == 0
    one_clear_line(done, "no Claude Code transcripts")


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n\n", b"\xef\xbb\xbf", b"\x00" * 5000, b"{}\n", b"[]\n"])
def test_transcripts_without_any_usage(machine: Machine, content: bytes) -> None:
    machine.write("p/s.jsonl").write_bytes(content)
    done = inside(machine, "daily")
    assert done.code == 0
    assert "Traceback" not in done.err.decode()
    assert "no usage" in done.err.decode()


# Folders and files that refuse.


def test_a_folder_without_rights_does_not_stop_the_others(machine: Machine) -> None:
    rights = ordinary_rights()
    machine.write("open/s1.jsonl", usage_line())
    closed = machine.write("closed/s2.jsonl", usage_line("m2", "r2")).parent
    closed.chmod(0)
    try:
        done = run(machine, "daily", "--json", prefix=rights)
    finally:
        closed.chmod(0o700)
    assert done.json()["totals"]["responses"] == 1
    one_clear_line(done, "1 place could not be read", "tokentide doctor")
    assert responses(machine) == 2


def test_a_file_without_rights_is_read_once_it_has_them(machine: Machine) -> None:
    rights = ordinary_rights()
    machine.write("p/s1.jsonl", usage_line())
    closed = machine.write("p/s2.jsonl", usage_line("m2", "r2"))
    closed.chmod(0)
    done = run(machine, "daily", "--json", prefix=rights)
    assert done.json()["totals"]["responses"] == 1
    one_clear_line(done, "1 place could not be read")
    closed.chmod(0o600)
    assert run(machine, "daily", "--json", prefix=rights).json()["totals"]["responses"] == 2


def test_a_transcript_that_lost_its_rights_after_it_was_read_stays_counted(machine: Machine) -> None:
    rights = ordinary_rights()
    path = machine.write("p/s1.jsonl", usage_line())
    assert responses(machine) == 1
    put(path, many_lines(1), append=True)
    path.chmod(0)
    done = run(machine, "daily", "--json", prefix=rights)
    assert done.json()["totals"]["responses"] == 1
    one_clear_line(done, "1 place could not be read")


@pytest.mark.parametrize("target", ["nowhere", "loop"])
def test_a_folder_replaced_by_a_link_to_nothing_does_not_stop_the_others(machine: Machine, target: str) -> None:
    machine.write("p/s1.jsonl", usage_line())
    (machine.claude / "projects" / "loop").symlink_to(machine.claude / "projects" / target)
    (machine.claude / "projects" / "p" / "inner").symlink_to("inner")
    (machine.claude / "projects" / "p" / "gone.jsonl").symlink_to("/nowhere/at/all.jsonl")
    done = inside(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 1
    one_clear_line(done, "could not be read")


def test_the_projects_folder_itself_is_a_loop(machine: Machine) -> None:
    machine.claude.mkdir()
    (machine.claude / "projects").symlink_to("projects")
    machine.write("p/s1.jsonl", usage_line(), root=machine.home / ".config" / "claude")
    done = inside(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 1
    one_clear_line(done, "1 place could not be read")


def test_what_is_named_like_a_transcript_but_is_none(machine: Machine) -> None:
    machine.write("p/s1.jsonl", usage_line())
    folder = machine.claude / "projects" / "p"
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    put(folder / "folder.jsonl" / "s2.jsonl", many_lines(1))
    (folder / "device.jsonl").symlink_to("/dev/zero")
    (folder / "link.jsonl").symlink_to("/dev/stdin")
    found = run(machine, "daily", "--json", timeout=20).json()
    assert found["totals"]["responses"] == 2


# The same usage, reached in several ways.


def test_one_folder_reached_in_many_ways_is_counted_once(machine: Machine) -> None:
    real = machine.write("p/s1.jsonl", usage_line())
    projects = machine.claude / "projects"
    (projects / "again").symlink_to(real.parent)
    (real.parent / "up").symlink_to(projects)
    (real.parent / "self").symlink_to(".")
    os.link(real, real.parent / "hard.jsonl")
    (real.parent / "soft.jsonl").symlink_to(real)
    (machine.home / ".config").mkdir()
    (machine.home / ".config" / "claude").symlink_to(machine.claude)
    twice = f"{machine.claude},{machine.home}/.claude/,{machine.claude}/projects"
    done = inside(machine, "session", "--json", environ={"CLAUDE_CONFIG_DIR": twice})
    found = done.json()
    assert [(row["session_id"], row["responses"]) for row in found["rows"]] == [("s1", 1)]
    assert done.err == b""


def test_a_project_folder_that_is_a_link_is_read(machine: Machine) -> None:
    elsewhere = put(machine.root / "elsewhere" / "s1.jsonl", many_lines(3))
    (machine.claude / "projects").mkdir(parents=True)
    (machine.claude / "projects" / "-w-alpha").symlink_to(elsewhere.parent)
    assert responses(machine) == 3
    put(elsewhere, many_lines(2, first=3), append=True)
    assert responses(machine) == 5


def test_a_folder_that_was_moved_and_linked_back_is_counted_once(machine: Machine) -> None:
    path = machine.write("p/s1.jsonl", *many_lines(3))
    assert responses(machine) == 3
    path.parent.rename(machine.root / "moved")
    path.parent.symlink_to(machine.root / "moved")
    assert responses(machine) == 3


def test_a_very_deep_tree_of_folders(machine: Machine) -> None:
    deep = machine.claude / "projects" / "p"
    for _ in range(60):
        deep = deep / "a-folder-with-a-name"
    put(deep / "s1.jsonl", many_lines(2))
    assert responses(machine) == 2


# Two accounts.


def test_two_accounts_are_told_apart(machine: Machine) -> None:
    folders = [machine.root / name for name in ("work", "private")]
    for number, folder in enumerate(folders):
        machine.write("p/s.jsonl", *many_lines(number + 1, first=10 * number), root=folder)
        login = {"oauthAccount": {"emailAddress": f"{folder.name}@example.org", "accountUuid": "x"}}
        (folder / ".claude.json").write_text(json.dumps(login))
    environ = {"CLAUDE_CONFIG_DIR": ",".join(map(str, folders))}
    assert responses(machine, environ=environ) == 3
    assert responses(machine, "--account", "work@example.org", environ=environ) == 1
    assert responses(machine, "--account", "PRIVATE", environ=environ) == 2
    assert responses(machine, "--account", "work", "--account", "private", environ=environ) == 3
    nobody = inside(machine, "daily", "--json", "--account", "nobody", environ=environ)
    assert nobody.json()["totals"]["responses"] == 0
    assert b"nobody" in nobody.err
    found = inside(machine, "project", "--json", "--by", "account", environ=environ).json()
    parts = {part["account"]: part["responses"] for part in found["totals"]["breakdown"]}
    assert parts == {"work@example.org": 1, "private@example.org": 2}


@pytest.mark.parametrize(
    "login", [b"", b"{", b"[]", b'{"oauthAccount":5}', b"\xff\xfe", b'{"oauthAccount":{"emailAddress":[]}}']
)
def test_a_login_that_cannot_be_read_is_no_obstacle(machine: Machine, login: bytes) -> None:
    machine.write("p/s.jsonl", usage_line())
    (machine.home / ".claude.json").write_bytes(login)
    done = inside(machine, "daily", "--json", "--by", "account")
    assert done.json()["totals"]["breakdown"][0]["account"] == "~/.claude"
    assert done.err == b""


# Places that cannot be written.


def test_a_data_folder_without_the_right_to_write(machine: Machine) -> None:
    rights = ordinary_rights()
    machine.write("p/s.jsonl", *many_lines(3))
    machine.ledger.parent.mkdir()
    machine.ledger.parent.chmod(0o500)
    done = run(machine, "daily", "--json", prefix=rights)
    assert done.json()["totals"]["responses"] == 3
    one_clear_line(done, str(machine.ledger), NOTHING_KEPT)
    machine.ledger.parent.chmod(0o700)
    assert responses(machine) == 3


def test_a_ledger_without_the_right_to_write_still_reports_what_is_new(machine: Machine) -> None:
    rights = ordinary_rights()
    path = machine.write("p/s.jsonl", *many_lines(3))
    gone = machine.write("p/gone.jsonl", *many_lines(2, first=100))
    assert responses(machine) == 5
    gone.unlink()
    put(path, many_lines(1, first=3), append=True)
    machine.ledger.chmod(0o400)
    machine.ledger.parent.chmod(0o500)
    done = run(machine, "daily", "--json", prefix=rights)
    machine.ledger.parent.chmod(0o700)
    machine.ledger.chmod(0o600)
    assert done.json()["totals"]["responses"] == 6
    one_clear_line(done, str(machine.ledger), NOTHING_KEPT)
    assert responses(machine) == 6


def test_a_ledger_without_the_right_to_write_and_nothing_new(machine: Machine) -> None:
    rights = ordinary_rights()
    machine.write("p/s.jsonl", *many_lines(3))
    assert responses(machine) == 3
    machine.ledger.chmod(0o400)
    machine.ledger.parent.chmod(0o500)
    done = run(machine, "daily", "--json", prefix=rights)
    machine.ledger.parent.chmod(0o700)
    assert done.json()["totals"]["responses"] == 3
    assert len(done.said) <= 1


@pytest.mark.parametrize("place", ["data", "data/ledger.sqlite3", "data/ledger.sqlite3-wal"])
def test_a_file_or_a_folder_stands_where_the_other_should_be(machine: Machine, place: str) -> None:
    machine.write("p/s.jsonl", *many_lines(3))
    obstacle = machine.root / place
    if place == "data":
        obstacle.write_text("not a folder")
    else:
        obstacle.mkdir(parents=True)
    done = run(machine, "daily", "--json")
    assert done.json()["totals"]["responses"] == 3
    one_clear_line(done, str(machine.ledger), NOTHING_KEPT)
    assert obstacle.exists()


def test_a_read_only_disk(machine: Machine) -> None:
    path = machine.write("p/s.jsonl", *many_lines(3))
    with small_disk(machine.root / "data", "4m"):
        assert responses(machine) == 3
        remount(machine.root / "data", "ro")
        put(path, many_lines(2, first=3), append=True)
        done = run(machine, "daily", "--json")
        assert done.json()["totals"]["responses"] == 5
        one_clear_line(done, NOTHING_KEPT)
        assert run(machine, "sync").code == 1
        remount(machine.root / "data", "rw")
        done = run(machine, "daily", "--json")
        assert (done.json()["totals"]["responses"], done.err) == (5, b"")


def test_a_read_only_disk_from_the_beginning(machine: Machine) -> None:
    machine.write("p/s.jsonl", *many_lines(3))
    with small_disk(machine.root / "data", "1m", read_only=True):
        done = run(machine, "daily", "--json")
        assert done.json()["totals"]["responses"] == 3
        one_clear_line(done, "Read-only", NOTHING_KEPT)
        assert run(machine, "sync").code == 1


# No room.


@pytest.mark.parametrize("kilobytes", [4, 100, 900])
def test_a_disk_that_is_full_in_the_middle_of_the_first_reading(machine: Machine, kilobytes: int) -> None:
    machine.write("p/s.jsonl", *many_lines(6000))
    with small_disk(machine.root / "data", f"{kilobytes}k"):
        done = run(machine, "daily", "--json")
        assert done.json()["totals"]["responses"] == 6000
        one_clear_line(done, str(machine.ledger), NOTHING_KEPT)
        remount(machine.root / "data", "size=64m")
        done = run(machine, "daily", "--json")
        assert (done.json()["totals"]["responses"], done.err) == (6000, b"")
        assert (machine.ledger.stat().st_mode & 0o777) == 0o600


def test_a_disk_that_fills_up_later_keeps_what_was_known(machine: Machine) -> None:
    path = machine.write("p/s.jsonl", *many_lines(200))
    with small_disk(machine.root / "data", "1m"):
        assert responses(machine) == 200
        (machine.root / "data" / "something-else").write_bytes(bytes(_free_bytes(machine.root / "data")))
        put(path, many_lines(3000, first=200), append=True)
        done = run(machine, "daily", "--json")
        assert done.json()["totals"]["responses"] == 3200
        one_clear_line(done, NOTHING_KEPT)
        (machine.root / "data" / "something-else").unlink()
        remount(machine.root / "data", "size=64m")
        path.unlink()
        assert responses(machine) == 200


def _free_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


@pytest.mark.parametrize("kilobytes", [1, 64, 700])
def test_files_may_not_become_large_enough(machine: Machine, kilobytes: int) -> None:
    machine.write("p/s.jsonl", *many_lines(6000))
    done = run(machine, "daily", "--json", prefix=limited_files(kilobytes))
    assert done.json()["totals"]["responses"] == 6000
    one_clear_line(done, str(machine.ledger), NOTHING_KEPT)
    done = run(machine, "daily", "--json")
    assert (done.json()["totals"]["responses"], done.err) == (6000, b"")


def test_a_disk_that_is_full_while_a_damaged_ledger_is_made_anew(machine: Machine) -> None:
    machine.write("p/s.jsonl", *many_lines(3000))
    with small_disk(machine.root / "data", "1m"):
        machine.ledger.write_bytes(b"no database at all" * 30_000)
        done = run(machine, "daily", "--json")
        assert done.json()["totals"]["responses"] == 3000
        assert "Traceback" not in done.err.decode()
        assert any(path.read_bytes()[:18] == b"no database at all" for path in machine.ledger.parent.glob("ledger*"))


# Clocks.


def test_times_of_files_that_go_backwards(machine: Machine) -> None:
    path = machine.write("p/s.jsonl", *many_lines(2))
    assert responses(machine) == 2
    for number, mtime in enumerate((1_000_000_000, 0, 4_000_000_000, 1)):
        put(path, many_lines(1, first=2 + number), append=True)
        os.utime(path, (mtime, mtime))
        assert responses(machine) == 3 + number


def test_responses_of_1970_and_of_the_future(machine: Machine) -> None:
    stamps = ("1970-01-01T00:00:00.000Z", "1999-12-31T23:59:59.999Z", "2099-06-01T12:00:00Z", "9997-12-30T00:00:00Z")
    machine.write("p/s.jsonl", *(usage_line(f"m{n}", f"r{n}", at=at) for n, at in enumerate(stamps)))
    for report in REPORTS:
        done = inside(machine, report, "--json", "--timezone", "Pacific/Kiritimati")
        assert done.json()["totals"]["responses"] in {3, 4}
        one_clear_line(done, "1 place could not be read") if done.json()["totals"]["responses"] == 3 else None
        assert b"Traceback" not in inside(machine, report).err
    days = [row["date"] for row in inside(machine, "daily", "--json").json()["rows"]]
    assert days[-3:] == ["1999-12-31", "2099-06-01", "9997-12-30"]
    assert run(machine).code == 0


def test_a_zone_that_is_not_known_is_said_in_one_line(machine: Machine) -> None:
    machine.write("p/s.jsonl", usage_line())
    done = run(machine, "daily", "--timezone", "Mars/Olympus")
    assert done.code in {1, 2}
    one_clear_line(done, "Mars/Olympus")


@pytest.mark.parametrize(
    "zone", ["<+0545>-5:45", "EST5EDT,M3.2.0,M11.1.0", ":Asia/Kathmandu", "Nowhere/Land", "", "UTC0"]
)
def test_the_systems_zone_in_any_spelling(machine: Machine, zone: str) -> None:
    machine.write("p/s.jsonl", usage_line(at="2026-03-10T22:00:00Z"))
    rows = run(machine, "daily", "--json", environ={"TZ": zone}).json()["rows"]
    assert [row["date"] for row in rows] == [
        "2026-03-11" if "05:45" in zone or "Kath" in zone or "0545" in zone else "2026-03-10"
    ]
