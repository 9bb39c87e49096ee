"""`tokentide compare` as a person meets it: screens byte by byte, JSON, CSV, errors, empty sides."""

from __future__ import annotations

import csv
import io
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Machine, usage_line

GOLDEN = Path(__file__).parent / "golden"
NOW = "2026-11-20T12:00:00Z"
"""A Friday."""
OPUS, SONNET = "claude-opus-5", "claude-sonnet-5-5"


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def line(number: int, at: str, model: str = OPUS, session: str = "aaaa", **usage: object) -> dict[str, object]:
    where = {"cwd": "/w/shop" if session == "aaaa" else "/w/=app", "gitBranch": "main" if session == "aaaa" else "fix"}
    return usage_line(f"m{number}", f"r{number}", at, model, session, **usage) | where


@pytest.fixture
def busy(machine: Machine) -> Machine:
    """Two weeks: the second has more, on another model too, with fewer cache hits, some of it fast, one without a price."""
    machine.write(
        "-w-shop/aaaa.jsonl",
        line(1, "2026-10-05T09:00:00Z", SONNET, cache_read_input_tokens=1_000_000),
        line(2, "2026-11-10T09:00:00Z", cache_read_input_tokens=400_000, output_tokens=9_000),
        line(3, "2026-11-11T09:00:00Z", cache_read_input_tokens=500_000, output_tokens=8_000),
        line(4, "2026-11-14T20:00:00Z", cache_read_input_tokens=600_000, output_tokens=7_000),
    )
    machine.write(
        "-w-app/bbbb.jsonl",
        line(5, "2026-11-17T09:00:00Z", session="bbbb", cache_creation_input_tokens=300_000, output_tokens=9_000),
        line(6, "2026-11-18T09:00:00Z", SONNET, "bbbb", cache_read_input_tokens=900_000, output_tokens=20_000),
        line(7, "2026-11-18T10:00:00Z", session="bbbb", input_tokens=90_000, speed="fast"),
        line(8, "2026-11-19T10:00:00Z", "house-\x1b[31mmodel", "bbbb"),
    )
    return machine


def report(machine: Machine, *options: str) -> Any:
    code, out, err = machine.call("compare", "--json", *options, now=NOW)
    assert code == 0, err
    return json.loads(out, parse_float=Decimal)


@pytest.mark.parametrize("width", ["120", "80", "40"])
def test_the_screen_looks_as_it_did(busy: Machine, width: str) -> None:
    code, out, err = busy.call("compare", "--width", width, now=NOW)
    assert code == 0
    assert max(map(len, out.splitlines())) <= int(width)
    compare(f"compare-{width}.txt", f"{out}--- standard error ---\n{err}")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_formats_look_as_they_did(busy: Machine, form: str) -> None:
    code, out, _ = busy.call("compare", f"--{form}", "this-week", now=NOW)
    assert code == 0
    compare(f"compare.{form}.txt", out)


def test_the_causes_add_up_in_every_format(busy: Machine) -> None:
    told = report(busy)
    assert sum(cause["difference_usd"] for cause in told["causes"]) == told["difference"]["cost_usd"]
    assert told["b"]["cost_usd"] - told["a"]["cost_usd"] == told["difference"]["cost_usd"]
    _, out, _ = busy.call("compare", "--csv", now=NOW)
    rows = {row["figure"]: Decimal(row["difference"]) for row in csv.DictReader(io.StringIO(out)) if row["difference"]}
    causes = [amount for name, amount in rows.items() if name.startswith("cause_")]
    assert (len(causes), sum(causes)) == (6, rows["cost_usd"])


def test_two_periods_that_are_over_and_one_that_is_not(busy: Machine) -> None:
    told = report(busy, "last-week", "this-week")
    assert (told["a"]["since"], told["a"]["until"], told["a"]["is_cut"]) == ("2026-11-09", "2026-11-15", True)
    assert told["a"]["ends_at"] == "2026-11-13T12:00:00.000Z"
    assert (told["a"]["responses"], told["b"]["responses"]) == (2, 4)
    assert report(busy, "last-week", "this-week", "--whole")["a"]["responses"] == 3
    _, out, _ = busy.call("compare", "this-week", now=NOW)
    assert "2026-11-09 until 2026-11-13 12:00, the same part" in out
    assert "2026-11-16 until now" in out


