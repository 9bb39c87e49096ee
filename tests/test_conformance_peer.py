"""What the list says of ccusage 20.0.24, asked of the program itself; runs where TOKENTIDE_CCUSAGE names its binary."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conformance.case import REPORTS, Case, Row, together
from tests.conformance.cases import CASES
from tests.conformance.desk import Desk, blocks_of, environment, lay_out, rows_of
from tests.conformance.shapes import SHAPES, faults, transcript
from tests.conftest import Machine

PEER = os.environ.get("TOKENTIDE_CCUSAGE", "")
RELATIVE_ERROR = 1e-12
"""Of sums of binary fractions."""

if not PEER:
    pytest.skip("TOKENTIDE_CCUSAGE names no ccusage binary", allow_module_level=True)


def comparable(case: Case) -> bool:
    """True for a case that can be put to the peer: it cannot be told the time, nor given options that it has not."""
    return not case.now and not case.peer_lacks_options


def words_for(report: str) -> tuple[str, ...]:
    """How the peer calls the report."""
    return ("blocks",) if report == "block" else ("claude", report)


def ask(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the peer on the case's machine."""
    surroundings = environment(desk.machine, desk.case)
    return subprocess.run(
        [PEER, *words, "--json", "--offline", *desk.case.options],
        env={name: surroundings[name] for name in surroundings if not name.startswith("TOKENTIDE")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def answer(desk: Desk, *words: str) -> dict[str, Any]:
    """The JSON that the peer prints."""
    done = ask(desk, *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def expected_rows(case: Case, report: str) -> tuple[Row, ...]:
    """What the peer should say: what differs, else the same as ours; rows without keys stand for totals."""
    for rows in (case.peer.get(report), case.peer.get("*"), case.rows.get(report)):
        if rows is not None:
            return rows
    return (case.total,)


def shown(report: str, rows: tuple[Row, ...], *, whole: bool) -> list[Row]:
    """Rows as they can be compared: in any order, or all together; blocks do not say what has no price."""
    found = (together(rows),) if whole else rows
    return sorted(row._replace(unpriced=() if report == "block" else row.unpriced) for row in found)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES if comparable(case)])
def test_the_peer_says_what_the_list_says(case: Case, machine: Machine) -> None:
    desk = lay_out(machine, case)
    if case.peer_exit_code:
        assert ask(desk, *words_for("block" if "-n" in case.options else "daily")).returncode == case.peer_exit_code
        return
    if case.blocks is not None:
        assert blocks_of(answer(desk, "blocks")) == (case.blocks if case.peer_blocks is None else case.peer_blocks)
        return
    for report in case.rows if case.options else REPORTS:
        expected = expected_rows(case, report)
        whole = not all(row.key for row in expected)
        found = shown(report, rows_of(report, answer(desk, *words_for(report))), whole=whole)
        wanted = shown(report, expected, whole=whole)
        assert [row._replace(usd="") for row in found] == [row._replace(usd="") for row in wanted], report
        assert [float(row.usd) for row in found] == pytest.approx(
            [float(row.usd) for row in wanted], rel=RELATIVE_ERROR
        ), report


@pytest.mark.parametrize("words", SHAPES, ids=" ".join)
def test_the_peers_json_has_the_shape_of_the_list(words: tuple[str, ...], machine: Machine) -> None:
    desk = lay_out(machine, Case(id="", files=transcript(datetime.now(UTC))))
    assert list(faults(answer(desk, *words), SHAPES[words], exactly=True)) == []
