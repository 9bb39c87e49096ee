"""Pace Maker's files: read without a trace, reckoned as it does, whatever lies in them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hardships import ordinary_rights
from tests.pace_maker import API_CACHE, LANGFUSE_KEY, OLD, SECRET_VALUE, PaceMaker, instant, seconds
from tokentide.clock import DAY_US, HOUR_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, LimitReading
from tokentide.model.pacing import PacedWindow, Pacing, PacingDecision
from tokentide.sources.pace_maker.algorithm import (
    constrained_window,
    is_weekend,
    legacy_slowdown,
    slowdown,
    target_of,
    weekday_us,
)
from tokentide.sources.pace_maker.choices import Choices, read_choices
from tokentide.sources.pace_maker.reader import read_pacing, read_readings

THURSDAY = "2026-03-12T12:00:00+00:00"
NOW = instant(THURSDAY)
FIVE_HOUR_RESET, WEEK_RESET = "2026-03-12T14:00:00+00:00", "2026-03-16T00:00:00+00:00"
"""Three of the five hours have passed; the week began on Monday, 84 of its 120 weekday hours have."""


def paced(window: str, percent: float, resets_at: str, now: int = NOW, choices: Choices | None = None) -> PacedWindow:
    choices = choices or Choices()
    target = target_of(window, instant(resets_at), now, choices, legacy=False)
    safe = None if target is None else target * choices.safety_percent / 100
    return PacedWindow(window, percent, instant(resets_at), target, safe)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


# Targets.


@pytest.mark.parametrize(
    ("elapsed_minutes", "expected"),
    [(0, 10), (15, 10), (30, 10), (31, 10 + 1 / 3), (60, 20), (150, 50), (299.999, 100)],
)
def test_the_five_hours_target_is_linear_after_half_an_hour(elapsed_minutes: float, expected: float) -> None:
    reset = instant(FIVE_HOUR_RESET)
    now = round(reset - 5 * HOUR_US + elapsed_minutes * 60_000_000)
    assert target_of(FIVE_HOUR, reset, now, Choices(), legacy=False) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-09T00:00:00Z", 10),
        ("2026-03-09T06:00:00Z", 10),
        ("2026-03-09T12:00:00Z", 10),
        ("2026-03-09T18:00:00Z", 15),
        (THURSDAY, 70),
        ("2026-03-13T23:00:00Z", 100 * 119 / 120),
        ("2026-03-14T12:00:00Z", 100),
        ("2026-03-15T23:59:00Z", 100),
    ],
)
def test_the_weekly_target_begins_with_twelve_hours_and_stands_still_at_weekends(now: str, expected: float) -> None:
    assert target_of(SEVEN_DAY, instant(WEEK_RESET), instant(now), Choices(), legacy=False) == pytest.approx(expected)


def test_a_week_that_begins_on_a_weekend_gives_only_its_preload_then() -> None:
    reset, sunday = instant("2026-03-14T06:00:00Z"), instant("2026-03-08T20:00:00Z")
    assert target_of(SEVEN_DAY, reset, sunday, Choices(), legacy=False) == pytest.approx(10)
    assert target_of(SEVEN_DAY, reset, sunday, Choices(preload_hours=0), legacy=False) == 0
    wednesday = instant("2026-03-11T00:00:00Z")
    assert target_of(SEVEN_DAY, reset, wednesday, Choices(), legacy=False) == pytest.approx(100 * 48 / 120)


@pytest.mark.parametrize("window", [FIVE_HOUR, SEVEN_DAY])
@pytest.mark.parametrize("legacy", [True, False])
def test_a_window_that_has_been_reset_has_no_target(window: str, legacy: bool) -> None:
    for ago in (0, 1, 299_000_000, DAY_US):
        assert target_of(window, NOW - ago, NOW, Choices(), legacy=legacy) is None
    assert target_of(window, None, NOW, Choices(), legacy=legacy) is None


def test_the_legacy_curves() -> None:
    # 100 × ln(1 + 0.6 × (e − 1)) = 100 × ln 2.03097; the week: 3.5 of 7 days
    assert target_of(FIVE_HOUR, instant(FIVE_HOUR_RESET), NOW, Choices(), legacy=True) == pytest.approx(
        70.851, abs=0.001
    )
    assert target_of(SEVEN_DAY, instant(WEEK_RESET), NOW, Choices(), legacy=True) == pytest.approx(50)


@given(st.integers(0, 60 * 366 * 24), st.integers(0, 60 * 24 * 30))
def test_weekday_time_is_the_minutes_that_are_no_weekend(start: int, length: int) -> None:
    length = min(length, 60 * 24 * 9)
    first = instant("2026-01-01T00:00:00Z") + start * 60_000_000
    minutes = sum(not is_weekend(first + step * 60_000_000) for step in range(length))
    assert weekday_us(first, first + length * 60_000_000) == minutes * 60_000_000
    assert weekday_us(first + 1, first) == 0


# Delays.


@pytest.mark.parametrize(
    ("percent", "delay", "strategy"),
    [
        (57, 0, "none"),  # exactly safe: 0.95 × 60
        (60, 28, "minimal"),  # pace 20, wanted 17.5: 5 × (1 / 0.875 − 1) × 40
        (66, 103, "gradual"),  # pace 22, wanted 14.5: 5 × (22 / 14.5 − 1) × 40
        (78, 350, "emergency"),  # pace 26, wanted 8.5: 411 is more than the most
        (97, 350, "emergency"),  # wanted half of what is left: 0.75
        (100, 350, "emergency"),  # nothing is left
    ],
)
def test_delays_of_the_five_hours(percent: float, delay: int, strategy: str) -> None:
    assert slowdown(paced(FIVE_HOUR, percent, FIVE_HOUR_RESET), NOW, Choices()) == (delay, strategy)


def test_delays_know_how_much_time_is_left() -> None:
    early = paced(FIVE_HOUR, 40, "2026-03-12T16:00:00Z")  # 1 h gone: pace 40, wanted 55 / 4
    assert slowdown(early, NOW, Choices()) == (190, "aggressive")  # 5 × (40 / 13.75 − 1) × 20
    late = paced(FIVE_HOUR, 91, "2026-03-12T12:12:00Z")  # target 96, safe 91.2
    assert slowdown(late, NOW, Choices()) == (0, "none")
    close = paced(FIVE_HOUR, 48, "2026-03-12T14:30:00Z")  # pace 19.2, wanted 18.8: the base delay alone is none
    assert slowdown(close, NOW, Choices()) == (0, "none")
    last_hour = paced(FIVE_HOUR, 86, "2026-03-12T12:30:00Z")  # pace 19.1, wanted 18: 0.942; 5 × 0.0617 × 60 = 18
    assert slowdown(last_hour, NOW, Choices()) == (18, "minimal")


def test_the_week_counts_its_weekday_share() -> None:
    # 84 of 120 weekday hours: 117.6 hours count; pace 80 / 117.6, wanted 15 / 84; over 13.5
    assert slowdown(paced(SEVEN_DAY, 80, WEEK_RESET), NOW, Choices()) == (280, "gradual")


def test_weekends_allow_nothing_beyond_what_is_safe() -> None:
    saturday = instant("2026-03-14T12:00:00Z")
    choices = Choices(max_delay_seconds=200)
    assert slowdown(paced(SEVEN_DAY, 95.5, WEEK_RESET, saturday), saturday, choices) == (200, "emergency")
    assert slowdown(paced(SEVEN_DAY, 95, WEEK_RESET, saturday), saturday, choices) == (0, "none")
    assert slowdown(paced(FIVE_HOUR, 58, "2026-03-14T14:00:00Z", saturday), saturday, choices) == (200, "emergency")


@pytest.mark.parametrize(("percent", "delay"), [(70, 0), (71, 6), (78, 76), (99, 120)])
def test_legacy_delays_grow_with_the_deviation(percent: float, delay: int) -> None:
    target = target_of(FIVE_HOUR, instant(FIVE_HOUR_RESET), NOW, Choices(), legacy=True)
    window = PacedWindow(FIVE_HOUR, percent, instant(FIVE_HOUR_RESET), target, target)
    assert legacy_slowdown(window, Choices()) == (delay, "")


def test_the_window_furthest_beyond_its_target_decides() -> None:
    five, week = paced(FIVE_HOUR, 65, FIVE_HOUR_RESET), paced(SEVEN_DAY, 76, WEEK_RESET)
    assert constrained_window([five, week]) == week
    assert constrained_window([five, week._replace(percent=75)]) == five
    assert constrained_window([five, week._replace(is_limited=False)]) == five
    assert constrained_window([]) is None


@given(
    st.sampled_from([FIVE_HOUR, SEVEN_DAY]),
    st.floats(0, 1000),
    st.integers(-(20 * DAY_US), 20 * DAY_US),
    st.integers(0, 400 * DAY_US),
    st.floats(0, 100),
    st.integers(0, 60),
)
def test_delays_stay_within_their_bounds(
    window: str, percent: float, ahead: int, shift: int, safety: float, base: int
) -> None:
    choices = Choices(base_delay_seconds=base, max_delay_seconds=350, safety_percent=safety)
    now = NOW + shift
    target = target_of(window, now + ahead, now, choices, legacy=False)
    assert (target is None) == (ahead <= 0)
    if target is not None:
        assert 0 <= target <= 100
        delay, strategy = slowdown(
            PacedWindow(window, percent, now + ahead, target, target * safety / 100), now, choices
        )
        assert 0 <= delay <= 350
        assert (delay == 0) == (strategy == "none")


# Files.


def test_without_its_settings_it_is_not_installed(home: Path) -> None:
    assert read_pacing(str(home), now=NOW) == Pacing()
    assert read_readings(str(home), "a", since=0, now=NOW) == []
    (home / ".claude-pace-maker").mkdir(parents=True)
    assert not read_pacing(str(home), now=NOW).is_installed


def test_settings_alone_are_a_pace_maker_without_data(home: Path) -> None:
    maker = PaceMaker(home, tempo_enabled=False)
    maker.path.unlink()
    found = read_pacing(str(home), now=NOW)
    assert found == Pacing(is_installed=True, is_enabled=True, tempo="off")


def test_everything_together(home: Path) -> None:
    maker = PaceMaker(home, weekly_limit_enabled=True, tempo_mode="on")
    maker.answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (60, WEEK_RESET), id=1)
    maker.decide("2026-03-12T11:50:00Z", 12)
    maker.version("2.34.2")
    found = read_pacing(str(home), now=NOW)
    assert found.decision == PacingDecision(True, 12, instant("2026-03-12T11:50:00Z"))
    assert (found.version, found.algorithm, found.strategy) == ("2.34.2", "adaptive", "gradual")
    assert (found.constrained, found.tempo, found.fault) == (FIVE_HOUR, "on", "")
    assert found.delay_seconds == 103  # the decision is too old to be repeated
    assert [round(window.deviation or 0, 3) for window in found.windows] == [9, -6.5]
    assert not found.is_estimate


def test_a_decision_is_repeated_until_the_next_poll(home: Path) -> None:
    maker = PaceMaker(home)
    maker.answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (60, WEEK_RESET), id=1)
    maker.decide("2026-03-12T11:58:00Z", 45)
    assert read_pacing(str(home), now=NOW).delay_seconds == 45
    maker.config(poll_interval=60)
    assert read_pacing(str(home), now=NOW).delay_seconds == 103
    maker.config(weekly_limit_enabled=False, five_hour_limit_enabled=False)
    assert read_pacing(str(home), now=NOW).delay_seconds == 0


def test_the_safety_buffer_is_the_one_that_is_set(home: Path) -> None:
    maker = PaceMaker(home, safety_buffer_pct=80)
    maker.answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (0, None), id=1)
    (window,) = read_pacing(str(home), now=NOW).windows
    assert (window.target, window.safe, window.deviation) == (60, 48, 18)


def test_preload_is_named_while_it_lasts(home: Path) -> None:
    maker = PaceMaker(home)
    maker.answer("2026-03-12T11:58:00Z", (30, "2026-03-12T16:45:00Z"), (20, WEEK_RESET), id=1)
    assert read_pacing(str(home), now=NOW).algorithm == "adaptive/preload"
    maker.config(five_hour_limit_enabled=False)
    assert read_pacing(str(home), now=NOW).algorithm == "adaptive"


@pytest.mark.parametrize(
    ("version", "algorithm"), [("2.2.9", "legacy"), ("1.0", "legacy"), ("2.3.0", "adaptive"), ("10.0", "adaptive")]
)
def test_the_version_tells_the_algorithm(home: Path, version: str, algorithm: str) -> None:
    maker = PaceMaker(home, OLD)
    maker.answer("2026-03-12T11:58:00Z", (78, FIVE_HOUR_RESET), (40, WEEK_RESET), session_id="s")
    maker.version(version)
    found = read_pacing(str(home), now=NOW)
    assert (found.algorithm, found.delay_seconds) == (algorithm, 76 if algorithm == "legacy" else 350)


def test_the_plugin_cache_tells_the_version_where_nothing_else_does(home: Path) -> None:
    PaceMaker(home, OLD)
    cache = home / ".claude/plugins/cache/lightspeed-claude-plugins/claude-pace-maker"
    for name in ("2.9.1", "2.10.0", "latest", "9" * 50):
        (cache / name).mkdir(parents=True)
    assert read_pacing(str(home), now=NOW).version == "2.10.0"


@pytest.mark.parametrize(
    ("config", "state", "tempo"),
    [
        ({}, {}, "auto"),
        ({"tempo_enabled": True}, {}, "on"),
        ({"tempo_mode": "off", "tempo_enabled": True}, {}, "off"),
        ({"tempo_mode": "on"}, {"tempo_session_enabled": False}, "off"),
        ({"tempo_mode": 7, "tempo_enabled": "yes"}, {"tempo_session_enabled": None}, "auto"),
    ],
)
def test_tempo_is_the_sessions_own_then_the_mode_then_the_old_switch(
    home: Path, config: dict[str, object], state: dict[str, object], tempo: str
) -> None:
    maker = PaceMaker(home)
    maker.config(**config)
    (maker.folder / "state.json").write_text(json.dumps(state))
    assert read_choices(str(maker.folder)).tempo == tempo


def test_both_windows_stale_is_no_decision(home: Path) -> None:
    maker = PaceMaker(home)
    maker.answer("2026-03-01T00:00:00Z", (90, "2026-03-01T02:00:00Z"), (90, "2026-03-05T00:00:00Z"), id=1)
    found = read_pacing(str(home), now=NOW)
    assert (found.constrained, found.delay_seconds, found.shown) == ("", 0, None)
    assert [window.target for window in found.windows] == [None, None]


def test_one_stale_window_leaves_the_other_to_decide(home: Path) -> None:
    maker = PaceMaker(home)
    maker.answer("2026-03-12T08:00:00Z", (100, "2026-03-12T11:59:00Z"), (80, WEEK_RESET), id=1)
    found = read_pacing(str(home), now=NOW)
    assert (found.constrained, found.delay_seconds) == (SEVEN_DAY, 280)


# Its estimate while it cannot ask.


def test_the_fallback_adds_what_was_spent(home: Path) -> None:
    maker = PaceMaker(home)
    state = {
        "state": "fallback",
        "baseline_5h": 40,
        "baseline_7d": 30,
        "tier": "5x",
        "entered_at": seconds("2026-03-12T11:00:00Z"),
    }
    maker.put("fallback_state_v2", id=1, resets_at_5h=FIVE_HOUR_RESET, resets_at_7d=WEEK_RESET, **state)
    for at, cost in (("2026-03-12T10:59:00Z", 100), ("2026-03-12T11:01:00Z", 4), ("2026-03-12T11:30:00Z", 6)):
        maker.put("accumulated_costs", timestamp=seconds(at), session_id="s", cost_dollars=cost)
    maker.put("backoff_state", id=1, consecutive_429s=2, backoff_until=seconds("2026-03-12T12:20:00Z"))
    found = read_pacing(str(home), now=NOW)
    assert found.is_estimate
    assert found.backoff_until == instant("2026-03-12T12:20:00Z")
    assert [window.percent for window in found.windows] == pytest.approx([47.5, 31.1])
    maker.put("calibrated_coefficients", tier="5x", coefficient_5h=0.01, coefficient_7d=0.002)
    assert [window.percent for window in read_pacing(str(home), now=NOW).windows] == pytest.approx([50, 32])


def test_after_a_reset_only_later_spending_counts(home: Path) -> None:
    maker = PaceMaker(home)
    state = {
        "state": "fallback",
        "baseline_5h": 90,
        "baseline_7d": 30,
        "tier": "20x",
        "entered_at": seconds("2026-03-12T01:00:00Z"),
    }
    maker.put("fallback_state_v2", id=1, resets_at_5h="2026-03-12T06:00:00", resets_at_7d=WEEK_RESET, **state)
    for at, cost in (("2026-03-12T10:59:00Z", 100), ("2026-03-12T11:01:00Z", 8)):
        maker.put("accumulated_costs", timestamp=seconds(at), session_id="s", cost_dollars=cost)
    five, week = read_pacing(str(home), now=NOW).windows
    assert five.percent == pytest.approx(1.5)
    assert five.resets_at == instant("2026-03-12T16:00:00Z")
    assert week.percent == pytest.approx(30 + 108 * 0.0275)


# Readings.


def test_its_answers_become_readings_in_the_order_of_time(home: Path) -> None:
    maker = PaceMaker(home)
    maker.answer("2026-03-12T11:00:00Z", (50, FIVE_HOUR_RESET), (0, None), session_id="s")
    maker.answer(
        "2026-03-12T10:00:00Z", (40, FIVE_HOUR_RESET), (39, "2026-03-16T00:00:00.123456+00:00"), session_id="s"
    )
    maker.answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (0, WEEK_RESET), id=1)
    maker.answer("2026-03-12T13:00:00Z", (99, FIVE_HOUR_RESET), (99, WEEK_RESET), session_id="from the future")
    found = read_readings(str(home), "key", since=0, now=NOW)
    reset, week = instant(FIVE_HOUR_RESET), instant(WEEK_RESET)
    assert found == [
        LimitReading("key", FIVE_HOUR, "pace_maker", instant("2026-03-12T10:00:00Z"), 40, reset),
        LimitReading("key", SEVEN_DAY, "pace_maker", instant("2026-03-12T10:00:00Z"), 39, week),
        LimitReading("key", FIVE_HOUR, "pace_maker", instant("2026-03-12T11:00:00Z"), 50, reset),
        LimitReading("key", FIVE_HOUR, "pace_maker", instant("2026-03-12T11:58:00Z"), 66, reset),
        LimitReading("key", SEVEN_DAY, "pace_maker", instant("2026-03-12T11:58:00Z"), 0, week),
    ]
    assert len(read_readings(str(home), "key", since=instant("2026-03-12T10:30:00Z"), now=NOW)) == 3


# No trace, no harm.


def test_reading_leaves_no_file_behind_and_changes_none(home: Path) -> None:
    maker = PaceMaker(home)
    maker.answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (60, WEEK_RESET), id=1)
    before = {path.name: path.read_bytes() for path in maker.folder.iterdir()}
    read_pacing(str(home), now=NOW)
    read_readings(str(home), "a", since=0, now=NOW)
    assert {path.name: path.read_bytes() for path in maker.folder.iterdir()} == before


def test_what_still_stands_in_the_write_ahead_log_is_read(home: Path) -> None:
    maker = PaceMaker(home)
    writer = sqlite3.connect(maker.path)
    writer.execute("INSERT INTO api_cache VALUES (1, ?, 66, ?, 0, NULL, '')", (seconds(THURSDAY), FIVE_HOUR_RESET))
    writer.commit()
    try:
        assert (maker.folder / "usage.db-wal").stat().st_size > 0
        assert [window.percent for window in read_pacing(str(home), now=NOW).windows] == [66]
    finally:
        writer.close()


def test_a_locked_database_is_a_fault_and_no_wait(home: Path) -> None:
    maker = PaceMaker(home, (API_CACHE,))
    writer = sqlite3.connect(maker.path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = DELETE")
    writer.execute("BEGIN EXCLUSIVE")
    try:
        found = read_pacing(str(home), now=NOW)
    finally:
        writer.close()
    assert found.fault == "usage.db is locked by another program"
    assert (found.is_installed, found.windows) == (True, ())


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_corrupt_database_is_a_fault(home: Path, content: bytes) -> None:
    maker = PaceMaker(home)
    maker.path.write_bytes(content)
    found = read_pacing(str(home), now=NOW)
    assert found.fault.startswith("usage.db cannot be read (")
    assert read_readings(str(home), "a", since=0, now=NOW) == []


def test_a_damaged_page_is_a_fault(home: Path) -> None:
    maker = PaceMaker(home)
    for number in range(20):
        maker.put("usage_snapshots", timestamp=number, five_hour_util=1, seven_day_util=1, session_id="x" * 200)
    data = bytearray(maker.path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    maker.path.write_bytes(data)
    assert read_pacing(str(home), now=NOW).fault


def test_missing_tables_and_columns_are_missing_features(home: Path) -> None:
    maker = PaceMaker(home, ("CREATE TABLE usage_snapshots (timestamp INTEGER, five_hour_util REAL)",))
    maker.put("usage_snapshots", timestamp=seconds("2026-03-12T11:00:00Z"), five_hour_util=5)
    found = read_pacing(str(home), now=NOW)
    assert [(window.window, window.percent, window.resets_at) for window in found.windows] == [(FIVE_HOUR, 5, None)]
    assert (found.fault, found.decision, found.backoff_until) == ("", None, None)


def test_a_table_without_times_holds_nothing(home: Path) -> None:
    maker = PaceMaker(home, ("CREATE TABLE usage_snapshots (five_hour_util REAL)", "CREATE TABLE api_cache (other)"))
    maker.put("usage_snapshots", five_hour_util=5)
    assert read_pacing(str(home), now=NOW).windows == ()
    assert read_readings(str(home), "a", since=0, now=NOW) == []


def test_a_log_in_a_folder_that_may_not_be_written_leaves_the_file_alone_to_be_read(home: Path) -> None:
    rights = ordinary_rights()
    maker = PaceMaker(home, (API_CACHE,))
    maker.answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (60, WEEK_RESET), id=1)
    (maker.folder / "usage.db-wal").write_bytes(b"")
    maker.folder.chmod(0o500)
    code = f"from tokentide.sources.pace_maker.reader import read_pacing; print(len(read_pacing({str(home)!r}, now={NOW}).windows))"
    try:
        done = subprocess.run([*rights, sys.executable, "-c", code], capture_output=True, text=True, check=True)
    finally:
        maker.folder.chmod(0o700)
    assert done.stdout == "2\n"


@pytest.mark.parametrize("value", ["text", b"\xff\x00", float("inf"), -1, 1e300, None, "2026-99-99", 10**18])
def test_values_that_make_no_sense_are_left_out(home: Path, value: object) -> None:
    maker = PaceMaker(
        home,
        (
            "CREATE TABLE api_cache (timestamp, five_hour_util, five_hour_resets_at, seven_day_util, seven_day_resets_at)",
            "CREATE TABLE pacing_decisions (id, timestamp, should_throttle, delay_seconds)",
            "CREATE TABLE backoff_state (backoff_until)",
        ),
    )
    maker.put(
        "api_cache",
        timestamp=seconds(THURSDAY),
        five_hour_util=value,
        five_hour_resets_at=value,
        seven_day_util=value,
        seven_day_resets_at=value,
    )
    maker.put("pacing_decisions", id=1, timestamp=value, should_throttle=value, delay_seconds=value)
    maker.put("backoff_state", backoff_until=value)
    found = read_pacing(str(home), now=NOW)
    assert found.windows == ()
    assert (found.fault, found.delay_seconds) == ("", 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"enabled": "yes", "base_delay": 1e999, "max_delay": true}',
        "[" * 100_000,
        '{"preload_hours": NaN, "safety_buffer_pct": -5, "db_path": "a\\u0000b"}',
    ],
)
def test_settings_that_make_no_sense_are_the_defaults(home: Path, text: str) -> None:
    maker = PaceMaker(home)
    (maker.folder / "config.json").write_text(text)
    assert read_choices(str(maker.folder))._replace(fault="") == Choices()
    assert bool(read_pacing(str(home), now=NOW).fault) == (not text.startswith('{"'))


def test_hostile_names_of_files_and_versions_do_no_harm(home: Path, tmp_path: Path) -> None:
    maker = PaceMaker(home / "a?mode=rwc&b#c %41\n", db_path="")
    maker.answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (60, WEEK_RESET), id=1)
    maker.version("2.3\x1b[31m; DROP TABLE")
    found = read_pacing(str(maker.folder.parent), now=NOW)
    assert (found.version, len(found.windows)) == ("", 2)
    elsewhere = tmp_path / "elsewhere.db"
    maker.path.rename(elsewhere)
    maker.config(db_path=str(elsewhere))
    assert len(read_pacing(str(maker.folder.parent), now=NOW).windows) == 2


def test_secrets_of_its_other_features_are_never_in_what_is_read(home: Path) -> None:
    PaceMaker(home).answer("2026-03-12T11:58:00Z", (66, FIVE_HOUR_RESET), (60, WEEK_RESET), id=1)
    said = repr(read_pacing(str(home), now=NOW)) + repr(read_readings(str(home), "a", since=0, now=NOW))
    assert SECRET_VALUE not in said
    assert LANGFUSE_KEY not in said
