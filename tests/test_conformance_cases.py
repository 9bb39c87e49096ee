"""Every case of the conformance list, by the rules of truth; where ccusage differs, the case says by which rule it errs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.case import REPORTS, RULES, Case, Verdict, line, together
from tests.conformance.cases import CASES
from tests.conformance.desk import Desk, blocks_of, lay_out, write
from tests.conftest import Machine

ANSWERED = [case for case in CASES if not case.exit_code]
REFUSED = [case for case in CASES if case.exit_code]
DATED = frozenset({"--since", "--until"})


def named(cases: list[Case]) -> list[object]:
    """Cases as parameters, called by their ids."""
    return [pytest.param(case, id=case.id) for case in cases]


@pytest.fixture(scope="session")
def price_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prices of every model of the list, looked up once."""
    machine = Machine(tmp_path_factory.mktemp("prices"))
    machine.home.mkdir()
    models = sorted({model for case in CASES for rows in case.rows.values() for row in rows for model in row.models})
    desk = lay_out(
        machine,
        Case(id="", files={"p/s.jsonl": tuple(line(id=model, requestId=model, model=model) for model in models)}),
    )
    assert desk.ask("model").code == 0
    return machine.root / "data" / "price-cache.json"


@pytest.fixture
def desk(request: pytest.FixtureRequest, machine: Machine, price_cache: Path) -> Desk:
    """The parameter's case, laid out."""
    return lay_out(machine, request.param, price_cache)


def for_report(report: str) -> pytest.MarkDecorator:
    """Run a test with every case that expects rows of this report."""
    return pytest.mark.parametrize("desk", named([case for case in ANSWERED if report in case.rows]), indirect=True)


@for_report("daily")
def test_daily(desk: Desk) -> None:
    assert desk.rows("daily") == desk.case.rows["daily"]


@for_report("weekly")
def test_weekly(desk: Desk) -> None:
    assert desk.rows("weekly") == desk.case.rows["weekly"]


@for_report("monthly")
def test_monthly(desk: Desk) -> None:
    assert desk.rows("monthly") == desk.case.rows["monthly"]


@for_report("session")
def test_session(desk: Desk) -> None:
    assert desk.rows("session") == desk.case.rows["session"]


@pytest.mark.parametrize("desk", named([case for case in ANSWERED if case.blocks is not None]), indirect=True)
def test_block(desk: Desk) -> None:
    assert blocks_of(desk.json("block", "--ccusage-json")) == desk.case.blocks


@pytest.mark.parametrize("desk", named([case for case in ANSWERED if case.blocks is None]), indirect=True)
def test_all_reports_agree(desk: Desk) -> None:
    """Whatever is cut into rows, the whole is the same; also in our own JSON."""
    expected = desk.case.total
    dated = not DATED.isdisjoint(desk.case.options)
    for report in REPORTS if not dated else REPORTS[:-1]:
        found = together(desk.rows(report))
        assert found._replace(unpriced=()) == expected._replace(unpriced=()), report
        totals = desk.json(report, "--json")["totals"]
        writes = totals["cache_creation_5m_tokens"] + totals["cache_creation_1h_tokens"]
        assert (
            totals["input_tokens"],
            totals["output_tokens"],
            writes,
            totals["cache_read_tokens"],
        ) == expected.tokens, report
        assert bool(totals["unpriced_responses"]) is bool(expected.unpriced), report
        assert totals["models"] == sorted({model.removesuffix("-fast") for model in expected.models}), report


@pytest.mark.parametrize("desk", named([case for case in ANSWERED if case.blocks is None]), indirect=True)
def test_what_could_not_be_read_is_counted(desk: Desk) -> None:
    for report in ("daily", "session", "block"):
        assert desk.json(report, "--json")["problems"] == desk.case.problems


@pytest.mark.parametrize(
    "desk", named([case for case in ANSWERED if any(len(lines) > 1 for lines in case.files.values())]), indirect=True
)
def test_the_order_of_lines_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    files = {name: tuple(reversed(lines)) for name, lines in desk.case.files.items()}
    turned = lay_out(Machine(tmp_path / "backwards"), replace(desk.case, files=files))
    report = "daily" if desk.case.blocks is None else "block"
    assert turned.rows(report) == desk.rows(report)


@pytest.mark.parametrize("backwards", [False, True], ids=["files forwards", "files backwards"])
@pytest.mark.parametrize("case", named([case for case in ANSWERED if sum(map(len, case.files.values())) > 1 and not case.tied]))
def test_reading_line_by_line_changes_nothing(case: Case, backwards: bool, machine: Machine, price_cache: Path) -> None:
    """The ledger is brought up to date behind every line that is written."""
    desk = lay_out(machine, replace(case, files={}), price_cache)
    for name, lines in sorted(case.files.items(), reverse=backwards):
        for number in range(1, len(lines) + 1):
            write(machine, name, lines[:number], case.final_newline if number == len(lines) else b"\n")
            desk.ask("daily")
    assert {report: desk.rows(report) for report in case.rows} == case.rows
    assert case.blocks is None or blocks_of(desk.json("block", "--ccusage-json")) == case.blocks


@pytest.mark.parametrize("desk", named(REFUSED), indirect=True)
def test_wrong_command_lines_are_refused(desk: Desk) -> None:
    answer = desk.ask(
        "block" if {"-n", "-t"} & set(desk.case.options) else "daily", "--ccusage-json", *desk.case.options
    )
    assert answer.code == desk.case.exit_code
    assert answer.out == ""
    assert answer.err


def test_the_list_is_whole() -> None:
    numbers = {int(case.id.split()[0].removeprefix("C")) for case in CASES}
    assert numbers == set(range(1, 115))
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", named(list(CASES)))
def test_a_difference_has_its_reason(case: Case) -> None:
    if case.verdict is Verdict.SAME:
        assert not case.because
        assert not case.peer
        assert case.peer_blocks is None
        assert case.peer_exit_code == case.exit_code
    else:
        rule, _, how = case.because.partition(": ")
        assert rule in RULES
        assert how.endswith(".")
        assert (
            case.peer
            or case.peer_blocks is not None
            or case.peer_exit_code != case.exit_code
            or case.peer_lacks_options
        )
