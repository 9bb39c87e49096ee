"""`tokentide alerts` as a person uses it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Machine, usage_line
from tests.receivers import WebReceiver, web_receiver
from tests.test_render_golden import compare
from tokentide.model.alerts import RULE_KINDS
from tokentide.model.limits import ACCOUNT, FIVE_HOUR, Account, LimitReading
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.sqlite.ledger import Ledger

SECRET = "hush-4711-THIS-MUST-NOT-APPEAR"
NOW = "2026-03-12T12:00:00Z"
ADA = Account("ada:org", "ada@\x1b[31mexample.com", "Engines")
BOB = Account("bob:org", "bob@example.com", "Engines")


def instant(text: str) -> int:
    at = parse_instant(text)
    assert at is not None
    return at


def say(machine: Machine, percent: float, at: str = NOW, account: Account = ADA) -> None:
    """A reading of the five-hour window that resets at two."""
    machine.ledger.parent.mkdir(exist_ok=True)
    with Ledger.open(str(machine.ledger)) as ledger:
        reset = instant("2026-03-12T14:00:00Z")
        ledger.limits.take([account], [LimitReading(account.key, FIVE_HOUR, ACCOUNT, instant(at), percent, reset)])


def rule_file(machine: Machine) -> str:
    path = machine.root / "config" / "alerts.toml"
    return path.read_text() if path.exists() else ""


def listed(machine: Machine, now: str = NOW) -> Any:
    code, out, _ = machine.call("alerts", "--json", now=now)
    assert code == 0
    return json.loads(out)


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def quiet_desk(machine: Machine) -> Machine:
    """A machine whose alerts go to no desktop."""
    machine.call("alerts", "remove", "desktop")
    return machine


def test_the_list_teaches_where_nothing_is_set_up(machine: Machine) -> None:
    code, out, err = machine.call("alerts", "--width", "80")
    assert code == 0
    assert "Raised now\n  nothing" in out
    assert "  percent         80 %, 95 % of any window (default)" in out
    assert "`tokentide alerts add channel ntfy://ntfy.sh/my-topic`" in err
    assert "nobody has ever looked: `tokentide watch install` looks in the background" in err


def test_the_list_says_when_nobody_looks_any_more(quiet_desk: Machine) -> None:
    assert quiet_desk.call("alerts", "check", "--offline", now="2026-03-12T12:00:00Z")[0] == 0
    assert "nobody has" not in quiet_desk.call("alerts", now="2026-03-12T12:50:00Z")[2]
    assert "nobody has looked for 2 h 00 min" in quiet_desk.call("alerts", now="2026-03-12T14:00:00Z")[2]


@pytest.mark.parametrize("width", ["40", "80", "120"])
def test_the_list_keeps_to_its_width(quiet_desk: Machine, width: str) -> None:
    for words in (
        ("percent", "50", "80", "--window", "seven_day*"),
        ("cost", "weekly", "100"),
        ("command", "--", "/opt/a very long path/notify.sh"),
    ):
        assert quiet_desk.call("alerts", "add", *words)[0] == 0
    quiet_desk.call("alerts", "quiet", "22:00-07:00")
    quiet_desk.call("alerts", "snooze", "2h", "odds")
    say(quiet_desk, 97)
    quiet_desk.call("alerts", "check", "--offline")
    _, out, _ = quiet_desk.call("alerts", "--width", width)
    assert max(map(len, out.split("\n"))) <= int(width)
    for part in ("5 hours: 97 % used", "$100.00 a week", "22:00–07:00", "odds until 14:00"):
        assert part in out.replace("\n    ", " "), part


@pytest.mark.parametrize(
    ("words", "said", "written"),
    [
        (["percent", "50", "80%", "95", "--window", "five_hour"], "50 %, 80 %, 95 % of 5 hours", {"kind": "percent", "percent": [50, 80, 95], "window": "five_hour"}),
        (["odds", "0.7", "--account", "ada@*"], "from 7 in 10 on", {"kind": "odds", "odds": 0.7, "account": "ada@*"}),
        (["cost", "daily", "$20", "50.5"], "$20.00, $50.50 a day", {"kind": "cost", "per": "day", "usd": [20, 50.5]}),
        (["cost", "month", "500", "--name", "dear"], "added dear: $500.00 a month", {"kind": "cost", "per": "month", "usd": [500], "name": "dear"}),
        (["extra_usage", "5", "10"], "above 5.00, 10.00", {"kind": "extra_usage", "amounts": [5, 10]}),
        (["spend"], "when paid use begins", {"kind": "spend", "begins": True}),
        (["unusual_hour", "4"], "an hour above 4 times the usual", {"kind": "unusual_hour", "factor": 4}),
        (["stale", "90"], "when nobody tells of the limits for 1 h 30 min", {"kind": "stale", "minutes": 90}),
        (["reset", "90", "--window", "five_hour"], "when 5 hours is free again that was 90 % used", {"kind": "reset", "percent": [90], "window": "five_hour"}),
        (["problems"], "when more lines of transcripts cannot be read", {"kind": "problems"}),
    ],
)  # fmt: skip
def test_rules_are_added(machine: Machine, words: list[str], said: str, written: dict[str, object]) -> None:
    import tomllib

    code, out, err = machine.call("alerts", "add", *words)
    assert (code, err) == (0, "")
    assert said in out
    assert tomllib.loads(rule_file(machine))["rule"] == [written]
    assert machine.call("alerts", "add", *words)[1].endswith("told already, nothing was changed\n")
    assert len(tomllib.loads(rule_file(machine))["rule"]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say what to add: percent, odds"),
        (["precent", "80"], "there is no kind of rule 'precent'; did you mean percent?"),
        (["percent"], "give percentages"),
        (["percent", "5O"], "percent: '5O' is no number"),
        (["percent", "5000"], "percent: percent: must be percentages above 0, up to 1000"),
        (["percent", "nan"], "percent: 'nan' is no number"),
        (["odds", "0.6", "0.7"], "odds takes one number"),
        (["odds", "70"], "must be odds above 0, up to 1"),
        (["cost", "20"], "give a period and amounts in USD"),
        (["cost", "daily"], "give a period and amounts in USD"),
        (["cost", "daily", "20", "--window", "five_hour"], "cost is not about windows"),
        (["percent", "80", "--least", "critical"], "--only and --least belong to channels"),
        (["login_expired", "3"], "login_expired takes no numbers"),
        (["channel"], "give an address"),
        (["command"], "give the program"),
        (["channel", "desktop", "x"], "a channel takes one address"),
        (["channel", "desktop", "--only", "cots"], "did you mean cost?"),
        (["channel", "desktop", "--window", "five_hour"], "--window and --account belong to rules"),
        (["channel", f"bogus://{SECRET}"], "apprise does not understand this bogus://… address"),
        (["channel", f"https://example.com/{SECRET}"], "a web hook that takes JSON is json://HOST/PATH"),
    ],
)
def test_what_does_not_make_sense_is_said_and_changes_nothing(machine: Machine, words: list[str], said: str) -> None:
    done = machine.run("alerts", "add", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert rule_file(machine) == ""


def test_channels_are_added_tested_and_removed(quiet_desk: Machine, web: WebReceiver) -> None:
    code, out, err = quiet_desk.call("alerts", "add", "channel", f"json://{web.url}/{SECRET}", "--least", "warning")
    assert (code, err) == (0, "")
    assert out == "added the channel json; `tokentide alerts test json` sends a sample\n"
    code, out, err = quiet_desk.call("alerts", "test")
    assert code == 0
    assert "json: sent" in out
    assert "bell: shows alerts where you work; there is nothing to send" in out
    (asked,) = web.asked
    assert json.loads(asked[2])["title"] == "This is a test of tokentide alerts"
    web.status = [404]
    code, out, _ = quiet_desk.call("alerts", "test", "json")
    assert (code, out) == (1, "json: failed: it was answered with status 404\n")
    assert quiet_desk.call("alerts", "remove", "json")[1] == "removed json\n"
    assert "json" not in rule_file(quiet_desk)


def test_a_command_is_added_and_really_run(quiet_desk: Machine, tmp_path: Path) -> None:
    script = tmp_path / "notify.py"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(tmp_path / 'got')!r}, 'w').write(' '.join(sys.argv[1:]) + sys.stdin.read())\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    assert quiet_desk.run("alerts", "add", "command", "--", str(script), "--loud", "-x").returncode == 0
    done = quiet_desk.run("alerts", "test", "command")
    assert (done.returncode, done.stdout) == (0, "command: sent\n")
    got = (tmp_path / "got").read_text()
    assert got.startswith("--loud -x{")
    assert json.loads(got.removeprefix("--loud -x"))["title"] == "This is a test of tokentide alerts"


def test_names_that_are_unknown(machine: Machine) -> None:
    for words in (
        ("remove", "nothing-here"),
        ("test", "nothing-here"),
        ("remove",),
        ("snooze", "2h", "nothing-here"),
        ("list", "x"),
    ):
        done = machine.run("alerts", *words)
        assert done.returncode == 2, words
        assert "Traceback" not in done.stderr
    assert "there are percent, odds" in machine.run("alerts", "remove", "x").stderr


def test_a_default_is_switched_off_and_on_again(machine: Machine) -> None:
    _, out, _ = machine.call("alerts", "remove", "percent", "reset")
    assert (
        out == "switched percent off; remove percent-off to undo it\nswitched reset off; remove reset-off to undo it\n"
    )
    say(machine, 97)
    assert machine.call("alerts", "check", "--offline")[1] == ""
    machine.call("alerts", "remove", "percent-off")
    assert machine.call("alerts", "check", "--offline")[1].startswith("critical: 5 hours: 97 % used. It resets 14:00")


def test_a_default_that_is_off_is_not_switched_off_twice(machine: Machine) -> None:
    machine.call("alerts", "remove", "reset", "desktop")
    before = rule_file(machine)
    assert machine.call("alerts", "remove", "reset")[1] == "reset is off already; remove reset-off to undo it\n"
    assert rule_file(machine) == before
    machine.call("alerts", "remove", "reset-off")
    assert machine.call("alerts", "add", "percent", "90", "--name", "reset-off")[0] == 0
    done = machine.run("alerts", "remove", "reset")
    assert (done.returncode, done.stdout) == (2, "")
    assert "reset-off is the name of something else" in done.stderr
    assert [rule["name"] for rule in listed(machine)["rules"] if not rule["default"]] == ["reset-off"]


def test_that_a_default_holds_or_gives_way_is_said(machine: Machine) -> None:
    assert machine.call("alerts", "add", "percent", "90")[1].endswith("any window (in place of the default)\n")
    assert "default" not in machine.call("alerts", "add", "cost", "daily", "20")[1]
    machine.call("alerts", "add", "percent", "95", "--window", "five_hour")
    assert machine.call("alerts", "remove", "percent-2")[1] == "removed percent-2\n"
    held = "; the default of its kind holds again\n"
    assert machine.call("alerts", "remove", "percent")[1] == f"removed percent{held}"
    machine.call("alerts", "remove", "desktop")
    assert machine.call("alerts", "remove", "desktop-off")[1] == f"removed desktop-off{held}"
    assert machine.call("alerts", "remove", "cost")[1] == "removed cost\n"


def test_changes_at_once_are_all_kept(machine: Machine) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda bound: machine.run("alerts", "add", "percent", str(bound)), range(50, 58)))
    assert [each.returncode for each in done] == [0] * 8
    found = [rule["percent"] for rule in listed(machine)["rules"] if not rule["default"]]
    assert sorted(found) == [[float(bound)] for bound in range(50, 58)]
    assert os.listdir(machine.root / "config") == ["alerts.toml"]


def test_a_window_that_nobody_knows_is_told(machine: Machine) -> None:
    assert (
        "no window is known by the name week: there are five_hour,"
        in machine.call("alerts", "add", "percent", "50", "--window", "week")[2]
    )
    for window in ("five_hour", "Five_Hour", "seven_day*", "seven_day_new", "*", "s*d", "extra_usage"):
        assert machine.call("alerts", "add", "percent", "50", "--window", window)[2] == ""


def test_bounds_are_shown_as_they_were_set(machine: Machine) -> None:
    said = machine.call("alerts", "add", "percent", "99.5", "80")[1]
    assert said.startswith("added percent: 80 %, 99.5 % of any window")
    assert "from 65 % on" in machine.call("alerts", "add", "odds", "0.65")[1]
    assert "from 3 in 10 on" in machine.call("alerts", "add", "odds", "0.3")[1]
    assert "from 100 % on" in machine.call("alerts", "add", "odds", "1")[1]


def test_history_says_over_only_of_what_was_over_and_when(quiet_desk: Machine) -> None:
    say(quiet_desk, 85)
    quiet_desk.call("alerts", "check", "--offline")
    say(quiet_desk, 97, at="2026-03-12T12:10:00Z")
    quiet_desk.call("alerts", "check", "--offline", now="2026-03-12T12:10:00Z")
    assert "over after" not in quiet_desk.call("alerts", "history", now="2026-03-12T12:11:00Z")[1]
    quiet_desk.call("alerts", "check", "--offline", now="2026-03-13T12:10:00Z")
    told = quiet_desk.call("alerts", "history", now="2026-03-13T12:11:00Z")[1]
    assert [line.partition("; ")[2] for line in told.splitlines()[-4:]] == ["", "over after 1 h 50 min", "", ""]


def test_a_program_that_is_not_there_and_names_with_spaces_are_told(machine: Machine) -> None:
    machine.home.mkdir(exist_ok=True)
    (machine.home / "notify.sh").write_text("#!/bin/sh\n")
    (machine.home / "notify.sh").chmod(0o700)
    (machine.home / "notes.txt").write_text("no program")
    for program in ("nosuchprogram", "./nosuch.sh", "~/notes.txt"):
        assert "is no program here" in machine.call("alerts", "add", "command", "--", program)[2]
    for program in ("./notify.sh", "~/notify.sh", sys.executable, "env"):
        assert machine.call("alerts", "add", "command", "--", program, "--loud")[2] == ""
    _, out, _ = machine.call("alerts", "add", "channel", "ntfy://ntfy.sh/topic", "--name", "my phone")
    assert "`tokentide alerts test 'my phone'` sends a sample" in out


def test_a_second_way_to_the_same_place_is_refused_by_name(machine: Machine) -> None:
    machine.call("alerts", "add", "channel", "ntfy://ntfy.sh/topic", "--name", "phone")
    before = rule_file(machine)
    code, out, _ = machine.call("alerts", "add", "channel", "ntfy://ntfy.sh/topic", "--least", "critical")
    assert (code, rule_file(machine)) == (0, before)
    assert out.startswith("there is a channel like that already: phone; nothing was changed")
    machine.call("alerts", "add", "percent", "50")
    assert machine.run("alerts", "remove", "x").stderr.count("percent") == 1


def test_channels_that_only_show_take_no_choice_and_no_sample(machine: Machine) -> None:
    done = machine.run("alerts", "add", "channel", "bell", "--least", "critical")
    assert (done.returncode, rule_file(machine)) == (2, "")
    assert "bell shows every alert: --only and --least belong to channels that are sent to" in done.stderr
    assert machine.call("alerts", "add", "channel", "bell")[1] == "added the channel bell\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--window", "five_hour"], "`tokentide alerts list` takes no --window: it belongs to add"),
        (["test", "--json"], "takes no --json: it belongs to list, history, check"),
        (["add", "percent", "5", "--off"], "takes no --off: it belongs to snooze, quiet"),
        (["check", "--last", "3d"], "takes no --last: it belongs to history"),
        (["snooze", "2h", "--only", "odds"], "takes no --only: it belongs to add"),
        (["quiet", "--off", "--offline"], "takes no --offline: it belongs to check"),
    ],
)
def test_options_that_an_action_has_no_use_for(machine: Machine, words: list[str], said: str) -> None:
    done = machine.run("alerts", *words)
    assert (done.returncode, done.stdout, rule_file(machine)) == (2, "", "")
    assert said in done.stderr


def test_an_empty_history_points_further_back_only_where_that_helps(machine: Machine) -> None:
    assert machine.call("alerts", "history")[2].endswith("`--last 30d` looks further back\n")
    assert machine.call("alerts", "history", "--last", "30d")[2].endswith("nothing was raised in the last 30 d 0 h\n")
    assert machine.run("alerts", "history", "--last", "").returncode == 2


def test_a_cost_of_yesterday_is_not_raised_today_although_nobody_looked(quiet_desk: Machine) -> None:
    quiet_desk.call("alerts", "add", "cost", "daily", "0.001")
    quiet_desk.call("alerts", "add", "cost", "monthly", "0.001")
    quiet_desk.write("-p/s.jsonl", usage_line("m1", "r1", "2026-03-12T10:00:00.000Z", input_tokens=100_000))
    quiet_desk.call("alerts", "check", "--offline")
    for now, titles in (
        ("2026-03-12T23:59:00Z", ["Today: $0.30 spent", "This month: $0.30 spent"]),
        ("2026-03-13T00:01:00Z", ["This month: $0.30 spent"]),
        ("2026-04-01T00:01:00Z", []),
    ):
        assert [alert["title"] for alert in listed(quiet_desk, now)["raised"]] == titles, now


def test_numbers_stay_with_their_units(quiet_desk: Machine) -> None:
    say(quiet_desk, 97)
    quiet_desk.call("alerts", "check", "--offline")
    for width in range(20, 81):
        _, out, _ = quiet_desk.call("alerts", "--width", str(width))
        _, told, _ = quiet_desk.call("alerts", "history", "--width", str(width))
        assert max(map(len, (out + told).split("\n"))) <= width
        assert not [line for line in out.split("\n") if line.strip().startswith(("% ", "min", "h "))], width


def test_check_tells_once_and_history_remembers(quiet_desk: Machine, web: WebReceiver) -> None:
    quiet_desk.call("alerts", "add", "channel", f"json://{web.url}/{SECRET}")
    say(quiet_desk, 85)
    say(quiet_desk, 97, account=BOB)
    code, out, err = quiet_desk.call("alerts", "check", "--offline", now="2026-03-12T12:01:00Z")
    assert (code, err) == (0, "")
    assert [line.partition(". ")[0] for line in out.splitlines()] == [
        "critical: bob@example.com · Engines: 5 hours: 97 % used",
        "warning: ada@\N{REPLACEMENT CHARACTER}[31mexample.com · Engines: 5 hours: 85 % used",
    ]
    (asked,) = web.asked
    assert json.loads(asked[2])["title"].startswith("2 alerts: bob@example.com")
    assert "\x1b" not in asked[2].decode()
    assert quiet_desk.call("alerts", "check", "--offline", now="2026-03-12T12:02:00Z")[1] == ""
    code, out, _ = quiet_desk.call("alerts", "history", "--width", "60", now="2026-03-12T14:00:00Z")
    assert "● Thu 12 Mar 12:01  bob@example.com" in out
    assert "percent: json: told" in out
    assert "\x1b" not in out
    history = json.loads(quiet_desk.call("alerts", "history", "--json", "--last", "1h", now="2026-03-12T12:30:00Z")[1])
    assert [alert["deliveries"] for alert in history["alerts"]] == [{"json": None}] * 2
    assert history["alerts"][0]["facts"]["resets_at"] == "2026-03-12T14:00:00.000Z"
    assert json.loads(quiet_desk.call("alerts", "history", "--json", "--last", "1h")[1] or "{}")["alerts"] != []
    later = quiet_desk.call("alerts", "history", "--last", "1h", now="2026-03-12T14:00:00Z")
    assert later[1] == ""
    assert "nothing was raised in the last 1 h" in later[2]


def test_a_channel_that_fails_is_said_noted_and_tells_the_exit_code(quiet_desk: Machine) -> None:
    quiet_desk.call("alerts", "add", "command", "--", "/nowhere/at/all")
    say(quiet_desk, 97)
    code, out, err = quiet_desk.call("alerts", "check", "--offline")
    assert code == 1
    assert "critical: 5 hours: 97 % used" in out
    assert err == "tokentide: command: it could not be run: No such file or directory\n"
    say(quiet_desk, 97, account=BOB, at="2026-03-12T12:01:00Z")
    say(quiet_desk, 99, account=ADA._replace(key="ada:other", organization="Other"), at="2026-03-12T12:01:00Z")
    code, out, err = quiet_desk.call("alerts", "check", "--offline", now="2026-03-12T12:01:00Z")
    assert (code, out.count("critical: "), err.count("command: ")) == (1, 2, 1)
    raised = listed(quiet_desk)["raised"][-1]
    assert raised["deliveries"] == {"command": "it could not be run: No such file or directory"}
    assert "percent: command: it could not be run" in quiet_desk.call("alerts", "history")[1]


def test_the_gravest_is_listed_first_and_check_fills_its_width(quiet_desk: Machine) -> None:
    say(quiet_desk, 97)
    say(quiet_desk, 85, account=BOB, at="2026-03-12T12:01:00Z")
    _, out, _ = quiet_desk.call("alerts", "check", "--offline", "--width", "40", now="2026-03-12T12:01:00Z")
    assert max(map(len, out.split("\n"))) <= 40
    assert out.startswith("  ● ada@")
    assert "\n    percent, 12:01\n" in out
    assert [alert["severity"] for alert in listed(quiet_desk)["raised"]] == ["critical", "warning"]


def test_what_is_raised_is_shown_until_it_is_over(quiet_desk: Machine) -> None:
    say(quiet_desk, 97)
    quiet_desk.call("alerts", "check", "--offline")
    assert [alert["title"] for alert in listed(quiet_desk, "2026-03-12T13:59:00Z")["raised"]] == ["5 hours: 97 % used"]
    assert listed(quiet_desk, "2026-03-12T14:00:01Z")["raised"] == []
    quiet_desk.call("alerts", "check", "--offline", now="2026-03-12T14:00:30Z")
    assert "over after 2 h 00 min" in quiet_desk.call("alerts", "history", now="2026-03-12T15:00:00Z")[1]


def test_snoozes_begin_and_end(quiet_desk: Machine) -> None:
    code, out, _ = quiet_desk.call("alerts", "snooze", "90m")
    assert (code, out) == (0, "all alerts: snoozed until 13:30; what is still so then is told then\n")
    quiet_desk.call("alerts", "snooze", "2h", "odds")
    assert [each["rule"] for each in listed(quiet_desk)["snoozes"]] == [None, "odds"]
    say(quiet_desk, 97)
    assert quiet_desk.call("alerts", "check", "--offline")[1] == ""
    assert "held back" in quiet_desk.call("alerts", "history")[1]
    assert quiet_desk.call("alerts", "snooze", "--off")[1] == "all alerts: no longer snoozed\n"
    assert listed(quiet_desk)["snoozes"] == []
    assert quiet_desk.call("alerts", "check", "--offline")[1].startswith("critical: 5 hours: 97 %")
    code, out, err = quiet_desk.call("alerts", "snooze", "--off", "odds")
    assert (out, err) == ("odds: not snoozed, nothing was changed\n", "")
    quiet_desk.call("alerts", "snooze", "90m")
    assert (
        "all alerts are snoozed: `tokentide alerts snooze --off`"
        in quiet_desk.call("alerts", "snooze", "--off", "odds")[2]
    )


def test_a_snooze_that_is_not_kept_or_not_understood_is_none(machine: Machine) -> None:
    assert machine.run("alerts", "snooze", "2h", "--timezone", "Nowhere").returncode == 2
    assert listed(machine)["snoozes"] == []
    shutil.rmtree(machine.ledger.parent)
    machine.ledger.parent.write_text("in the way")
    for words in (("2h",), ("--off",)):
        code, out, err = machine.call("alerts", "snooze", *words)
        assert (code, out) == (1, "")
        assert "nothing was changed: a snooze is kept in the ledger" in err


@pytest.mark.parametrize("span", ["", "2", "2y", "0h", "31d", "-1h", "99999d", "٣h"])
def test_spans_that_make_no_sense(machine: Machine, span: str) -> None:
    done = (
        machine.run("alerts", "snooze", span)
        if not span.startswith("-")
        else machine.run("alerts", "snooze", "--", span)
    )
    assert done.returncode == 2, done.stdout


def test_quiet_hours_are_set_and_unset(machine: Machine) -> None:
    assert machine.call("alerts", "quiet", "22:00-07:00", "12:00-12:30")[1] == "quiet: 22:00–07:00, 12:00–12:30\n"
    assert listed(machine)["quiet"]["hours"] == ["22:00-07:00", "12:00-12:30"]
    assert machine.run("alerts", "quiet", "7-22").returncode == 2
    assert machine.call("alerts", "quiet", "--off")[1] == "quiet: never\n"
    (machine.root / "config" / "alerts.toml").write_text("quiet_days = ['Sunday', 'saturday']\n")
    assert listed(machine)["quiet"]["days"] == ["saturday", "sunday"]
    (machine.root / "config" / "alerts.toml").unlink()
    assert machine.run("alerts", "quiet").returncode == 2


def test_no_secret_is_anywhere_but_in_the_file(machine: Machine) -> None:
    for url in (
        f"slack://T1JJ3T3L2/A1BRTD4JD/{SECRET[:24]}",
        f"json://ada:{SECRET}@127.0.0.1:1/{SECRET}",
        f"ntfy://{SECRET}",
    ):
        done = machine.run("alerts", "add", "channel", url)
        assert done.returncode in (0, 2)
        assert "hush" not in done.stdout + done.stderr
    say(machine, 97, at="2026-03-12T12:00:00Z")
    seen = ""
    for words in (
        (),
        ("--json",),
        ("check", "--offline"),
        ("history", "--last", "3000d"),
        ("test", "json"),
        ("remove", "zzz"),
        ("--help",),
    ):
        done = machine.run("alerts", *words)
        seen += done.stdout + done.stderr
    assert "json://127.0.0.1" in seen
    assert "hush" not in seen
    for path in machine.root.rglob("*"):
        if path.is_file() and path.name != "alerts.toml":
            assert b"hush" not in path.read_bytes(), path
    assert stat.S_IMODE(os.stat(machine.root / "config" / "alerts.toml").st_mode) == 0o600


def test_a_wrong_rule_file_is_one_line_for_every_action(machine: Machine) -> None:
    (machine.root / "config").mkdir()
    (machine.root / "config" / "alerts.toml").write_text("[[rule]]\nkind = 'percent'\npercnt = 80\n")
    for words in ((), ("check",), ("test",), ("add", "odds"), ("remove", "odds"), ("quiet", "1:00-2:00")):
        done = machine.run("alerts", *words)
        assert done.returncode == 1, words
        assert done.stdout == ""
        assert "alerts.toml, key rule 1 (percent), percnt: unknown key; did you mean percent?" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_ledger_that_is_not_kept_tells_nothing_again_and_again(machine: Machine) -> None:
    machine.call("alerts", "add", "cost", "daily", "0.001")
    machine.write("-p/s.jsonl", usage_line("m1", "r1", "2026-03-12T10:00:00.000Z"))
    machine.ledger.parent.write_text("in the way")
    code, out, err = machine.call("alerts", "check", "--offline")
    assert (code, out) == (0, "")
    assert "nothing was told: without a ledger that is kept" in err


def test_words_may_stand_on_both_sides_of_options(machine: Machine) -> None:
    assert machine.call("alerts", "add", "percent", "--window", "five_hour", "50", "80")[0] == 0
    assert machine.call("alerts", "--json", "list")[0] == 0
    assert machine.call("alerts", "add", "--name", "loud", "command", "--", "notify.sh", "--window")[0] == 0
    assert 'command = ["notify.sh", "--window"]' in rule_file(machine)


def test_costs_of_real_transcripts_are_told(quiet_desk: Machine) -> None:
    quiet_desk.call("alerts", "add", "cost", "daily", "0.001")
    quiet_desk.write("-p/s.jsonl", usage_line("m1", "r1", "2026-03-12T10:00:00.000Z", input_tokens=100_000))
    _, out, _ = quiet_desk.call("alerts", "check", "--offline")
    assert out.startswith("warning: Today: $0.30 spent. That is above <$0.01, at list prices, as of 12:00.")


def test_a_file_with_addresses_that_others_can_read_is_warned_of(machine: Machine) -> None:
    machine.call("alerts", "add", "channel", "ntfy://ntfy.sh/topic")
    assert "can be read by others" not in machine.call("alerts")[2]
    (machine.root / "config" / "alerts.toml").chmod(0o644)
    assert "alerts.toml holds addresses and can be read by others: `chmod 600` it" in machine.call("alerts")[2]
    machine.call("alerts", "add", "odds", "0.7")
    assert "can be read by others" not in machine.call("alerts")[2]


def test_every_kind_of_rule_has_words_and_json(machine: Machine) -> None:
    (machine.root / "config").mkdir()
    needed = {"percent": "percent = 70", "cost": "usd = 5"}
    text = "".join(f"[[rule]]\nkind = '{kind}'\n{needed.get(kind, '')}\n" for kind in RULE_KINDS)
    (machine.root / "config" / "alerts.toml").write_text(text)
    found = listed(machine)["rules"]
    assert [rule["kind"] for rule in found if not rule["default"]] == list(RULE_KINDS)
    _, out, _ = machine.call("alerts", "--width", "100")
    assert all(f"  {kind} " in out for kind in RULE_KINDS)
    assert "(default)" not in out.partition("Channels")[0]


def test_help_has_examples(machine: Machine) -> None:
    done = machine.run("alerts", "--help")
    assert "  tokentide alerts add percent 50 80 95 --window five_hour\n" in done.stdout
    assert done.returncode == 0


@pytest.fixture
def eventful(quiet_desk: Machine) -> Machine:
    """Alerts of every state, rules and channels of most kinds."""
    for words in (
        ("percent", "50", "80", "95", "--window", "seven_day*"),
        ("cost", "weekly", "100", "250"),
        ("unusual_hour", "4"),
        ("channel", "ntfy://ntfy.sh/topic", "--least", "critical", "--only", "odds"),
        ("command", "--", "/nowhere/notify.sh", "--loud"),
    ):
        assert quiet_desk.call("alerts", "add", *words)[0] == 0
    text = rule_file(quiet_desk).replace("ntfy://ntfy.sh/topic", "ntfy://127.0.0.1:1/topic")
    (quiet_desk.root / "config" / "alerts.toml").write_text(text)
    say(quiet_desk, 85, account=BOB)
    quiet_desk.call("alerts", "check", "--offline")
    quiet_desk.call("alerts", "quiet", "12:05-12:20")
    say(quiet_desk, 97, at="2026-03-12T12:10:00Z", account=BOB)
    quiet_desk.call("alerts", "check", "--offline", now="2026-03-12T12:10:00Z")
    quiet_desk.call("alerts", "snooze", "2h", "odds", now="2026-03-12T12:10:00Z")
    return quiet_desk


@pytest.mark.parametrize("width", ["40", "80", "120"])
def test_the_screens_look_as_they_did(eventful: Machine, width: str) -> None:
    shown = [
        eventful.call("alerts", *words, "--width", width, now="2026-03-12T12:11:00Z")
        for words in (("list",), ("history",))
    ]
    compare(f"alerts-{width}.txt", "--- history ---\n".join(out for _, out, _ in shown))


def test_the_json_looks_as_it_did(eventful: Machine) -> None:
    _, out, _ = eventful.call("alerts", "--json", now="2026-03-12T12:11:00Z")
    compare("alerts.json.txt", out.replace(str(eventful.root), "ROOT"))
