"""`tokentide live` for scripts and status bars, and what it says where it cannot be shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tokentide import clock
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.errors import UsageError
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, STATUSLINE, Account, LimitReading
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.sqlite.ledger import Ledger

NOW = parse_instant("2026-03-12T12:00:00Z") or 0
ACCOUNT = Account("u:o", "ada@example.com")


@pytest.fixture
def used(machine: Machine) -> Machine:
    machine.write(
        "-srv-shop/s1.jsonl",
        usage_line("m1", "r1", "2026-03-12T11:30:00.000Z", "claude-opus-4-8", cache_read_input_tokens=60_000)
        | {"cwd": "/srv/shop"},
        usage_line("m2", "r2", "2026-03-12T11:50:00.000Z", "claude-haiku-4-5-20251001") | {"cwd": "/srv/shop"},
        {"type": "ai-title", "sessionId": "s1", "aiTitle": "Round the carts"},
    )
    return machine


def tell(
    machine: Machine, percent: float, window: str = FIVE_HOUR, *, now: int = NOW, left: int = 100 * MINUTE_US
) -> None:
    with Ledger.open(str(machine.ledger)) as ledger:
        ledger.limits.take([ACCOUNT], [LimitReading(ACCOUNT.key, window, STATUSLINE, now, percent, now + left)])


@pytest.mark.parametrize(
    ("percent", "code", "label"),
    [(20.0, 0, "ok"), (79.9, 0, "ok"), (80.0, 10, "near"), (99.0, 10, "near"), (100.0, 11, "hit"), (104.0, 11, "hit")],
)
def test_the_exit_code_tells_how_near_the_limit_is(used: Machine, percent: float, code: int, label: str) -> None:
    tell(used, percent)
    found, out, _ = used.call("live", "--once", "--json")
    assert (found, json.loads(out)["status"]) == (code, {"code": code, "label": label})
    found, out, _ = used.call("live", "--once")
    assert found == code
    assert f"{int(percent)} %" in out


def test_the_fullest_window_decides_and_one_that_is_over_does_not(used: Machine) -> None:
    tell(used, 10.0)
    tell(used, 100.0, SEVEN_DAY, now=NOW - 8 * 24 * HOUR_US, left=HOUR_US)
    assert used.call("live", "--once", "--json")[0] == 0
    tell(used, 85.0, "seven_day_opus", left=24 * HOUR_US)
    assert used.call("live", "--once", "--json")[0] == 10


def test_nothing_known_is_a_code_of_its_own(used: Machine) -> None:
    code, out, _ = used.call("live", "--once", "--json")
    assert (code, json.loads(out)["status"]["label"]) == (5, "no_data")
    code, out, _ = used.call("live", "--once")
    assert code == 5
    assert "not official" in out


def test_an_empty_machine_says_what_to_do(machine: Machine) -> None:
    code, out, _ = machine.call("live", "--once")
    assert code == 5
    assert "`tokentide statusline install` gets them" in out
    assert "`tokentide doctor` tells where" in out


def test_an_estimate_by_a_plan_is_near_at_most_but_a_number_of_ones_own_is_hit(used: Machine) -> None:
    for number in range(40):
        used.write(
            f"-srv-shop/big{number}.jsonl",
            usage_line(
                f"b{number}",
                f"b{number}",
                "2026-03-12T11:40:00.000Z",
                "claude-opus-4-8",
                f"b{number}",
                output_tokens=100_000,
            ),
        )
    code, out, _ = used.call("live", "--once", "--json", "--plan", "pro")
    window = json.loads(out)["accounts"][0]["windows"][0]
    assert window["is_estimate"]
    assert window["percent"] > 100
    assert code == 10
    assert used.call("live", "--once", "--json", "--custom-limit-tokens", "1000")[0] == 11


def test_the_json_holds_the_figures_of_the_reports(used: Machine) -> None:
    tell(used, 62.0)
    found = json.loads(used.call("live", "--once", "--json")[1])
    report = json.loads(used.call("daily", "--json", "--today")[1])
    assert found["format"] == 1
    for key in ("responses", "total_tokens", "cost_usd"):
        assert found["today"][key] == report["totals"][key]
    account = found["accounts"][0]
    assert account["windows"][0]["percent"] == 62.0
    assert account["forecast"]["windows"][0]["window"] == "five_hour"
    assert found["burn"]["last_60_minutes"]["cost_usd_per_hour"] == found["today"]["cost_usd"]
    assert [each["model"] for each in found["models"]] == ["claude-opus-4-8", "claude-haiku-4-5-20251001"]
    session = found["sessions"][0]
    assert (session["session"], session["title"], session["project"]) == ("s1", "Round the carts", "/srv/shop")
    assert session["context_tokens"] == 150
    assert sum(found["chart"]["cost_usd"]) == pytest.approx(found["today"]["cost_usd"])
    assert found["block"]["is_active"]


def test_the_account_that_is_asked_for(used: Machine) -> None:
    tell(used, 62.0)
    with Ledger.open(str(used.ledger)) as ledger:
        other = Account("x:y", "work@example.com")
        ledger.limits.take([other], [LimitReading("x:y", FIVE_HOUR, STATUSLINE, NOW, 99.0, NOW + HOUR_US)])
    assert used.call("live", "--once", "--json")[0] == 10
    code, out, _ = used.call("live", "--once", "--account", "ada")
    assert code == 0
    assert "work@example.com" not in out
    code, _, err = used.call("live", "--once", "--account", "nobody")
    assert code == 5
    assert "no limits are known of an account that matches nobody" in err


@pytest.mark.parametrize(
    ("wish", "environ", "shown"),
    [
        ("24h", {}, "resets 13:40"),
        ("12h", {}, "resets 1:40 pm"),
        ("auto", {"LC_ALL": "en_US.UTF-8"}, "resets 1:40 pm"),
        ("auto", {"LC_ALL": "de_DE.UTF-8"}, "resets 13:40"),
    ],
)
def test_the_time_of_day_as_one_reads_it(used: Machine, wish: str, environ: dict[str, str], shown: str) -> None:
    tell(used, 62.0)
    assert shown in used.call("live", "--once", "--time-format", wish, **environ)[1]


def test_the_zone_is_that_of_the_option(used: Machine) -> None:
    tell(used, 62.0)
    assert "resets 22:40" in used.call("live", "--once", "--timezone", "Asia/Tokyo")[1]


@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 100, 116, 200])
def test_no_line_is_wider_than_asked(used: Machine, width: int) -> None:
    tell(used, 62.0)
    _, out, _ = used.call("live", "--once", "--width", str(width))
    assert max(map(len, out.splitlines()[:-1])) <= width


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "tmux2"), "text, tmux, waybar"),
        (("--format", "{five_hours}"), "did you mean {five_hour}?"),
        (("--format", "{}"), "there is no field {}"),
        (("--refresh-rate", "0"), "0.5 to 60"),
        (("--refresh-rate", "nan"), "0.5 to 60"),
        (("--view", "hourly"), "invalid choice"),
        (("--theme", "pink"), "invalid choice"),
        ((), "`tokentide live --once` prints it once"),
    ],
)
def test_what_is_wrong_is_said(machine: Machine, words: tuple[str, ...], said: str) -> None:
    done = machine.run("live", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_without_textual_it_says_what_to_install_and_snapshots_work(used: Machine) -> None:
    code = (
        "import sys, os, pty\n"
        "sys.modules['textual'] = sys.modules['watchfiles'] = None\n"
        "from tokentide.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *words]
        return subprocess.run(command, env=used._environ(), capture_output=True, text=True, check=False)

    assert "Burn rate" in run("live", "--once").stdout
    assert json.loads(run("live", "--json").stdout)["report"] == "live"
    assert run("live", "--compact", "--once").stdout.startswith("5h ")
    leader, follower = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code, "live"],
        env=used._environ() | {"TERM": "xterm"},
        stdin=follower,
        stdout=follower,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(leader)
    os.close(follower)
    assert done.returncode == 1
    assert "pip install 'tokentide[live]'" in done.stderr


@pytest.mark.parametrize("words", [("--compact", "--once"), ("--once", "--json")])
def test_a_line_for_a_bar_loads_neither_rich_nor_textual(used: Machine, words: tuple[str, ...]) -> None:
    used.run("daily")
    code = f"from tokentide.cli.main import main; main(['live', *{words!r}]); import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], env=used._environ(), capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert not loaded & {"rich", "textual", "watchfiles", "msgspec", "pydantic", "asyncio", "genai_prices"}


@pytest.mark.parametrize("words", [("--once",), ("--json",), ("--compact",), ("--format", "tmux")])
def test_a_view_is_for_the_screen_alone(used: Machine, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="`tokentide session` prints that table"):
        used.call("live", *words, "--view", "sessions")


def test_what_a_plan_is_thought_to_hold_is_never_said_to_be_used_up(used: Machine) -> None:
    used.write(
        "-srv-shop/s2.jsonl",
        usage_line("b", "b", "2026-03-12T11:55:00.000Z", "claude-opus-4-8", "s2", output_tokens=10**7),
    )
    _, out, _ = used.call("live", "--once", "--plan", "pro", "--width", "80")
    assert "more than the plan is thought to hold" in out
    assert "used up" not in out
    assert "resets about" in out
    assert "…" not in out.splitlines()[1]
    _, out, _ = used.call("live", "--once", "--custom-limit-tokens", "1000", "--width", "80")
    assert "used up until the reset" in out


def test_parts_of_a_bar_differ_where_there_is_no_colour(used: Machine) -> None:
    _, out, _ = used.call("live", "--once", "--width", "80")
    assert "█ " in out
    assert "▓ " in out


def test_an_account_that_nothing_is_known_of_does_not_hide_the_one_that_tells(used: Machine) -> None:
    tell(used, 41.0, now=NOW - HOUR_US)
    _, out, _ = used.call("live", "--compact", "--once", "--format", "{five_hour} {account}")
    assert out == "41 % ada@example.com\n"


def test_the_compact_line_goes_on_in_a_pipe_a_line_whenever_it_changes(used: Machine) -> None:
    used.settings("account_poll = false\n")
    now = clock.now_us()
    tell(used, 41.0, now=now)
    command = [
        sys.executable,
        "-m",
        "tokentide",
        "live",
        "--compact",
        "--format",
        "{five_hour} {cost_today}",
        "--refresh-rate",
        "0.5",
    ]
    process = subprocess.Popen(command, env=used._environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "41 % $0.00\n"
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        used.write("-srv-new/n.jsonl", usage_line("n", "n", at, "claude-opus-4-8", "n", output_tokens=1_000_000))
        begin = time.monotonic()
        assert process.stdout.readline() == "41 % $25.00\n"
        assert time.monotonic() - begin < 3
        tell(used, 55.0, now=clock.now_us())
        assert process.stdout.readline() == "55 % $25.00\n"
        process.send_signal(signal.SIGTERM)
        rest, said = process.communicate(timeout=10)
        assert (rest, said, process.returncode) == ("", "", 143)
    finally:
        process.kill()
        process.communicate()


def test_demo_live_shows_the_sample(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TZ": "UTC"}
    done = subprocess.run(
        [sys.executable, "-m", "tokentide", "demo", "live", "--once"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 10, done.stderr
    for part in ("sam@example.com", "62 %", "84 %", "Tidy the build"):
        assert part in done.stdout
