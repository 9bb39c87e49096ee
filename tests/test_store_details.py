"""Details in the ledger: however transcripts are read, in parts, in any order or again, it holds the same."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Machine, as_bytes, usage_line
from tests.ledgers import ask, sync
from tests.realclient.api_stand_in import ScriptedTurn, ScriptedUsage
from tests.realclient.client import find_client, hold_session
from tests.test_sources_details import answer, attached, call, line, result, said
from tokentide.model.activity import DENIED, FAILED, OK
from tokentide.store.sqlite.format import FORMAT
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.details import sync_details
from tokentide.sync.engine import Observer

START = datetime(2026, 3, 10, 10, tzinfo=timezone.utc)
TABLES = ("traits", "tool_runs", "marks")
Json = Mapping[str, object]
Rows = dict[str, list[tuple[object, ...]]]


def read(ledger: Ledger, home: Path, *, rebuild: bool = False) -> int:
    """Bring a home's transcripts in with their details; returns how many files were read for them."""
    return sync_details(ledger, sync(ledger, home).found, Observer(), rebuild=rebuild)


def rows(ledger: Ledger) -> Rows:
    """Everything in the three tables."""
    return {table: sorted(ask(ledger, f"SELECT * FROM {table}"), key=repr) for table in TABLES}


def whole(home: Path) -> Rows:
    """What reading all at once gives."""
    with Ledger.open(":memory:") as ledger:
        read(ledger, home)
        return rows(ledger)


def write(home: Path, name: str, lines: Sequence[Json]) -> Path:
    """A transcript of the home."""
    path = home / ".claude" / "projects" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(as_bytes(each) + b"\n" for each in lines))
    return path


class Session:
    """Writes the lines of a session, each with a time and a uuid of its own."""

    def __init__(self, name: str = "s1", chain: Json | None = None) -> None:
        self.name = name
        self.lines: list[dict[str, object]] = []
        self._chain = dict(chain or {})

    def add(self, made: Json) -> dict[str, object]:
        """A line behind the others."""
        number = len(self.lines)
        at = START + timedelta(seconds=number)
        envelope = {
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
            "uuid": f"{self.name}-{number}",
            "sessionId": self.name,
        }
        self.lines.append({**made, **envelope, **self._chain})
        return self.lines[-1]

    def forked(self, name: str) -> list[dict[str, object]]:
        """The lines as a resumed session repeats them."""
        return [{**each, "sessionId": name} for each in self.lines]


def a_turn(session: Session, number: int, choice: random.Random) -> None:
    """One prompt with the responses, tools and mishaps that may follow it."""
    tag = f"{session.name}-{number}"
    session.add(said(f"prompt {number}"))
    for step in range(choice.randint(1, 3)):
        response = f"m-{tag}-{step}"
        tools = [f"t-{tag}-{step}-{k}" for k in range(choice.randint(0, 2))]
        for each in tools:
            name, given = choice.choice(
                [
                    ("Bash", {"command": "git commit -m x"}),
                    ("Read", {"file_path": f"/w/{choice.randint(0, 2)}"}),
                    ("Skill", {"skill": choice.choice(["pdf", "docx"])}),
                    ("mcp__db__query", {"sql": "x" * choice.randint(0, 9)}),
                ]
            )
            session.add(answer(call(name, each, **given), message_id=response))
            if choice.random() < 0.3:
                session.add(said([result(each, "early", is_error=choice.random() < 0.5)]))
        text = {"type": "text", "text": "x" * choice.randint(0, 50)}
        session.add(answer(text, message_id=response, effort=choice.choice(["", "high"])))
        for each in tools:
            if choice.random() < 0.85:
                failed = choice.random() < 0.3
                session.add(said([result(each, "y" * choice.randint(0, 99), is_error=failed)]))
        _mishap(session, choice)
    if choice.random() < 0.2:
        session.add(line("system", subtype="compact_boundary", compactMetadata={"trigger": "auto", "preTokens": 9}))


def _mishap(session: Session, choice: random.Random) -> None:
    """What may stand between two requests."""
    kind = choice.randint(0, 7)
    if kind == 0:
        session.add(attached("queued_command", prompt="and then"))
    elif kind == 1:
        session.add(said([{"type": "text", "text": "[Request interrupted by user]"}]))
        session.add(said("go on"))
    elif kind == 2:
        names = [f"mcp__db__{k}" for k in range(choice.randint(1, 4))]
        session.add(attached("deferred_tools_delta", addedNames=names, addedLines=names))
    elif kind == 3:
        session.add(line("system", subtype="api_error"))


