"""`tokentide advise` as its user meets it: screens wide and narrow, JSON, and what it says where there is little."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.conftest import Machine, usage_line
from tests.test_sources_details import answer, attached, call, result, said
from tests.test_store_details import Session
from tokentide.analytics.advice.rules import RULES
from tokentide.errors import UsageError

NOW = "2026-03-20T12:00:00Z"
MODEL = "claude-opus-4-8"


def fast_sessions(machine: Machine, count: int = 6, output: int = 100_000) -> None:
    """Sessions of one answer in fast mode each: $2.50 that standard speed would have spared."""
    for number in range(count):
        made = usage_line(
            f"m{number}", f"r{number}", model=MODEL, session=f"s{number}", output_tokens=output, speed="fast"
        )
        machine.write(f"-w/s{number}.jsonl", {**said("go"), "sessionId": f"s{number}", "cwd": "/w/shop"}, made)


def report(machine: Machine, *arguments: str) -> dict[str, Any]:
    """The JSON of a run that must succeed."""
    code, out, err = machine.call("advise", "--json", *arguments, now=NOW)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_largest_saving_is_told_with_its_evidence(machine: Machine) -> None:
    fast_sessions(machine)
    code, out, err = machine.call("advise", "--width", "100", "--rule", "fast-mode", now=NOW)
    assert (code, err) == (0, "")
    assert "1  Switch fast mode off where nobody waits" in out
    assert "a month, 50 % of the cost" in out
    assert "high confidence: the same tokens at the standard price." in out
    assert "6 requests in 6 sessions, which cost $30.01 (fast-mode)" in out
    assert out.count("1 request, $2.50") == 3


def test_a_day_of_another_year_bears_it(machine: Machine) -> None:
    fast_sessions(machine)
    asked = ("advise", "--rule", "fast-mode", "--since", "2026-01-01")
    assert "  10 Mar  s0" in machine.call(*asked, now=NOW)[1]
    assert "  10 Mar 2026  s0" in machine.call(*asked, now="2027-01-20T12:00:00Z")[1]


def test_json_has_the_figures(machine: Machine) -> None:
    fast_sessions(machine)
    found = report(machine)
    assert (found["format"], found["report"]) == (1, "advise")
    first = next(each for each in found["advice"] if each["rule"] == "fast-mode")
    assert first["saving_usd"] == pytest.approx(15.003)
    days = found["days"]
    assert first["saving_per_month_usd"] == pytest.approx(15.003 * 365.25 / 12 / days, rel=1e-3)
    assert [each["rule"] for each in found["checked"]] == [rule.name for rule in RULES]
    assert len(first["telling_sessions"]) == 3
    assert found["missing"] is None


def test_too_few_sessions_say_what_is_missing(machine: Machine) -> None:
    fast_sessions(machine, count=2)
    code, out, _ = machine.call("advise", now=NOW)
    assert code == 0
    assert "No advice yet: it needs 5 sessions, has 2" in out
    assert report(machine)["missing"] == "needs 5 sessions, has 2"


def test_nothing_to_save_says_what_was_checked(machine: Machine) -> None:
    fast_sessions(machine, output=100)
    out = machine.call("advise", now=NOW)[1]
    assert "Nothing to save worth mentioning. What was checked:" in out
    for rule in RULES:
        assert f"· {rule.name}: " in out


def test_an_empty_machine_says_where_to_look(machine: Machine) -> None:
    code, out, err = machine.call("advise", now=NOW)
    assert (code, out) == (0, "")
    assert "`tokentide demo advise` shows this on sample data" in err


def test_days_without_usage_say_so(machine: Machine) -> None:
    fast_sessions(machine)
    err = machine.call("advise", "--since", "2025-01-01", "--until", "2025-01-31", now=NOW)[2]
    assert "no usage in these days and filters" in err
    err = machine.call("advise", "--project", "nowhere", now=NOW)[2]
    assert "nothing in the ledger matches project 'nowhere'" in err


def test_rules_are_listed_chosen_and_left_out(machine: Machine) -> None:
    fast_sessions(machine)
    out = machine.call("advise", "--rules", "--width", "100", "--without", "batch", now=NOW)[1]
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == [rule.name for rule in RULES]
    assert out.count("(switched off)") == 1
    found = report(machine, "--without", "fast-mode", "--without", "batch")
    off = {each["rule"] for each in found["checked"] if each["outcome"] == "off"}
    assert off == {"fast-mode", "batch"}
    assert [each["rule"] for each in report(machine, "--rule", "batch")["checked"]] == ["batch"]
    listed = json.loads(machine.call("advise", "--rules", "--json", "--without", "batch", now=NOW)[1])
    assert [each["rule"] for each in listed["rules"] if not each["is_on"]] == ["batch"]


def test_the_settings_switch_rules_off_unless_one_is_asked_for(machine: Machine) -> None:
    fast_sessions(machine)
    assert "fast-mode" in {each["rule"] for each in report(machine)["advice"]}
    machine.settings('advice_off = ["fast-mode"]')
    assert "fast-mode" not in {each["rule"] for each in report(machine)["advice"]}
    assert {each["rule"]: each["outcome"] for each in report(machine)["checked"]}["fast-mode"] == "off"
    assert [each["rule"] for each in report(machine, "--rule", "fast-mode")["advice"]] == ["fast-mode"]


def test_a_rule_in_the_settings_that_does_not_exist_is_an_error_that_says_where(machine: Machine) -> None:
    machine.settings('advice_off = ["fast-made"]')
    with pytest.raises(UsageError, match=r"settings\.toml, key advice_off: there is no rule 'fast-made'"):
        machine.call("advise", now=NOW)


@pytest.mark.parametrize("option", ["--rule", "--without"])
def test_an_unknown_rule_is_an_error_that_names_them_all(machine: Machine, option: str) -> None:
    done = machine.run("advise", option, "nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no rule 'nope'; the rules are memory-files" in done.stderr


@pytest.mark.parametrize("width", [20, 40, 60, 100, 200])
def test_no_line_is_wider_than_the_terminal(machine: Machine, width: int) -> None:
    fast_sessions(machine)
    for arguments in ((), ("--rules",)):
        out = machine.call("advise", "--width", str(width), *arguments, now=NOW)[1]
        assert max(cell_len(line) for line in out.splitlines()) <= max(width, 24)


def test_memory_files_are_read_where_the_work_was_done(machine: Machine, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    project.mkdir()
    (project / "CLAUDE.md").write_text("See @docs/style.md\n" + "keep it short. " * 2_000)
    (project / "docs").mkdir()
    (project / "docs" / "style.md").write_text("indent by four. " * 1_000)
    for number in range(6):
        session = Session(f"s{number}")
        session.add({**said("go"), "cwd": str(project)})
        for step in range(4):
            made = usage_line(
                f"m{number}-{step}",
                f"r{number}-{step}",
                model=MODEL,
                cache_creation_input_tokens=60_000 if not step else 0,
                cache_read_input_tokens=60_000 if step else 0,
            )
            session.add({**made, "cwd": str(project)})
        machine.write(f"-w/s{number}.jsonl", *session.lines)
    advice = next(each for each in report(machine)["advice"] if each["rule"] == "memory-files")
    assert str(project / "CLAUDE.md") in advice["finding"]
    assert [part["name"] for part in advice["parts"]] == [str(project)]
    assert advice["count"] == 24
    assert 0.1 < advice["saving_usd"] < 1.5
    (project / "CLAUDE.md").write_text("Be brief.\n")
    (project / "docs" / "style.md").unlink()
    assert "memory-files" not in {each["rule"] for each in report(machine)["advice"]}


def test_a_project_that_is_not_on_this_machine_has_no_memory_files(machine: Machine) -> None:
    (machine.home / ".claude").mkdir(exist_ok=True)
    (machine.home / ".claude" / "CLAUDE.md").write_text("keep it short. " * 9_000)
    for number in range(6):
        session = Session(f"s{number}")
        for step in range(4):
            made = usage_line(
                f"m{number}-{step}",
                f"r{number}-{step}",
                model=MODEL,
                cache_creation_input_tokens=0 if step else 60_000,
                cache_read_input_tokens=60_000 if step else 0,
            )
            session.add({**made, "cwd": "/Users/somebody/elsewhere"})
        machine.write(f"-w/s{number}.jsonl", *session.lines)
    found = report(machine)
    assert found["checked"][0]["rule"] == "memory-files"
    assert found["checked"][0]["outcome"] == "nothing"


def tool_sessions(machine: Machine, text: str) -> None:
    """Sessions in which a server was announced and never called, and a command gave back much."""
    for number in range(6):
        session = Session(f"s{number}")
        session.add({**said("go"), "cwd": "/w/shop"})
        names = [f"mcp__{text}__{each}" for each in range(3)]
        session.add(attached("deferred_tools_delta", addedNames=names, addedLines=["x" * 9_000] * 3))
        for step in range(5):
            name = f"m{number}-{step}"
            made = answer(call("Bash", f"t{name}", command="cat log"), message_id=name)
            message = made["message"]
            assert isinstance(message, dict)
            message["model"] = MODEL
            message["usage"] = {
                "input_tokens": 1,
                "output_tokens": 9,
                "cache_read_input_tokens": 70_000 * step,
                "cache_creation_input_tokens": 70_000,
            }
            session.add(made)
            session.add(said([result(f"t{name}", text * (120_000 // len(text)))]))
        machine.write(f"-w/s{number}.jsonl", *session.lines)


def test_rules_about_tools_look_into_the_transcripts(machine: Machine) -> None:
    tool_sessions(machine, "db")
    found = {each["rule"]: each for each in report(machine)["advice"]}
    assert found["idle-mcp-servers"]["parts"][0]["name"] == "db"
    assert found["huge-results"]["parts"][0]["name"] == "Bash"
    assert found["huge-results"]["count"] == 24


def test_names_from_data_cannot_steer_the_terminal(machine: Machine) -> None:
    tool_sessions(machine, "d\x1b[2Jb\u202e")
    out = machine.call("advise", now=NOW)[1]
    assert "idle-mcp-servers" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_responses_without_a_price_are_told_of(machine: Machine) -> None:
    fast_sessions(machine)
    machine.write("-w/x.jsonl", usage_line("mx", "rx", model="who-knows", session="x"))
    err = machine.call("advise", now=NOW)[2]
    assert "left out for want of a price: 1 response" in err


def test_a_tight_week_is_told_first_with_its_reset(machine: Machine) -> None:
    code, out, _ = machine.call("demo", "advise", "--width", "90", now="2026-11-21T12:00:00Z")
    assert code == 0
    first, what = out.splitlines()[3:5]
    assert first == " 1  Move what can wait behind the reset of the week"
    assert re.fullmatch(r"    about \d+ % of a week too much until \w{3} \d\d:\d\d", what)
    assert "(off-peak)" in out
    assert "% of each week" in out
