"""The JSON for scripts that were written for ccusage: every key they know, with the same type and meaning."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.conformance.case import Case
from tests.conformance.desk import Desk, lay_out
from tests.conformance.shapes import SHAPES, faults, transcript
from tests.conftest import Machine

NOW = "2026-11-20T12:00:00+00:00"
TIMED = {"daily": ("date", "2026-11-20"), "weekly": ("week", "2026-11-16"), "monthly": ("month", "2026-11")}


@pytest.fixture
def desk(machine: Machine) -> Desk:
    return lay_out(machine, Case(id="", files=transcript(datetime.fromisoformat(NOW)), now=NOW))


def answer(desk: Desk, *words: str) -> dict[str, Any]:
    """Our answer to what the peer is asked with these words."""
    report, *options = [word for word in words if word != "claude"]
    return desk.json(report, *options, "--ccusage-json")


@pytest.mark.parametrize("words", SHAPES, ids=" ".join)
def test_every_key_of_the_peer_is_there(desk: Desk, words: tuple[str, ...]) -> None:
    assert list(faults(answer(desk, *words), SHAPES[words])) == []


@pytest.mark.parametrize("words", SHAPES, ids=" ".join)
def test_nothing_at_all_has_the_same_keys(machine: Machine, words: tuple[str, ...]) -> None:
    empty = answer(lay_out(machine, Case(id="", files={})), *words)
    assert list(faults(empty, SHAPES[words])) == []
    assert all(value == [] for name, value in empty.items() if name != "totals")
    assert all(not value for value in empty.get("totals", {}).values())


@pytest.mark.parametrize("report", TIMED)
def test_both_names_of_a_stretch_of_time(desk: Desk, report: str) -> None:
    name, value = TIMED[report]
    row = answer(desk, report)[report][-1]
    assert row[name] == row["period"] == value
    assert row["agent"] == "all"
    assert row["metadata"] == {"agents": ["claude"]}


def test_both_names_of_a_session(desk: Desk) -> None:
    found = answer(desk, "session")
    assert found["session"] == found["sessions"]
    [row] = found["session"]
    assert row["sessionId"] == row["period"] == "sess"
    assert row["agent"] == "claude"
    assert row["projectPath"] == "proj"
    assert row["firstActivity"] == "2026-11-18T10:00:00.000Z"
    assert row["lastActivity"] == row["metadata"]["lastActivity"] == "2026-11-20T11:58:00.000Z"


def test_what_has_no_price_is_marked(desk: Desk) -> None:
    found = answer(desk, "daily")
    assert found["totals"]["unpricedModels"] == ["unknown-xyz"]
    parts = {part["modelName"]: part for part in found["daily"][-1]["modelBreakdowns"]}
    assert parts["unknown-xyz"]["missingPricing"] is True
    assert "missingPricing" not in parts["claude-sonnet-4-20250514"]


def test_money_is_exact(desk: Desk) -> None:
    """No 0.0010500000000000002: the text has the digits that the price has."""
    assert '"totalCost": 0.00105' in desk.ask("daily", "--ccusage-json").out


def test_an_unknown_model_costs_null_in_our_own_json(desk: Desk) -> None:
    by_model = {row["model"]: row for row in desk.json("model", "--json")["rows"]}
    assert by_model["unknown-xyz"]["cost_usd"] is None
    assert by_model["unknown-xyz"]["unpriced_responses"] == 1
    blocks = desk.json("block", "--json")["rows"]
    assert [row["unpriced_responses"] for row in blocks if not row["is_gap"]] == [0, 1]
