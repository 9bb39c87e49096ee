"""The status line when something is wrong: still one line, still exit code 0, and the reason in the log."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.claude_pushes import LINE, NOW_US, UNSYNCED, call, log_of, pushed
from tests.conftest import Machine, usage_line
from tokentide.cli.error_log import MOST_BYTES, log_error
from tokentide.errors import LedgerDamagedError

SECRET = "sk-ant-oat01-never-to-be-seen"


@pytest.fixture
def quiet(machine: Machine) -> Machine:
    machine.settings(UNSYNCED)
    return machine


@pytest.fixture
def held(quiet: Machine) -> Iterator[Machine]:
    """The same with a ledger that another process is writing to."""
    call(quiet, pushed(20))
    other = sqlite3.connect(quiet.ledger, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield quiet
    other.execute("ROLLBACK")
    other.close()


def test_a_held_ledger_still_gives_the_line_at_once(held: Machine) -> None:
    begin = time.monotonic()
    line = call(held, pushed(62, cost={"total_api_duration_ms": 6_000}))
    assert time.monotonic() - begin < 1
    assert "62 %" in line
    assert log_of(held) == ""


def test_a_broken_settings_file_is_said_and_the_line_is_made_from_the_input(machine: Machine) -> None:
    machine.settings("colour = 1")
    line = call(machine, pushed())
    assert line == LINE.replace("\n", " | tokentide: the settings are wrong: see `tokentide config`\n")
    assert "SettingsError: settings: " in log_of(machine)


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../etc/passwd"])
def test_a_zone_that_is_unknown_costs_nothing_but_a_notice(quiet: Machine, zone: str) -> None:
    quiet.write("-p/s.jsonl", usage_line())
    quiet.run("sync")
    assert "62 %" in call(quiet, pushed(), TOKENTIDE_TIMEZONE=zone)
    assert "TimeZoneUnknownError" in log_of(quiet)


def test_a_damaged_ledger_is_said_and_the_line_is_made_from_the_input(quiet: Machine) -> None:
    call(quiet, pushed())
    quiet.ledger.write_bytes(b"no database at all" * 1_000)
    line = call(quiet, pushed(), "--no-color")
    assert line == LINE.replace("\n", " | tokentide: the ledger is damaged: run `tokentide sync`\n")
    assert "LedgerDamagedError" in log_of(quiet)
    assert quiet.ledger.read_bytes().startswith(b"no database")


def test_a_newer_ledger_is_said_and_left_alone(quiet: Machine) -> None:
    call(quiet, pushed())
    with sqlite3.connect(quiet.ledger) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert "62 %" in call(quiet, pushed())
    assert "the ledger is of a newer tokentide" in call(quiet, "{}")


def test_a_home_that_cannot_be_written_is_said(quiet: Machine) -> None:
    quiet.ledger.parent.mkdir()
    quiet.ledger.mkdir()
    line = call(quiet, pushed())
    assert line.startswith(LINE.rstrip())
    assert "the ledger cannot be used" in line


def test_a_data_folder_that_is_a_file_is_said_though_nothing_can_be_logged(quiet: Machine) -> None:
    quiet.ledger.parent.write_text("")
    assert "the ledger cannot be used" in call(quiet, pushed())


def test_an_error_that_nobody_foresaw_is_one_line_and_in_the_log(
    quiet: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_path: str) -> str:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(os.path, "isabs", broken)
    assert call(quiet, pushed(transcript_path=f"/x/{SECRET}")) == (
        "tokentide: something failed: see errors.log beside the ledger\n"
    )
    log = log_of(quiet)
    assert log.startswith("2026-03-12T12:00:00Z tokentide ")
    assert "\nRuntimeError\n" in log
    assert "take_push" in log
    assert SECRET not in log


def test_the_log_is_its_owners_alone_and_holds_the_newer_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENTIDE_DATA_DIR", str(tmp_path))
    path = tmp_path / "errors.log"
    for number in range(2_000):
        log_error(LedgerDamagedError("x" * 300, str(number)), NOW_US)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert MOST_BYTES // 2 < path.stat().st_size <= MOST_BYTES
    text = path.read_text()
    assert "(1999)" in text
    assert "(1)" not in text
    assert text.startswith(("LedgerDamagedError", "2026"))
    log_error(LedgerDamagedError("x" * 300, "1999"), NOW_US + 1)
    assert path.read_text() == text


def test_the_log_tells_what_caused_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENTIDE_DATA_DIR", str(tmp_path))
    cause = ValueError(SECRET)
    error = PermissionError(13, "Permission denied", SECRET)
    error.__cause__ = cause
    log_error(error, NOW_US)
    text = (tmp_path / "errors.log").read_text()
    assert "PermissionError: Permission denied\n" in text
    assert "\nValueError\n" in text
    assert SECRET not in text


def test_nothing_secret_is_kept_or_shown(quiet: Machine) -> None:
    data = pushed(api_key=SECRET, env={"CLAUDE_CODE_OAUTH_TOKEN": SECRET})
    done = quiet.run("statusline", stdin=data, environ={"CLAUDE_CODE_OAUTH_TOKEN": SECRET, "ANTHROPIC_API_KEY": SECRET})
    assert SECRET not in done.stdout + done.stderr
    for path in quiet.root.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
