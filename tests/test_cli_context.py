"""tokentide context: which session it takes, what it prints at every width, and what it says where nothing is known."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.conftest import Machine, usage_line
from tests.context_sessions import MODEL, SESSION, Made
from tests.terminals import PROMPT, Pane, needs_tmux
from tokentide.analytics.context.load import Surroundings, load_context
from tokentide.errors import SessionError
from tokentide.model.files import FileStamp
from tokentide.model.limits import Account, SessionState
from tokentide.pricing.book import PriceBook
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.store.sqlite.ledger import Ledger

NOW = "2026-03-12T08:05:00Z"
FILE = f"-w-alpha/{SESSION}.jsonl"


def session(*, large: int = 30_000) -> Made:
    """Three requests, one large result, a compaction before them."""
    made = Made()
    made.lines.append({"type": "ai-title", "aiTitle": "Mend the loop", "sessionId": SESSION})
    made.said(300)
    made.answer(("text", 20_000, ""))
    made.compacted(5_000)
    made.answer(("thinking", 500, ""), ("text", 40, ""))
    made.said(120)
    read, bash = made.answer(("tool", 170, "Read /w/alpha/loop.py"), ("tool", 90, "Bash"))
    made.result(read, large)
    made.result(bash, 600)
    made.answer(("text", 55, ""))
    return made


@pytest.fixture
def filled(machine: Machine) -> Machine:
    machine.write(FILE, *session().lines)
    return machine


def shown(machine: Machine, *arguments: str, now: str = NOW, **environ: str) -> list[str]:
    code, out, err = machine.call("context", "--no-color", *arguments, now=now, **environ)
    assert (code, err) == (0, "")
    return out.splitlines()


def as_json(machine: Machine, *arguments: str, now: str = NOW) -> Any:
    code, out, _ = machine.call("context", "--json", *arguments, now=now)
    assert code == 0
    return json.loads(out)


def test_the_page_says_which_session_how_full_and_what_fills_it(filled: Machine) -> None:
    lines = shown(filled, "--width", "120")
    assert lines[0] == "Mend the loop · alpha · opus-4-8 · 3 min ago"
    total = 20_000 + 5_000 + 540 + 120 + 260 + 30_600 + 55
    assert lines[1] == f"{total:,} of 1,000,000 tokens (6 %)"
    text = "\n".join(lines)
    for part in ("system prompt and tools", "compaction summary", "tool results", "thinking", "auto-compact reserve"):
        assert part in text
    assert any("▣ Read alpha/loop.py" in line and "carried 0×" in line for line in lines)
    assert any(line.startswith("Growth over 4 requests") for line in lines)
    assert any("1 compaction" in line for line in lines)
    assert any(line.startswith("Cache warm until 09:02") for line in lines)


@pytest.mark.parametrize("width", [10, 24, 40, 60, 80, 95, 96, 120, 200])
@pytest.mark.parametrize("whole", [False, True])
def test_no_line_is_wider_than_the_terminal(filled: Machine, *, width: int, whole: bool) -> None:
    lines = shown(filled, "--width", str(width), *(["--all"] if whole else []))
    assert [line for line in lines if cell_len(line) > max(width, 22)] == []


def test_the_grid_has_two_hundred_cells_and_stands_beside_the_table_where_there_is_room(filled: Machine) -> None:
    narrow, wide = shown(filled, "--width", "60"), shown(filled, "--width", "100")
    grid = [line for line in narrow if len(line.split()) == 20]
    assert len(grid) == 10
    cells = " ".join(grid).split()
    assert (cells.count("▒"), cells.count("·")) == (7, 182)
    assert any(line.startswith(grid[0]) and "Tokens" in line for line in wide)


def test_without_colour_and_glyphs_letters_tell_the_kinds(filled: Machine) -> None:
    done = filled.run("context", "--width", "60", environ={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "\nS system prompt and tools" in done.stdout
    assert "\nR tool results" in done.stdout
    assert "?" not in "".join(line for line in done.stdout.splitlines() if len(line.split()) == 20)


def test_colours_mean_the_kinds(filled: Machine) -> None:
    done = filled.run("context", "--width", "100", environ={"FORCE_COLOR": "1", "TERM": "xterm-256color"})
    assert "\x1b[34m▣" in done.stdout
    assert "\x1b[" not in filled.run("context", environ={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout.replace(
        "\x1b[1m", ""
    ).replace("\x1b[0m", "").replace("\x1b[2m", "")


def test_json_has_parts_that_add_up(filled: Machine) -> None:
    found = as_json(filled)
    assert (found["format"], found["report"], found["session_id"], found["model"]) == (1, "context", SESSION, MODEL)
    assert found["total_tokens"] == sum(part["tokens"] for part in found["parts"])
    assert found["total_tokens"] == found["prompt_tokens"] + found["output_tokens"] + found["pending_tokens"]
    for part in found["parts"]:
        assert not part["parts"] or part["tokens"] == sum(each["tokens"] for each in part["parts"])
    assert found["growth"][1]["compacted"] == "auto"
    assert found["cache"]["is_warm"] is True
    assert found["cache"]["rebuilds"][0]["cause"] == "compaction"
    assert found["window"] | {"free_tokens": 0} == {
        "tokens": 1_000_000,
        "source": "price_data",
        "reserve_tokens": 33_000,
        "compacts_itself": True,
        "free_tokens": 0,
        "used_percent": round(found["total_tokens"] / 10_000, 2),
    }
    assert not as_json(filled, now="2026-03-12T12:00:00Z")["cache"]["is_warm"]


def test_the_latest_session_is_taken_and_any_by_its_beginning(filled: Machine) -> None:
    other = filled.write("-w-beta/b0b0.jsonl", usage_line(session="b0b0", at="2026-03-12T07:00:00Z"))
    os.utime(other, (time.time() + 60, time.time() + 60))
    assert as_json(filled)["session_id"] == "b0b0"
    assert as_json(filled, "c0ff")["session_id"] == SESSION


def test_the_latest_of_the_project_one_stands_in_comes_first(
    filled: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "deep").mkdir(parents=True)
    (here / ".git").mkdir()
    line = {**usage_line(session="ace0", at="2026-03-11T07:00:00Z"), "cwd": str(here)}
    path = filled.write("-here/ace0.jsonl", line)
    os.utime(path, (1, 1))
    assert as_json(filled)["session_id"] == SESSION
    monkeypatch.chdir(here / "deep")
    assert as_json(filled)["session_id"] == "ace0"
    assert as_json(filled, "c0ff")["session_id"] == SESSION


def test_without_any_transcript_it_says_where_they_are_looked_for(machine: Machine) -> None:
    code, out, err = machine.call("context")
    assert (code, out) == (0, "")
    assert "no transcripts were found: `tokentide doctor`" in err
    code, out, err = machine.call("context", "--json")
    assert (code, json.loads(out)["session_id"]) == (0, None)


def test_a_session_that_is_nowhere_and_one_that_is_not_the_only_one_are_errors(filled: Machine) -> None:
    filled.write("-w-alpha/c0ffab.jsonl", usage_line(session="c0ffab"))
    for words, said in (
        (["dead"], "no transcript here is of a session 'dead'"),
        (["c0ff"], "several sessions begin with 'c0ff'"),
        (["--watch", "--json"], "--watch draws on a screen"),
    ):
        done = filled.run("context", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_session_without_a_response_says_so(machine: Machine) -> None:
    machine.write("-w/e.jsonl", {"type": "summary", "summary": "x"})
    lines = shown(machine)
    assert lines[-1].startswith("There is no response in this session yet")
    machine.write(FILE, *session().lines[:2])
    lines = shown(machine, "c0ff", "--width", "80")
    assert lines[0] == "c0ffee00 · alpha"
    assert "There is no response in this session yet; about 241 tokens wait to be sent." in lines


def test_a_transcript_that_is_gone_leaves_the_total_growth_and_cache(filled: Machine) -> None:
    before = as_json(filled)
    (filled.claude / "projects" / FILE).unlink()
    found = as_json(filled, "c0ff")
    assert (found["is_from_transcript"], found["parts"], found["biggest"]) == (False, [], [])
    assert (found["total_tokens"], found["prompt_tokens"]) == (before["total_tokens"], before["prompt_tokens"])
    assert [each["prompt_tokens"] for each in found["growth"]] == [each["prompt_tokens"] for each in before["growth"]]
    agent = Made(fixed=9_000, chain="a1")
    agent.said(200)
    agent.answer(("text", 80, ""))
    filled.write(f"-w-alpha/{SESSION}/subagents/agent-a1.jsonl", *agent.lines)
    assert as_json(filled, "c0ff")["total_tokens"] == before["total_tokens"]
    lines = shown(filled, "c0ff", "--width", "100")
    assert lines[0].startswith("Mend the loop · alpha")
    assert any("The transcript is gone" in line for line in lines)
    assert any("█ not known" in line for line in lines)


def test_several_sessions_that_are_gone_and_begin_so_are_an_error(filled: Machine) -> None:
    other = filled.write("-w-alpha/c0ffab.jsonl", usage_line(session="c0ffab"))
    filled.call("sync")
    other.unlink()
    (filled.claude / "projects" / FILE).unlink()
    done = filled.run("context", "c0ff")
    assert (done.returncode, f"several sessions begin with 'c0ff': c0ffab, {SESSION}" in done.stderr) == (2, True)
    assert as_json(filled, "c0ffab")["total_tokens"] == 150


def test_sub_agents_that_cannot_be_read_are_left_out(filled: Machine) -> None:
    agent = Made(fixed=9_000, chain="a1")
    agent.said(200)
    agent.answer(("text", 80, ""))
    path = filled.write(f"-w-alpha/{SESSION}/subagents/agent-a1.jsonl", *agent.lines)
    filled.call("sync")
    own = filled.claude / "projects" / FILE
    stamp, root = FileStamp(1, 1, 1, 1), str(filled.claude)
    found = [FoundFile(str(each), str(each), root, "claude_code", "-w-alpha", stamp) for each in (own, path)]
    book = PriceBook(cache_path=None, data_path=None)
    with Ledger.open(str(filled.ledger)) as ledger:
        around = Surroundings(found, book, {"HOME": str(filled.home)})
        assert len(load_context(ledger, "", around).agents) == 1
        path.unlink()
        assert load_context(ledger, "", around).agents == ()


def test_a_transcript_that_vanishes_meanwhile_is_one_that_is_gone(filled: Machine) -> None:
    filled.call("sync")
    book = PriceBook(cache_path=None, data_path=None)
    path = filled.claude / "projects" / FILE
    found = FoundFile(str(path), str(path), str(filled.claude), "claude_code", "-w-alpha", FileStamp(1, 1, 1, 1))
    path.unlink()
    with Ledger.open(str(filled.ledger)) as ledger:
        context = load_context(ledger, "", Surroundings([found], book, {"HOME": str(filled.home)}))
        assert (context.session_id, context.is_from_transcript) == (SESSION, False)
        unknown = found._replace(key="/x/dead.jsonl", path="/x/dead.jsonl")
        with pytest.raises(SessionError, match="dead"):
            load_context(ledger, "", Surroundings([unknown], book, {"HOME": str(filled.home)}))


def test_the_status_lines_word_is_shown_and_its_window_used(filled: Machine) -> None:
    at = parse_instant("2026-03-12T08:04:00Z") or 0
    filled.call("sync")
    with Ledger.open(str(filled.ledger)) as ledger:
        state = SessionState(SESSION, "k", at, 1, MODEL, "high", 56_520, 200_000, None)
        ledger.limits.take([Account("k", "ada@example.com")], [], [state])
    lines = shown(filled, "--width", "100")
    assert "of 200,000 tokens (28 %)" in lines[1]
    assert "the client's status line said 56,520 sent, 1 min ago" in lines
    assert as_json(filled)["status_line"]["context_tokens"] == 56_520


def test_the_settings_say_whether_the_client_compacts(filled: Machine) -> None:
    (filled.claude / "settings.json").write_text('{"autoCompactEnabled": false}')
    assert as_json(filled)["window"]["compacts_itself"] is False
    assert any("kept for a compaction" in line for line in shown(filled))
    (filled.claude / "settings.json").write_text("{broken")
    (filled.home / ".claude.json").write_text('{"autoCompactEnabled": false}')
    assert as_json(filled)["window"]["reserve_tokens"] == 23_000


def test_names_from_a_transcript_do_not_steer_the_terminal(machine: Machine) -> None:
    made = Made()
    evil = "\x1b]0;owned\x07\x1b[31m[bold]x[/bold]\u202e"
    made.lines.append({"type": "ai-title", "aiTitle": evil, "sessionId": SESSION})
    made.said(300)
    (read,) = made.answer(("tool", 170, "Read"))
    block = made.lines[-1]["message"]["content"][0]  # type: ignore[index]
    block["name"], block["input"] = f"mcp__{evil}__t", {"file_path": f"/w/{evil}/\udc80\n\rz"}
    made.result(read, 5_000)
    made.attached("edited_text_file", 900, filename=evil)
    made.attached("nested_memory", 900, displayPath=evil)
    made.answer(("text", 10, ""))
    machine.write(FILE, *made.lines)
    done = machine.run("context", "--all", "--width", "100")
    assert done.returncode == 0, done.stderr
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(done.stdout)
    assert "[bold]x[/bold]" in done.stdout
    assert json.loads(machine.run("context", "--json").stdout)["session_id"] == SESSION


def test_hostile_lines_between_do_no_harm(machine: Machine) -> None:
    made = session()
    hostile = (
        b'{"type":"assistant","timestamp":"2026-03-12T08:00:30Z","message":{"id":"x","usage":{"input_tokens":-5}}}',
        b'{"type":"assistant","message":{"usage":{"input_tokens":99999999999999999999}}}',
        b"[" * 5_000,
        b'{"type":"attachment","timestamp":"2026-03-12T08:00:31Z","attachment":[1]}',
        b'{"type":"user","timestamp":"2026-03-12T08:00:32Z","message":{"content":[{"type":"tool_result"}]}}',
        b"\xff\xfe",
    )
    machine.write(FILE, *made.lines[:4], *hostile, *made.lines[4:])
    found = as_json(machine)
    assert found["total_tokens"] == sum(part["tokens"] for part in found["parts"]) == made.prompt


def test_sub_agents_have_a_line_each(filled: Machine) -> None:
    for number in range(6):
        agent = Made(fixed=9_000 + number, chain=f"a{number}")
        agent.said(200)
        agent.answer(("text", 80, ""))
        filled.write(f"-w-alpha/{SESSION}/subagents/agent-a{number}.jsonl", *agent.lines)
    found = as_json(filled, "c0ff")
    assert [agent["tokens"] for agent in found["agents"]] == [9_285 - number for number in range(6)]
    lines = shown(filled, "c0ff", "--width", "100")
    assert "6 sub-agents, each with a context of its own" in lines
    assert "  2 more: --all" in lines


def test_twenty_megabytes_are_quick(machine: Machine) -> None:
    made = Made()
    made.said(300)
    for _ in range(600):
        (read,) = made.answer(("tool", 170, "Read /w/alpha/loop.py"))
        made.result(read, 14_000)
        if made.prompt > 900_000:
            made.compacted(9_000)
    path = machine.write(FILE, *made.lines)
    assert path.stat().st_size > 17_000_000
    machine.call("context")
    begun = time.perf_counter()
    shown(machine)
    assert time.perf_counter() - begun < 1.5  # 0.2 s on an idle machine


@pytest.fixture
def pane(filled: Machine) -> Iterator[Pane]:
    found = Pane(filled.root, filled._environ())
    yield found
    found.end()


@needs_tmux
def test_watch_draws_anew_when_the_transcript_grows_and_q_ends_it(pane: Pane, filled: Machine) -> None:
    pane.resize(110, 60)
    pane.start("context", "--watch")
    pane.wait(lambda text: "56,575 of 1,000,000" in text and "q ends" in text)
    assert pane.state() == (False, True)
    made = session()
    before = len(made.lines)
    made.said(9_000)
    made.answer(("text", 25, ""))
    with (filled.claude / "projects" / FILE).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in made.lines[before:])
    text = pane.wait(lambda text: "65,600 of 1,000,000" in text)
    assert text.count("of 1,000,000 tokens") == 1
    assert text.index("One result") > text.index("Cache")
    pane.resize(50, 20)
    text = pane.wait(lambda text: "a taller window shows more" in text)
    assert text.index("One result") < text.index("■ ■")
    pane.press("x")
    pane.press("q")
    pane.wait(lambda text: "code=0" in text and PROMPT in text)
    assert pane.is_plain()
    assert "65,600 of 1,000,000" in pane.text(history=True)


@needs_tmux
def test_watch_waits_for_the_first_session(machine: Machine) -> None:
    (machine.claude / "projects").mkdir(parents=True)
    pane = Pane(machine.root, machine._environ())
    try:
        pane.start("context", "--watch")
        pane.wait(lambda text: "no transcripts were found" in text and "q ends" in text)
        machine.write(FILE, *session().lines)
        pane.wait(lambda text: "56,575 of 1,000,000" in text and "no transcripts" not in text)
        pane.press("q")
        pane.wait(lambda text: "code=0" in text)
    finally:
        pane.end()


@needs_tmux
def test_watch_ends_on_control_c_too(pane: Pane) -> None:
    pane.start("context", "--watch")
    pane.wait(lambda text: "of 1,000,000" in text)
    pane.press("C-c")
    pane.wait(lambda text: "code=0" in text)
    assert pane.is_plain()


def test_watch_without_a_terminal_prints_a_page_and_goes_on(filled: Machine) -> None:
    import signal
    import subprocess

    command = [sys.executable, "-m", "tokentide", "context", "--watch"]
    with subprocess.Popen(command, env=filled._environ(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Mend the loop")
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0
