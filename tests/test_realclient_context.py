"""The context as the real client counts it: its status line beside ours, and what its transcript tells of the parts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Machine
from tests.realclient.api_stand_in import ApiStandIn, ScriptedTurn, ScriptedUsage, serving
from tests.realclient.screen import Screen, need_client_on_screen, running_client
from tests.test_realclient_statusline import install_around_saver, unified_headers

MODEL = "claude-opus-4-8"
PROMPT = "FILL-ME"
FIRST, ANSWER = 21_000, 90
RESULTS = (5_200, 12_800, 900)
"""What each of three results of Read weighs in the script; the prompts grow by them and by the answers."""
SECOND_PROMPT = 40


def turns(folder: str) -> list[ScriptedTurn]:
    """Three files are read one after the other, then the turn ends; another prompt gets a last answer."""
    made, cached, prompt = [], 0, FIRST
    for number, size in enumerate(RESULTS):
        usage = ScriptedUsage(4, ANSWER, cache_creation_1h=prompt - cached - 4, cache_read=cached)
        made.append(ScriptedTurn(usage, "Read", {"file_path": f"{folder}/part{number}.txt"}, text=""))
        cached, prompt = prompt - 4, prompt + ANSWER + size
    for more in (SECOND_PROMPT, 0):
        usage = ScriptedUsage(4, ANSWER, cache_creation_1h=prompt - cached - 4, cache_read=cached)
        made.append(ScriptedTurn(usage, text="Done with it." if more else "And done again."))
        cached, prompt = prompt - 4, prompt + ANSWER + more
    return made


@pytest.fixture
def script(machine: Machine) -> list[ScriptedTurn]:
    """What the stand-in answers."""
    return turns(str(machine.home / "work"))


@pytest.fixture
def session(
    machine: Machine,
    script: list[ScriptedTurn],
) -> Iterator[tuple[Screen, ApiStandIn]]:
    """The client in a folder with a memory file and three files to read; our status line around one that keeps all."""
    need_client_on_screen()
    work = machine.home / "work"
    work.mkdir(parents=True)
    (work / "CLAUDE.md").write_text("Write plain sentences. Run the tests before you say that they pass.\n" * 40)
    for number, size in enumerate(RESULTS):
        (work / f"part{number}.txt").write_text("a line of some words\n" * (size // 9))
    install_around_saver(machine)
    with (
        serving({PROMPT: script}, unified_headers(int(time.time()))) as server,
        running_client(machine.home, server.base_url, MODEL, machine.folders) as screen,
    ):
        yield screen, server


def last_said(machine: Machine, *, at_least: int) -> dict[str, Any]:
    """The client's own `context_window`, once it counts so many tokens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        path = machine.root / "pushes.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        said: dict[str, Any] = json.loads(lines[-1])["context_window"] if lines else {}
        if said.get("total_input_tokens", 0) >= at_least:
            return said
        time.sleep(0.2)
    pytest.fail("the client never said so much of its context")


