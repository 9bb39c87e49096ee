"""`tokentide session ID` as a person meets it."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.conftest import Machine
from tests.talks import Talk, call, text
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.timeline import build_timeline
from tokentide.analytics.timeline_model import Told
from tokentide.render.timeline_rows import TimelineLook
from tokentide.render.timeline_screen import timeline_lines
from tokentide.store.query import CostMode
from tokentide.store.sqlite.ledger import Ledger

NOW = "2026-03-12T12:00:00Z"
SESSION = "5e551011-0000-4000-8000-00000000000a"


def shown(machine: Machine, *arguments: str, **environ: str) -> str:
    code, out, err = machine.call("session", *arguments, now=NOW, **environ)
    assert code == 0, err
    return out


@pytest.fixture
def told(machine: Machine) -> Machine:
    talk, agent = Talk(), Talk(agent="a1")
    talk.prompt(0, 1440)
    talk.answer(
        1,
        "m1",
        text(5),
        call("t1", "Read", file_path="/w/alpha/deep/one.py"),
        call("t2", "Read", file_path="C:\\\\w\\\\two.py"),
        call("t3", "Bash", command="cd /w && pytest -q"),
        counts=(100, 900, 20_000, 0, 0),
    )
    for run in ("t1", "t2"):
        talk.result(2, run, 300)
    talk.result(2, "t3", 300, failed=True)
    talk.answer(
        3, "m2", call("t4", "Agent", subagent_type="Explore", prompt="sesame"), counts=(10, 100, 900, 0, 20_000)
    )
    agent.prompt(3.1, words="sesame")
    agent.answer(3.2, "m3", call("t5", "Grep", pattern="sesame"), counts=(10_000, 100, 0, 0, 0))
    agent.result(3.3, "t5", 50)
    agent.answer(3.5, "m4", text(90), counts=(10, 100, 0, 0, 10_000))
    talk.result(4, "t4", 90, agent="a1")
    talk.answer(5, "m5", text(10), counts=(10, 100, 900, 0, 21_000))
    talk.system(6, "compact_boundary", compactMetadata={"trigger": "auto", "preTokens": 21_910, "postTokens": 4000})
    talk.prompt(48, words="<command-name>/review</command-name>")
    talk.answer(49, "m6", text(10), counts=(10, 100, 4000, 0, 0))
    talk.lines.append({"type": "ai-title", "sessionId": talk.session, "aiTitle": "Mend the tests"})
    talk.write(machine)
    agent.write(machine)
    return machine


SCREEN = """\
Mend the tests  5e551011-0000-4000-8000-00000000000a
alpha · main · sonnet-4
$0.16  88.3K tokens  6 responses  2 prompts  1 sub-agent
Tue 10 Mar 2026 10:00  to 10:49  49 min  7 min active  1 pause over 5 min
Context  ▇██▁  peak 21.9K, 4.01K at the end

Tue 10 Mar 2026
10:00  prompt 1  1.44 kB                                                   $0.15
       2 responses in 3 min  ██████████ 20.9K
       Read ×2 (one.py, two.py), Bash (pytest) 1 failed, Agent (Explore)
       └ Explore  2 responses in 18 s                                      $0.04
         Grep (sesame)
       1 response  ██████████ 21.9K
       10:06 compacted 21.9K to 4.00K (auto)
       · · ·  42 min pause
10:48  prompt 2  /review  36 B                                             $0.02
       1 response  ██░░░░░░░░ 4.01K