def a_session(seed: int, name: str = "s1", turns: int = 5) -> Session:
    """A made session, the same for the same seed."""
    session, choice = Session(name), random.Random(seed)
    for number in range(turns):
        a_turn(session, number, choice)
    return session


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_a_file_read_as_it_grows_gives_what_reading_it_whole_does(seed: int, cuts: list[float]) -> None:
    data = b"".join(as_bytes(each) + b"\n" for each in a_session(seed).lines)
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        home = Path(folder)
        path = write(home, "-w/s1.jsonl", ())
        for cut in [*sorted(round(cut * len(data)) for cut in cuts), len(data)]:
            path.write_bytes(data[:cut])
            read(ledger, home)
        assert rows(ledger) == whole(home)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.permutations(range(3)))
def test_files_in_any_order_and_again_give_the_same(seed: int, order: list[int]) -> None:
    first = a_session(seed, "s1", 3)
    later = a_session(seed + 1, "s2", 2)
    files = [("-w/s1.jsonl", first.lines), ("-w/s2.jsonl", [*first.forked("s2"), *later.lines])]
    files.append(("-w/s3.jsonl", [*first.forked("s3")[: len(first.lines) // 2]]))
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        home = Path(folder)
        for number in order:
            write(home, *files[number])
            read(ledger, home)
        apart = rows(ledger)
        assert read(ledger, home) == 0
        assert read(ledger, home, rebuild=True) == 3
        assert rows(ledger) == apart == whole(home)


def test_a_run_is_joined_with_its_caller_and_its_reader(tmp_path: Path) -> None:
    session = Session()
    session.add(said("go"))
    session.add(answer(call("Read", "t1", file_path="/w/a"), message_id="m1"))
    session.add(answer(call("Bash", "t2", command="pytest"), message_id="m1"))
    session.add(said([result("t1", "12345")]))
    session.add(said([result("t2", "no", is_error=True)]))
    session.add(answer({"type": "text", "text": "ok"}, message_id="m2"))
    write(tmp_path, "-w/s1.jsonl", session.lines)
    with Ledger.open(":memory:") as ledger:
        read(ledger, tmp_path)
        found = ask(ledger, "SELECT id, called_by, answered_by, tool, result_bytes, outcome FROM tool_runs ORDER BY id")
    assert found == [("t1", "m1", "m2", "Read", 5, OK), ("t2", "m1", "m2", "Bash", 2, FAILED)]


def test_a_result_that_a_prompt_follows_is_still_answered(tmp_path: Path) -> None:
    session = Session()
    session.add(said("go"))
    session.add(answer(call("Bash", "t1", command="ls"), message_id="m1"))
    session.add(said([result("t1")]))
    session.add(said("stop, something else"))
    path = write(tmp_path, "-w/s1.jsonl", session.lines)
    with Ledger.open(":memory:") as ledger:
        read(ledger, tmp_path)
        session.add(answer({"type": "text", "text": "ok"}, message_id="m2"))
        path.write_bytes(b"".join(as_bytes(each) + b"\n" for each in session.lines))
        read(ledger, tmp_path)
        assert ask(ledger, "SELECT called_by, answered_by FROM tool_runs") == [("m1", "m2")]


@pytest.mark.parametrize(("is_error", "commits"), [(False, 1), (True, 0)])
def test_a_commit_counts_once_it_has_succeeded(tmp_path: Path, is_error: object, commits: int) -> None:
    session = Session()
    session.add(said("go"))
    session.add(answer(call("Bash", "t1", command="git commit -m x"), message_id="m1"))
    path = write(tmp_path, "-w/s1.jsonl", session.lines)
    with Ledger.open(":memory:") as ledger:
        read(ledger, tmp_path)
        assert ask(ledger, "SELECT commits FROM tool_runs") == [(0,)]
        session.add(said([result("t1", is_error=bool(is_error))]))
        path.write_bytes(b"".join(as_bytes(each) + b"\n" for each in session.lines))
        read(ledger, tmp_path)
        assert ask(ledger, "SELECT commits FROM tool_runs") == [(commits,)]


def test_a_denied_call_counts_as_such(tmp_path: Path) -> None:
    session = Session()
    session.add(answer(call("Bash", "t1", command="rm x"), message_id="m1"))
    session.add({**said([result("t1", is_error=True)]), "toolDenialKind": "user"})
    write(tmp_path, "-w/s1.jsonl", session.lines)
    assert whole(tmp_path)["tool_runs"][0][9] == DENIED


def test_a_skill_holds_until_the_next_prompt(tmp_path: Path) -> None:
    session = Session()
    session.add(said("go"))
    session.add(answer(call("Skill", "t1", skill="pdf"), message_id="m1"))
    session.add(said([result("t1")]))
    session.add(answer({"type": "text", "text": "with it"}, message_id="m2"))
    session.add(said("now other work"))
    session.add(answer({"type": "text", "text": "without"}, message_id="m3"))
    write(tmp_path, "-w/s1.jsonl", session.lines)
    with Ledger.open(":memory:") as ledger:
        read(ledger, tmp_path)
        found = {row[0]: row[1] for row in ask(ledger, "SELECT identity, skill FROM traits")}
    assert found["m2"] == "pdf"
    assert found["m3"] == ""


def test_a_sub_agent_in_progress_lines_and_in_its_own_file_is_one(tmp_path: Path) -> None:
    agent = Session("s1", {"isSidechain": True, "agentId": "a1"})
    agent.add(said("look"))
    agent.add(answer(call("Read", "t9", file_path="/w/a"), message_id="m9"))
    agent.add(said([result("t9", "abc")]))
    agent.add(answer({"type": "text", "text": "found"}, message_id="m10"))
    main = Session()
    main.add(said("go"))
    for each in agent.lines:
        inner = {key: each[key] for key in ("type", "message", "uuid", "timestamp") if key in each}
        data = {"type": "agent_progress", "agentId": "a1", "message": inner}
        main.add({**line("progress", data=data)})
    write(tmp_path, "-w/s1.jsonl", main.lines)
    nested = whole(tmp_path)
    write(tmp_path, "-w/s1/subagents/agent-a1.jsonl", agent.lines)
    assert whole(tmp_path) == nested
    assert [(row[0], row[1], row[2], row[8]) for row in nested["tool_runs"]] == [("t9", "m9", "m10", 3)]
    assert {row[0] for row in nested["traits"]} == {"m9", "m10"}


def test_the_call_tells_the_kind_of_a_sub_agent_where_no_file_does(tmp_path: Path) -> None:
    main = Session()
    main.add(said("go"))
    main.add(answer(call("Task", "t1", subagent_type="Explore"), call("Task", "t2"), message_id="m1"))
    main.add({**said([result("t1", "found")]), "toolUseResult": {"agentId": "a1"}})
    main.add({**said([result("t2", "found")]), "toolUseResult": {"agentId": "a2"}})
    write(tmp_path, "-w/s1.jsonl", main.lines)
    with Ledger.open(":memory:") as ledger:
        ask(ledger, "INSERT INTO agents VALUES ('a9', 'devrun')")
        read(ledger, tmp_path)
        assert sorted(ask(ledger, "SELECT * FROM agents")) == [("a1", "Explore"), ("a9", "devrun")]


def test_every_response_of_a_made_session_has_its_traits(tmp_path: Path) -> None:
    write(tmp_path, "-w/s1.jsonl", a_session(7).lines)
    with Ledger.open(":memory:") as ledger:
        read(ledger, tmp_path)
        missing = ask(ledger, "SELECT identity FROM records WHERE identity NOT IN (SELECT identity FROM traits)")
        assert missing == []
        strays = ask(ledger, "SELECT id FROM tool_runs WHERE called_by NOT IN (SELECT identity FROM records)")
        assert strays == []


def test_a_rewritten_file_is_read_from_its_beginning_and_nothing_is_lost(tmp_path: Path) -> None:
    path = write(tmp_path, "-w/s1.jsonl", a_session(1).lines)
    with Ledger.open(":memory:") as ledger:
        read(ledger, tmp_path)
        before = {row[0] for row in rows(ledger)["traits"]}
        path.write_bytes(b"".join(as_bytes(each) + b"\n" for each in a_session(2, "s9").lines))
        read(ledger, tmp_path)
        after = {row[0] for row in rows(ledger)["traits"]}
    assert before < after
    assert any(str(name).startswith("m-s9") for name in after)


def test_what_a_deleted_transcript_told_stays(machine: Machine) -> None:
    path = machine.write("-w/s1.jsonl", *a_session(3).lines)
    assert machine.run("sync").returncode == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        before = rows(ledger)
    path.unlink()
    assert machine.run("sync").returncode == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        assert rows(ledger) == before
    assert all(before.values())


def test_details_outlive_a_damaged_ledger(machine: Machine) -> None:
    path = machine.write("-w/s1.jsonl", *a_session(3).lines)
    assert machine.run("sync").returncode == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        before = rows(ledger)
    path.unlink()
    data = bytearray(machine.ledger.read_bytes())
    with sqlite3.connect(machine.ledger) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'records'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    data[(page - 1) * size : page * size] = b"\xaa" * size
    machine.ledger.write_bytes(data)
    assert "the damaged ledger is now" in machine.run("sync", "--rebuild").stderr
    with Ledger.open(str(machine.ledger)) as ledger:
        assert rows(ledger) == before


def test_a_ledger_of_the_third_format_learns_details(machine: Machine) -> None:
    machine.write("-w/s1.jsonl", *a_session(3).lines)
    assert machine.run("sync").returncode == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        before = rows(ledger)
    connection = sqlite3.connect(machine.ledger)
    for table in (*TABLES, "detail_files"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version = 3")
    connection.commit()
    connection.close()
    assert machine.run("sync").returncode == 0
    with Ledger.open(str(machine.ledger)) as ledger:
        assert rows(ledger) == before
        assert ask(ledger, "PRAGMA user_version") == [(FORMAT,)]


def test_no_text_of_a_transcript_gets_into_the_ledger(machine: Machine) -> None:
    secret = "the-word-that-nobody-may-keep"
    session = Session()
    session.add(said(f"hello {secret}"))
    session.add(answer({"type": "text", "text": secret}, {"type": "thinking", "thinking": secret}, message_id="m1"))
    session.add(answer(call("Bash", "t1", command=f"echo {secret}"), message_id="m1"))
    session.add(answer(call("Read", "t2", file_path=f"/w/{secret}.py"), message_id="m1"))
    session.add(said([result("t1", secret), result("t2", secret)]))
    session.add(attached("nested_memory", path=f"/w/{secret}", content={"content": secret}))
    session.add(attached("queued_command", prompt=secret))
    session.add(line("pr-link", prUrl=f"https://example.org/{secret}"))
    session.add(answer({"type": "text", "text": "x"}, message_id="m2"))
    machine.write("-w/s1.jsonl", *session.lines)
    assert machine.run("sync").returncode == 0
    with sqlite3.connect(machine.ledger) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert "m2" in dump
    assert secret not in dump


def test_a_huge_line_is_passed_over_and_what_follows_is_read(tmp_path: Path) -> None:
    session = Session()
    session.add(said("go"))
    session.add(answer(call("Bash", "t1", command="cat big"), message_id="m1"))
    big = as_bytes(session.add(said([result("t1", "x" * (65 << 20))])))
    after = as_bytes(session.add(answer({"type": "text", "text": "ok"}, message_id="m2")))
    path = write(tmp_path, "-w/s1.jsonl", session.lines[:2])
    with path.open("ab") as file:
        file.write(big + b"\n" + after + b"\n")
    found = whole(tmp_path)
    assert {row[0] for row in found["traits"]} == {"m1", "m2"}
    assert found["tool_runs"][0][9] == ""


def test_nothing_changed_means_nothing_read(tmp_path: Path) -> None:
    write(tmp_path, "-w/s1.jsonl", a_session(3).lines)
    with Ledger.open(":memory:") as ledger:
        assert read(ledger, tmp_path) == 1
        assert read(ledger, tmp_path) == 0


def test_a_line_without_usage_has_no_traits(tmp_path: Path) -> None:
    made = usage_line("m1", session="s1")
    message = made["message"]
    assert isinstance(message, dict)
    del message["usage"]
    write(tmp_path, "-w/s1.jsonl", [made])
    assert whole(tmp_path)["traits"] == []


@pytest.mark.skipif(find_client() is None, reason="needs scripts/install-realclient")
def test_a_session_of_the_real_client_tells_its_tools_prompts_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "note.txt").write_text("one\ntwo\n")
    turns = [
        ScriptedTurn(ScriptedUsage(10, 20, cache_creation_5m=900), "Bash", {"command": "printf 12345"}),
        ScriptedTurn(ScriptedUsage(10, 20, cache_read=900), "Bash", {"command": "exit 3"}),
        ScriptedTurn(ScriptedUsage(10, 20, cache_read=900), "Read", {"file_path": str(tmp_path / "work" / "note.txt")}),
        ScriptedTurn(ScriptedUsage(10, 20, cache_read=900), text="All done."),
    ]
    held = hold_session(tmp_path, {"MARKER please": turns}, model="claude-opus-4-8")
    with Ledger.open(":memory:") as ledger:
        read(ledger, tmp_path)
        runs = ask(ledger, "SELECT tool, result_bytes, outcome, called_by, answered_by FROM tool_runs ORDER BY at")
        prompts = ask(ledger, "SELECT kind, amount FROM marks WHERE kind = 'prompt'")
        traits = ask(ledger, "SELECT identity, entry_point, text_bytes FROM traits")
        records = [row[0] for row in ask(ledger, "SELECT identity FROM records ORDER BY at")]
    scripted = [seen.message_id for seen in held.scripted.values()]
    assert runs[0][:3] == ("Bash", 5, OK)
    assert [row[2] for row in runs] == [OK, FAILED, OK]
    assert [row[0] for row in runs] == ["Bash", "Bash", "Read"]
    assert [(row[3], row[4]) for row in runs] == list(zip(records, records[1:], strict=False))
    assert prompts == [("prompt", len("MARKER please"))]
    assert {row[0] for row in traits} == set(records) == set(scripted)
    assert {row[1] for row in traits} == {"sdk-cli"}
    assert {row[2] for row in traits} == {len("Done."), len("All done.")}
