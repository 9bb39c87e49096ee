"""Real transcripts: the figures to meet, and every difference from ccusage's own figures, named and counted.

`recount` counts the same lines without any code of the product. By our rules it gives our reports, by the peer's rules
it gives the peer's, figure by figure; what lies between is the sum of the steps below.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import recount
from tests.conformance.recount import DAILY_RULES, OTHER_RULES, Four, Peculiarity, Response, Sighting, Stretch
from tests.conftest import Machine

pytestmark = pytest.mark.corpus

FIVE = ("input_tokens", "output_tokens", "cache_creation_5m_tokens", "cache_creation_1h_tokens", "cache_read_tokens")
NOTHING: Four = (0, 0, 0, 0)

STEPS: Mapping[Peculiarity, Four] = {
    Peculiarity.PASSES: (-2, -2, -21_874, -32_238),
    Peculiarity.SPACES: (-666, -54_206, -1_431_784, -11_656_708),
    Peculiarity.NULLS: NOTHING,
    Peculiarity.SYNTHETIC: NOTHING,
    Peculiarity.NO_REQUEST_INSTANT: (2_066, 806, 364_347, 3_064_177),
    Peculiarity.NO_REQUEST: (4, 5, 16_114, 0),
    Peculiarity.WHOLE_COPIES: NOTHING,
    Peculiarity.PROGRESS: (-20_318, -1_592, -1_339_701, -14_151_807),
}
"""What each of the peer's rules, put in the place of ours, does to the tokens of this corpus."""

DEARER_DAYS = {
    ("2025-09-20", "claude-sonnet-4-20250514"): "prompts above 200,000 tokens, priced as a whole",
    ("2025-12-16", "claude-opus-5"): "computed in the US, a tenth more",
}
"""Days on which the same tokens cost something else, and why."""


