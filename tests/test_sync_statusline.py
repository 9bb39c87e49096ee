"""Which pushes of a status line are news, whose they are, and that all others leave the ledger alone."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tokentide.analytics.limits import current_windows
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tokentide.model.limits import ACCOUNT, Account, LimitReading
from tokentide.sources.statusline.parser import Push, Window
from tokentide.store.sqlite.glance import Glance
from tokentide.sync.statusline import Taken, account_of, claim_background_sync, take_push

NOW = 1_795_263_240_000_000
RESET = NOW + HOUR_US


def push(percent: float | None = 20, *, session: str = "s", api_ms: int = 10, reset: int | None = RESET) -> Push:
    return Push(session_id=session, api_ms=api_ms, cost=api_ms * 1_000, windows=(Window("five_hour", percent, reset),))


@dataclass
class Desk:
    """A ledger of one account, and what its status line would show."""

    path: Path
    home: Path
    glance: Glance

    def take(self, pushed: Push, minutes: float = 0) -> Taken:
        return take_push(self.glance, pushed, {"HOME": str(self.home)}, self.at(minutes))

    def at(self, minutes: float) -> int:
        return NOW + round(minutes * MINUTE_US)

    def shown(self, taken: Taken, minutes: float = 0) -> float | None:
        return current_windows(taken.readings, self.at(minutes))[0].percent

    def login(self, name: str) -> None:
        account = {"emailAddress": f"{name}@example.org", "accountUuid": name, "organizationUuid": "o"}
        (self.home / ".claude.json").write_text(json.dumps({"oauthAccount": account}))

    def changes(self) -> int:
        return self.glance.limits._connection.total_changes


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "data" / "ledger.sqlite3"
    with Glance.open(str(path), busy_seconds=0.05) as glance:
        yield Desk(path, tmp_path, glance)


def test_the_first_push_of_a_session_is_an_observation(desk: Desk) -> None:
    taken = desk.take(push(20))
    assert desk.shown(taken) == 20
    assert desk.glance.limits.readings() == [
        LimitReading("~/.claude", "five_hour", "statusline", NOW, 20.0, RESET, seen_at=NOW)
    ]
    assert desk.glance.limits.accounts() == [Account("~/.claude", "~/.claude")]


def test_a_repeated_push_writes_nothing(desk: Desk) -> None:
    desk.take(push(20))
    before = desk.changes()
    for minute in range(1, 300):
        desk.take(push(20), minute)
    assert desk.changes() == before


def test_an_idle_session_shows_what_the_account_is_at(desk: Desk) -> None:
    desk.take(push(20, session="idle"))
    desk.take(push(60, session="busy", api_ms=500), 5)
    for minute in range(6, 20):
        assert desk.shown(desk.take(push(20, session="idle"), minute), minute) == 60
    assert [reading.percent for reading in desk.glance.limits.readings()] == [20.0, 60.0]


def test_a_session_without_an_answer_repeats_what_its_terminal_was_told(desk: Desk) -> None:
    desk.take(push(20, session="idle"))
    desk.take(push(60, session="other"), 10)
    for minute in (20, 25, 30):
        taken = desk.take(push(20, session=f"cleared {minute}", api_ms=0), minute)
        assert desk.shown(taken, minute) == 60
    assert desk.shown(desk.take(push(21, session="new", api_ms=0), 40), 40) == 60


def test_a_new_answer_prolongs_what_was_said(desk: Desk) -> None:
    desk.take(push(20))
    desk.take(push(20, api_ms=11), 3)
    (reading,) = desk.glance.limits.readings()
    assert (reading.at, reading.seen_at) == (NOW, desk.at(3))


def test_limits_that_come_after_the_answers_time_are_taken_all_the_same(desk: Desk) -> None:
    desk.take(Push(session_id="s", api_ms=10, cost=10_000))
    assert desk.shown(desk.take(push(20), 1), 1) == 20
    assert desk.shown(desk.take(push(21), 2), 2) == 21
    assert [reading.percent for reading in desk.glance.limits.readings()] == [20.0, 21.0]
    assert [account.key for account in desk.glance.limits.accounts()] == ["~/.claude"]


def test_an_old_number_of_a_closed_window_is_no_news(desk: Desk) -> None:
    desk.take(push(90, session="old", reset=NOW - HOUR_US))
    desk.take(push(5, session="new"), 1)
    before = desk.changes()
    assert desk.shown(desk.take(push(90, session="old", reset=NOW - HOUR_US), 2), 2) == 5
    assert desk.changes() == before


def test_another_source_can_know_better(desk: Desk) -> None:
    desk.take(push(20))
    desk.glance.limits.take([], [LimitReading("~/.claude", "five_hour", ACCOUNT, desk.at(1), 44.0, RESET)])
    assert desk.shown(desk.take(push(20), 2), 2) == 44


def test_changes_of_model_and_context_are_kept_without_an_observation(desk: Desk) -> None:
    desk.take(push(20))
    taken = desk.take(push(20)._replace(model_name="Opus", context_tokens=5), 2)
    assert taken.changed_at == desk.at(2)
    (state,) = desk.glance.limits.sessions(0)
    assert (state.model, state.context_tokens, state.at) == ("Opus", 5, desk.at(2))
    assert desk.glance.limits.readings()[0].seen_at == NOW


def test_a_push_without_a_session_is_taken_once(desk: Desk) -> None:
    desk.take(push(20, session=""))
    before = desk.changes()
    desk.take(push(20, session=""), 1)
    assert desk.changes() == before
    assert desk.glance.limits.sessions(0) == []
    assert len(desk.glance.limits.readings()) == 1


def test_numbers_stay_with_the_login_that_they_were_told_to(desk: Desk) -> None:
    desk.login("first")
    desk.take(push(80))
    desk.login("second")
    assert desk.shown(desk.take(push(80), 1), 1) == 80
    desk.take(push(3, api_ms=20), 2)
    assert {(reading.account, reading.percent) for reading in desk.glance.limits.readings()} == {
        ("first:o", 80.0),
        ("second:o", 3.0),
    }
    assert desk.shown(desk.take(push(3, api_ms=20), 3), 3) == 3


@pytest.mark.parametrize(
    ("transcript", "config_dir", "folder"),
    [
        ("HOME/.claude-work/projects/-p/s.jsonl", "", "~/.claude-work"),
        ("HOME/.claude-work/projects/-p/s.jsonl", "HOME/.other", "~/.claude-work"),
        ("", "HOME/.other", "~/.other"),
        ("", "", "~/.claude"),
        ("projects/-p/s.jsonl", "", "~/.claude"),
        ("HOME/elsewhere/-p/s.jsonl", "", "~/.claude"),
        ("/", "", "~/.claude"),
        ("HOME/\0/projects/-p/s.jsonl", "", "~/\0"),
    ],
)
def test_the_account_is_that_of_the_transcripts_folder(
    tmp_path: Path, transcript: str, config_dir: str, folder: str
) -> None:
    environ = {"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": config_dir.replace("HOME", str(tmp_path))}
    pushed = Push(transcript_path=transcript.replace("HOME", str(tmp_path)))
    assert account_of(pushed, environ).key == folder


def test_a_ledger_that_another_process_holds_is_read_only(desk: Desk) -> None:
    desk.take(push(20))
    other = sqlite3.connect(desk.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        taken = desk.take(push(30, api_ms=11), 1)
        assert "locked" in str(taken.fault)
        assert desk.shown(taken, 1) == 30
        assert not claim_background_sync(desk.glance, taken.changed_at, desk.at(1))
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert desk.take(push(30, api_ms=11), 1).fault is None
    assert [reading.percent for reading in desk.glance.limits.readings()] == [20.0, 30.0]


def test_readings_that_are_too_old_are_not_looked_at(desk: Desk) -> None:
    desk.take(push(20))
    taken = take_push(desk.glance, push(20, session="later"), {"HOME": str(desk.home)}, NOW + 9 * DAY_US)
    assert [reading.at for reading in taken.readings] == [NOW + 9 * DAY_US]


def test_a_sync_is_due_once_a_minute_and_only_after_a_change(desk: Desk) -> None:
    taken = desk.take(push(20))
    assert claim_background_sync(desk.glance, taken.changed_at, NOW)
    assert not claim_background_sync(desk.glance, NOW + SECOND_US, NOW + 59 * SECOND_US)
    assert claim_background_sync(desk.glance, taken.changed_at, NOW + 60 * SECOND_US)
    assert not claim_background_sync(desk.glance, NOW + SECOND_US, NOW + HOUR_US)


def test_a_sync_that_a_wrong_clock_booked_holds_nobody_up(desk: Desk) -> None:
    assert claim_background_sync(desk.glance, desk.at(300), desk.at(300))
    assert claim_background_sync(desk.glance, desk.at(0), desk.at(0))
    assert not claim_background_sync(desk.glance, desk.at(0), desk.at(0.5))


def take_many(path: str, home: str, session: str, count: int) -> None:
    """The pushes of one busy session, in a process of its own."""
    for number in range(count):
        with Glance.open(path, busy_seconds=20) as glance:
            pushed = push(number, session=session, api_ms=number)
            assert take_push(glance, pushed, {"HOME": home}, NOW + number * SECOND_US).fault is None


def test_several_processes_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "data" / "ledger.sqlite3")
    context = multiprocessing.get_context("spawn")
    sessions = [f"s{number}" for number in range(4)]
    workers = [context.Process(target=take_many, args=(path, str(tmp_path), name, 20)) for name in sessions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    with Glance.open(path, busy_seconds=1) as glance:
        assert sorted(state.session_id for state in glance.limits.sessions(0)) == sessions
        assert [reading.percent for reading in glance.limits.readings()] == [float(number) for number in range(20)]


def claim_one(path: str, winners: multiprocessing.SimpleQueue[bool]) -> None:
    """One status line's try to start the sync."""
    with Glance.open(path, busy_seconds=20) as glance:
        winners.put(claim_background_sync(glance, NOW, NOW))


def test_of_several_processes_one_starts_the_sync(tmp_path: Path) -> None:
    path = str(tmp_path / "data" / "ledger.sqlite3")
    context = multiprocessing.get_context("spawn")
    winners = context.SimpleQueue()
    workers = [context.Process(target=claim_one, args=(path, winners)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(winners.get() for _ in workers) == [False, False, False, True]
