"""Every report in every format, byte by byte. TOKENTIDE_UPDATE_GOLDEN=1 writes the files anew; look at them then."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import Machine, usage_line

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "reference" / "report.schema.json").read_text())
REPORTS = ("daily", "weekly", "monthly", "session", "project", "model", "branch", "block")
FORMATS = {"table": (), "narrow": ("--width", "40"), "json": ("--json",), "csv": ("--csv",), "md": ("--markdown",)}
OPUS = "claude-opus-4-8"


@pytest.fixture
def busy(machine: Machine) -> Machine:
    """Two projects, three models, a sub-agent, a lower bound, a model without a price, text that wants to be a formula."""
    here = {"cwd": "/srv/shop", "gitBranch": "main"}
    there = {"cwd": "/srv/=app|x", "gitBranch": "+fix"}
    writes = {"ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 400}
    machine.write(
        "-srv-shop/aaaa1111.jsonl",
        usage_line("m1", "r1", "2026-03-01T09:00:00.000Z", session="aaaa1111", cache_read_input_tokens=123_456) | here,
        usage_line("m2", "r2", "2026-03-10T09:30:00.000Z", OPUS, "aaaa1111", cache_creation=writes) | here,
        usage_line("m3", "r3", "2026-03-12T10:15:00.000Z", "house-model-7", "aaaa1111") | here,
        {"type": "ai-title", "sessionId": "aaaa1111", "aiTitle": "Fix the *rounding* | of carts"},
    )
    old = usage_line("m4", "r4", "2026-03-12T11:20:00.000Z", session="bbbb2222", input_tokens=1_234_567) | there
    old["version"] = "2.0.9"
    old["message"]["stop_reason"] = None  # type: ignore[index]
    agent = usage_line("m5", "r5", "2026-03-12T11:21:00.000Z", "claude-haiku-4-5-20251001", "bbbb2222") | there
    machine.write("-srv--app-x/bbbb2222.jsonl", old)
    machine.write("-srv--app-x/bbbb2222/subagents/agent-a1.jsonl", agent | {"agentId": "a1", "isSidechain": True})
    meta = machine.claude / "projects" / "-srv--app-x" / "bbbb2222" / "subagents" / "agent-a1.meta.json"
    meta.write_text('{"agentType": "Explore"}')
    return machine


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("report", REPORTS)
def test_reports_look_as_they_did(busy: Machine, report: str, form: str) -> None:
    code, out, err = busy.call(report, *FORMATS[form])
    assert code == 0
    compare(f"{report}.{form}.txt", f"{out}--- standard error ---\n{err}")


@pytest.mark.parametrize("by", ["model", "project", "session", "branch", "agent", "source", "account"])
def test_breakdowns_look_as_they_did(busy: Machine, by: str) -> None:
    _, out, _ = busy.call("monthly", "--by", by)
    compare(f"monthly-by-{by}.txt", out)


@pytest.mark.parametrize("width", ["80", "40"])
def test_the_main_screen_looks_as_it_did(busy: Machine, width: str) -> None:
    code, out, err = busy.call("overview", "--width", width)
    assert code == 0
    compare(f"overview-{width}.txt", f"{out}--- standard error ---\n{err}")


def test_the_main_screen_as_json(busy: Machine) -> None:
    _, out, _ = busy.call("overview", "--json")
    compare("overview.json.txt", out)


@pytest.mark.parametrize("report", ["daily", "weekly", "monthly", "session", "block"])
def test_the_shape_of_ccusage_looks_as_it_did(busy: Machine, report: str) -> None:
    _, out, _ = busy.call(report, "--ccusage-json")
    compare(f"ccusage-{report}.txt", out)


@pytest.mark.parametrize("by", ["", "model", "project", "session", "branch", "agent", "source", "account"])
@pytest.mark.parametrize("report", REPORTS[:-1])
def test_json_keeps_to_its_schema(busy: Machine, report: str, by: str) -> None:
    _, out, _ = busy.call(report, "--json", *(("--by", by) if by else ()), "--since", "20260301")
    jsonschema.validate(json.loads(out), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("more", [(), ("-t", "max"), ("--active",), ("--recent", "-t", "100")])
def test_json_of_blocks_keeps_to_its_schema(busy: Machine, more: tuple[str, ...]) -> None:
    _, out, _ = busy.call("block", "--json", *more)
    jsonschema.validate(json.loads(out), SCHEMA, jsonschema.Draft202012Validator)


def test_the_schema_refuses_what_is_not_a_report(busy: Machine) -> None:
    _, out, _ = busy.call("daily", "--json")
    report = json.loads(out)
    report["rows"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA, jsonschema.Draft202012Validator)


def test_an_empty_ledger_gives_valid_json(machine: Machine) -> None:
    for report in REPORTS:
        _, out, err = machine.call(report, "--json")
        found = json.loads(out)
        jsonschema.validate(found, SCHEMA, jsonschema.Draft202012Validator)
        assert found["rows"] == []
        assert ": -0" not in out
        assert "no Claude Code transcripts found here" in err


def test_json_costs_are_exact_to_the_nano_dollar(busy: Machine) -> None:
    _, out, _ = busy.call("daily", "--json", "--by", "model")
    report = json.loads(out, parse_float=Decimal)
    rows = sum(row["cost_usd"] or 0 for row in report["rows"])
    assert rows == report["totals"]["cost_usd"]
    # sonnet-4: 100 × 3 + 50 × 15 + 123,456 × 0.3; opus-4-8: 100 × 5 + 50 × 25 + 600 × 6.25 + 400 × 10; haiku: 100 + 250
    first, second = Decimal("0.0380868"), Decimal("0.0095")
    assert [row["cost_usd"] for row in report["rows"]][:2] == [first, second]
