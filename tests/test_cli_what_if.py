"""`tokentide what-if` as a person meets it: screens byte by byte, JSON, errors, empty machines."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.account_stand_in import log_in
from tests.conftest import Machine, usage_line
from tokentide.render.what_if_words import percent_change

GOLDEN = Path(__file__).parent / "golden"
NOW = "2026-11-20T12:00:00Z"
OPUS = "claude-opus-5"


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def called(line: dict[str, object], *tools: str, entry_point: str = "cli") -> dict[str, object]:
    """The line with calls of tools in it."""
    message = line["message"]
    assert isinstance(message, dict)
    message["content"] = [
        {"type": "tool_use", "id": f"toolu_{message['id']}_{number}", "name": name, "input": {}}
        for number, name in enumerate(tools)
    ]
    return line | {"entrypoint": entry_point, "uuid": f"uuid-{message['id']}"}


@pytest.fixture
def busy(machine: Machine) -> Machine:
    """A conversation with a small step and a pause, what a program asked for, another model, and one without a price."""
    cold = {"cache_creation": {"ephemeral_5m_input_tokens": 60_000, "ephemeral_1h_input_tokens": 0}}
    warm: dict[str, Any] = {"cache_read_input_tokens": 60_000, "input_tokens": 10}
    machine.write(
        "-w-shop/aaaa.jsonl",
        called(usage_line("m1", "r1", "2026-11-10T09:00:00Z", OPUS, "aaaa", **cold, output_tokens=3_000)),
        called(usage_line("m2", "r2", "2026-11-10T09:01:00Z", OPUS, "aaaa", **warm), "Read"),
        called(usage_line("m3", "r3", "2026-11-10T09:31:00Z", OPUS, "aaaa", **cold, output_tokens=900), "Bash"),
    )
    machine.write(
        "-w-shop/bbbb.jsonl",
        called(
            usage_line("m4", "r4", "2026-11-12T09:00:00Z", OPUS, "bbbb", input_tokens=90_000), entry_point="sdk-cli"
        ),
        usage_line("m5", "r5", "2026-11-13T09:00:00Z", "claude-sonnet-5", "bbbb", output_tokens=20_000),
        usage_line("m6", "r6", "2026-11-13T10:00:00Z", "house-\x1b[31mmodel", "bbbb"),
    )
    return machine


def report(machine: Machine, *options: str) -> Any:
    code, out, err = machine.call("what-if", "--json", *options, now=NOW)
    assert code == 0, err
    return json.loads(out, parse_float=Decimal)


@pytest.mark.parametrize("width", ["120", "80", "40"])
def test_the_screen_looks_as_it_did(busy: Machine, width: str) -> None:
    code, out, err = busy.call("what-if", "--width", width, now=NOW)
    assert code == 0
    assert max(map(len, out.splitlines())) <= int(width)
    compare(f"what-if-{width}.txt", f"{out}--- standard error ---\n{err}")


def test_the_json_looks_as_it_did(busy: Machine) -> None:
    code, out, _ = busy.call("what-if", "--json", now=NOW)
    assert code == 0
    compare("what-if.json.txt", out)


def test_each_scenario_that_is_named_has_a_row_of_its_own(busy: Machine) -> None:
    told = report(
        busy,
        *("--model", "sonnet", "--model", "claude-haiku-4-5", "--cheap", "haiku", "--batch", "--no-cache"),
        *("--cache-1h", "--price", "opus-5:input=4", "--residency", "us", "--speed", "fast"),
    )
    assert {(row["scenario"], row["target"]) for row in told["scenarios"]} == {
        ("model", "claude-sonnet-5-5"),
        ("model", "claude-haiku-4-5"),
        ("cheap", "claude-haiku-5-5"),
        ("batch", None),
        ("no_cache", None),
        ("cache_1h", None),
        ("price", OPUS),
        ("residency", "us"),
        ("speed", "fast"),
    }
    assert told["plans"] == []
    for row in told["scenarios"]:
        assert row["cost_usd"] - row["difference_usd"] == told["cost_usd"]
        assert row["assumptions"]


def test_only_what_a_program_asked_for_becomes_a_batch(busy: Machine) -> None:
    told = report(busy, "--batch")
    (row,) = told["scenarios"]
    assert row["difference_usd"] == -(90_000 * Decimal(5) + 50 * Decimal(25)) / 2 / 1_000_000
    assert row["responses_changed"] == 1


def test_the_small_step_is_found_by_its_tools(busy: Machine) -> None:
    (row,) = report(busy, "--cheap", "haiku")["scenarios"]
    assert "1 of 5 requests" in row["assumptions"][0]
    code, out, err = busy.call("what-if", "--cheap", "haiku", "--below-tokens", "10", now=NOW)
    assert (code, "--below-tokens" in err) == (0, True)
    assert "small steps on" not in out


def test_plans_stand_beside_the_use(busy: Machine) -> None:
    log_in(busy)
    (account,) = report(busy, "--plans", "--model", "sonnet")["plans"]
    plans = {plan["plan"]: plan for plan in account["plans"]}
    assert [name for name, plan in plans.items() if plan["is_current"]] == ["max5"]
    assert {name: plan["price_per_month_usd"] for name, plan in plans.items() if name != "api"} == {
        "pro": 20,
        "max5": 100,
        "max20": 200,
        "team": 25,
    }
    assert plans["api"]["price_per_month_usd"] == account["value_per_month_usd"]
    assert plans["pro"]["five_hours"]["windows"] == 3
    assert (plans["api"]["five_hours"], plans["api"]["weeks"]) == (None, None)


def test_budgets_come_from_ones_own_windows_where_they_are_known(machine: Machine) -> None:
    code, out, err = machine.call("demo", "what-if", "--plans", "--json", now=NOW)
    assert code == 0, err
    (account,) = json.loads(out)["plans"]
    plans = {plan["plan"]: plan for plan in account["plans"] if plan["five_hours"]}
    _, forecasts, _ = machine.call("demo", "forecast", "--json", now=NOW)
    worth = {each["window"]: each["usd_per_percent"] for each in json.loads(forecasts)["accounts"][0]["calibrations"]}
    assert plans["max5"]["is_current"]
    assert plans["max5"]["five_hours"]["budget_usd"] == pytest.approx(100 * worth["five_hour"])
    assert plans["max5"]["weeks"]["budget_usd"] == pytest.approx(100 * worth["seven_day"])
    assert all(plan["is_calibrated"] for plan in plans.values())
    for window, times in (("five_hours", {"max5": 5, "max20": 20}), ("weeks", {"max5": 5, "max20": 10})):
        pro = plans["pro"][window]["budget_usd"]
        for name, factor in times.items():
            assert plans[name][window]["budget_usd"] == pytest.approx(factor * pro, rel=1e-6)


def test_range_and_filters_are_those_of_the_reports(busy: Machine) -> None:
    assert report(busy, "--since", "2026-11-12", "--model", "sonnet")["responses"] == 2
    assert report(busy, "--only-model", "sonnet", "--no-cache")["responses"] == 1
    assert report(busy, "--session", "aaaa", "--no-cache")["responses"] == 3
    told = report(busy, "--session", "aaaa", "--plans")
    assert any("what the filters let through" in note for note in told["assumptions"])
    assert report(busy)["filters"]["since"] == "2026-10-22"


def test_what_has_no_price_is_named_without_its_control_characters(busy: Machine) -> None:
    told = report(busy, "--no-cache")
    assert (told["unpriced_responses"], told["unpriced_models"]) == (1, ["house-\x1b[31mmodel"])
    _, _, err = busy.call("what-if", "--no-cache", now=NOW)
    assert "1 response without a price" in err
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "gpt-9-claude"), "gpt-9-claude"),
        (("--cheap", ""), "--cheap '': no such model is known"),
        (("--cheap", "opsu"), "--cheap 'opsu': no such model is known"),
        (("--price", "opsu:input=4"), "--price 'opsu': no such model is known"),
        (("--price", "input=4"), "name the model first"),
        (("--price", "opus:inputs=4"), "NAME one of input"),
        (("--price", "opus:input=four"), "NAME one of input"),
        (("--price", "opus:input=-1"), "NAME one of input"),
        (("--price", "opus:input=NaN"), "NAME one of input"),
        (("--price", "opus:input=1e999999"), "NAME one of input"),
        (("--price", "nobody:input=4"), "nobody"),
        (("--since", "yesterday"), "--since yesterday"),
    ],
)
def test_a_wish_that_makes_no_sense_is_told_what_would(busy: Machine, options: tuple[str, ...], said: str) -> None:
    done = busy.run("what-if", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [("--below-tokens", "0"), ("--residency", "mars"), ("--speed", "warp")])
def test_a_wrong_option_is_a_usage_error(machine: Machine, options: tuple[str, ...]) -> None:
    assert machine.run("what-if", *options).returncode == 2


def test_a_price_of_a_model_that_was_not_used_says_which_were(busy: Machine) -> None:
    code, out, err = busy.call("what-if", "--price", "fable:input=1", now=NOW)
    assert code == 0
    assert "claude-opus-5, claude-sonnet-5" in err
    assert "another price" not in out


def test_an_empty_machine_is_told_where_to_look(machine: Machine) -> None:
    code, out, err = machine.call("what-if", now=NOW)
    assert (code, out) == (0, "")
    assert "tokentide demo what-if" in err
    assert report(machine)["scenarios"] == []


def test_nothing_in_the_range_is_told_too(busy: Machine) -> None:
    code, out, err = busy.call(
        "what-if", "--since", "2020-01-01", "--until", "2020-01-02", "--project", "nope", now=NOW
    )
    assert (code, out) == (0, "")
    assert "nothing in the ledger matches project 'nope'" in err


def test_what_several_rows_rest_on_is_told_once(busy: Machine) -> None:
    _, out, _ = busy.call("what-if", "--width", "100", now=NOW)
    notes = out.partition("What this rests on\n")[2].partition("\n\n")[0].splitlines()
    heads = [line[:7].strip() for line in notes if line[:7].strip()]
    assert heads[:2] == ["all", "1, 2, 5"]
    assert len(set(heads)) == len(heads)
    assert " ".join(notes).count("As many requests of the same length") == 1
    assert all(line[9] != " " for line in notes)


def test_columns_without_room_are_named(busy: Machine) -> None:
    _, out, err = busy.call("what-if", "--width", "60", now=NOW)
    assert "Use / price" not in out
    assert "no room for A month, Use / price, Weeks full: widen the terminal" in err
    assert "no room" not in busy.call("what-if", "--width", "80", now=NOW)[2]


def test_the_head_tells_since_when_anything_is_known(busy: Machine) -> None:
    assert busy.call("what-if", now=NOW)[1].startswith("2026-11-10, the first day known, to 2026-11-20:")
    assert busy.call("what-if", "--since", "2026-11-12", now=NOW)[1].startswith("2026-11-12 to 2026-11-20:")
    assert busy.call("what-if", "--until", "2026-11-12", now=NOW)[1].startswith("2026-11-10 to 2026-11-12:")


def test_of_many_accounts_the_most_used_are_shown(machine: Machine) -> None:
    folders = [machine.root / f"claude-{number}" for number in range(5)]
    for number, folder in enumerate(folders):
        path = folder / "projects" / "-w-shop" / f"s{number}.jsonl"
        path.parent.mkdir(parents=True)
        line = usage_line(f"m{number}", f"r{number}", "2026-11-10T09:00:00Z", OPUS, f"s{number}")
        path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    machine.environ["CLAUDE_CONFIG_DIR"] = ",".join(map(str, folders))
    _, out, _ = machine.call("what-if", "--plans", now=NOW)
    assert out.count("Plans: the use of ") == 3
    assert "2 more accounts with less use: `--account` shows one, `--json` all" in out
    assert len(report(machine, "--plans")["plans"]) == 5


def test_a_model_keeps_its_name_at_the_beginning_of_a_sentence(busy: Machine) -> None:
    _, out, _ = busy.call("what-if", "--price", "opus-5:input=4,output=20", "--width", "100", now=NOW)
    assert "1  claude-opus-5: input 4, output 20, in USD a million tokens" in out
    assert "Recounted" not in out


def test_the_bound_of_small_steps_holds_for_the_whole_table_too(busy: Machine) -> None:
    scenarios = [row["scenario"] for row in report(busy)["scenarios"]]
    assert "cheap" in scenarios
    assert "cheap" not in [row["scenario"] for row in report(busy, "--below-tokens", "10")["scenarios"]]


def test_computing_anywhere_is_cheaper_only_where_it_was_bound(busy: Machine) -> None:
    _, out, err = busy.call("what-if", "--residency", "global", now=NOW)
    assert "computed in: global" not in out
    assert "none of these responses was bound to the US" in err
    bound = {"inference_geo": "us", "output_tokens": 1_000_000}
    busy.write("-w-shop/cccc.jsonl", usage_line("m9", "r9", "2026-11-14T09:00:00Z", OPUS, "cccc", **bound))
    (row,) = report(busy, "--residency", "global", "--session", "cccc")["scenarios"]
    assert row["responses_changed"] == 1
    assert row["cost_usd"] * Decimal("1.1") == row["cost_usd"] - row["difference_usd"]


def test_a_difference_of_next_to_nothing_is_not_shown_as_nothing() -> None:
    told = [percent_change(difference, 1_000_000) for difference in (-300, 300, -800, 9_900, 0)]
    assert told == ["<0.1 %", "<0.1 %", "-0.1 %", "+1.0 %", ""]
