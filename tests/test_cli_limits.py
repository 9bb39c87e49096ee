"""`tokentide limits` against a stand-in for the account's API, and with what lies on the machine alone."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.account_stand_in import PROFILE, TOKEN, USAGE_2025, USAGE_2026, USAGE_ENTERPRISE, AccountStandIn, log_in
from tests.conftest import Machine, usage_line
from tokentide.model.limits import Account, LimitReading
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.sqlite.ledger import Ledger
from tokentide.store.sqlite.schema import OBSERVED_TABLES

NOW = "2026-03-12T12:10:00Z"


def instant(text: str) -> int:
    at = parse_instant(text)
    assert at is not None
    return at


def windows(machine: Machine, now: str = NOW, *more: str) -> dict[str, Any]:
    code, out, _ = machine.call("limits", "--json", *more, now=now)
    assert code == 0
    return {window["window"]: window for account in json.loads(out)["accounts"] for window in account["windows"]}


def minutes_later(minutes: int) -> str:
    return f"2026-03-12T{12 + (10 + minutes) // 60}:{(10 + minutes) % 60:02}:00Z"


def test_the_account_is_asked_and_shown(subscriber: Machine, api: AccountStandIn) -> None:
    code, out, err = subscriber.call("limits", "--width", "110", now=NOW)
    assert (code, err) == (0, "")
    assert "ada@example.com · Max 20x · Analytical Engines" in out
    assert "62 %  5 behind clock" in out
    assert "resets 13:50, in 1 h 40 min" in out
    assert "Week, Opus" in out
    assert "84 %  28 ahead of clock" in out
    assert "$3.20 of $50.00" in out
    assert (api.count("usage"), api.count("profile")) == (1, 1)
    _, headers = api.asked[0]
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["user-agent"].startswith("claude-code/2.")
    assert headers["anthropic-beta"] == "oauth-2025-04-20"


def test_the_account_is_asked_every_five_minutes_and_its_last_answer_kept(
    subscriber: Machine, api: AccountStandIn
) -> None:
    for minutes in (0, 1, 4):
        assert windows(subscriber, minutes_later(minutes))["five_hour"]["percent"] == 62
    assert windows(subscriber, minutes_later(4))["five_hour"]["age_seconds"] == 240
    assert api.count("usage") == 1
    windows(subscriber, minutes_later(5))
    assert (api.count("usage"), api.count("profile")) == (2, 1)


def test_the_profile_is_asked_for_once_a_day(subscriber: Machine, api: AccountStandIn) -> None:
    log_in(subscriber, expires="2026-04-01T00:00:00Z")
    for moment in ("12T12:00", "12T13:00", "12T20:00", "13T12:00", "13T13:00"):
        windows(subscriber, f"2026-03-{moment}:00Z")
    assert (api.count("usage"), api.count("profile")) == (5, 2)


def test_two_processes_started_together_make_one_poll(subscriber: Machine, api: AccountStandIn) -> None:
    log_in(subscriber, expires="2100-01-01T00:00:00Z")
    subscriber.run("sync")
    api.script.wait_seconds = 0.5
    command = [sys.executable, "-m", "tokentide", "limits", "--json"]
    environ = subscriber._environ()
    started = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    ended = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * 4, ended
    assert api.count("usage") == 1


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (USAGE_2025, {"five_hour": 78}),
        (USAGE_2026, {"five_hour": 62, "seven_day": 31, "seven_day_opus": 84, "nimbus_quill": 0, "extra_usage": 6.4}),
        (USAGE_ENTERPRISE, {"spend": 24.7}),
    ],
)
def test_every_recorded_answer(
    subscriber: Machine, api: AccountStandIn, usage: dict[str, object], shown: dict[str, float]
) -> None:
    api.script.usage = usage
    assert {name: window["percent"] for name, window in windows(subscriber).items()} == shown


@pytest.mark.parametrize(
    ("status", "headers", "said", "pause_minutes"),
    [
        (401, {}, "the login was refused: run `claude` once", 5),
        (403, {}, "it lacks the scope user:profile", 60),
        (429, {}, "asked too often", 5),
        (429, {"Retry-After": "0"}, "asked too often", 5),
        (429, {"Retry-After": "1600"}, "asked too often", 1600 / 60),
        (429, {"Retry-After": "Thu, 12 Mar 2026 12:40:00 GMT"}, "asked too often", 30),
        (429, {"Retry-After": "soon"}, "asked too often", 5),
        (500, {}, "the account's API answered 500", 5),
        (529, {}, "the account's API answered 529", 5),
        (302, {"Location": "http://127.0.0.1:1/"}, "redirect, which is not followed", 5),
    ],
)
def test_refusals_say_what_to_do_and_are_not_repeated_soon(
    subscriber: Machine,
    api: AccountStandIn,
    status: int,
    headers: dict[str, str],
    said: str,
    pause_minutes: float,
) -> None:
    api.script.status, api.script.headers = status, headers
    code, _, err = subscriber.call("limits", now=NOW)
    assert code == 0
    assert said in err
    assert "next try in" in err
    assert api.count("usage") == 1
    last = int(pause_minutes - 0.01)
    assert said in subscriber.call("limits", now=minutes_later(last))[2]
    assert api.count("usage") == 1
    api.script.status, api.script.headers = 200, {}
    assert subscriber.call("limits", now=minutes_later(last + 1))[2] == ""
    assert api.count("usage") == 2


def test_failures_in_a_row_let_the_pause_grow_to_an_hour(subscriber: Machine, api: AccountStandIn) -> None:
    api.script.status = 500
    pauses = []
    now = instant(NOW)
    for _ in range(6):
        moment = f"2026-03-12T{(now // 3_600_000_000) % 24:02}:{(now // 60_000_000) % 60:02}:00Z"
        _, out, _ = subscriber.call("limits", "--json", now=moment)
        following = instant(json.loads(out)["accounts"][0]["poll"]["next_at"])
        pauses.append((following - now) // 60_000_000)
        now = following
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_what_was_known_stays_while_the_account_does_not_answer(subscriber: Machine, api: AccountStandIn) -> None:
    windows(subscriber)
    api.script.status = 500
    _, out, err = subscriber.call("limits", "--width", "110", now=minutes_later(30))
    assert "62 %" in out
    assert "account, 30 min ago" in out
    assert "answered 500" in err


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"hello": 1}', b"\xff\xfe", b'{"five_hour": ' * 50_000])
def test_answers_of_no_known_shape(subscriber: Machine, api: AccountStandIn, body: bytes) -> None:
    api.script.usage = body
    code, out, err = subscriber.call("limits", now=NOW)
    assert code == 0
    assert "an answer of an unknown shape" in err
    assert "0 %" not in out


def test_a_login_that_was_renewed_meanwhile_is_taken(subscriber: Machine, api: AccountStandIn) -> None:
    # Claude Code renews its token between our look at the file and our request.
    api.script.good_token = "renewed"
    real = api.RequestHandlerClass.do_GET  # type: ignore[attr-defined]

    class Renewing(api.RequestHandlerClass):  # type: ignore[misc, name-defined]
        def do_GET(self) -> None:  # noqa: N802 - the base class has it so
            log_in(subscriber, "renewed")
            real(self)

    api.RequestHandlerClass = Renewing
    assert windows(subscriber)["five_hour"]["percent"] == 62
    assert api.count("usage") == 2


def test_an_expired_login_is_neither_used_nor_renewed(subscriber: Machine, api: AccountStandIn) -> None:
    log_in(subscriber, expires="2026-03-12T12:14:59Z")
    code, _, err = subscriber.call("limits", now=NOW)
    assert code == 0
    assert "the login has expired: run `claude` once" in err
    assert api.asked == []
    log_in(subscriber, "new")
    assert subscriber.call("limits", now=NOW)[2] == ""
    assert api.count("usage") == 1


def test_of_two_logins_of_one_account_the_good_one_is_taken(subscriber: Machine, api: AccountStandIn) -> None:
    second = subscriber.home / "second"
    shutil.copytree(subscriber.home / ".claude", second)
    shutil.copy(subscriber.home / ".claude.json", second)
    subscriber.environ["CLAUDE_CONFIG_DIR"] = f"{subscriber.home / '.claude'},{second}"
    for first_is_good in (True, False):
        ends = {subscriber.home / ".claude": first_is_good, second: not first_is_good}
        for folder, is_good in ends.items():
            content = json.loads((folder / ".credentials.json").read_text())
            content["claudeAiOauth"] |= {"expiresAt": 1_900_000_000_000 * is_good + 1, "accessToken": folder.name}
            (folder / ".credentials.json").write_text(json.dumps(content))
        assert subscriber.call("limits", now=NOW)[2] == ""
    assert api.count("usage") == 1


def test_of_an_account_that_was_left_no_fault_is_told(subscriber: Machine, api: AccountStandIn) -> None:
    api.script.status = 500
    assert "ada@example.com: the account's API answered 500" in subscriber.call("limits", now=NOW)[2]
    api.script.status = 200
    log_in(subscriber, "of bob")
    login = {"emailAddress": "bob@example.com", "accountUuid": "bob", "organizationUuid": "o"}
    (subscriber.home / ".claude.json").write_text(json.dumps({"oauthAccount": login}))
    code, out, err = subscriber.call("limits", now=NOW)
    assert (code, err) == (0, "")
    assert "bob@example.com" in out
    log_in(subscriber)
    assert subscriber.call("limits", now=NOW)[2] == "" == subscriber.call("limits", "--offline", now=NOW)[2]
    assert api.count("usage") == 2


@pytest.mark.parametrize("how", ["offline", "setting"])
def test_nobody_is_asked_against_the_persons_will(subscriber: Machine, api: AccountStandIn, how: str) -> None:
    if how == "setting":
        subscriber.settings("account_poll = false\n")
    code, _, err = subscriber.call("limits", *(["--offline"] if how == "offline" else []), now=NOW)
    assert (code, api.asked) == (0, [])
    assert "no official limits are known here yet" in err


@pytest.mark.parametrize("command", [(), ("daily",), ("block",), ("sync",), ("doctor",)])
def test_no_other_report_asks_the_account(subscriber: Machine, api: AccountStandIn, command: tuple[str, ...]) -> None:
    subscriber.write("-p/s.jsonl", usage_line())
    subscriber.call(*command, now=NOW)
    assert api.asked == []


def test_an_unkept_ledger_cannot_book_polls_and_makes_none(subscriber: Machine, api: AccountStandIn) -> None:
    (subscriber.root / "data").write_text("in the way")
    code, _, err = subscriber.call("limits", now=NOW)
    assert (code, api.asked) == (0, [])
    assert "nothing new was kept" in err


def test_the_token_appears_nowhere(subscriber: Machine, api: AccountStandIn) -> None:
    said: list[str] = []
    for status in (200, 401, 403, 429, 500):
        api.script.status = status
        for command in (["limits"], ["limits", "--json"], ["limits", "--history"], [], ["doctor"], ["config"]):
            said += subscriber.call(*command, now=f"2026-03-12T{status % 24:02}:10:00Z")[1:]
    kept = [
        path.read_bytes()
        for path in subscriber.root.rglob("*")
        if path.is_file() and subscriber.home not in path.parents
    ]
    assert len(kept) > 0
    assert not [text for text in said if TOKEN in text]
    assert not [data for data in kept if TOKEN.encode() in data]
    assert api.count("usage") > 2


# What lies on this machine.


def test_the_clients_own_copy_is_read(machine: Machine) -> None:
    copy = {"fetchedAtMs": instant("2026-03-12T11:40:00Z") // 1000, "accountUuid": "acc", "utilization": USAGE_2026}
    log_in(machine, cachedUsageUtilization=copy)
    found = windows(machine, NOW, "--offline")
    windows(machine, NOW, "--offline")
    with Ledger.open(str(machine.ledger)) as ledger:
        assert len(ledger.limits.readings()) == len(found)
    assert (found["five_hour"]["percent"], found["five_hour"]["source"], found["five_hour"]["age_seconds"]) == (
        62,
        "client_copy",
        1800,
    )


@pytest.mark.parametrize(
    "copy",
    [
        {"fetchedAtMs": 1773315600000, "accountUuid": "another", "utilization": USAGE_2026},
        {"fetchedAtMs": 1773324600000, "accountUuid": "acc", "utilization": USAGE_2026},
        {"fetchedAtMs": "x", "accountUuid": "acc", "utilization": USAGE_2026},
        {"fetchedAtMs": -5, "accountUuid": "acc", "utilization": USAGE_2026},
        {"fetchedAtMs": 1773315600000, "accountUuid": "acc", "utilization": []},
        {"fetchedAtMs": 1773315600000, "accountUuid": "acc"},
        {},
    ],
)
def test_a_copy_of_another_account_time_or_shape_is_left_alone(machine: Machine, copy: dict[str, object]) -> None:
    log_in(machine, cachedUsageUtilization=copy)
    assert windows(machine, NOW, "--offline") == {}


def test_accounts_are_kept_apart(machine: Machine) -> None:
    put(
        machine,
        reading("a:1", 10),
        reading("b:1", 90),
        accounts=[Account("a:1", "ada@x"), Account("b:1", "bob@x", "Bobs")],
    )
    _, out, _ = machine.call("limits", "--json", now=NOW)
    found = {account["name"]: account["windows"][0]["percent"] for account in json.loads(out)["accounts"]}
    assert found == {"ada@x": 10, "bob@x": 90}
    assert set(windows(machine, NOW, "--account", "BOBS")) == {"five_hour"}
    code, out, err = machine.call("limits", "--account", "nobody", now=NOW)
    assert (code, out) == (0, "")
    assert "no limits are known of an account that matches nobody" in err


def reading(
    account: str, percent: float | None, at: str = "2026-03-12T12:00:00Z", resets: str | None = "2026-03-12T13:50:00Z"
) -> LimitReading:
    return LimitReading(
        account, "five_hour", "statusline", instant(at), percent, None if resets is None else instant(resets)
    )


def put(machine: Machine, *readings: LimitReading, accounts: list[Account] | None = None) -> None:
    with Ledger.open(str(machine.ledger)) as ledger:
        ledger.limits.take(accounts or [Account("a:1", "ada@x")], readings)


def test_a_window_that_has_reset_is_no_longer_full(machine: Machine) -> None:
    put(machine, reading("a:1", 97))
    _, out, _ = machine.call("limits", "--width", "80", now="2026-03-12T14:20:00Z")
    assert "reset 13:50, nothing said since; was 97 %" in out
    assert "█" not in out
    assert machine.call("limits", "--fail-above", "90", now="2026-03-12T14:20:00Z")[0] == 5


@pytest.mark.parametrize(
    ("percent", "bound", "code"), [(90, "90", 0), (91, "90", 4), (103, "100%", 4), (None, "90", 5)]
)
def test_the_exit_code_tells_scripts(machine: Machine, percent: float | None, bound: str, code: int) -> None:
    put(machine, reading("a:1", percent))
    assert machine.call("limits", "--fail-above", bound, now=NOW)[0] == code


def test_without_any_reading_the_window_is_estimated_and_says_so(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line("m0", "r0", "2026-03-12T03:00:00Z"), usage_line(at="2026-03-12T11:07:00Z"))
    _, out, _ = machine.call("limits", "--width", "110", now=NOW)
    assert "resets about 16:00, in 3 h 50 min" in out
    assert "estimate: no official reading of this window" in out
    window = windows(machine)["five_hour"]
    assert (window["percent"], window["is_estimate"], window["source"]) == (None, True, "estimate")


def test_a_window_whose_fill_nobody_tells_says_how_to_learn_it(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    assert "`--plan max5` estimates it" in machine.call("limits", now=NOW)[2]
    assert "needs three of your own blocks" in machine.call("limits", "--plan", "custom", now=NOW)[2]
    assert machine.call("limits", "--plan", "max5", now=NOW)[2] == ""


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_what_stands_below_a_window_is_folded_not_cut(machine: Machine, width: int) -> None:
    days = [f"2026-03-{day:02}" for day in range(1, 13)]
    lines = (usage_line(day, day, at=f"{day}T11:30:00.000Z", output_tokens=40_000) for day in days)
    machine.write("-p/s.jsonl", *lines)
    out = machine.call("limits", "--plan", "custom", "--width", str(width), now=NOW)[1]
    assert "of which 9 in 10 were smaller: no official reading of this window" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= width


def test_a_reset_of_today_is_told_without_its_day_whenever_days_begin(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    assert "resets about 16:30" in machine.call("limits", "--reset-hour", "23", now=NOW)[1]


def test_after_an_official_reset_the_next_window_is_estimated_from_it(machine: Machine) -> None:
    log_in(machine)
    put(machine, reading("acc:org", 97), accounts=[Account("acc:org", "ada@example.com")])
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T13:30:00Z"), usage_line("m2", "r2", "2026-03-12T14:19:00Z"))
    window = windows(machine, "2026-03-12T14:30:00Z", "--offline")["five_hour"]
    assert (window["resets_at"], window["is_estimate"]) == ("2026-03-12T19:10:00.000Z", True)


def test_blocks_are_the_official_windows_where_these_are_known(machine: Machine) -> None:
    put(machine, reading("a:1", 20))
    machine.write("-p/s.jsonl", usage_line("m0", "r0", "2026-03-12T08:40:00Z"), usage_line(at="2026-03-12T09:10:00Z"))
    _, out, _ = machine.call("block", "--json", now=NOW)
    rows = json.loads(out)["rows"]
    assert [(row["start_at"][11:16], row["end_at"][11:16], row["is_official"]) for row in rows] == [
        ("08:00", "13:00", False),
        ("08:50", "13:50", True),
    ]
    _, out, _ = machine.call("block", "--ccusage-json", now=NOW)
    assert [block["startTime"][11:16] for block in json.loads(out)["blocks"]] == ["08:00"]
    assert "(by the official window)" in machine.call(now=NOW)[1]


@pytest.mark.parametrize("width", [46, 60, 80, 100, 120])
def test_no_row_is_wider_than_the_screen(machine: Machine, width: int) -> None:
    names = ("five_hour", "seven_day_opus", "a_window_that_the_vendor_gave_a_name_as_long_as_this_one")
    rows = [reading("a:1", percent)._replace(window=name) for name in names for percent in (62, 103)]
    over = reading("a:1", 85, "2026-03-12T09:00:00Z", "2026-03-12T12:00:00Z")._replace(window="seven_day")
    put(machine, over, *rows)
    _, out, _ = machine.call("limits", "--width", str(width), now=NOW)
    assert max(map(len, out.splitlines())) <= width
    assert "was 85 %" in out


def test_the_main_screen_with_limits_alone_has_no_newest_response(machine: Machine) -> None:
    put(machine, reading("a:1", 62))
    code, out, _ = machine.call("--width", "80", now=NOW)
    assert code == 0
    assert "No response; 0 transcripts on this machine." in out


def test_the_main_screen_begins_with_the_official_windows(subscriber: Machine) -> None:
    subscriber.write("-p/s.jsonl", usage_line(at="2026-03-12T11:07:00Z"))
    assert "official limits are not known yet: `tokentide limits` asks the account" in subscriber.call(now=NOW)[2]
    subscriber.call("limits", now=NOW)
    _, out, err = subscriber.call(now=minutes_later(1))
    assert out.index("5 hours") < out.index("Today")
    assert "62 %" in out
    assert err == ""


# Refusals in transcripts.


def refusal(text: str, at: str = "2026-03-12T12:00:00Z", **more: object) -> dict[str, object]:
    line = usage_line("e1", "e1", at, "<synthetic>", input_tokens=0, output_tokens=0)
    message = {**line["message"], "content": [{"type": "text", "text": text}]}  # type: ignore[dict-item]
    return {**line, "message": message, "isApiErrorMessage": True, "apiErrorStatus": 429, "error": "rate_limit", **more}


@pytest.mark.parametrize(
    ("text", "window", "resets_at"),
    [
        ("You've hit your session limit · resets 1:50pm (UTC)", "five_hour", "2026-03-12T13:50"),
        ("You've hit your session limit · resets 2:50am (Asia/Muscat)", "five_hour", "2026-03-12T22:50"),
        ("You've hit your weekly limit · resets Mar 14, 12:13pm (UTC)", "seven_day", "2026-03-14T12:13"),
        ("You've hit your limit · resets Mar 14 at 6pm (Etc/UTC)", "seven_day", "2026-03-14T18:00"),
        ("You've hit your limit · resets 4pm (Europe/Rome)", "five_hour", "2026-03-12T15:00"),
        ("5-hour limit reached · resets 2am (Pacific/Auckland) · /upgrade to Max 20x", "five_hour", "2026-03-12T13:00"),
        ("Weekly limit reached ∙ resets Mar 13, 7pm (Europe/Moscow) · ", "seven_day", "2026-03-13T16:00"),
        ("Opus weekly limit reached ∙ resets Mar 13, 7am (UTC)", "seven_day_opus", "2026-03-13T07:00"),
        ("You've hit your Fable limit · resets 11pm (UTC)", "seven_day_fable", "2026-03-12T23:00"),
        ("Claude AI usage limit reached|1773327600", "five_hour", "2026-03-12T15:00"),
    ],
)
def test_refusals_of_every_wording(machine: Machine, text: str, window: str, resets_at: str) -> None:
    machine.write("-p/s.jsonl", usage_line(), refusal(text))
    found = windows(machine)[window]
    assert (found["percent"], found["source"], found["level"]) == (100, "refusal", "full")
    assert found["resets_at"].startswith(resets_at)


@pytest.mark.parametrize("kind", ["five_hour", "seven_day", "seven_day_opus"])
def test_refusals_that_tell_their_reset_in_numbers(machine: Machine, kind: str) -> None:
    quota = {"status": "rejected", "resetsAt": 1773327600, "rateLimitType": kind}
    machine.write("-p/s.jsonl", refusal("You've hit your limit · resets 9am (UTC)", quotaLimits=quota))
    assert windows(machine)[kind]["resets_at"] == "2026-03-12T15:00:00.000Z"


@pytest.mark.parametrize(
    "line",
    [
        refusal("Invalid API key · Please run /login"),
        refusal("You've hit your monthly spend limit. Run /usage-credits"),
        refusal("You've hit your limit · resets 10pm"),
        refusal("You've hit your limit · resets 25pm (UTC)"),
        refusal("You've hit your limit · resets 10pm (Nowhere/Land)"),
        refusal("You've hit your limit · resets Feb 31, 10pm (UTC)"),
        refusal("Claude AI usage limit reached|1"),
        refusal("", quotaLimits={"resetsAt": 1, "rateLimitType": "five_hour"}),
        refusal("", quotaLimits={"resetsAt": 1e300}),
        refusal("", quotaLimits="x"),
        refusal("", quotaLimits={"resetsAt": None}),
        refusal("") | {"timestamp": None},
    ],
)
def test_other_errors_tell_no_limit(machine: Machine, line: dict[str, object]) -> None:
    machine.write("-p/s.jsonl", line)
    assert not [window for window in windows(machine).values() if not window["is_estimate"]]


# History.


def test_the_history_is_a_chart_a_window(machine: Machine) -> None:
    day = [("2026-03-12T09:00:00Z", 10), ("2026-03-12T10:00:00Z", 55), ("2026-03-12T11:00:00Z", 100)]
    put(machine, *(reading("a:1", percent, at) for at, percent in day))
    code, out, err = machine.call("limits", "--history", "--days", "1", "--width", "60", now=NOW)
    assert (code, err) == (0, "")
    assert out.startswith("5 hours  ada@x, most 100 %\n100 % ")
    chart = out.splitlines()[1:7]
    assert len({len(line) for line in chart}) == 1
    assert [line.count("█") for line in chart] == sorted(line.count("█") for line in chart)
    assert chart[0].rstrip().endswith("█")


def test_the_history_as_json_has_a_point_a_change(machine: Machine) -> None:
    put(
        machine,
        reading("a:1", 10, "2026-03-12T09:00:00Z"),
        reading("a:1", 10, "2026-03-12T09:30:00Z"),
        reading("a:1", 55, "2026-03-12T10:00:00Z"),
    )
    _, out, _ = machine.call("limits", "--history", "--json", now=NOW)
    (window,) = json.loads(out)["windows"]
    assert [(point["at"][11:16], point["percent"]) for point in window["points"]] == [("09:00", 10), ("10:00", 55)]


def test_an_empty_history_says_what_to_do(machine: Machine) -> None:
    code, out, err = machine.call("limits", "--history", now=NOW)
    assert (code, out) == (0, "")
    assert "tokentide statusline install" in err


@pytest.mark.parametrize(
    "words",
    [
        ("--days", "0"),
        ("--days", "x"),
        ("--fail-above", "x"),
        ("--fail-above", "-1"),
        ("--watch", "0"),
        ("--watch", "nan"),
    ],
)
def test_wrong_words_are_refused(machine: Machine, words: tuple[str, ...]) -> None:
    assert machine.run("limits", *words).returncode == 2


def test_watching_redraws_in_place_until_ctrl_c(machine: Machine) -> None:
    now = time.time_ns() // 1000
    put(machine, LimitReading("a:1", "five_hour", "statusline", now, 10, now + 3_600_000_000))
    main, follower = pty.openpty()
    command = [sys.executable, "-m", "tokentide", "limits", "--watch", "1", "--offline", "--timezone", "UTC"]
    environ = machine._environ() | {"TERM": "xterm", "COLUMNS": "60"}
    with subprocess.Popen(command, env=environ, stdin=follower, stdout=follower, stderr=follower) as process:
        os.close(follower)
        shown = _read_until(main, b"10 %")
        put(machine, LimitReading("a:1", "five_hour", "statusline", now + 1, 97, now + 3_600_000_000))
        shown += _read_until(main, b"97 %")
        process.send_signal(signal.SIGINT)
        shown += _read_until(main, b"")
        assert process.wait(timeout=20) == 0
    os.close(main)
    last = shown.rpartition(b"\x1b[?25h\x1b[?1049l")[2]
    assert b"97 %" in last
    assert b"Traceback" not in shown


def _read_until(terminal: int, sign: bytes) -> bytes:
    """What the terminal shows until the sign appears; with an empty one, until its other end is closed."""
    shown = b""
    started = time.monotonic()
    while time.monotonic() - started < 30 and not (sign and sign in shown):
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    return shown


def test_the_profile_names_the_plan(subscriber: Machine, api: AccountStandIn) -> None:
    profile = json.loads(json.dumps(PROFILE))
    profile["organization"] |= {"organization_type": "claude_enterprise", "name": "Eng\x1b[31mines"}
    api.script.profile = profile
    _, out, _ = subscriber.call("limits", now=NOW)
    assert "Enterprise" in out
    assert "\x1b" not in out


def test_readings_outlive_a_damaged_ledger(machine: Machine) -> None:
    path = machine.write("-p/s.jsonl", *(usage_line(f"m{n}", f"r{n}", "2026-03-12T11:00:00Z") for n in range(3000)))
    machine.run("sync")
    readings = [reading("a:1", float(n % 100), f"2026-03-12T{n // 60:02}:{n % 60:02}:00Z") for n in range(600)]
    put(machine, *readings)
    data = bytearray(machine.ledger.read_bytes())
    place = data.rfind(b"claude-sonnet-4-20250514", 0, len(data) // 2) // 8192 * 8192
    assert place > 8192
    data[place : place + 8192] = bytes(8192)
    machine.ledger.write_bytes(data)
    for companion in machine.ledger.parent.glob("*-wal"):
        companion.unlink()
    path.unlink()
    err = machine.call("daily", "--by", "session")[2] + machine.call("block")[2] + machine.call("sync", "--rebuild")[2]
    assert "the damaged ledger is now" in err
    with Ledger.open(str(machine.ledger)) as ledger:
        assert len(ledger.limits.readings()) == 600
        assert ledger.limits.accounts() == [Account("a:1", "ada@x")]


def test_a_ledger_of_the_first_format_learns_limits(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line())
    machine.run("sync")
    connection = sqlite3.connect(machine.ledger)
    for table in (*OBSERVED_TABLES, "detail_files"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    put(machine, reading("a:1", 10))
    assert windows(machine)["five_hour"]["percent"] == 10
    assert json.loads(machine.call("daily", "--json")[1])["totals"]["responses"] == 1


def test_the_doctor_tells_where_limits_come_from(subscriber: Machine, api: AccountStandIn) -> None:
    (subscriber.claude / ".credentials.json").chmod(0o644)
    said = subscriber.call("doctor", now=NOW)[1]
    assert "Limits: 0 readings of 0 accounts" in said
    assert f"login in {subscriber.claude / '.credentials.json'}: good for 7 h 50 min" in said
    assert "others may read this file" in said
    assert api.asked == []
    api.script.status = 403
    subscriber.call("limits", now=NOW)
    put(subscriber, reading("a:1", 10))
    said = subscriber.call("doctor", now=minutes_later(5))[1]
    assert "newest by status line: 15 min ago" in said
    assert "ada@example.com: this token may not ask for limits" in said
    found = json.loads(subscriber.call("doctor", "--json", now="2026-03-13T12:00:00Z")[1])["limits"]
    assert (found["readings"], found["logins"][0]["is_expired"]) == (1, True)


def test_the_doctor_names_the_log_of_errors(machine: Machine) -> None:
    assert "errors.log" not in machine.call("doctor")[1]
    machine.settings("nonsense = 1")
    machine.run("statusline", stdin="{}")
    machine.settings("")
    assert (
        f"Errors of the status line: {machine.ledger.parent / 'errors.log'}, last just now" in machine.call("doctor")[1]
    )


def test_a_window_that_the_account_tells_no_more_is_not_shown_for_ever(
    subscriber: Machine, api: AccountStandIn
) -> None:
    log_in(subscriber, expires="2026-06-01T00:00:00Z")
    assert "nimbus_quill" in windows(subscriber)
    api.script.usage = {"five_hour": {"utilization": 3, "resets_at": "2026-03-14T14:00:00Z"}}
    assert "nimbus_quill" in windows(subscriber, "2026-03-13T11:00:00Z")
    assert set(windows(subscriber, "2026-03-14T12:10:00Z")) == {"five_hour", "seven_day", "seven_day_opus"}
    assert "seven_day_opus" not in windows(subscriber, "2026-03-17T12:10:00Z")


def test_the_sample_has_limits_and_asks_nobody(subscriber: Machine, api: AccountStandIn) -> None:
    _, out, err = subscriber.call("demo", "limits", "--json", now=NOW, CLAUDE_CODE_OAUTH_TOKEN=TOKEN)
    (account,) = json.loads(out)["accounts"]
    assert (account["name"], account["plan"]) == ("sam@example.com", "Max 5x")
    assert [(window["percent"], window["source"]) for window in account["windows"]] == [
        (62, "statusline"),
        (48, "statusline"),
        (84, "statusline"),
    ]
    assert "sample data, made up" in err
    assert api.asked == []
    _, out, _ = subscriber.call("demo", "limits", "--history", "--width", "60", now=NOW)
    assert out.count("█") > 200


def test_the_history_reaches_back_beyond_what_is_open(machine: Machine) -> None:
    log_in(machine)
    machine.write("-p/s.jsonl", refusal("You've hit your weekly limit · resets Mar 14, 12:13pm (UTC)"))
    later = "2026-08-01T12:00:00Z"
    assert windows(machine, later, "--offline") == {}
    _, out, _ = machine.call("limits", "--history", "--days", "200", "--json", "--offline", now=later)
    (window,) = json.loads(out)["windows"]
    assert (window["name"], window["window"]) == ("ada@example.com", "seven_day")
    assert [(point["percent"], point["source"]) for point in window["points"]] == [(100, "refusal")]
