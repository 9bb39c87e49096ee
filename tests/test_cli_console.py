"""console and reconcile as their users call them, against a stand-in on loopback."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests import admin_organization as org
from tests import admin_stand_in as api
from tests.admin_organization import Spent
from tests.admin_stand_in import AdminStandIn, Trouble, admin_stand_in, busy_month
from tests.conftest import Machine, usage_line

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def stand_in() -> Iterator[AdminStandIn]:
    with admin_stand_in() as served:
        busy_month(served)
        yield served


@pytest.fixture
def desk(machine: Machine, stand_in: AdminStandIn) -> Machine:
    """A machine with a key, a login, and some usage of its own."""
    machine.environ |= {"ANTHROPIC_ADMIN_API_KEY": api.KEY, "TOKENTIDE_API_URL": stand_in.url}
    login = {"oauthAccount": {"emailAddress": "ada@example.com", "accountUuid": "u", "organizationUuid": "o"}}
    (machine.home / ".claude.json").write_text(json.dumps(login))
    machine.write(
        "-p/s1.jsonl",
        *(
            usage_line(
                f"m{day}", f"r{day}", f"2026-03-{day:02}T09:30:00.000Z", org.OPUS, input_tokens=1200, output_tokens=400
            )
            for day in range(1, 13)
        ),
        usage_line("mx", "rx", "2026-03-05T09:30:00.000Z", "house-model-7"),
    )
    return machine


def compare(name: str, out: str, err: str) -> None:
    text, path = f"{out}--- standard error ---\n{err}", GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def data(desk: Machine, *arguments: str) -> Any:
    code, out, err = desk.call(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


FORMS = {"table": (), "narrow": ("--width", "40"), "json": ("--json",), "csv": ("--csv",), "md": ("--markdown",)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("has_analytics", [False, True], ids=["classic", "newer"])
def test_the_main_screen_looks_as_it_did(desk: Machine, stand_in: AdminStandIn, form: str, has_analytics: bool) -> None:
    stand_in.has_analytics = has_analytics
    code, out, err = desk.call("console", *FORMS[form])
    assert code == 0
    compare(f"console-{'newer' if has_analytics else 'classic'}.{form}.txt", out, err)


@pytest.mark.parametrize("form", FORMS)
def test_claude_code_looks_as_it_did(desk: Machine, form: str) -> None:
    _, out, err = desk.call("console", "--report", "code", *FORMS[form])
    compare(f"console-code.{form}.txt", out, err)


@pytest.mark.parametrize("form", FORMS)
def test_the_comparison_looks_as_it_did(desk: Machine, form: str) -> None:
    code, out, err = desk.call("reconcile", *FORMS[form])
    assert code == 0
    compare(f"reconcile.{form}.txt", out, err)


@pytest.mark.parametrize("what", ["users", "workspaces", "keys"])
def test_lists_look_as_they_did(desk: Machine, what: str) -> None:
    _, out, err = desk.call("console", what)
    compare(f"console-{what}.txt", out, err)


@pytest.mark.parametrize("what", ["users", "workspaces", "keys"])
def test_lists_for_machines(desk: Machine, what: str) -> None:
    found = data(desk, "console", what)
    assert (found["format"], found["report"], found["organization"]) == (1, f"console_{what}", org.NAME)
    _, out, _ = desk.call("console", what, "--csv", "--offline")
    assert {row["id"] or None for row in rows(out)} == {row["id"] for row in found["rows"]}
    assert "\n=" not in out
    assert ",=" not in out


@pytest.mark.parametrize("by", ["day", "month", "model", "workspace", "key", "user", "tier"])
def test_every_cut_adds_up(desk: Machine, by: str) -> None:
    report = data(desk, "console", "--by", by)
    assert report["totals"]["cost_usd"] == pytest.approx(0.966)
    assert sum(row["cost_usd"] or 0 for row in report["rows"]) == pytest.approx(0.966)
    assert sum(row["total_tokens"] or 0 for row in report["rows"]) == report["totals"]["total_tokens"]
    _, out, _ = desk.call("console", "--by", by, "--csv", "--offline")
    assert [row["name"] for row in rows(out)] == [row["name"] for row in report["rows"]]


def test_hours_without_days_are_the_last_two(desk: Machine) -> None:
    report = data(desk, "console", "--hourly")
    assert (report["since"], report["until"], report["kind"]) == ("2026-03-11", "2026-03-12", "usage")
    assert report["rows"][0]["key"] == "2026-03-11 09:00"


@pytest.mark.parametrize(
    ("arguments", "days"),
    [
        ((), ("2026-03-01", "2026-03-12")),
        (("--last", "3d"), ("2026-03-10", "2026-03-12")),
        (("--since", "2026-02-27"), ("2026-02-27", "2026-03-12")),
        (("--since", "20260227", "--until", "2026-02-28"), ("2026-02-27", "2026-02-28")),
        (("--until", "2026-02-28"), ("2026-02-01", "2026-02-28")),
        (("--last", "2m"), ("2026-02-01", "2026-03-12")),
    ],
)
def test_days_are_utc_and_today_is_inside(desk: Machine, arguments: tuple[str, ...], days: tuple[str, str]) -> None:
    desk.environ["TZ"] = "Pacific/Auckland"
    report = data(desk, "console", "--by", "day", *arguments)
    assert (report["since"], report["until"]) == days
    assert report["rows"][-1]["key"] == days[1]


def test_days_without_an_api_are_not_asked_for(desk: Machine, stand_in: AdminStandIn) -> None:
    report = data(desk, "console", "--by", "month", "--since", "1999-01-01", "--until", "2023-01-31")
    assert (report["since"], report["missing_days"]) == ("2023-01-01", 0)
    assert stand_in.paths().count("usage_report/messages") == 1
    report = data(desk, "console", "--report", "code", "--since", "1999-01-01", "--until", "2024-12-31")
    assert report["missing_days"] == 0
    assert "usage_report/claude_code" not in stand_in.paths()


def test_days_ahead_hold_nothing(desk: Machine, stand_in: AdminStandIn) -> None:
    code, out, err = desk.call("console", "--by", "day", "--since", "2027-01-01")
    assert (code, out) == (0, "")
    assert "nothing from 2027-01-01" in err
    assert "cost_report" not in stand_in.paths()
    assert desk.call("reconcile", "--since", "2027-01-01")[1] == ""


def test_the_main_screen_shows_the_dearest_and_the_rest_together(desk: Machine, stand_in: AdminStandIn) -> None:
    stand_in.spent += [
        Spent("2026-03-02T01", f"claude-{number}", input=1, input_cents=str(number)) for number in range(1, 8)
    ]
    _, out, _ = desk.call("console")
    models = out.partition("By workspace")[0]
    assert "6 more" in models
    assert "claude-7" in models
    assert "claude-1" not in models


def test_names_stay_apart_before_numbers_have_room(desk: Machine, stand_in: AdminStandIn) -> None:
    stand_in.code += [org.code_row("2026-03-02", f"somebody.of.us.{number}@example.com") for number in range(9)]
    _, out, _ = desk.call("console", "--report", "code", "--width", "60")
    assert len({line.split()[0] for line in out.splitlines() if line.startswith("somebody")}) == 9


def test_what_is_not_split_stays_apart_from_the_rest(desk: Machine, stand_in: AdminStandIn) -> None:
    stand_in.spent += [
        Spent("2026-03-02T01", account=f"user_{number:02}", input=1, input_cents="1") for number in range(9)
    ]
    _, out, _ = desk.call("console")
    users = out.partition("By user")[2].partition("Claude Code:")[0].splitlines()
    (rest,) = [line for line in users if " more " in line]
    (untold,) = [line for line in users if line.startswith("(not told)")]
    assert rest.endswith(" -")
    assert "$" in untold


def test_a_narrow_terminal_is_told_what_it_lacks(desk: Machine) -> None:
    for arguments in (("console", "keys"), ("console", "--by", "model"), ("reconcile",)):
        _, _, err = desk.call(*arguments, "--width", "30")
        assert "no room for" in err


def test_an_empty_list_says_so(desk: Machine, stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.KEYS, body=b'{"data": [], "has_more": false}')]
    code, out, err = desk.call("console", "keys")
    assert (code, out) == (0, "")
    assert "no keys are known" in err


def test_mine_is_the_login_here(desk: Machine) -> None:
    report = data(desk, "console", "--report", "code", "--mine")
    assert report["person"] == "ada@example.com"
    assert [row["key"] for row in report["rows"]] == ["ada@example.com"]
    (desk.home / ".claude.json").unlink()
    with pytest.raises(Exception, match="--user"):
        desk.call("console", "--mine", "--offline")


def test_a_person_by_name(desk: Machine, stand_in: AdminStandIn) -> None:
    stand_in.has_analytics = True
    report = data(desk, "console", "--by", "model", "--user", "Bob@example.com")
    assert [(row["key"], row["cost_usd"]) for row in report["rows"]] == [(org.SONNET, 0.456)]


def test_offline_asks_nobody(desk: Machine, stand_in: AdminStandIn) -> None:
    desk.call("console")
    stand_in.asked.clear()
    code, out, err = desk.call("console", "--offline", now="2026-03-14T12:00:00Z")
    assert (code, stand_in.asked) == (0, [])
    assert "$0.97" in out
    assert "2 days of these not fetched yet: the sums are too low" in err
    assert "asked 2 d 0 h ago" in err


def test_offline_with_nothing_says_so(desk: Machine, stand_in: AdminStandIn) -> None:
    for command in ("console", "reconcile"):
        code, out, err = desk.call(command, "--offline")
        assert (code, out, stand_in.asked) == (1, "", [])
        assert "the ledger holds no" in err


def test_without_a_key_it_says_where_one_comes_from(desk: Machine) -> None:
    desk.call("console")
    del desk.environ["ANTHROPIC_ADMIN_API_KEY"]
    code, out, err = desk.call("console", ANTHROPIC_ADMIN_API_KEY="")
    assert code == 0
    assert "Acme Robotics" in out
    assert "Console → Settings → Admin keys" in err


def test_a_wrong_key_is_named_before_any_request(desk: Machine, stand_in: AdminStandIn) -> None:
    done = desk.run("console", environ={"ANTHROPIC_ADMIN_API_KEY": "sk-ant-api03-abcdefghijklmnopqrstuvwxyz"})
    assert done.returncode == 2
    assert "ordinary API key" in done.stderr
    assert stand_in.asked == []


def test_another_organisations_data_is_not_shown_for_this_key(desk: Machine, stand_in: AdminStandIn) -> None:
    desk.call("console")
    other = "sk-ant-admin01-somebody-elses-key-000"
    code, out, err = desk.call("console", ANTHROPIC_ADMIN_API_KEY=other)
    assert (code, out) == (1, "")
    assert "not accepted" in err
    assert stand_in.paths()[-1] == "me"


def test_a_partial_result_is_shown_and_said(desk: Machine, stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.CODE, 404, after=3)]
    code, out, err = desk.call("console")
    assert code == 1
    assert "$0.97" in out
    assert "Claude Code's report: not complete" in err
    stand_in.troubles = []
    assert desk.call("console")[0] == 0


def test_an_absurd_cut_is_a_usage_error(desk: Machine, stand_in: AdminStandIn) -> None:
    done = desk.run("console", "--report", "code", "--by", "tier")
    assert done.returncode == 2
    assert "choose one of day, month, user, model" in done.stderr
    assert stand_in.asked == []
    assert desk.run("console", "users", "--by", "day").returncode == 2


def test_the_comparison_adds_up(desk: Machine) -> None:
    report = data(desk, "reconcile", "--since", "2026-03-01")
    assert report["days"] == 11
    assert report["days_left_out"] == 1
    for figures in (*report["rows"], report["totals"]):
        assert sum(figures["parts_usd"].values()) == pytest.approx(figures["difference_usd"])
        assert figures["vendor_cost_usd"] - figures["our_cost_usd"] == pytest.approx(figures["difference_usd"])
    _, out, _ = desk.call("reconcile", "--since", "2026-03-01", "--csv", "--offline")
    assert [(row["day"], row["model"]) for row in rows(out)] == [
        (row["day"], row["model"] or "") for row in report["rows"]
    ]


def test_the_comparison_of_one_model(desk: Machine) -> None:
    report = data(desk, "reconcile", "--model", "OPUS", "--last", "3d")
    assert {row["model"] for row in report["rows"]} == {org.OPUS}
    assert len(report["rows"]) == 2


def test_the_key_appears_nowhere(desk: Machine, stand_in: AdminStandIn) -> None:
    outputs = []
    for trouble in ((), (Trouble(api.USAGE, 401, message=f"no {api.KEY}"),), (Trouble(api.ME, 500, message=api.KEY),)):
        stand_in.troubles = list(trouble)
        for arguments in (
            ("console",),
            ("console", "keys", "--json"),
            ("reconcile", "--csv"),
            ("doctor",),
            ("config",),
        ):
            done = desk.run(*arguments)
            outputs.append(done.stdout + done.stderr)
    assert not any(api.KEY in output or api.KEY[15:] in output for output in outputs)
    for path in desk.root.rglob("*"):
        if path.is_file():
            assert api.KEY.encode() not in path.read_bytes(), path


def test_names_do_not_steer_the_terminal(desk: Machine) -> None:
    _, out, _ = desk.call("console", "users")
    assert "\x1b" not in out
    assert "=Bob\N{REPLACEMENT CHARACTER}[31m" in out


def test_a_terminal_sees_how_it_goes_on(desk: Machine) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "tokentide", "console"],
        env={**desk._environ(), "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    assert done.returncode == 0
    seen = everything(ours)
    assert "asking the Admin API, 1: me" in seen
    assert "usage_report/claude_code from 20" in seen
    assert "\r\x1b[Ktokentide: " in seen


def everything(terminal: int) -> str:
    """All that was written to a terminal that nobody holds open any more."""
    parts = []
    with os.fdopen(terminal, "rb", buffering=0) as file, suppress(OSError):  # Linux ends such a terminal with an error
        while part := file.read(1 << 16):
            parts.append(part)
    return b"".join(parts).decode()
