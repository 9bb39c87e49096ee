"""The conformance list, by the rules of truth; where ccusage differs, the case says by which rule it errs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.case import FILE, REPORTS, RULES, Case, Verdict, together
from tests.conformance.cases import CASES
from tests.conformance.desk import Desk, blocks_of, lay_out, seed_at, write
from tests.conformance.reports import PROGRESS
from tests.conftest import Machine, as_bytes

ANSWERED = [case for case in CASES if not case.exit_code]
SINGLE = [case for case in ANSWERED if list(case.files) == [FILE]]
REFUSED = [case for case in CASES if case.exit_code]
MEMORY = "/dev/shm"
DATED = frozenset({"--since", "--until"})


def reports_of(case: Case) -> tuple[str, ...]:
    """The reports whose totals must agree; blocks are chosen by the day they begin, not by that of their responses."""
    return REPORTS if DATED.isdisjoint(case.options) else REPORTS[:-1]


def named(cases: list[Case]) -> list[object]:
    """Cases as parameters, called by their ids."""
    return [pytest.param(case, id=case.id) for case in cases]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """An empty machine, in memory where the system lends some: hundreds of ledgers would wait for the disk."""
    if not os.access(MEMORY, os.W_OK):
        yield Machine(tmp_path)
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="tokentide-") as folder:
        yield Machine(Path(folder))


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger, and the prices of every model of the list."""
    rows = [row for case in CASES for some in case.rows.values() for row in some]
    models = {model.removesuffix("-fast") for row in rows for model in row.models}
    return seed_at(tmp_path_factory.mktemp("seed"), sorted(models))


@pytest.fixture
def desk(request: pytest.FixtureRequest, machine: Machine, seed: Path) -> Desk:
    """The parameter's case, laid out."""
    return lay_out(machine, request.param, seed)


def assert_as_expected(desk: Desk) -> None:
    """All that the case expects is so."""
    case = desk.case
    assert {report: desk.rows(report) for report in case.rows} == case.rows
    assert case.blocks is None or blocks_of(desk.json("block", "--ccusage-json")) == case.blocks


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
    """Whatever is cut into rows, the whole is the same."""
    for report in reports_of(desk.case):
        assert together(desk.rows(report))._replace(unpriced=()) == desk.case.total._replace(unpriced=()), report


@pytest.mark.parametrize("desk", named([case for case in ANSWERED if case.blocks is None]), indirect=True)
def test_our_own_json_agrees(desk: Desk) -> None:
    """Tokens, models, what has no price, and what could not be read."""
    expected = desk.case.total
    for report in ("project", reports_of(desk.case)[-1]):
        answer = desk.json(report, "--json")
        totals = answer["totals"]
        writes = totals["cache_creation_5m_tokens"] + totals["cache_creation_1h_tokens"]
        tokens = (totals["input_tokens"], totals["output_tokens"], writes, totals["cache_read_tokens"])
        assert tokens == expected.tokens, report
        assert totals["models"] == sorted({model.removesuffix("-fast") for model in expected.models}), report
        assert bool(totals["unpriced_responses"]) is bool(expected.unpriced), report
        assert answer["problems"] == desk.case.problems, report


@pytest.mark.parametrize(
    "case", named([case for case in SINGLE if len(case.files[FILE]) > 1 and (case.blocks or "daily" in case.rows)])
)
def test_the_order_of_lines_changes_nothing(case: Case, machine: Machine, seed: Path) -> None:
    assert_as_expected(lay_out(machine, replace(case, files={FILE: case.files[FILE][::-1]}), seed))


@pytest.mark.parametrize("case", named([case for case in SINGLE if not case.problems]))
def test_a_missing_line_end_changes_nothing(case: Case, machine: Machine, seed: Path) -> None:
    assert_as_expected(lay_out(machine, replace(case, final_newline=b""), seed))


@pytest.mark.parametrize("case", named(SINGLE))
def test_other_line_ends_and_blank_lines_change_nothing(case: Case, machine: Machine, seed: Path) -> None:
    lines = tuple(part for each in case.files[FILE] for part in (as_bytes(each) + b"\r", b"\r", b""))
    assert_as_expected(lay_out(machine, replace(case, files={FILE: lines}), seed))


@pytest.mark.parametrize("case", named(SINGLE))
def test_a_last_line_may_be_read_while_it_is_written(case: Case, machine: Machine, seed: Path) -> None:
    lines = case.files[FILE]
    last = as_bytes(lines[-1])
    desk = lay_out(machine, case, seed)
    for length in (len(last) // 2, len(last) * 3 // 4, len(last) - 1):
        write(machine, FILE, (*lines[:-1], last[:length]), b"")
        assert desk.ask("daily").code == 0
    write(machine, FILE, lines, case.final_newline)
    assert_as_expected(desk)


def test_nothing_inside_a_half_written_line_is_taken_for_a_line(machine: Machine, seed: Path) -> None:
    """A progress line holds a whole line, which is booked with the outer one's folder and chain, or not yet."""
    desk = lay_out(machine, Case(id="", files={}), seed)
    whole = as_bytes(PROGRESS)
    for length in range(len(whole) // 4, len(whole), 3):
        write(machine, FILE, (whole[:length],), b"")
        assert desk.rows("daily") == (), whole[:length]
    write(machine, FILE, (whole,))
    [row] = desk.json("session", "--json", "--by", "agent")["rows"]
    assert row["project"] == "/home/dev/app"
    assert [part["agent"] for part in row["breakdown"]] == ["sub-agent"]


@pytest.mark.parametrize(
    "case", named([case for case in ANSWERED if sum(map(len, case.files.values())) > 1 and not case.tied])
)
def test_reading_line_by_line_changes_nothing(case: Case, machine: Machine, seed: Path) -> None:
    """The ledger is brought up to date behind every line that is written, the last file first."""
    desk = lay_out(machine, replace(case, files={}), seed)
    for name, lines in sorted(case.files.items(), reverse=True):
        for number in range(1, len(lines) + 1):
            write(machine, name, lines[:number], case.final_newline if number == len(lines) else b"\n")
            desk.ask("daily")
    assert_as_expected(desk)


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