def test_names_are_compared_over_the_whole_history_or_a_range(busy: Machine) -> None:
    whole = report(busy, "project:shop", "branch:fix")
    assert (whole["a"]["responses"], whole["b"]["responses"]) == (4, 4)
    assert report(busy, "model:opus", "model:sonnet", "--since", "2026-11-17")["a"]["responses"] == 2
    assert report(busy, "session:aa", "account:.claude", "--last", "1m")["a"]["kind"] == "session"


def test_a_new_list_price_is_told_with_its_figures(busy: Machine) -> None:
    """Cache reads of Sonnet 5.5 became half as dear on 2026-10-07."""
    told = report(busy, "2026-10", "2026-11", "--model", "sonnet", "--whole")
    causes = {cause["cause"]: cause["difference_usd"] for cause in told["causes"]}
    assert causes["list_price"] < 0
    _, out, _ = busy.call("compare", "2026-10", "2026-11", "--model", "sonnet", "--whole", "--width", "120", now=NOW)
    assert "sonnet-5-5, cache read: $0.2 to $0.1" in out


def test_what_has_no_price_is_named_without_its_control_characters(busy: Machine) -> None:
    _, out, err = busy.call("compare", now=NOW)
    assert "1 response without a price" in err
    assert "\x1b" not in out + err
    assert report(busy)["b"]["unpriced_models"] == ["house-\x1b[31mmodel"]


def test_an_empty_side_is_told_with_the_days_that_there_are(busy: Machine) -> None:
    code, out, err = busy.call("compare", "2026-09", "2026-11", now=NOW)
    assert code == 0
    assert "2026-09: no usage; there is some from 2026-10-05 to 2026-11-19" in err
    assert "Why B" not in out


def test_an_empty_machine_is_told_where_to_look(machine: Machine) -> None:
    code, out, err = machine.call("compare", now=NOW)
    assert (code, out) == (0, "")
    assert "tokentide demo compare" in err
    assert report(machine)["difference"]["cost_usd"] == 0


@pytest.mark.parametrize(
    ("operands", "said"),
    [
        (("october",), "give a period"),
        (("2026-13", "2026-12"), "no such day, week or month"),
        (("2026-10-09..2026-10-01",), "it ends before it begins"),
        (("project:shop",), "give a second one"),
        (("project:shoop", "project:shop"), "/w/shop"),
        (("branch:nope", "branch:fix"), "there is fix, main"),
        (("session:zz", "session:aa"), "aaaa"),
        (("a", "b", "c"), "two operands, not 3"),
        (("model:\x1b[32m", "model:opus"), "no such model here"),
        (("7d", "--last", "never"), "--last never"),
        (("7d", "--last", "30d"), "name the days as a period"),
        (("--since", "2026-10-01"), "name the days as a period"),
        (("99999-10",), "give a period"),
        (("9999-12",), "no such day, week or month"),
        (("0001-01",), "give days from 2000"),
        (("9999d",), "give days from 2000"),
        (("2999-12", "2000-01"), ""),
    ],
)
def test_an_operand_that_makes_no_sense_is_told_what_would(busy: Machine, operands: tuple[str, ...], said: str) -> None:
    done = busy.run("compare", *operands)
    assert done.returncode == (2 if said else 0), done.stderr
    assert said in done.stderr
    assert "\x1b" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_period_that_nobody_typed_is_told_once(busy: Machine) -> None:
    head = busy.call("compare", now=NOW)[1].splitlines()[0]
    assert head == "A  2026-11-07 until 2026-11-13 12:00, the same part"


def test_what_has_no_room_is_named_and_no_fact_is_cut(busy: Machine) -> None:
    _, out, err = busy.call("compare", "--width", "40", now=NOW)
    assert "no room for difference: widen the terminal" in err
    assert "450K in, 8.50K out to 378K in, 7.22K out" in " ".join(out.split())


def test_a_period_that_is_cut_before_now_is_not_said_to_last_until_now(busy: Machine) -> None:
    head = busy.call("compare", "7d", "14d", now=NOW)[1].splitlines()[:2]
    assert head == [
        "A  7d  2026-11-14 until now",
        "B  14d  2026-11-07 until 2026-11-13 12:00, the same part",
    ]


def test_no_difference_has_no_sign(busy: Machine) -> None:
    _, out, _ = busy.call("compare", "model:opus", "model:opus", now=NOW)
    figures, why, _ = out.partition("Both cost the same")
    assert "+" not in figures
    assert why
