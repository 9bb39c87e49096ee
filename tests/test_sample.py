"""The sample is made up, and true to life: what its transcripts hold agrees with what they say was used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Machine
from tests.ledgers import ask
from tests.test_analytics_activity import NOW, ledger_of
from tokentide.model.activity import (
    API_ERROR,
    COMPACTION,
    DENIED,
    FAILED,
    INTERRUPTION,
    MAIN_CHAIN,
    OK,
    PROMPT,
    PULL_REQUEST,
    TEXT,
    THINKING,
    TOOL,
    Answer,
    Attachment,
    Mark,
    Prompt,
    Result,
)
from tokentide.sample import DAYS, YEAR, write_sample
from tokentide.sample_lines import BYTES_PER_TOKEN, CALL_TOKENS, OLDER
from tokentide.sources.claude_code.details import read_events

KINDS = {TEXT: "text", THINKING: "text", TOOL: "call"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    machine = Machine(tmp_path_factory.mktemp("sample"))
    write_sample(str(machine.claude), NOW)
    return machine


def transcripts(machine: Machine) -> list[Path]:
    return sorted((machine.claude / "projects").rglob("*.jsonl"))


def tokens(size_bytes: int, kind: str, model: str) -> float:
    return size_bytes / BYTES_PER_TOKEN[kind] * (3 / 4 if model.startswith(OLDER) else 1)


def test_every_kind_of_thing_happens(sample: Machine) -> None:
    with ledger_of(sample) as ledger:
        marks = {kind for (kind,) in ask(ledger, "SELECT DISTINCT kind FROM marks")}
        assert {PROMPT, COMPACTION, API_ERROR, INTERRUPTION, PULL_REQUEST} <= marks
        tools = {tool for (tool,) in ask(ledger, "SELECT DISTINCT tool FROM tool_runs")}
        assert {"Bash", "Read", "Edit", "Write", "Grep", "Glob", "Skill", "Agent"} <= tools
        assert any(str(tool).startswith("mcp__") for tool in tools)
        assert {OK, FAILED, DENIED} <= {outcome for (outcome,) in ask(ledger, "SELECT DISTINCT outcome FROM tool_runs")}
        assert len(ask(ledger, "SELECT DISTINCT effort FROM traits WHERE effort <> ''")) >= 3
        assert len(ask(ledger, "SELECT DISTINCT entry_point FROM traits")) >= 3
        assert ask(ledger, "SELECT 1 FROM traits WHERE skill <> ''")
        assert ask(ledger, "SELECT 1 FROM marks WHERE kind = 'prompt' AND name = '/review'")
        assert {kind for (kind,) in ask(ledger, "SELECT DISTINCT agent_type FROM agents")} == {
            "Explore",
            "general-purpose",
        }
        ((commits, added, files),) = ask(
            ledger, "SELECT SUM(commits), SUM(lines_added), COUNT(DISTINCT file) FROM tool_runs"
        )
        assert min(int(commits or 0), int(added or 0), int(files or 0)) > 20
        assert not ask(
            ledger, "SELECT 1 FROM records r LEFT JOIN traits t ON t.identity = r.identity WHERE t.identity IS NULL"
        )
        assert ask(ledger, "SELECT COUNT(*) FROM problems") == [(0,)]


def test_a_prompt_grows_by_what_was_added(sample: Machine) -> None:
    """Between two requests: the response, results, prompts and attachments, within the sample's own scatter."""
    looked_at = 0
    for path in transcripts(sample):
        last: Answer | None = None
        grown = 0.0
        for event in read_events(str(path)):
            if isinstance(event, Mark) and event.kind == COMPACTION:
                last, grown = None, 0.0
            elif isinstance(event, Answer):
                if last is not None and event.response != last.response:
                    assert event.prompt_tokens - last.prompt_tokens - last.output_tokens == pytest.approx(
                        grown, rel=0.08, abs=6
                    )
                    looked_at += 1
                if last is None or event.response != last.response:
                    grown = 0.0
                last = event
            elif isinstance(event, Result):
                grown += tokens(event.size_bytes, "code", last.model if last else "")
            elif isinstance(event, Prompt | Attachment):
                grown += tokens(event.size_bytes, "text", last.model if last else "")
            elif isinstance(event, Mark) and event.kind == INTERRUPTION:
                grown += tokens(len("[Request interrupted by user]"), "text", last.model if last else "")
    assert looked_at > 1_000


