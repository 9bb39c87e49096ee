"""`tokentide statusline` as Claude Code calls it: one line, whatever it is told, as wide as there is room."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.claude_pushes import LINE, NOW, NOW_US, UNSYNCED, Input, call, log_of, pushed
from tests.conftest import Machine, usage_line
from tokentide.analytics.forecasting.latest import to_text
from tokentide.analytics.forecasting.model import Forecast, Instants, WindowForecast
from tokentide.clock import MINUTE_US
from tokentide.store.sqlite.ledger import Ledger


@pytest.fixture
def quiet(machine: Machine) -> Machine:
    machine.settings(UNSYNCED)
    return machine


def test_one_line_is_shown_and_the_limits_are_kept(quiet: Machine) -> None:
    assert call(quiet, pushed()) == LINE
    with Ledger.open(str(quiet.ledger)) as ledger:
        assert {reading.window: reading.percent for reading in ledger.limits.readings()} == {
            "five_hour": 62.0,
            "seven_day": 34.0,
        }
        (state,) = ledger.limits.sessions(0)
    assert (state.session_id, state.model, state.effort, state.cost) == ("s1", "Opus 4.8", "high", 1_270_000_000)
    assert log_of(quiet) == ""


def test_an_idle_session_shows_the_accounts_percentage(quiet: Machine) -> None:
    call(quiet, pushed(20, session_id="idle"))
    call(quiet, pushed(60), now="2026-03-12T12:01:00Z")
    assert "60 %" in call(quiet, pushed(20, session_id="idle"), now="2026-03-12T12:02:00Z")


def test_a_repeated_call_leaves_the_files_alone(quiet: Machine) -> None:
    call(quiet, pushed())
    before = quiet.ledger.read_bytes()
    for minute in range(1, 9):
        call(quiet, pushed(), now=f"2026-03-12T12:0{minute}:00Z")
    assert quiet.ledger.read_bytes() == before


def test_a_window_whose_reset_has_passed_is_not_shown_as_used(quiet: Machine) -> None:
    call(quiet, pushed())
    line = call(quiet, pushed(), now="2026-03-12T13:45:00Z")
    assert "5h reset 5m ago | week 34 % 2d 22h (1h 45m old)" in line


def forecast(machine: Machine, odds: float | None, *, made: int = NOW_US) -> None:
    """Put a forecast of the pushed account's five hours into the ledger: full about an hour from now."""
    with Ledger.open(str(machine.ledger)) as ledger:
        (account,) = ledger.limits.accounts()
        hits = None if odds is None else Instants(*(NOW_US + minutes * MINUTE_US for minutes in (40, 60, 80)))
        window = WindowForecast("five_hour", NOW_US + 6_000_000_000, 62, odds, hits, None, None)
        said = Forecast(account, made, (window,), "five_hour", None, None, (), (), None, 30, None)
        ledger.forecasts.keep(account.key, made, "", to_text(said), ())


@pytest.mark.parametrize(
    ("odds", "shown"),
    [(0.72, "| 7 in 10 5h full in 1h 00m |"), (0.3, "| 3 in 10 5h full in 1h 00m |"), (0.1, ""), (1.0, ""), (None, "")],
)
def test_odds_worth_telling_are_told(quiet: Machine, odds: float | None, shown: str) -> None:
    call(quiet, pushed())
    forecast(quiet, odds)
    line = call(quiet, pushed())
    assert shown in line
    assert ("full in" in line) == bool(shown)


