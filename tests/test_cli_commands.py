"""The commands beside the reports, and what holds for all of them."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from tests.conftest import Machine, usage_line
from tokentide.cli.commands import COMMANDS
from tokentide.cli.exit_codes import ExitCode

NAMES = [command.name for command in COMMANDS]


@pytest.fixture
def used(machine: Machine) -> Machine:
    machine.write("-p/s1.jsonl", usage_line(), "not json\x00", b'{"torn": "', end=b"")
    return machine


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(machine: Machine, name: str) -> None:
    done = machine.run(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: tokentide")
    assert not machine.ledger.exists()


def test_help_lists_every_command(machine: Machine) -> None:
    for flag in ("--help", "-h", "help"):
        text = machine.run(flag).stdout
        assert all(re.search(rf"^  {name} ", text, re.MULTILINE) for name in NAMES)


def test_the_version_is_told(machine: Machine) -> None:
    from tokentide import __version__

    assert machine.run("--version").stdout == f"tokentide {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dayly",), "did you mean `tokentide daily`?"),
        (("xyzzy",), "see `--help`"),
        (("daily", "--since", "yesterday"), "--since yesterday: give a day"),
        (("daily", "--since", "20261399"), "give a day as"),
        (("daily", "--since", "20260302", "--until", "20260301"), "is after"),
        (("daily", "--last", "0d"), "--last 0d"),
        (("daily", "--last", "7x"), "--last 7x"),
        (("daily", "--json", "--csv"), "not allowed with"),
        (("daily", "--width", "5"), "no width"),
        (("daily", "--sort", "colour"), "invalid choice"),
        (("daily", "--by", "mood"), "invalid choice"),
        (("daily", "--jso"), "unrecognized arguments"),
        (("block", "--ccusage"), "unrecognized arguments"),
        (("project", "--ccusage-json"), "unrecognized arguments"),
        (("demo", "doctor"), "demo shows reports"),
        (("demo", "guard", "install"), "demo shows reports"),
        (("prices", "x", "--at", "soon"), "--at soon"),
    ],
)
def test_a_wrong_command_line_ends_with_two(machine: Machine, arguments: tuple[str, ...], message: str) -> None:
    done = machine.run(*arguments)
    assert done.returncode == ExitCode.USAGE
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_an_unknown_zone_is_an_error(machine: Machine) -> None:
    done = machine.run("daily", "-z", "Mars/X")
    assert done.returncode == ExitCode.USAGE
    assert "Mars/X" in done.stderr


def test_filters_that_match_nothing_say_so(used: Machine) -> None:
    _, out, err = used.call("daily", "--project", "nowhere", "--json")
    assert json.loads(out)["rows"] == []
    assert "nothing in the ledger matches project 'nowhere'" in err
    assert "no usage in these days and filters" in err


@pytest.mark.parametrize(
    ("arguments", "responses"),
    [
        (("--model", "sonnet"), 1),
        (("--model", "opus", "--model", "SONNET"), 2),
        (("--project", "shop"), 2),
        (("--project", "/srv/shop"), 2),
        (("--project", "-srv-shop"), 2),
        (("--session", "s"), 3),
        (("--session", "s2"), 1),
        (("--source", "claude-code"), 3),
        (("--source", "claude_desktop"), 0),
        (("--account", "home"), 0),
        (("--account", ".claude"), 3),
        (("--last", "1d"), 1),
        (("--last", "2"), 2),
        (("--today",), 1),
        (("--since", "20260311", "--until", "2026-03-11"), 1),
    ],
)
def test_filters_narrow_every_report(machine: Machine, arguments: tuple[str, ...], responses: int) -> None:
    machine.write(
        "-srv-shop/s1.jsonl",
        usage_line("m1", "r1", "2026-03-10T10:00:00.000Z") | {"cwd": "/srv/shop"},
        usage_line("m2", "r2", "2026-03-11T10:00:00.000Z", "claude-opus-4-8") | {"cwd": "/srv/shop"},
    )
    machine.write(
        "-srv-app/s2.jsonl",
        usage_line("m3", "r3", "2026-03-12T10:00:00.000Z", "claude-haiku-4-5", "s2") | {"cwd": "/srv/app"},
    )
    for report in ("daily", "session", "model"):
        _, out, _ = machine.call(report, "--json", *arguments)
        assert json.loads(out)["totals"]["responses"] == responses


def test_the_project_of_this_folder(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine.root / "here"
    here.mkdir()
    machine.write("-x/s1.jsonl", usage_line() | {"cwd": str(here)}, usage_line("m2", "r2") | {"cwd": "/elsewhere"})
    monkeypatch.chdir(here)
    assert json.loads(machine.call("daily", "--project", ".", "--json")[1])["totals"]["responses"] == 1


def test_rows_are_sorted_as_asked(machine: Machine) -> None:
    for day, tokens in (("10", 5), ("11", 1), ("12", 9)):
        machine.write(
            f"-p/s{day}.jsonl", usage_line(f"m{day}", f"r{day}", f"2026-03-{day}T10:00:00Z", input_tokens=tokens)
        )

    def days(*arguments: str) -> list[str]:
        return [row["date"][-2:] for row in json.loads(machine.call("daily", "--json", *arguments)[1])["rows"]]

    assert days() == ["10", "11", "12"]
    assert days("-o", "desc") == ["12", "11", "10"]
    for key in ("input", "tokens", "cost"):
        assert days("--sort", key) == ["12", "10", "11"]
    assert days("--sort", "input", "-o", "asc") == ["11", "10", "12"]
    assert days("--sort", "last") == ["12", "11", "10"]
    assert days("--sort", "output", "--order", "asc") == days("--sort", "responses", "-o", "asc") == ["10", "11", "12"]
    assert days("--sort", "cache-read", "-o", "asc") == ["10", "11", "12"]


def test_modes_choose_the_cost(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line() | {"costUSD": 0.5}, usage_line("m2", "r2"))

    def cost(mode: str) -> tuple[float, int]:
        totals = json.loads(machine.call("daily", "--json", "-m", mode)[1])["totals"]
        return totals["cost_usd"], totals["unpriced_responses"]

    assert cost("auto") == (0.50105, 0)
    assert cost("calculate") == (0.0021, 0)
    assert cost("display") == (0.5, 1)


def test_sync_says_what_it_did(used: Machine) -> None:
    assert used.call("sync")[1] == "read 1 file of 1; the ledger holds 1 response\nall costs were reckoned anew\n"
    assert used.call("sync")[1] == "nothing new in 1 file; the ledger holds 1 response\n"
    assert "read 1 file of 1" in used.call("sync", "--rebuild")[1]


def test_rebuilding_mends_what_is_derived_and_keeps_what_is_gone(machine: Machine) -> None:
    gone = machine.write("-p/gone.jsonl", usage_line("m1", "r1"))
    repository = machine.root / "work"
    (repository / "src").mkdir(parents=True)
    machine.write("-p/here.jsonl", usage_line("m2", "r2") | {"cwd": str(repository / "src")})
    machine.call("sync")
    gone.unlink()
    (repository / ".git").mkdir()
    with sqlite3.connect(machine.ledger) as ledger:
        ledger.execute("UPDATE records SET output_tokens = 1, list_cost = 9")
        ledger.execute("DELETE FROM rollup")
    ledger.close()
    machine.call("sync", "--rebuild")
    rows = json.loads(machine.call("project", "--json")[1])["rows"]
    assert {(row["project"], row["output_tokens"], row["cost_usd"]) for row in rows} == {
        (str(repository), 50, 0.00105),
        ("-p", 1, 0.000315),
    }


def test_doctor_lists_what_could_not_be_read(used: Machine) -> None:
    code, out, _ = used.call("doctor")
    assert code == ExitCode.UNHEALTHY
    assert f"{used.claude} (default): 1 transcript" in out
    assert "2 lines, 1 with usage" in out
    assert "s1.jsonl:2: no JSON object" in out
    assert "10 bytes of half-written last lines wait for their rest" in out
    assert "check by the engine: ok" in out
    assert re.search(r"Prices: genai-prices \S+, of 20\d\d-\d\d-\d\d", out)


def test_doctor_as_json(used: Machine) -> None:
    found = json.loads(used.call("doctor", "--json")[1])
    assert found["problems"] == 1
    [problem] = found["problem_list"]
    assert problem["line"] == 2
    assert found["ledger"]["records"] == 1
    assert found["ledger"]["check"] == "ok"


def test_doctor_counts_what_the_ledger_has_in_its_log(used: Machine) -> None:
    report = json.loads(used.call("doctor", "--json")[1])
    assert report["ledger"]["bytes"] > 50_000


def test_doctor_shortens_a_long_list_and_says_so(machine: Machine) -> None:
    machine.write("-p/s.jsonl", *(["rubbish"] * 150))
    _, out, _ = machine.call("doctor")
    assert "Could not be read: 150 places" in out
    assert "… and 130 more; --all lists up to a hundred of each file" in out
    assert "… and 50 more" in machine.call("doctor", "--all")[1]


def test_doctor_is_content_with_a_healthy_machine(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line())
    code, out, _ = machine.call("doctor")
    assert code == ExitCode.OK
    assert "Nothing was unreadable." in out


def test_doctor_counts_files_that_are_gone(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line())
    machine.call("sync")
    (machine.claude / "projects" / "-p" / "s.jsonl").unlink()
    assert "1 file read earlier and now gone" in machine.call("doctor")[1]


def test_prices_explains_one_model(machine: Machine) -> None:
    code, out, _ = machine.call("prices", "claude-opus-4-6[1m]", "--at", "2026-02-01")
    assert code == ExitCode.OK
    assert "claude-opus-4-6[1m] → claude-opus-4-6" in out
    assert "until 2026-03-13" in out
    assert re.search(r"if the whole prompt is above 200,000 tokens, for every token\n  input +10\.00", out)
    found = json.loads(machine.call("prices", "claude-opus-4-6", "--json", "--at", "2026-04-01")[1])
    assert found["rates"]["input_usd_per_mtok"] == 5
    assert found["valid_from"] == "2026-03-13"


def test_prices_of_a_day_are_those_at_its_end(machine: Machine) -> None:
    assert "since 2026-03-13" in machine.call("prices", "claude-opus-4-6", "--at", "2026-03-13")[1]


def test_prices_does_not_guess(machine: Machine) -> None:
    code, out, _ = machine.call("prices", "claude-opus-9")
    assert code == ExitCode.ERROR
    assert "no price is known" in out
    assert "Similar names that have one: claude-opus" in out
    assert json.loads(machine.call("prices", "nonesuch", "--json")[1])["resolved"] is None


def test_prices_lists_all_models(machine: Machine) -> None:
    _, out, _ = machine.call("prices")
    assert re.search(r"claude-opus-4-8 +5\.00 +25\.00 +6\.25 +10\.00 +0\.50", out)
    assert "* dearer for long prompts" in out
    models = json.loads(machine.call("prices", "--json")[1])["models"]
    assert {"claude-fable-5", "claude-haiku-4-5"} <= {model["resolved"] for model in models}


def test_an_update_that_fails_says_so_in_a_line(machine: Machine) -> None:
    done = machine.run("prices", "--update", "--url", "http://127.0.0.1:9/prices.json")
    assert done.returncode == ExitCode.ERROR
    assert done.stderr.count("\n") == 1
    assert "prices could not be fetched" in done.stderr


def test_demo_shows_reports_and_leaves_nothing(machine: Machine) -> None:
    code, out, err = machine.call("demo")
    assert code == ExitCode.OK
    assert "Models this month" in out
    assert "sample data, made up" in err
    assert not machine.ledger.exists()
    assert json.loads(machine.call("demo", "daily", "--json")[1])["totals"]["responses"] > 500
    assert json.loads(machine.call("demo", "--json")[1])["report"] == "overview"
    assert machine.run("demo", "--help").stdout.startswith("usage: tokentide demo")


def test_demo_is_always_the_same(machine: Machine) -> None:
    assert machine.call("demo", "daily", "--json") == machine.call("demo", "daily", "--json")


def test_an_empty_machine_is_told_what_to_do(machine: Machine) -> None:
    for report in ("overview", "daily", "session", "block"):
        code, out, err = machine.call(report)
        assert code == ExitCode.OK
        assert out == ""
        assert "no Claude Code transcripts found here" in err
        assert "`tokentide demo`" in err


def test_transcripts_without_usage_are_told_apart_from_none(machine: Machine) -> None:
    machine.write("-p/s.jsonl", {"type": "user", "message": {"role": "user"}})
    assert "1 transcript found, but no usage in them yet" in machine.call()[2]


def test_a_model_without_a_price_is_shown_so(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line(model="mystery-1"), usage_line("m2", "r2"))
    _, out, err = machine.call("model")
    assert re.search(r"mystery-1 .*no price", out)
    assert re.search(r"Total .*\$\S+ \+ \?", out)
    assert "1 response without a price" in err
    _, csv, _ = machine.call("model", "--csv")
    assert re.search(r"^mystery-1,100,50,0,0,0,150,0,,1,1,0", csv, re.MULTILINE)
    assert json.loads(machine.call("daily", "--ccusage-json")[1])["totals"]["unpricedModels"] == ["mystery-1"]
    assert "+ ?" in machine.call("overview")[1]


def test_doctor_tells_whether_anybody_looks_in_the_background(machine: Machine) -> None:
    code, out, _ = machine.call("doctor")
    assert code == 0
    assert "In the background: nobody looks; `tokentide watch install` changes that" in out
    assert "Alerts: over" in out
    config = machine.root / "config"
    config.mkdir(exist_ok=True)
    (config / "alerts.toml").write_text("[[rule]]\nkind = 'percnt'\n")
    code, out, _ = machine.call("doctor")
    assert (code, "Alerts: " in out, "alerts.toml" in out) == (3, True, True)
    assert json.loads(machine.call("doctor", "--json")[1])["watch"]["runner"] is None


def test_usage_without_its_transcripts_is_no_empty_machine(machine: Machine) -> None:
    path = machine.write("-p/s.jsonl", usage_line())
    machine.call("daily")
    path.unlink()
    for command in ("daily", "breakdown", "what-if", "advise", "activity"):
        _, _, err = machine.call(command, "--since", "2020-01-01", "--until", "2020-01-02")
        assert "no usage in these days and filters" in err, command
        assert "no Claude Code transcripts" not in err, command


@pytest.mark.parametrize("command", ["what-if", "advise", "context"])
def test_an_empty_machine_is_told_of_the_sample(machine: Machine, command: str) -> None:
    _, _, err = machine.call(command)
    assert "`tokentide doctor`" in err
    assert f"`tokentide demo {command}` shows this on sample data" in err
