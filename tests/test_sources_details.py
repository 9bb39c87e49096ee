"""What transcripts tell beside usage: events of every kind of line, and rows that do not depend on how files are read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import as_bytes, usage_line
from tokentide.model.activity import (
    API_ERROR,
    COMPACTION,
    DENIED,
    FAILED,
    INTERRUPTION,
    MCP_SERVER,
    MICROCOMPACTION,
    NOTICE,
    OK,
    PERSON,
    PROGRAM,
    PROMPT,
    PULL_REQUEST,
    REFUSAL,
    SIDE_CHAIN,
    SUMMARY,
    TASK,
    TEXT,
    THINKING,
    TOOL,
    Answer,
    Attachment,
    Event,
    Mark,
    Prompt,
    Result,
)
from tokentide.sources.claude_code.events import events_of
from tokentide.sources.claude_code.measuring import hash_of

AT = "2026-03-10T10:00:00.000Z"
AT_US = 1_773_136_800_000_000
Json = Mapping[str, object]


def events(line: Json | bytes, session: str = "file") -> list[Event]:
    """The events of one line."""
    return [*events_of(as_bytes(line), session)]


def line(kind: str, **fields: object) -> dict[str, object]:
    """A line with its envelope."""
    return {"type": kind, "sessionId": "s1", "timestamp": AT, "uuid": "u1", "isSidechain": False, **fields}


def said(content: object, **fields: object) -> dict[str, object]:
    """A user line."""
    return line("user", message={"role": "user", "content": content}, **fields)


def answer(*blocks: Json, message_id: str = "m1", **fields: object) -> dict[str, object]:
    """An assistant line with these blocks."""
    request = message_id.replace("m", "r", 1)
    made = usage_line(message_id, request, cache_read_input_tokens=30, session="s1")
    message = made["message"]
    assert isinstance(message, dict)
    message["content"] = [*blocks]
    return {**made, "uuid": "u1", **fields}


def call(name: str = "Bash", tool_id: str = "t1", /, **given: object) -> dict[str, object]:
    """A block that calls a tool."""
    return {"type": "tool_use", "id": tool_id, "name": name, "input": given}


def result(tool_id: str = "t1", content: object = "done", *, is_error: bool = False) -> dict[str, object]:
    """A block with what a tool gave back."""
    return {"type": "tool_result", "tool_use_id": tool_id, "content": content, "is_error": is_error}


def attached(kind: str, **body: object) -> dict[str, object]:
    """An attachment line."""
    return line("attachment", attachment={"type": kind, **body})


def only(found: Sequence[Event]) -> Event:
    """The single event."""
    assert len(found) == 1, found
    return found[0]


def prompt_of(found: Sequence[Event]) -> Prompt:
    """The prompt among the events."""
    return next(event for event in found if isinstance(event, Prompt))


class TestPrompts:
    """User lines that say something."""

    def test_a_person_leaves_a_prompt_and_its_mark(self) -> None:
        mark, prompt = events(said("Grüße"))
        assert prompt == Prompt(AT_US, "", "u1", PERSON, 7)
        assert mark == Mark("s1", "u1", AT_US, PROMPT, "", 7)

    @pytest.mark.parametrize(
        ("content", "fields", "speaker"),
        [
            ("hello", {"entrypoint": "sdk-cli"}, PROGRAM),
            ("hello", {"promptSource": "sdk"}, PROGRAM),
            ("hello", {"entrypoint": "cli", "promptSource": "typed"}, PERSON),
            ("hello", {"isMeta": True}, NOTICE),
            ("hello", {"promptSource": "system"}, NOTICE),
            ("hello", {"origin": {"kind": "task-notification"}}, NOTICE),
            ("<task-notification>x</task-notification>", {}, NOTICE),
            ("<local-command-stdout>x</local-command-stdout>", {}, NOTICE),
            ("Caveat: The messages below were generated", {}, NOTICE),
            ("This session is being continued", {"isCompactSummary": True}, SUMMARY),
            ("Look for the parser", {"isSidechain": True, "agentId": "a1"}, TASK),
            ("Look for the parser", {"isSidechain": True}, TASK),
        ],
    )
    def test_who_speaks_is_told_by_the_fields_then_by_the_text(
        self, content: str, fields: dict[str, object], speaker: str
    ) -> None:
        found = events(said(content, **fields))
        assert prompt_of(found).speaker == speaker
        assert (len(found) == 2) == (speaker in {PERSON, PROGRAM})

    def test_a_slash_command_is_a_prompt_unless_the_client_answers_it(self) -> None:
        text = "<command-message>review</command-message>\n<command-name>/{}</command-name>"
        review = events(said(text.format("review")))
        assert prompt_of(review).command == "/review"
        assert isinstance(review[0], Mark)
        assert review[0].name == "/review"
        assert prompt_of(events(said(text.format("clear")))).speaker == NOTICE

    def test_a_command_named_within_a_text_is_none(self) -> None:
        assert prompt_of(events(said("see <command-name>/x</command-name>"))).command == ""

    def test_blocks_of_text_are_joined_and_pictures_counted(self) -> None:
        blocks = [{"type": "text", "text": "ab"}, {"type": "image", "source": {"data": "x" * 900}}]
        prompt = prompt_of(events(said(blocks)))
        assert (prompt.size_bytes, prompt.images) == (2, 1)

    def test_an_interruption_is_a_mark_and_no_prompt(self) -> None:
        found = only(events(said([{"type": "text", "text": "[Request interrupted by user for tool use]"}])))
        assert found == Mark("s1", "u1", AT_US, INTERRUPTION)

    @pytest.mark.parametrize("prompt", ["later", [{"type": "text", "text": "later"}]])
    def test_a_queued_prompt_counts_its_text_in_either_form(self, prompt: object) -> None:
        found = prompt_of(events(attached("queued_command", prompt=prompt, source_uuid="q1")))
        assert (found.speaker, found.size_bytes, found.key) == (PERSON, 5, "q1")

    def test_a_queued_picture_weighs_nothing_as_text(self) -> None:
        blocks = [{"type": "text", "text": "see"}, {"type": "image", "source": {"data": "x" * 9000}}]
        found = prompt_of(events(attached("queued_command", prompt=blocks)))
        assert (found.size_bytes, found.images) == (3, 1)

    def test_a_queued_notice_is_no_prompt_of_a_person(self) -> None:
        found = only(events(attached("queued_command", prompt="<task-notification>done</task-notification>")))
        assert isinstance(found, Prompt)
        assert found.speaker == NOTICE


class TestAnswers:
    """Assistant lines."""

    def test_blocks_are_measured(self) -> None:
        found = only(
            events(
                answer(
                    {"type": "text", "text": "añb"},
                    {"type": "thinking", "thinking": "hm", "signature": "abcd"},
                    {"type": "redacted_thinking", "data": "x"},
                    call("Read", file_path="/w/a.py"),
                    effort="high",
                    entrypoint="cli",
                    attributionSkill="pdf",
                )
            )
        )
        assert isinstance(found, Answer)
        text, thinking, sealed, tool = found.blocks
        assert (text.kind, text.size_bytes) == (TEXT, 4)
        assert (thinking.kind, thinking.size_bytes, thinking.sealed_bytes) == (THINKING, 2, 4)
        assert (sealed.kind, sealed.size_bytes) == (THINKING, 0)
        assert (tool.kind, tool.tool, tool.tool_id, tool.target) == (TOOL, "Read", "t1", "/w/a.py")
        assert tool.size_bytes == len('{"file_path":"/w/a.py"}')
        assert tool.file == hash_of("/w/a.py") > 0
        assert (found.effort, found.entry_point, found.skill) == ("high", "cli", "pdf")
        assert (found.response, found.chain, found.prompt_tokens) == ("m1", "", 130)

    @pytest.mark.parametrize(
        ("tool", "given", "detail", "target"),
        [
            ("Skill", {"skill": "pdf"}, "pdf", "pdf"),
            ("Skill", {"command": "/pdf"}, "pdf", ""),
            ("Agent", {"subagent_type": "Explore", "prompt": "x"}, "Explore", "Explore"),
            ("Task", {"subagent_type": "general-purpose"}, "general-purpose", "general-purpose"),
            ("Bash", {"command": "cd /w && FOO=1 /usr/bin/pytest -q"}, "", "pytest"),
            ("Grep", {"pattern": "x", "path": "/w"}, "", "/w"),
            ("WebFetch", {"url": "https://example.org"}, "", "https://example.org"),
            ("mcp__db__query", {"sql": "select 1"}, "", ""),
        ],
    )
    def test_what_a_call_works_on(self, tool: str, given: dict[str, object], detail: str, target: str) -> None:
        found = only(events(answer(call(tool, **given))))
        assert isinstance(found, Answer)
        assert (found.blocks[0].detail, found.blocks[0].target) == (detail, target)

    @pytest.mark.parametrize(
        ("command", "commits"),
        [
            ("git commit -m x", True),
            ("cd /w && git -C sub -c user.name=x commit --amend", True),
            ("git commit --dry-run", False),
            ("git log --grep commit", False),
            ("echo git; commit", False),
        ],
    )
    def test_a_commit_is_known_by_its_command(self, command: str, commits: object) -> None:
        found = only(events(answer(call("Bash", command=command))))
        assert isinstance(found, Answer)
        assert found.blocks[0].is_commit is commits

    def test_without_a_message_id_the_request_names_the_response(self) -> None:
        made = answer({"type": "text", "text": "x"})
        message = made["message"]
        assert isinstance(message, dict)
        del message["id"]
        found = only(events(made))
        assert isinstance(found, Answer)
        assert found.response == "request:r1"

    def test_an_error_in_the_place_of_an_answer_is_a_mark(self) -> None:
        found = only(events(answer(isApiErrorMessage=True, apiErrorStatus=529)))
        assert found == Mark("s1", "u1", AT_US, API_ERROR, amount=529)

    def test_what_the_client_made_up_is_no_answer(self) -> None:
        made = answer({"type": "text", "text": "No response requested."})
        message = made["message"]
        assert isinstance(message, dict)
        message["model"] = "<synthetic>"
        assert events(made) == []

    def test_the_chain_is_the_agent_or_the_old_side_chain(self) -> None:
        chains = [
            only(events(answer(isSidechain=True, agentId="a1"))),
            only(events(answer(isSidechain=True))),
            only(events(answer())),
        ]
        assert [each.chain for each in chains if isinstance(each, Answer)] == ["a1", SIDE_CHAIN, ""]


class TestResults:
    """What tools give back."""

    @pytest.mark.parametrize(
        ("block", "fields", "outcome"),
        [
            (result(), {}, OK),
            (result(is_error=True), {}, FAILED),
            (result(content="The user doesn't want to proceed", is_error=True), {}, DENIED),
            (result(is_error=True), {"toolDenialKind": "user"}, DENIED),
            (result(), {"toolDenialKind": "user"}, OK),
        ],
    )
    def test_how_it_ended(self, block: Json, fields: dict[str, object], outcome: str) -> None:
        found = only(events(said([block], **fields)))
        assert isinstance(found, Result)
        assert (found.tool_id, found.outcome) == ("t1", outcome)

    def test_blocks_of_text_count_and_pictures_do_not(self) -> None:
        content = [{"type": "text", "text": "añ"}, {"type": "image", "source": {"data": "x" * 900}}]
        found = only(events(said([result(content=content)])))
        assert isinstance(found, Result)
        assert (found.size_bytes, found.images) == (3, 1)

    def test_a_patch_tells_the_lines_that_changed(self) -> None:
        patch = {"structuredPatch": [{"lines": [" a", "-b", "+c", "+d"]}, {"lines": ["+e"]}]}
        found = only(events(said([result()], toolUseResult=patch)))
        assert isinstance(found, Result)
        assert (found.lines_added, found.lines_removed) == (3, 1)

    def test_a_new_file_adds_all_its_lines(self) -> None:
        for content, added in (("a\nb\n", 2), ("a\nb", 2), ("", 0)):
            found = only(events(said([result()], toolUseResult={"type": "create", "content": content})))
            assert isinstance(found, Result)
            assert found.lines_added == added

    def test_a_failed_edit_changes_nothing(self) -> None:
        patch = {"structuredPatch": [{"lines": ["+a"]}]}
        found = only(events(said([result(is_error=True)], toolUseResult=patch)))
        assert isinstance(found, Result)
        assert found.lines_added == 0

    def test_the_client_tells_of_a_commit_and_of_the_agent_that_worked(self) -> None:
        outcome = {"gitOperation": {"commit": {"sha": "x"}}, "agentId": "a9"}
        found = only(events(said([result()], toolUseResult=outcome)))
        assert isinstance(found, Result)
        assert (found.agent_id, found.is_commit) == ("a9", True)

    def test_several_results_and_a_word_of_the_person_in_one_line(self) -> None:
        found = events(said([result("t1"), result("t2"), {"type": "text", "text": "and now"}]))
        assert [type(event) for event in found] == [Result, Result, Mark, Prompt]


class TestOtherLines:
    """System, attachment, progress and link lines."""

    @pytest.mark.parametrize(
        ("subtype", "kind"),
        [
            ("microcompact_boundary", MICROCOMPACTION),
            ("api_error", API_ERROR),
            ("model_refusal_fallback", REFUSAL),
            ("api_refusal", REFUSAL),
        ],
    )
    def test_system_lines_are_marks(self, subtype: str, kind: str) -> None:
        assert only(events(line("system", subtype=subtype))) == Mark("s1", "u1", AT_US, kind)

    def test_a_compaction_tells_its_trigger_and_sizes(self) -> None:
        told = {"trigger": "auto", "preTokens": 167_000, "postTokens": 18_000}
        found = only(events(line("system", subtype="compact_boundary", compactMetadata=told)))
        assert found == Mark("s1", "u1", AT_US, COMPACTION, "auto", 167_000, "", 18_000)

    @pytest.mark.parametrize("subtype", ["stop_hook_summary", "turn_duration", None])
    def test_other_system_lines_tell_nothing(self, subtype: str | None) -> None:
        assert events(line("system", subtype=subtype)) == []

    def test_a_pull_request_is_known_by_its_address_which_is_not_kept(self) -> None:
        found = only(events(line("pr-link", prUrl="https://example.org/pr/1", prNumber=1)))
        assert isinstance(found, Mark)
        assert found.kind == PULL_REQUEST
        assert "example" not in repr(found)

    def test_a_list_of_tools_names_servers_with_their_bytes(self) -> None:
        names = ["WebFetch", "mcp__db__query", "mcp__db__write", "mcp__mail__send"]
        lines = ["w", "query it", "write", "é"]
        found = events(attached("deferred_tools_delta", addedNames=names, addedLines=lines))
        assert isinstance(found[0], Attachment)
        assert found[0].names == tuple(names)
        assert [(m.name, m.amount) for m in found[1:] if isinstance(m, Mark)] == [("db", 13), ("mail", 2)]

    def test_instructions_of_servers_are_marks_beside_those_of_their_tools(self) -> None:
        told = events(attached("mcp_instructions_delta", addedNames=["db"], addedBlocks=["Use SQL."]))
        tools = events(attached("deferred_tools_delta", addedNames=["mcp__db__query"], addedLines=["query"]))
        marks = [event for event in (*told, *tools) if isinstance(event, Mark) and event.kind == MCP_SERVER]
        assert [(mark.name, mark.amount) for mark in marks] == [("db", 8), ("db", 5)]
        assert len({mark.key for mark in marks}) == 2

    def test_an_attachment_weighs_its_content(self) -> None:
        found = only(events(attached("nested_memory", path="/w/CLAUDE.md", content={"content": "abc"})))
        assert isinstance(found, Attachment)
        assert (found.kind, found.name) == ("nested_memory", "/w/CLAUDE.md")
        assert 3 <= found.size_bytes <= 40

    @pytest.mark.parametrize("kind", ["summary", "ai-title", "queue-operation", "file-history-snapshot", "mode", "x"])
    def test_lines_of_other_types_tell_nothing(self, kind: str) -> None:
        assert events(line(kind, operation="enqueue", content="x")) == []

    def test_a_line_without_a_time_tells_nothing(self) -> None:
        for wrong in (None, "", "yesterday", 5):
            assert events({**said("hello"), "timestamp": wrong}) == []

    def test_a_sub_agents_line_within_a_progress_line_is_its_own(self) -> None:
        inner = {
            key: value
            for key, value in answer(call("Read", file_path="/w/a"), message_id="m7").items()
            if key in {"type", "message", "uuid", "timestamp", "requestId"}
        }
        wrapped = line("progress", uuid="p1", data={"type": "agent_progress", "agentId": "a1", "message": inner})
        found = only(events(wrapped))
        assert isinstance(found, Answer)
        assert (found.chain, found.response, found.blocks[0].tool) == ("a1", "m7", "Read")
        back = {"type": "user", "timestamp": AT, "uuid": "u8", "message": {"role": "user", "content": [result()]}}
        wrapped = line("progress", uuid="p2", data={"type": "agent_progress", "agentId": "a1", "message": back})
        told = only(events(wrapped))
        assert isinstance(told, Result)
        assert told.chain == "a1"

    def test_other_progress_tells_nothing(self) -> None:
        for kind in ("bash_progress", "hook_progress"):
            assert events(line("progress", data={"type": kind, "output": "x"})) == []


class TestHostileLines:
    """Lines as no client should write them."""

    GOOD = as_bytes(said("hello"))

    @pytest.mark.parametrize("raw", [b"", b"\n", b"null", b"[1]", b"{}", b"\x00\x00", b"\xff\xfe", GOOD[:-7]])
    def test_what_cannot_be_read_tells_nothing(self, raw: bytes) -> None:
        assert events(raw) == []

    @pytest.mark.parametrize(
        "raw",
        [
            b"\xef\xbb\xbf" + GOOD,
            b"\x00\x00" + GOOD,
            GOOD + b"\r\n",
            GOOD.replace(b"hello", b"hel\xff\xfe"),
            GOOD.replace(b"hello", b"\\ud800 ab"),
            GOOD[:-1] + b',"big":' + b"9" * 40 + b"}",
            GOOD[:-1] + b',"deep":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
            GOOD[:-1] + b',"effort":3,"isMeta":"no","origin":[],"apiErrorStatus":"429"}',
            GOOD[:-9] + GOOD,
        ],
    )
    def test_what_can_be_read_of_a_line_is(self, raw: bytes) -> None:
        assert prompt_of(events(raw)).speaker == PERSON

    def test_two_objects_on_one_line_are_both_read(self) -> None:
        assert sum(isinstance(event, Prompt) for event in events(self.GOOD + self.GOOD)) == 2

    @pytest.mark.parametrize("odd", ["x", None, 5, [1], {"type": "tool_use", "id": 5}, {"type": 7, "text": "y"}])
    def test_an_odd_block_leaves_the_others(self, odd: object) -> None:
        found = only(events(answer(*[odd, {"type": "text", "text": "abc"}])))  # type: ignore[arg-type]
        assert isinstance(found, Answer)
        assert found.blocks[-1].size_bytes == 3

    def test_a_line_full_of_odd_fields_is_given_up(self) -> None:
        assert events(answer(*[5] * 40)) == []  # type: ignore[arg-type]

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 60))
    def test_no_line_whatever_raises(self, noise: bytes, where: int, cut: int) -> None:
        whole = as_bytes(answer(call("Bash", command="git commit")))
        where = min(where, len(whole))
        events(whole[:where] + noise + whole[where + cut :])

    @settings(max_examples=100, deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=8,
        ),
        st.sampled_from(["message", "attachment", "data", "compactMetadata", "toolUseResult", "origin", "timestamp"]),
        st.sampled_from(["user", "assistant", "attachment", "system", "progress", "pr-link"]),
    )
    def test_no_value_whatever_raises(self, value: object, where: str, kind: str) -> None:
        events(json.dumps({**line(kind), where: value}).encode())