def test_odds_of_a_window_that_is_another_or_full_are_not_told(quiet: Machine) -> None:
    call(quiet, pushed())
    forecast(quiet, 0.72)
    later = {"cost": {"total_cost_usd": 2, "total_api_duration_ms": 9_000}}
    assert "100 %" in (line := call(quiet, pushed(100, **later)))
    assert "in 10" not in line
    reset = {"five_hour": {"used_percentage": 2, "resets_at": NOW_US // 1_000_000 + 17_000}}
    later = {"cost": {"total_cost_usd": 3, "total_api_duration_ms": 19_000}}
    assert " 2 %" in (line := call(quiet, pushed(rate_limits=reset, **later)))
    assert "in 10" not in line


def test_an_old_forecast_says_nothing(quiet: Machine) -> None:
    call(quiet, pushed())
    forecast(quiet, 0.7, made=NOW_US - 11 * MINUTE_US)
    assert call(quiet, pushed()) == LINE


def test_a_forecast_of_another_version_says_nothing(quiet: Machine) -> None:
    call(quiet, pushed())
    with Ledger.open(str(quiet.ledger)) as ledger:
        (account,) = ledger.limits.accounts()
        for text in ('{"windows":[{"window":"five_hour"}]}', "{", "[]", '{"windows":7}'):
            ledger.forecasts.keep(account.key, NOW_US, "", text, ())
            assert call(quiet, pushed()) == LINE
    assert log_of(quiet) == ""


def test_todays_cost_and_the_burn_rate_come_from_the_ledger(quiet: Machine) -> None:
    quiet.write(
        "-p/s.jsonl",
        usage_line("m1", "r1", "2026-03-11T23:59:00.000Z", input_tokens=100_000, output_tokens=0),
        usage_line("m2", "r2", "2026-03-12T00:01:00.000Z", input_tokens=100_000, output_tokens=0),
        usage_line("m3", "r3", "2026-03-12T11:30:00.000Z", input_tokens=100_000, output_tokens=0),
    )
    quiet.run("sync")
    assert call(quiet, "{}") == "$0.60 today | $0.30/h\n"
    assert call(quiet, "{}", TOKENTIDE_TIMEZONE="Asia/Tokyo") == "$0.90 today | $0.30/h\n"
    assert call(quiet, "{}", now="2026-03-12T12:30:01Z") == "$0.60 today\n"
    assert call(quiet, "{}", TOKENTIDE_COST_MODE="display") == "$0.00 today\n"


def test_the_settings_choose_segments_and_thresholds(machine: Machine) -> None:
    machine.settings(f'{UNSYNCED}statusline_segments = ["week", "model"]\nlimit_thresholds = [10, 20, 30]\n')
    assert call(machine, pushed()) == "week 34 % 3d 0h | Opus 4.8\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Input(pushed().encode()))
        assert "\x1b[31m 34 %" in machine.call("statusline", now=NOW)[1]


@pytest.mark.parametrize("environ", [{"NO_COLOR": ""}, {"TERM": "dumb"}])
def test_colours_can_be_switched_off(quiet: Machine, environ: dict[str, str]) -> None:
    assert "\x1b" not in quiet.run("statusline", stdin=pushed(), environ=environ).stdout
    assert "\x1b" in quiet.run("statusline", stdin=pushed()).stdout
    assert "\x1b" not in quiet.run("statusline", "--no-color", stdin=pushed()).stdout


@pytest.mark.parametrize("columns", [1, 5, 20, 44, 80, 99, 120])
def test_the_line_leaves_the_client_its_margin(quiet: Machine, columns: int) -> None:
    line = call(quiet, pushed(), COLUMNS=str(columns)).rstrip("\n")
    assert len(line) <= max(columns - 4, 1)
    assert line


@pytest.mark.parametrize("columns", ["", "0", "-5", "abc", "٤٠", "9" * 500])
def test_a_width_that_makes_no_sense_is_no_limit(quiet: Machine, columns: str) -> None:
    environ = {**quiet._environ(), "COLUMNS": columns, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "tokentide", "statusline"]
    data = pushed(rate_limits={"five_hour": {"used_percentage": 5}})
    done = subprocess.run(  # in a session of its own there is no terminal to ask
        command, env=environ, input=data.encode(), capture_output=True, start_new_session=True, check=True
    )
    assert done.stdout.decode() == "Opus 4.8 | high | 5h ░░░░░░░░░░ 5 % | context 31 % | $1.27 session\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 500_000,
        b'{"rate_limits":3,"cost":[],"model":"x"}',
        b"x" * 3_000_000,
    ],
)
def test_input_that_is_none_gives_an_empty_line(quiet: Machine, data: bytes) -> None:
    assert call(quiet, data) == "\n"
    assert log_of(quiet) == ""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.fixed_dictionaries(
            {"session_id": st.text(max_size=5)},
            optional={
                "transcript_path": st.text(max_size=40),
                "model": st.dictionaries(st.just("display_name"), st.text(max_size=40)),
                "cost": st.dictionaries(
                    st.sampled_from(["total_cost_usd", "total_api_duration_ms"]), st.floats() | st.integers()
                ),
                "rate_limits": st.dictionaries(
                    st.text(max_size=12),
                    st.dictionaries(st.sampled_from(["used_percentage", "resets_at"]), st.floats() | st.integers()),
                    max_size=4,
                ),
            },
        ).map(lambda fields: json.dumps(fields).encode()),
    )
)
def test_whatever_comes_one_line_is_shown_without_control_characters(quiet: Machine, data: bytes) -> None:
    line = call(quiet, data)
    assert line.endswith("\n")
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line[:-1])
    assert log_of(quiet) == ""


def test_a_terminal_is_not_read_from(quiet: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    call(quiet, pushed())
    leader, follower = pty.openpty()
    try:
        with open(follower, closefd=False, encoding="utf-8") as terminal:
            monkeypatch.setattr(sys, "stdin", terminal)
            out = quiet.call("statusline", now=NOW, NO_COLOR="1", COLUMNS="500")[1]
    finally:
        os.close(leader)
        os.close(follower)
    assert out == "5h ██████░░░░ 62 % 1h 40m | week 34 % 3d 0h\n"


def test_the_width_of_the_controlling_terminal_holds_where_the_client_tells_none(quiet: Machine) -> None:
    program = "import os, sys; os.execv(sys.executable, [sys.executable, '-m', 'tokentide', 'statusline'])"
    environ = {**quiet._environ(), "NO_COLOR": "1"}
    leader, follower = pty.openpty()
    try:
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 44, 0, 0))
        code = f"import fcntl, termios; fcntl.ioctl({follower}, termios.TIOCSCTTY, 0); {program}"
        said = pushed(rate_limits={"five_hour": {"used_percentage": 62}}).encode()
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environ,
            input=said,
            stdout=subprocess.PIPE,
            pass_fds=[follower],
            start_new_session=True,
            check=True,
        )
    finally:
        os.close(leader)
        os.close(follower)
    assert done.stdout.decode() == "Opus 4.8 | 5h 62 % | context 31 %\n"


def test_an_api_keys_user_sees_what_there_is(quiet: Machine) -> None:
    assert call(quiet, pushed(rate_limits=None)) == "Opus 4.8 | high | context 31 % | $1.27 session\n"
