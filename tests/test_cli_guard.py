"""`tokentide guard`: the verdict for scripts, and the hook before a prompt."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.account_stand_in import AccountStandIn
from tests.claude_pushes import NOW, NOW_US, UNSYNCED, Input, log_of, pushed
from tests.claude_pushes import call as push
from tests.conftest import Machine, usage_line
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Calibration, Forecast
from tokentide.analytics.guard import Wish, guard_account
from tokentide.analytics.limits import read_limits
from tokentide.clock import MINUTE_US
from tokentide.errors import SettingsError, UsageError
from tokentide.model.alerts import Alert, Claim
from tokentide.render.guard_words import GuardLook, verdict_line
from tokentide.store.sqlite.ledger import Ledger

PROMPT = "rewrite the parser; the password is swordfish"


@pytest.fixture
def quiet(machine: Machine) -> Machine:
    machine.settings(UNSYNCED)
    return machine


def guard(machine: Machine, *words: str, now: str = NOW) -> tuple[int, str]:
    """Exit code and the line."""
    code, out, err = machine.call("guard", *words, now=now)
    assert err == ""
    return code, out


def hook(
    machine: Machine,
    prompt: str = PROMPT,
    *words: str,
    event: str = "UserPromptSubmit",
    session: str = "s1",
    now: str = NOW,
) -> dict[str, str]:
    """What the hook answers; nothing where it says nothing."""
    said = {"session_id": session, "hook_event_name": event, "prompt": prompt, "transcript_path": ""}
    return raw_hook(machine, json.dumps(said).encode(), *words, now=now)


def raw_hook(machine: Machine, data: bytes, *words: str, now: str = NOW) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Input(data))
        code, out, err = machine.call("guard", "hook", *words, now=now)
    assert (code, err) == (0, "")
    answer: dict[str, str] = json.loads(out) if out else {}
    return answer


@pytest.mark.parametrize(
    ("percent", "code", "line"),
    [
        (42, 0, "go on: 5 hours 42 % used, resets 13:40 (in 1h 40m); Week 34 %\n"),
        (86, 10, "near: 5 hours 86 % used, resets 13:40 (in 1h 40m); Week 34 %\n"),
        (100, 11, "used up: 5 hours 100 % used, resets 13:40 (in 1h 40m); Week 34 %\n"),
    ],
)
def test_one_line_and_an_exit_code(quiet: Machine, percent: int, code: int, line: str) -> None:
    push(quiet, pushed(percent))
    assert guard(quiet) == (code, line)
    assert guard(quiet, "--quiet") == (code, "")


def test_nothing_known_is_an_exit_code_of_its_own(quiet: Machine) -> None:
    code, line = guard(quiet)
    assert code == 5
    assert line.startswith("unknown: no limits are known here; `tokentide statusline install`")
    push(quiet, pushed(42))
    assert guard(quiet, "--account", "nobody")[0] == 5
    assert guard(quiet, "--window", "opus") == (
        5,
        "unknown: no window like 'opus' is known of this account; `tokentide limits` tells what is\n",
    )


def test_a_need_fits_or_not(quiet: Machine) -> None:
    push(quiet, pushed(86))
    assert guard(quiet, "--need", "14%")[0] == 0
    code, line = guard(quiet, "--need", "15%")
    assert (code, "15 % will not fit" in line) == (10, True)
    assert guard(quiet, "--need", "60%", "--window", "seven")[0] == 0
    code, line = guard(quiet, "--need", "$4")
    assert code == 5
    assert line.startswith("unknown: nobody can tell how much of a window $4.00 is")


@pytest.mark.parametrize("need", ["", "-3", "0", "much", "NaN", "$", "1e9", "$-1", "inf"])
def test_a_need_that_is_none_is_refused(quiet: Machine, need: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        quiet.call("guard", f"--need={need}")
    assert end.value.code == 2
    assert "neither a percentage" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("install", "--json"),
        ("install", "--plan", "pro"),
        ("status", "--block"),
        ("--off",),
        ("snooze",),
        ("snooze", "soon"),
        ("snooze", "8d"),
        ("snooze", "1h", "--off"),
        ("status", "1h"),
        ("uninstall", "--max-odds", "0.5"),
        ("--dir", "x"),
        ("status", "--need", "5"),
    ],
)
def test_what_does_not_go_together_is_refused(quiet: Machine, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        quiet.call("guard", *words)
    assert not quiet.claude.exists()


def test_json_says_what_the_line_says(quiet: Machine) -> None:
    push(quiet, pushed(86))
    code, out = guard(quiet, "--json", "--need", "15")
    said = json.loads(out)
    assert (code, said["exit_code"], said["verdict"], said["decided_by"]) == (10, 10, "near", "five_hour")
    (five, week) = said["windows"]
    assert (five["percent"], five["percent_left"], five["reasons"]) == (86, 14, ["need"])
    assert five["resets_at"] == "2026-03-12T13:40:00.000Z"
    assert (week["verdict"], week["need_percent"]) == ("go_on", None)
    assert json.loads(guard(quiet, "--json", "--account", "x")[1])["verdict"] == "unknown"


def test_a_need_in_money_is_told_in_percent_too(quiet: Machine) -> None:
    push(quiet, pushed(42))
    calibration = Calibration("five_hour", 10**9, 9 * 10**8, 11 * 10**8, 20)
    with Ledger.open(str(quiet.ledger)) as ledger:
        (limits,) = read_limits(ledger, now=NOW_US)
        forecast = Forecast(limits.account, NOW_US, (), "", None, None, (calibration,), (), None, 30, None)
        wish = Wish("five_hour", need_cost=4 * 10**9)
        line = verdict_line(
            guard_account(ledger, limits, forecast, wish, now=NOW_US), GuardLook(Calendar("UTC"), NOW_US)
        )
    assert line == "go on: 5 hours 42 % used, resets 13:40 (in 1h 40m), $4.00 (4 % of it) will fit"


def test_an_open_window_that_nobody_tells_of_is_unknown_and_says_what_to_do(quiet: Machine) -> None:
    quiet.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    code, line = guard(quiet)
    assert (code, line.startswith("unknown: nobody tells how full a window")) == (5, True)
    assert "`tokentide statusline install` brings it, `--plan` estimates it" in line
    assert guard(quiet, "--plan", "max5")[0] == 0


def test_an_estimate_beyond_full_is_near_and_never_certain(quiet: Machine) -> None:
    quiet.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    code, line = guard(quiet, "--custom-limit-tokens", "100")
    assert (code, line) == (10, "near: 5 hours ~150 % used, resets 16:30 (in 4h 30m), an estimate\n")


def test_money_is_no_window_that_opens(subscriber: Machine) -> None:
    assert guard(subscriber, "--refresh", "--window", "extra") == (0, "go on: Extra usage 6 % used\n")


def test_a_wrong_command_line_of_the_hook_is_no_block(quiet: Machine) -> None:
    for words in (("--max-odds", "5"), ("--wat",)):
        assert quiet.run("guard", *words).returncode == 2
        assert quiet.run("guard", "hook", *words).returncode == 1  # the client takes 2 for a block


def test_it_asks_nobody_unless_told_to(subscriber: Machine, api: AccountStandIn) -> None:
    assert guard(subscriber)[0] == 5
    assert api.asked == []
    code, line = guard(subscriber, "--refresh")
    assert (code, api.count("usage")) == (10, 1)
    assert line.startswith("near: Week, Opus 84 % used, resets Sun 14:00")


def test_an_old_reading_shows_its_age(quiet: Machine) -> None:
    push(quiet, pushed(42))
    assert "as of 50 min ago" in guard(quiet, now="2026-03-12T12:50:00Z")[1]
    assert guard(quiet, now="2026-03-12T13:41:00Z") == (
        0,
        "go on: Week 34 % used, resets Sun 12:00 (in 2d 22h), as of 1 h 41 min ago; 5 hours 0 %\n",
    )


def test_the_hook_is_silent_while_there_is_room(quiet: Machine) -> None:
    push(quiet, pushed(90))
    assert hook(quiet) == {}
    assert hook(quiet, "", "--block") == {}


def test_the_hook_warns_once_until_it_is_worse(quiet: Machine) -> None:
    push(quiet, pushed(100))
    assert hook(quiet) == {"systemMessage": "tokentide: 5 hours 100 % used, resets 13:40 (in 1h 40m)."}
    assert hook(quiet) == {}
    assert "5 hours" in hook(quiet, session="s2")["systemMessage"]
    push(quiet, pushed(106, cost={"total_cost_usd": 2, "total_api_duration_ms": 9_000}))
    assert "106 %" in hook(quiet)["systemMessage"]
    assert hook(quiet, now="2026-03-12T13:50:00Z") == {}


def test_the_hook_blocks_when_asked_and_says_how_to_go_on(quiet: Machine) -> None:
    push(quiet, pushed(100))
    for _ in range(2):
        answer = hook(quiet, PROMPT, "--block")
        assert answer["decision"] == "block"
        assert "5 hours 100 % used" in answer["reason"]
        assert "This ends at 13:40, in 1h 40m." in answer["reason"]
        assert "begin it with go!" in answer["reason"]
    passed = hook(quiet, f"  Go! {PROMPT}", "--block")
    assert "decision" not in passed


def test_a_snooze_silences_it(quiet: Machine) -> None:
    push(quiet, pushed(100))
    code, out, _ = quiet.call("guard", "snooze", "30m", now=NOW)
    assert (code, out) == (0, "guard: silent until 12:30 (30 min); alerts are still told\n")
    assert hook(quiet, PROMPT, "--block") == {}
    assert hook(quiet, PROMPT, "--block", now="2026-03-12T12:31:00Z")["decision"] == "block"
    quiet.call("guard", "snooze", "1h", now=NOW)
    assert quiet.call("guard", "snooze", "--off", now=NOW)[1] == "guard: speaks again\n"
    assert hook(quiet, PROMPT, "--block")["decision"] == "block"


def raise_alert(machine: Machine, title: str, at: int, **more: object) -> None:
    with Ledger.open(str(machine.ledger)) as ledger:
        claim = Claim(title, at)
        alert = Alert(claim.key, "percent", "", "five_hour", at, "warning", title, "", **more)  # type: ignore[arg-type]
        assert ledger.alerts.claim([(claim, alert)], at)


def test_alerts_are_told_once_a_session(quiet: Machine) -> None:
    push(quiet, pushed(42))
    assert hook(quiet, event="SessionStart") == {}
    raise_alert(quiet, "5 hours: 80 % used", NOW_US + MINUTE_US)
    raise_alert(quiet, "held", NOW_US + MINUTE_US, state="held")
    raise_alert(quiet, "bad \x1b[31m", NOW_US + 3 * MINUTE_US)
    later = "2026-03-12T12:02:00Z"
    assert hook(quiet, now=later) == {"systemMessage": "tokentide: 5 hours: 80 % used"}
    assert hook(quiet, now=later) == {}
    assert hook(quiet, session="s2", event="SessionStart", now=later) == {}
    assert hook(quiet, session="s2", now="2026-03-12T12:05:00Z") == {"systemMessage": "tokentide: bad �[31m"}
    assert hook(quiet, now="2026-03-12T12:05:00Z") == {"systemMessage": "tokentide: bad �[31m"}


def test_nobody_is_held_back_by_an_estimate(quiet: Machine) -> None:
    times = [f"{hour:02}:{minute:02}" for hour in (9, 10, 11) for minute in (0, 20, 40)]
    ats = [f"2026-03-{day:02}T{time}:00.000Z" for day in range(1, 13) for time in times]
    quiet.write("-p/s.jsonl", *(usage_line(f"m{at}", f"r{at}", at, input_tokens=100_000) for at in ats))
    quiet.settings(UNSYNCED + "custom_limit_tokens = 950000\n")
    assert quiet.call("daily", now=NOW)[0] == 0
    answer = hook(quiet, PROMPT, "--block")
    assert "decision" not in answer
    assert "an estimate" in answer["systemMessage"]


def test_alerts_stand_beside_a_block(quiet: Machine) -> None:
    push(quiet, pushed(100))
    raise_alert(quiet, "Week: 95 % used", NOW_US - MINUTE_US)
    assert hook(quiet, PROMPT, "--block")["reason"].endswith("\ntokentide: Week: 95 % used")


def test_a_hook_channel_that_is_off_tells_no_alerts(quiet: Machine) -> None:
    push(quiet, pushed(42))
    raise_alert(quiet, "Week: 95 % used", NOW_US - MINUTE_US)
    (quiet.root / "config" / "alerts.toml").write_text('[[channel]]\nkind = "hook"\nenabled = false\n')
    assert hook(quiet) == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"session_id": 3, "hook_event_name": {}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_is_no_event_is_answered_with_nothing(quiet: Machine, data: bytes) -> None:
    push(quiet, pushed(100))
    assert raw_hook(quiet, data, "--block") == {}


def test_a_broken_machine_stops_nobody(quiet: Machine) -> None:
    assert hook(quiet, PROMPT, "--block") == {}
    assert not quiet.ledger.exists()
    push(quiet, pushed(100))
    quiet.settings("nonsense = 1")
    assert hook(quiet, PROMPT, "--block") == {}
    assert "SettingsError" in log_of(quiet)
    quiet.settings(UNSYNCED)
    (quiet.ledger.parent / "guard.json").write_text('{"silent_until": "x", "sessions": []}')
    assert hook(quiet, PROMPT, "--block")["decision"] == "block"
    quiet.ledger.write_bytes(b"no database at all" * 1000)
    assert hook(quiet, PROMPT, "--block") == {}
    assert "LedgerDamagedError" in log_of(quiet)
    assert "swordfish" not in log_of(quiet)


def test_the_prompt_is_kept_nowhere(quiet: Machine) -> None:
    push(quiet, pushed(100))
    hook(quiet)
    hook(quiet, PROMPT, "--block")
    kept = [path for path in quiet.root.rglob("*") if path.is_file()]
    assert any(path.name == "guard.json" for path in kept)
    assert all(b"swordfish" not in path.read_bytes() for path in kept)


def test_a_locked_ledger_is_not_waited_for(quiet: Machine) -> None:
    push(quiet, pushed(100))
    holder = sqlite3.connect(quiet.ledger, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    begin = time.monotonic()
    said = json.dumps({"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt": "x"})
    done = quiet.run("guard", "hook", "--block", stdin=said)
    holder.execute("ROLLBACK")
    holder.close()
    assert done.returncode == 0
    assert time.monotonic() - begin < 4


def test_one_that_hangs_ends_well_within_its_time(quiet: Machine) -> None:
    push(quiet, pushed(100))
    command = [sys.executable, "-m", "tokentide", "guard", "hook", "--block"]
    begin = time.monotonic()
    with subprocess.Popen(command, env=quiet._environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.wait(timeout=20) == 0  # its input never ends
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert 1.5 < time.monotonic() - begin < 6


def test_it_loads_only_what_it_needs(quiet: Machine) -> None:
    push(quiet, pushed(42))
    code = (
        "from tokentide.cli.main import main; main(['guard', 'hook'])\nimport sys; print(*sys.modules, file=sys.stderr)"
    )
    said = json.dumps({"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt": "x"})
    done = subprocess.run(
        [sys.executable, "-c", code], env=quiet._environ(), input=said, capture_output=True, text=True, check=True
    )
    heavy = {
        "msgspec",
        "rich",
        "genai_prices",
        "pydantic",
        "httpx2",
        "apprise",
        "textual",
        "watchfiles",
        "asyncio",
        "multiprocessing",
    }
    assert not {*done.stderr.split()} & heavy
    assert "tokentide.analytics.guard" in done.stderr


HOOK = {"type": "command", "command": "echo hello"}
SETTINGS = [
    "{}",
    "{ }\n",
    '{"a":1}',
    '{\n  "a": 1\n}\n',
    '{"hooks": {}}',
    '{"hooks": null, "a": 1}',
    '{\n  "hooks": {\n    "UserPromptSubmit": []\n  },\n  "b": 2.50\n}\n',
    json.dumps({"hooks": {"UserPromptSubmit": [{"hooks": [HOOK]}]}}),
    json.dumps(
        {"hooks": {"UserPromptSubmit": [{"hooks": [HOOK]}], "Stop": [{"hooks": [HOOK]}]}, "z": [1, 2]}, indent=4
    ),
    json.dumps({"hooks": {"SessionStart": [{"matcher": "startup", "hooks": [HOOK, HOOK]}]}}, indent="\t"),
    '{\r\n    "a": "é \\u00e9",\r\n    "hooks": {"PreToolUse": [{"matcher": "}", "hooks": []}]}\r\n}\r\n',
    '\ufeff{\n  "statusLine": {"type": "command", "command": "x"}\n}\n',
]


def settings_of(machine: Machine) -> Path:
    return machine.claude / "settings.json"


def put(machine: Machine, content: str) -> bytes:
    machine.claude.mkdir(exist_ok=True)
    settings_of(machine).write_bytes(content.encode())
    return content.encode()


@pytest.mark.parametrize("content", SETTINGS)
def test_uninstall_gives_back_every_byte(quiet: Machine, content: str) -> None:
    before = put(quiet, content)
    assert quiet.call("guard", "install")[0] == 0
    now = json.loads(settings_of(quiet).read_text(encoding="utf-8-sig"))
    old = json.loads(content.removeprefix("\ufeff"))
    for event, groups in (old.get("hooks") or {}).items():
        assert now["hooks"][event][: len(groups)] == groups
    for event in ("UserPromptSubmit", "SessionStart"):
        (entry,) = now["hooks"][event][-1]["hooks"]
        assert entry["command"].endswith("guard hook")
        assert (entry["type"], entry["timeout"]) == ("command", 5)
    assert {key: value for key, value in now.items() if key != "hooks"} == {
        key: value for key, value in old.items() if key != "hooks"
    }
    once = settings_of(quiet).read_bytes()
    assert "installed already" in quiet.call("guard", "install")[1]
    assert settings_of(quiet).read_bytes() == once
    assert quiet.call("guard", "uninstall")[0] == 0
    assert settings_of(quiet).read_bytes() == before
    assert [path.name for path in quiet.claude.iterdir()] == ["settings.json"]
    assert "not installed" in quiet.call("guard", "uninstall")[1]


def test_without_settings_the_file_comes_and_goes(quiet: Machine) -> None:
    assert quiet.call("guard", "status")[0] == 1
    code, out, _ = quiet.call("guard", "install", "--block", "--max-odds", "70%")
    assert code == 0
    assert "a prompt is held back" in out
    assert "guard hook --block --max-odds=0.7" in settings_of(quiet).read_text()
    code, out, _ = quiet.call("guard", "status")
    assert (code, "odds of 0.7" in out) == (0, True)
    quiet.call("guard", "install")
    assert "--block" not in settings_of(quiet).read_text()
    assert quiet.call("guard", "uninstall")[0] == 0
    assert not settings_of(quiet).exists()


def test_hooks_that_came_since_stay(quiet: Machine) -> None:
    put(quiet, '{"a": 1}')
    quiet.call("guard", "install")
    now = json.loads(settings_of(quiet).read_text())
    now["hooks"]["UserPromptSubmit"][0]["hooks"].append(HOOK)
    now["hooks"]["Stop"] = [{"hooks": [HOOK]}]
    settings_of(quiet).write_text(json.dumps(now))
    assert "were changed since" in quiet.call("guard", "uninstall")[1]
    left = json.loads(settings_of(quiet).read_text())
    assert left == {"a": 1, "hooks": {"UserPromptSubmit": [{"hooks": [HOOK]}], "Stop": [{"hooks": [HOOK]}]}}


def test_it_lives_beside_the_status_line(quiet: Machine) -> None:
    before = put(quiet, '{\n  "statusLine": {"type": "command", "command": "date"}\n}\n')
    quiet.call("statusline", "install", "--wrap")
    quiet.call("guard", "install")
    quiet.call("statusline", "uninstall")
    assert quiet.call("guard", "status")[0] == 0
    quiet.call("guard", "uninstall")
    assert json.loads(settings_of(quiet).read_text()) == json.loads(before)


@pytest.mark.parametrize("content", ['{"hooks": []}', '{"hooks": {"UserPromptSubmit": {}}}', "[]", "{", "// x\n{}"])
def test_settings_of_another_shape_are_left_alone(quiet: Machine, content: str) -> None:
    before = put(quiet, content)
    with pytest.raises(SettingsError):
        quiet.call("guard", "install")
    assert settings_of(quiet).read_bytes() == before
    assert [path.name for path in quiet.claude.iterdir()] == ["settings.json"]


def test_status_tells_of_a_program_that_has_gone(quiet: Machine) -> None:
    quiet.call("guard", "install")
    text = settings_of(quiet).read_text()
    settings_of(quiet).write_text(text.replace(shlex.quote(sys.executable), "/nowhere/python"))
    code, _, err = quiet.call("guard", "status")
    assert (code, "is not there any more" in err) == (1, True)
    assert quiet.call("guard", "install")[0] == 0
    assert quiet.call("guard", "status")[0] == 0