def test_output_is_as_large_as_what_was_written(sample: Machine) -> None:
    for path in transcripts(sample):
        written: dict[str, float] = {}
        counted: dict[str, int] = {}
        for event in read_events(str(path)):
            if isinstance(event, Answer):
                counted[event.response] = event.output_tokens
                for block in event.blocks:
                    size = tokens(block.size_bytes, KINDS[block.kind], event.model)
                    written[event.response] = written.get(event.response, 0) + size + CALL_TOKENS * (block.kind == TOOL)
        for response, size in written.items():
            assert counted[response] == pytest.approx(size, rel=0.12, abs=12)


def test_the_cache_is_read_while_it_is_warm_and_written_anew_after_a_pause(sample: Machine) -> None:
    rebuilt = 0
    for path in transcripts(sample):
        is_agent = path.name.startswith("agent-")
        last: Answer | None = None
        for event in read_events(str(path)):
            if isinstance(event, Mark) and event.kind == COMPACTION:
                last = None
            if not isinstance(event, Answer):
                continue
            assert (event.chain == MAIN_CHAIN) != is_agent
            if last is not None and event.response != last.response:
                life = 300 if is_agent or event.entry_point.startswith("sdk") else 3600
                is_warm = event.at - last.at < life * 1_000_000
                assert event.cache_read_tokens == (last.prompt_tokens if is_warm else 0)
                rebuilt += not is_warm and not is_agent
            last = event
    assert rebuilt


def test_every_result_answers_a_call(sample: Machine) -> None:
    with ledger_of(sample) as ledger:
        assert ask(ledger, "SELECT COUNT(*) FROM tool_runs WHERE called_by = '' OR tool = ''") == [(0,)]
        ((open_,), (ended,)) = (
            *ask(ledger, "SELECT COUNT(*) FROM tool_runs WHERE ended_at = 0"),
            *ask(ledger, "SELECT COUNT(*) FROM tool_runs WHERE ended_at > 0"),
        )
    assert int(open_ or 0) <= 2 < int(ended or 0)


def test_it_is_the_same_each_time_and_ends_minutes_ago(sample: Machine, tmp_path: Path) -> None:
    write_sample(str(tmp_path / ".claude"), NOW)
    again = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json*")}
    home = sample.claude.parent
    assert again == {path.relative_to(home): path.read_bytes() for path in home.rglob("*.json*")}
    with ledger_of(sample) as ledger:
        newest = ledger.newest_at()
        assert newest is not None
        assert 4 * 60 <= (NOW - newest) // 1_000_000 <= 20 * 60
        assert len(ledger.days()) <= DAYS + 1


def test_a_year_of_it_has_the_same_last_month(sample: Machine, tmp_path: Path) -> None:
    write_sample(str(tmp_path / ".claude"), NOW, YEAR)
    month = {path.name: path.read_bytes() for path in transcripts(sample)}
    year = {path.name: path.read_bytes() for path in (tmp_path / ".claude").rglob("*.jsonl")}
    assert month.items() <= year.items()
    assert len(year) > 3 * len(month)


def test_nobody_is_named_in_it(sample: Machine) -> None:
    for path in transcripts(sample)[:10]:
        for line in path.read_text(encoding="utf-8").splitlines():
            found = json.loads(line)
            assert found["type"] == "ai-title" or found["cwd"].startswith("/home/sam/")


def test_the_month_before_has_use_to_compare_with(machine: Machine) -> None:
    _, out, err = machine.call("demo", "compare", "last-month", "this-month", now="2026-11-21T16:21:00Z", COLUMNS="100")
    assert "no usage" not in err
    assert "$0.00" not in next(line for line in out.splitlines() if line.startswith("Cost "))
