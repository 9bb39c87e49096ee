"""`tokentide breakdown` as a person meets it: tables, the page, JSON, CSV, Markdown, errors, hostile names."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Machine
from tests.talks import Talk, call, text, two_answers
from tokentide.analytics.dimensions import DIMENSIONS
from tokentide.store.sqlite.ledger import Ledger

NOW = "2026-03-12T12:00:00Z"


def shown(machine: Machine, *arguments: str, **environ: str) -> str:
    code, out, err = machine.call("breakdown", *arguments, now=NOW, **environ)
    assert code == 0, err
    return out


@pytest.fixture
def told(machine: Machine) -> Machine:
    two_answers().write(machine)
    return machine


TABLE = """\
Tool        Cost    Share                Tokens  Input  Output  Cache write  Cache read  Responses    Each  Calls       Failed  Results
───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
Read       $0.01   40.2 %  ████████████   2,318      8      60        1,500         750          2  <$0.01      1            0  3.00 kB
(answer)  <$0.01   22.3 %  ███████          250      0     250            0           0          2  <$0.01      -            -        -
Bash      <$0.01   19.7 %  ██████           842      2      90          500         250          2  <$0.01      1  1 (100.0 %)  1.00 kB
(prompt)  <$0.01   17.8 %  █████          1,000  1,000       0            0           0          1  <$0.01      -            -        -
───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
Total      $0.02  100.0 %                 4,410  1,010     400        2,000       1,000          2   $0.01      2   1 (50.0 %)  4.00 kB
"""


def test_a_table_by_tool_says_what_each_cost_and_how_its_calls_went(told: Machine) -> None:
    assert shown(told, "--by", "tool", "--width", "140") == TABLE


def test_a_narrow_table_keeps_name_and_cost_and_cuts_no_number(told: Machine) -> None:
    _, out, err = told.call("breakdown", "--by", "tool", "--width", "30", now=NOW)
    assert out.splitlines()[0].split() == ["Tool", "Cost", "Share"]
    assert max(map(len, out.splitlines())) <= 30
    assert "no room for" in err


def test_two_levels_stand_below_each_other_however_they_are_typed(told: Machine) -> None:
    joined = shown(told, "--by", "mcp-server,tool", "--width", "90")
    assert joined == shown(told, "--by", "mcp_server", "--by", "tool", "--width", "90")
    lines = joined.splitlines()
    assert lines[0].startswith("MCP server › Tool")
    assert [line.split()[0] for line in lines[2:7]] == ["(no", "Read", "(answer)", "Bash", "(prompt)"]
    assert [line[:2] for line in lines[2:5]] == ["(n", "  ", "  "]


@pytest.mark.parametrize("arguments", [(), ("--by", "tool"), ("--by", "skill,agent")])
def test_where_only_usage_is_known_it_says_why(told: Machine, arguments: tuple[str, ...]) -> None:
    assert "(not told)" not in told.call("breakdown", *arguments, now=NOW)[2]
    shutil.rmtree(told.claude / "projects")
    with Ledger.open(str(told.ledger)) as ledger:
        for table in ("traits", "tool_runs", "marks"):
            ledger._connection.execute(f"DELETE FROM {table}")
    code, _, err = told.call("breakdown", *arguments, now=NOW)
    assert code == 0
    assert "(not told) is 2 responses whose transcript was gone" in err


def many_models(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    for number in range(8):
        talk.answer(
            number, f"m{number}", text(1), counts=(100 * (number + 1), 1, 0, 0, 0), model=f"claude-opus-4-{number}"
        )
    talk.write(machine)


def test_rows_beyond_the_top_stand_in_one_and_it_says_so(machine: Machine) -> None:
    many_models(machine)
    code, out, err = machine.call("breakdown", "--by", "model", "--top", "3", "--sort", "tokens", now=NOW)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:6]] == ["opus-4-7", "opus-4-6", "opus-4-5", "(5"]
    assert "5 rows in one: --top 0 shows them" in err
    assert len(shown(machine, "--by", "model", "--top", "0").splitlines()) == 8 + 4


def test_without_a_limit_every_part_is_shown(machine: Machine) -> None:
    many_models(machine)
    code, out, err = machine.call("breakdown", "--by", "chain,model", "--top", "0", now=NOW)
    assert code == 0
    assert len(out.splitlines()) == 2 + 1 + 8
    assert "rows in one" not in err


def test_of_days_the_last_are_shown_and_the_rest_has_neither_unit_nor_bar(machine: Machine) -> None:
    talk = Talk()
    for day in range(6):
        talk.prompt(day * 1440)
        talk.answer(day * 1440 + day * 60, f"m{day}", text(1), counts=(10_000, 1, 0, 0, 0))
    talk.write(machine)
    names = [line.split("  ")[0] for line in shown(machine, "--by", "day", "--top", "2").splitlines()[2:5]]
    assert names == ["(4 earlier)", "2026-03-14", "2026-03-15"]
    dearest = shown(machine, "--by", "day", "--top", "2", "--sort", "cost").splitlines()[4]
    assert dearest.startswith("(4 more) ")
    hours = shown(machine, "--by", "hour", "--top", "2").splitlines()[2:5]
    assert [line.split("  ")[0] for line in hours] == ["10:00", "11:00", "(4 more)"]
    assert ["█" in line for line in hours] == [True, True, False]


def test_a_week_begins_where_the_person_says(machine: Machine) -> None:
    talk = Talk()
    for day in range(7):
        talk.prompt(day * 1440)
        talk.answer(day * 1440, f"m{day}", text(1), counts=(10_000, 1, 0, 0, 0))
    talk.write(machine)
    for first in ("monday", "sunday"):
        lines = shown(machine, "--by", "weekday", "--start-of-week", first).splitlines()[2:9]
        assert [line.split()[0] for line in lines].index("Monday") == (first == "sunday")
    assert "Sun Mon Tue Wed Thu Fri Sat" in shown(machine, "--start-of-week", "sunday")


def test_what_was_denied_is_no_failure(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    calls = [call("t1", "Bash"), call("t2", "Edit"), call("t3", "Edit")]
    talk.answer(1, "m1", *calls, counts=(10, 10, 0, 0, 0))
    talk.result(2, "t1", 5, failed=True)
    for run in ("t2", "t3"):
        talk.result(2, run, 5, failed=True)
        talk.lines[-1]["toolDenialKind"] = "user"
    talk.write(machine)
    head, _, first, *rest = shown(machine, "--by", "tool", "--sort", "failed", "--width", "160").splitlines()
    assert "Failed  Denied" in head
    assert re.search(r"^Bash .* 1 +1 \(100.0 %\) +0 ", first)
    assert any(re.search(r"^Edit .* 2 +0 +2 ", line) for line in rest)


def test_calls_of_the_rest_are_counted(told: Machine) -> None:
    rest = shown(told, "--by", "tool", "--top", "1").splitlines()[3]
    assert rest.startswith("(3 more)")
    assert "1 (100.0 %)" in rest


def test_tools_below_their_server_go_without_its_name(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    talk.answer(1, "m1", call("t1", "mcp__browser__open", url="u"), counts=(10, 90, 0, 0, 0))
    talk.write(machine)
    lines = shown(machine, "--by", "mcp-server,mcp-tool").splitlines()
    assert any(line.startswith("  open ") for line in lines)
    assert "browser/open" in shown(machine, "--by", "mcp-tool")


def test_the_page_shows_the_most_telling_dimensions(told: Machine) -> None:
    page = shown(told, "--width", "80")
    assert page.splitlines()[0] == "$0.02  4.41K tokens, 2 responses  2026-03-10"
    for heading in ("Tool", "Model", "Project", "Hour", "Weekday"):
        assert f"\n{heading}" in page
    assert "Skill" not in page, "nothing is known of any skill"
    assert "Agent" not in page, "there are none"
    assert "most: $0.02, 10:00" in page
    assert "most: $0.02, Tuesday" in page
    wide = shown(told, "--width", "140").splitlines()
    assert any(line.startswith("Tool") and line.endswith("Model") for line in wide)
    for width in (30, 40, 60, 80, 140):
        assert max(map(len, shown(told, "--width", str(width)).splitlines())) <= width


def read_json(machine: Machine, *arguments: str) -> Any:
    return json.loads(shown(machine, *arguments, "--json"), parse_float=Decimal)


def test_json_has_exact_money_and_the_names_of_all_reports(told: Machine) -> None:
    found = read_json(told, "--by", "tool,hour", "--project", "alpha", "--since", "2026-03-01")
    assert (found["format"], found["report"], found["timezone"]) == (1, "breakdown", "UTC")
    assert found["filters"]["since"] == "2026-03-01"
    (breakdown,) = found["breakdowns"]
    assert breakdown["by"] == ["tool", "hour"]
    read = breakdown["rows"][0]
    assert (read["key"], read["cost_usd"], read["share"]) == ("Read", Decimal("0.0067725"), Decimal("0.402406"))
    assert (read["calls"], read["failed_calls"], read["result_bytes"]) == (1, 0, 3000)
    assert read["parts"][0]["key"] == "10"
    assert sum(row["cost_usd"] for row in breakdown["rows"]) == found["totals"]["cost_usd"] == Decimal("0.01683")
    assert len(read_json(told)["breakdowns"]) == 8


def test_every_dimension_has_a_table_json_and_csv(told: Machine) -> None:
    for name in DIMENSIONS:
        assert "Total" in shown(told, "--by", name) or shown(told, "--by", name).count("\n") == 3, name
        lines = [*csv.reader(io.StringIO(shown(told, "--by", name, "--csv")))]
        assert {len(line) for line in lines} == {len(lines[0])}, name
        cost = lines[0].index("cost_usd")
        assert sum(Decimal(line[cost]) for line in lines[1:]) == Decimal("0.01683"), name
        assert read_json(told, "--by", name)["breakdowns"][0]["by"] == [name.replace("-", "_")]


def test_a_prompt_is_told_by_its_time_and_length_never_by_its_text(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0, words="sesame, open yourself")
    talk.answer(1, "m1", text(5), counts=(10, 10, 0, 0, 0))
    talk.write(machine)
    (row,) = read_json(machine, "--by", "prompt")["breakdowns"][0]["rows"]
    assert (row["prompt_bytes"], row["prompt_at"]) == (21, "2026-03-10T10:00:00.000Z")
    assert row["session_id"] == talk.session
    table = shown(machine, "--by", "prompt")
    assert table.splitlines()[2].split()[:5] == ["2026-03-10", "10:00", "5e551011", "21", "B"]
    assert "sesame" not in table + shown(machine, "--json") + shown(machine, "--by", "prompt", "--csv")
    assert b"sesame" not in machine.ledger.read_bytes()


def test_names_from_transcripts_cannot_steer_a_terminal_nor_a_spreadsheet(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    calls = [call("t1", "\x1b[31mred\x1b]0;title\x07"), call("t2", "=cmd|' /C calc'!A0"), call("t3", "[bold]x|y")]
    talk.answer(1, "m1", *calls, counts=(1, 900, 0, 0, 0))
    talk.write(machine)
    for out in (shown(machine), shown(machine, "--by", "tool"), shown(machine, "--by", "tool", "--markdown")):
        assert "\x1b" not in out
        assert "\x07" not in out
    assert "[bold]x|y" in shown(machine, "--by", "tool")
    assert "x\\|y" in shown(machine, "--by", "tool", "--markdown")
    assert "\n'=cmd" in shown(machine, "--by", "tool", "--csv")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--by", "tols"), "did you mean tool?"),
        (("--by", "nothing at all"), "there are tool, mcp-server"),
        (("--by", "\x1b[31m"), "cannot be broken down by"),
        (("--by", "tool,model,hour"), "at most two"),
        (("--by", "tool", "--by", "tool"), "each only once"),
        (("--by", ""), "cannot be broken down by"),
        (("--csv",), "say which with --by"),
        (("--markdown",), "say which with --by"),
    ],
)
def test_a_wrong_question_is_answered_with_the_right_ones(told: Machine, arguments: tuple[str, ...], said: str) -> None:
    done = told.run("breakdown", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stdout == ""


def test_nothing_to_show_says_what_to_do(machine: Machine, told: Machine) -> None:
    code, out, err = told.call("breakdown", "--by", "tool", "--since", "2027-01-01", now=NOW)
    assert (code, out) == (0, "")
    assert "no usage in these days and filters" in err
    assert (
        "nothing in the ledger matches project 'nowhere'"
        in machine.call("breakdown", "--project", "nowhere", now=NOW)[2]
    )


def test_an_empty_machine_is_shown_the_way(machine: Machine) -> None:
    for arguments in ((), ("--by", "tool")):
        code, out, err = machine.call("breakdown", *arguments, now=NOW)
        assert (code, out) == (0, "")
        assert "tokentide demo" in err
    assert json.loads(machine.call("breakdown", "--json", now=NOW)[1])["totals"]["responses"] == 0


def test_costs_that_nobody_reported_share_tokens_instead(told: Machine) -> None:
    out = shown(told, "--by", "tool", "--mode", "display", "--width", "60")
    assert "no price" in out
    assert "52.6 %" in out, "2,318 of 4,410 tokens"