@pytest.fixture(scope="module")
def roots(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The folders of the corpus, expanded."""
    target = tmp_path_factory.mktemp("corpus")
    for source in (corpus / "claude").rglob("*"):
        if source.is_file():
            path = target / source.relative_to(corpus / "claude")
            path.parent.mkdir(parents=True, exist_ok=True)
            data = source.read_bytes()
            path.with_name(path.name.removesuffix(".gz")).write_bytes(
                gzip.decompress(data) if source.suffix == ".gz" else data
            )
    return tuple(sorted(target.iterdir()))


@pytest.fixture(scope="module")
def reader(roots: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine that reads these folders."""
    machine = Machine(tmp_path_factory.mktemp("reader"), {"CLAUDE_CONFIG_DIR": ",".join(map(str, roots))})
    machine.home.mkdir()
    return machine


@pytest.fixture(scope="module")
def peer(corpus: Path) -> Any:
    """What ccusage 20.0.24 says."""
    return json.loads((corpus / "expected-ccusage.json").read_text())


@pytest.fixture(scope="module")
def sightings(roots: tuple[Path, ...]) -> list[Sighting]:
    return recount.read_sightings(roots)


@pytest.fixture(scope="module")
def ours(sightings: list[Sighting]) -> list[Response]:
    """The responses by our rules, counted apart from the product."""
    return recount.count(sightings)


@pytest.fixture(scope="module")
def theirs(sightings: list[Sighting]) -> list[Response]:
    """The responses by the rules of the peer's monthly, session and block reports."""
    return recount.count(sightings, OTHER_RULES)


def in_ccusage_names(row: Mapping[str, Any]) -> Four:
    """Tokens of a row or a part of one."""
    return (row["inputTokens"], row["outputTokens"], row["cacheCreationTokens"], row["cacheReadTokens"])


def parts(rows: Iterable[Mapping[str, Any]], key: str) -> dict[tuple[str, str], Four]:
    """Tokens by row and model."""
    found = {(row[key], part["modelName"]): in_ccusage_names(part) for row in rows for part in row["modelBreakdowns"]}
    return {name: tokens for name, tokens in found.items() if any(tokens)}


def costs(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Cost by day and model."""
    return {(row["date"], part["modelName"]): float(part["cost"]) for row in rows for part in row["modelBreakdowns"]}


def stretches(blocks: Iterable[Mapping[str, Any]]) -> list[Stretch]:
    """Blocks and gaps, sorted by their beginning."""
    return sorted(
        Stretch(
            datetime.fromisoformat(block["startTime"]),
            datetime.fromisoformat(block["endTime"]),
            block["entries"],
            (
                block["tokenCounts"]["inputTokens"],
                block["tokenCounts"]["outputTokens"],
                block["tokenCounts"]["cacheCreationInputTokens"],
                block["tokenCounts"]["cacheReadInputTokens"],
            ),
        )
        for block in blocks
    )


def test_totals_by_model_are_those_to_meet(corpus: Path, reader: Machine) -> None:
    report: Any = reader.json("model", "--json")
    expected = json.loads((corpus / "expected.json").read_text())
    names = (*FIVE, "responses")
    assert {row["model"]: {name: row[name] for name in names} for row in report["rows"]} == expected["models"]
    assert {name: report["totals"][name] for name in names} == expected["totals"]
    assert report["problems"] == 0


def test_our_daily_report_is_the_recount(reader: Machine, ours: list[Response]) -> None:
    report: Any = reader.json("daily", "--ccusage-json")
    assert parts(report["daily"], "date") == recount.by_day_and_model(ours)
    assert in_ccusage_names(report["totals"]) == recount.total(ours)


def test_our_monthly_report_is_the_recount(reader: Machine, ours: list[Response]) -> None:
    report: Any = reader.json("monthly", "--ccusage-json")
    assert parts(report["monthly"], "month") == recount.by_month_and_model(ours)


def test_our_session_report_is_the_recount(reader: Machine, ours: list[Response]) -> None:
    report: Any = reader.json("session", "--ccusage-json")
    assert {(row["sessionId"], ""): in_ccusage_names(row) for row in report["sessions"]} == recount.by_session(ours)


def test_our_blocks_are_the_recount(reader: Machine, ours: list[Response]) -> None:
    report: Any = reader.json("block", "--ccusage-json")
    assert stretches(report["blocks"]) == recount.stretches(ours)


def test_the_peers_daily_report_is_the_recount_by_its_rules(peer: Any, sightings: list[Sighting]) -> None:
    assert parts(peer["daily"]["daily"], "date") == recount.by_day_and_model(recount.count(sightings, DAILY_RULES))


def test_the_peers_monthly_report_is_the_recount_by_its_rules(peer: Any, theirs: list[Response]) -> None:
    assert parts(peer["monthly"]["monthly"], "month") == recount.by_month_and_model(theirs)


def test_the_peers_session_report_is_the_recount_by_its_rules(peer: Any, theirs: list[Response]) -> None:
    found = {(row["projectPath"], row["sessionId"]): in_ccusage_names(row) for row in peer["session"]["sessions"]}
    assert found == recount.by_path(theirs)


def test_the_peers_blocks_are_the_recount_by_its_rules(peer: Any, theirs: list[Response]) -> None:
    assert stretches(peer["blocks"]["blocks"]) == recount.stretches(theirs)


@pytest.mark.parametrize(
    ("report", "rules"), [("daily", DAILY_RULES), ("monthly", OTHER_RULES), ("session", OTHER_RULES)]
)
def test_each_difference_from_the_peer_has_a_name(
    report: str, rules: tuple[Peculiarity, ...], reader: Machine, peer: Any, sightings: list[Sighting]
) -> None:
    ours: Any = reader.json(report, "--ccusage-json")
    reached = in_ccusage_names(ours["totals"])
    for number, rule in enumerate(rules, 1):
        now = recount.total(recount.count(sightings, rules[:number]))
        assert recount.minus(now, reached) == STEPS[rule], rule.value
        reached = now
    assert reached == in_ccusage_names(peer[report]["totals"])


def test_the_same_tokens_cost_the_same_but_on_two_days(reader: Machine, peer: Any) -> None:
    report: Any = reader.json("daily", "--ccusage-json")
    rows, their_rows = report["daily"], peer["daily"]["daily"]
    our_tokens, their_tokens = parts(rows, "date"), parts(their_rows, "date")
    our_costs, their_costs = costs(rows), costs(their_rows)
    same = {name for name, tokens in our_tokens.items() if their_tokens.get(name) == tokens}
    assert len(same) > 100
    assert {name for name in same if our_costs[name] != pytest.approx(their_costs[name], rel=1e-9)} == set(DEARER_DAYS)


def test_the_peers_reports_disagree_and_ours_do_not(reader: Machine, peer: Any) -> None:
    assert in_ccusage_names(peer["daily"]["totals"]) != in_ccusage_names(peer["monthly"]["totals"])
    answers: list[Any] = [
        reader.json(report, "--json")
        for report in ("daily", "weekly", "monthly", "session", "project", "model", "block")
    ]
    assert all(
        answer["totals"][name] == answers[0]["totals"][name]
        for answer in answers
        for name in (*FIVE, "cost_usd", "responses")
    )