"""


def test_a_session_is_told_from_its_first_prompt_to_its_last(told: Machine) -> None:
    assert shown(told, "5e55", "--width", "80") == SCREEN
    assert shown(told, "latest", "--width", "80") == SCREEN


def test_without_the_transcript_the_ledger_tells_and_says_what_is_missing(told: Machine) -> None:
    shown(told, SESSION)
    shutil.rmtree(told.claude / "projects")
    out = shown(told, SESSION, "--width", "80")
    assert "Its transcript is gone" in out
    assert "Read ×2, Bash 1 failed" in out
    assert "└ Explore  2 responses in 18 s" in out
    assert "$0.15" in out


def test_where_only_usage_is_known_no_prompts_are_counted(told: Machine) -> None:
    shown(told, SESSION)
    shutil.rmtree(told.claude / "projects")
    with Ledger.open(str(told.ledger)) as ledger:
        for table in ("traits", "tool_runs", "marks"):
            ledger._connection.execute(f"DELETE FROM {table}")
    out = shown(told, SESSION, "--width", "80")
    assert "gone before more than usage was read" in out
    assert "0 prompts" not in out
    assert "before the first prompt" not in out


@pytest.mark.parametrize("width", [40, 50, 60, 80, 200])
def test_lines_fit_the_width(told: Machine, width: int) -> None:
    for lines in ({}, {"LINES": "24"}):
        out = shown(told, SESSION, "--width", str(width), **lines)
        assert [line for line in out.splitlines() if len(line) > width] == []


def test_many_and_long_names_fit_a_narrow_screen_and_are_told_whole_when_asked(machine: Machine) -> None:
    talk, agent = Talk(cwd="/w/a-project-with-a-name-of-many-words"), Talk(agent="a1")
    talk.prompt(0, words="<command-name>/a-plugin:a-command-with-a-very-long-name</command-name>")
    files = [f"a_long_name_of_a_file_{number}.py" for number in range(12)]
    calls = [
        call(f"t{n}", "PowerShell" if n % 2 else "Read", command=f"{f} x", file_path=f) for n, f in enumerate(files)
    ]
    servers = [call(f"x{name}", f"mcp__a_browser__navigate_{name}") for name in ("there", "back")]
    task = call("task", "Agent", subagent_type="a-plugin:a-kind-of-agent")
    talk.answer(1, "m1", *calls, *servers, task, counts=(100, 1, 0, 0, 0), gitBranch="feature/" + "x" * 60)
    agent.answer(2, "m2", text(1), counts=(100, 1, 0, 0, 0))
    talk.result(3, "task", 10, agent="a1")
    for _ in range(3):
        talk.prompt(3, words="[Request interrupted by user]")
    talk.write(machine)
    agent.write(machine)
    for width in (30, 40, 41, 42, 43, 44, 60, 80):
        lines = shown(machine, SESSION, "--width", str(width)).splitlines()
        assert [line for line in lines if len(line) > width] == []
    narrow = shown(machine, SESSION, "--width", "40")
    assert "navigate_th" in narrow, "of a server's tool the tool says more"
    assert "in 0 s" not in narrow
    assert "interrupted by the person ×3" in narrow
    full = shown(machine, SESSION, "--width", "80", "--full")
    assert all(name in full for name in files)
    assert max(len(line) for line in full.splitlines()) <= 80


def test_colours_mean_something(told: Machine) -> None:
    """What failed is red, the tool's name blue, its cost green; the rest of the line has no colour."""
    shown(told, SESSION)
    with Ledger.open(str(told.ledger)) as ledger:
        timeline = build_timeline(ledger, SESSION, Told(), CostMode.AUTO)
    lines = timeline_lines(timeline, timeline.turns, TimelineLook(Calendar("UTC"), 80))
    (line,) = [line for line in lines if "failed" in line.plain]
    assert not line.style
    styles = {line.plain[span.start : span.end]: span.style for span in line.spans}
    assert styles == {"Read": "blue", "Bash": "blue", " 1 failed": "red", "Agent": "blue"}


def long(machine: Machine) -> None:
    talk = Talk()
    for number in range(40):
        talk.prompt(number * 2, 10 + number)
        talk.answer(number * 2 + 1, f"m{number}", text(1), counts=(10, 10, 0, 0, 1000))
    talk.write(machine)


def test_a_long_session_is_folded_to_the_screen_and_not_into_a_pipe(machine: Machine) -> None:
    long(machine)
    folded = shown(machine, SESSION, LINES="24").splitlines()
    assert len(folded) <= 24
    assert "prompt 40" in "\n".join(folded)
    (line,) = [line for line in folded if "⋮" in line]
    assert line.strip() == "⋮ prompts 2 to 35: 34 responses, $0.02 (--full)"
    for whole in (shown(machine, SESSION), shown(machine, SESSION, "--full", LINES="24")):
        assert whole.count("prompt ") == 40
        assert "⋮" not in whole