@pytest.mark.realclient
def test_the_total_is_what_the_client_says_and_results_are_known_to_the_token(
    session: tuple[Screen, ApiStandIn], machine: Machine
) -> None:
    screen, _ = session
    grown = FIRST + sum(RESULTS) + len(RESULTS) * ANSWER
    screen.type_line(PROMPT)
    screen.wait_for(lambda text: "Done with it." in text, what="the first answer")
    last_said(machine, at_least=grown)
    screen.type_line("and again")
    screen.wait_for(lambda text: "And done again." in text, what="the second answer")
    said = last_said(machine, at_least=grown + ANSWER + SECOND_PROMPT)
    time.sleep(1)  # the client writes its last lines
    context = machine.json("context", "--json")
    assert context["prompt_tokens"] == said["total_input_tokens"] == grown + ANSWER + SECOND_PROMPT
    assert abs(context["total_tokens"] - said["total_input_tokens"]) <= 0.02 * said["total_input_tokens"]
    assert context["total_tokens"] == sum(part["tokens"] for part in context["parts"])
    assert context["window"]["tokens"] == said["context_window_size"] == 200_000
    assert (context["window"]["source"], context["window"]["reserve_tokens"]) == ("status_line", 33_000)
    assert round(context["window"]["used_percent"]) == said["used_percentage"]
    assert context["status_line"]["context_tokens"] == said["total_input_tokens"]
    parts = {part["kind"]: part for part in context["parts"]}
    results = parts["tool_results"]
    (read,) = results["parts"]
    assert (read["name"], read["items"]) == ("Read", 3)
    assert read["tokens"] == pytest.approx(sum(RESULTS), rel=0.02)
    assert parts["tool_calls"]["tokens"] == len(RESULTS) * ANSWER
    assert {part["name"] for part in parts["memory"]["parts"]} == {"~/work/CLAUDE.md"}
    assert parts["memory"]["tokens"] == pytest.approx(40 * 68 * 0.39, rel=0.1)
    assert parts["system"]["tokens"] > 0.5 * FIRST
    big = context["biggest"][0]
    assert (big["name"], big["target"]) == ("Read", f"{machine.home}/work/part1.txt")
    shown = machine.run("context", "--width", "100").stdout
    assert "of 200,000 tokens" in shown
    assert "status line said" in shown
    assert "part1.txt" in shown


SUMMARIZED, AFTER = 60_000, 24_500


def compacting() -> list[ScriptedTurn]:
    """Two answers, for one alone is not compacted, a summary, and a request that sends the summary: its text names the lane."""
    summary = f"<summary>{PROMPT} was done. {'It went well. ' * 60}</summary>"
    return [
        ScriptedTurn(ScriptedUsage(4, 900, cache_creation_1h=FIRST), text="Short work is done."),
        ScriptedTurn(
            ScriptedUsage(4, 30_000, cache_creation_1h=SUMMARIZED - FIRST - 4, cache_read=FIRST),
            text="Long work is done.",
        ),
        ScriptedTurn(ScriptedUsage(4, 300, cache_read=SUMMARIZED - 4), text=summary),
        ScriptedTurn(ScriptedUsage(4, 50, cache_creation_1h=AFTER - 4), text="Going on now."),
    ]


@pytest.mark.realclient
@pytest.mark.parametrize("script", [compacting()])
def test_after_the_clients_own_compaction_only_what_it_sends_then_counts(
    session: tuple[Screen, ApiStandIn], machine: Machine
) -> None:
    screen, _ = session
    screen.type_line(PROMPT)
    screen.wait_for(lambda text: "Short work is done." in text, what="the first answer")
    screen.type_line("and the long one")
    screen.wait_for(lambda text: "Long work is done." in text, what="the second answer")
    assert machine.json("context", "--json")["total_tokens"] == SUMMARIZED + 30_000
    screen.type_line("/compact")
    screen.wait_for(lambda text: "Compacted" in text, what="the compaction")
    compacted = machine.json("context", "--json")
    assert (compacted["prompt_tokens"], compacted["output_tokens"]) == (SUMMARIZED, 0)
    assert compacted["total_tokens"] == pytest.approx(AFTER, rel=0.2)
    screen.type_line("go on")
    screen.wait_for(lambda text: "Going on now." in text, what="the answer after it")
    time.sleep(1)
    context = machine.json("context", "--json")
    assert (context["prompt_tokens"], context["total_tokens"]) == (AFTER, AFTER + 50)
    assert context["growth"][-1]["compacted"] == "manual"
    assert {part["kind"] for part in context["parts"]} >= {"system", "summary", "memory", "prompts"}
    assert context["total_tokens"] == sum(part["tokens"] for part in context["parts"])
    said = json.loads((machine.root / "pushes.jsonl").read_text().splitlines()[-1])["context_window"]
    assert said["total_input_tokens"] == AFTER