def test_some_prompts_can_be_asked_for(machine: Machine) -> None:
    long(machine)

    def numbers(span: str) -> list[int]:
        return [turn["number"] for turn in json.loads(shown(machine, SESSION, "--json", "--prompts", span))["turns"]]

    assert numbers("3") == [38, 39, 40]
    assert numbers("5-7") == [5, 6, 7]
    assert numbers("99") == [*range(1, 41)]


def total(turns: list[Any], name: str) -> int:
    return sum(turn[name] for turn in turns)


def test_json_tells_the_same_and_adds_up_to_the_session_report(told: Machine) -> None:
    made = json.loads(shown(told, SESSION, "--json"))
    (row,) = json.loads(shown(told, "--json"))["rows"]
    assert (made["format"], made["report"], made["title"]) == (1, "session_timeline", "Mend the tests")
    assert made["totals"] == {name: row[name] for name in made["totals"]}
    for name in ("input_tokens", "output_tokens", "cache_read_tokens", "responses"):
        assert total(made["turns"], name) == row[name]
    first = made["turns"][0]
    assert [step["kind"] for step in first["steps"]] == ["responses", "sub_agent", "responses", "compaction"]
    assert first["steps"][0]["tools"][0] == {
        "tool": "Read",
        "calls": 2,
        "failed_calls": 0,
        "denied_calls": 0,
        "result_bytes": 600,
        "targets": ["/w/alpha/deep/one.py", "C:\\\\w\\\\two.py"],
    }
    assert made["turns"][1]["waited_seconds"] == 42 * 60
    assert (made["duration_seconds"], made["active_seconds"]) == (49 * 60, 7 * 60)
    assert made["context_tokens"] == [20_100, 20_910, 21_910, 4_010]


def test_names_from_transcripts_cannot_steer_the_terminal(machine: Machine) -> None:
    talk, agent = Talk(), Talk(agent="a1")
    talk.prompt(0)
    talk.answer(
        1,
        "m1",
        call("t1", "\x1b[2J", file_path="/w/\x1b]0;pwned\x07.py"),
        call("t2", "Agent", subagent_type="[red]\x9b31m"),
        counts=(1, 1, 0, 0, 0),
    )
    agent.answer(2, "m2", text(1), counts=(1, 1, 0, 0, 0))
    talk.lines.append({"type": "ai-title", "sessionId": talk.session, "aiTitle": "\x1b[31m[bold]red"})
    talk.write(machine)
    agent.write(machine)
    for arguments in ((SESSION,), (SESSION, "--full"), (SESSION, "--width", "40")):
        out = shown(machine, *arguments)
        assert not {"\x1b", "\x07", "\x9b"} & set(out)
        assert "[bold]red" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("zzz",), "no session in the ledger begins with 'zzz'"),
        (("5e55", "--since", "2026-01-01"), "--since is about the list of sessions"),
        (("5e55", "--csv"), "--json"),
        (("--full",), "tokentide session ID"),
        (("--prompts", "3"), "tokentide session ID"),
        (("5e55", "--prompts", "8-9"), "this session has prompts 1 to 2"),
        (("5e55", "--prompts", "9-8"), "neither a number of prompts nor a span"),
        (("5e55", "--prompts", "0"), "neither a number of prompts nor a span"),
    ],
)
def test_a_wrong_question_says_which_is_right(told: Machine, arguments: tuple[str, ...], said: str) -> None:
    done = told.run("session", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_an_id_that_begins_several_sessions_names_them(machine: Machine) -> None:
    for letter in "ab":
        talk = Talk(session=f"cafe-{letter}")
        talk.answer(0, f"m-{letter}", text(1), counts=(1, 1, 0, 0, 0))
        talk.write(machine)
    done = machine.run("session", "cafe")
    assert done.returncode == 2
    assert "several sessions begin with 'cafe': cafe-a, cafe-b" in done.stderr


def test_an_empty_machine_is_shown_where_to_look(machine: Machine) -> None:
    for wish in ("latest", "4f2c"):
        done = machine.run("session", wish)
        assert (done.returncode, done.stdout) == (2, "")
        assert "no session is in the ledger yet: `tokentide doctor` tells" in done.stderr


def test_without_an_id_it_is_the_list(told: Machine) -> None:
    assert "Mend the tests" in shown(told).splitlines()[2]
    assert "prompt 1" not in shown(told)
