"""What fills a context: every kind on sessions of known composition, and sums that hold whatever a transcript says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.context_sessions import MODEL, SESSION, Made, text_of
from tests.laws import law
from tokentide.analytics.context.build import Ask, build_context, context_of_ledger
from tokentide.analytics.context.hints import hints_of
from tokentide.analytics.context.measuring import MemorySize, measure
from tokentide.analytics.context.model import KINDS, Context, Said
from tokentide.analytics.context.requests import Chain, Request, chains_of
from tokentide.analytics.context.window import AutoCompact, window_of
from tokentide.analytics.dividing import divided
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.activity import (
    COMPACTION,
    MICROCOMPACTION,
    NOTICE,
    PERSON,
    SUMMARY,
    TEXT,
    THINKING,
    TOOL,
    Answer,
    Attachment,
    Block,
    Event,
    Mark,
    Prompt,
    Result,
)
from tokentide.model.limits import SessionState
from tokentide.pricing.book import PriceBook
from tokentide.sources.claude_code.details import read_events
from tokentide.sources.claude_code.events import events_of
from tokentide.sources.claude_code.memory_files import memory_files, working_folder
from tokentide.store.query import Response, SessionFacts, Sums

READ, BASH = ("tool", 170, "Read /w/alpha/loop.py"), ("tool", 120, "Bash")


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook(cache_path=None, data_path=None)


def events_in(made: Made) -> Iterator[Event]:
    for line in made.lines:
        yield from events_of(json.dumps(line).encode(), SESSION)


def context_of(
    made: Made,
    book: PriceBook,
    memory: tuple[MemorySize, ...] = (),
    agents: Mapping[str, Chain] | None = None,
    state: SessionState | None = None,
) -> Context:
    ask = Ask(SESSION, SessionFacts("A title", "/w/alpha", "main"), state, AutoCompact(), memory)
    return build_context(ask, chains_of(events_in(made)), agents or {}, book)


def tokens_by_kind(context: Context) -> dict[str, int]:
    return {part.kind: part.tokens for part in context.parts}


def names_of(context: Context, kind: str) -> dict[str, int]:
    part = context.part(kind)
    return {} if part is None else {each.name: each.tokens for each in part.parts}


def about(tokens: int) -> Any:
    return pytest.approx(tokens, rel=0.08, abs=40)


def test_what_comes_alone_is_known_to_the_token(book: PriceBook) -> None:
    made = Made()
    made.said(500)
    (read,) = made.answer(READ)
    made.result(read, 7_321)
    (bash,) = made.answer(BASH)
    made.result(bash, 1_234)
    made.answer(("text", 210, ""))
    made.said(64)
    made.answer(("text", 33, ""))
    context = context_of(made, book)
    assert names_of(context, "tool_results") == {"Read": 7_321, "Bash": 1_234}
    assert names_of(context, "tool_calls") == {"Read": 170, "Bash": 120}
    answers, results = context.part("answers"), context.part("tool_results")
    assert answers is not None
    assert results is not None
    assert (answers.tokens, answers.measured_tokens, answers.items) == (243, 243, 2)
    assert (results.tokens, results.measured_tokens, results.items) == (8_555, 8_555, 2)
    assert tokens_by_kind(context)["prompts"] == about(564)
    assert tokens_by_kind(context)["system"] == about(20_000)
    assert context.total_tokens == sum(tokens_by_kind(context).values()) == made.prompt
    assert (context.prompt_tokens, context.output_tokens, context.pending_tokens) == (made.prompt - 33, 33, 0)


def test_what_comes_together_shares_what_the_prompt_grew_by(book: PriceBook) -> None:
    made = Made()
    made.said(100)
    read, bash = made.answer(READ, BASH)
    made.result(read, 6_000)
    made.result(bash, 2_000)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    found = names_of(context, "tool_results")
    assert found["Read"] + found["Bash"] == 8_000
    assert found["Read"] == about(6_000)
    results = context.part("tool_results")
    assert results is not None
    assert results.measured_tokens == 0


def test_what_the_client_writes_behind_a_response_but_is_older_was_sent_with_it(book: PriceBook) -> None:
    made = Made()
    made.said(500)
    (read,) = made.answer(READ)
    made.result(read, 7_000)
    made.answer(("text", 20, ""))
    in_order = context_of(made, book)
    made.lines[0], made.lines[1] = made.lines[1], made.lines[0]
    made.lines[2], made.lines[3] = made.lines[3], made.lines[2]
    found = context_of(made, book)
    assert (found.total_tokens, found.pending_tokens) == (made.prompt, 0)
    assert found.parts == in_order.parts


def test_every_kind_is_found(book: PriceBook) -> None:
    made = Made(fixed=24_000)
    memory = (MemorySize("~/.claude/CLAUDE.md", len(text_of(1_500))), MemorySize("/w/CLAUDE.md", len(text_of(900))))
    made.fixed = 24_000
    lines = {"mcp__github__list": 700, "mcp__github__get": 600, "mcp__jira__find": 400, "Browse": 300}
    made.prompt += sum(lines.values())
    made.line(
        "attachment",
        attachment={
            "type": "deferred_tools_delta",
            "addedNames": [*lines],
            "addedLines": [text_of(size) for size in lines.values()],
        },
    )
    made.prompt += 800
    made.line(
        "attachment",
        attachment={"type": "mcp_instructions_delta", "addedNames": ["github"], "addedBlocks": [text_of(800)]},
    )
    made.attached("skill_listing", 2_000, names=["pdf", "web"])
    made.prompt += 1_100
    made.line(
        "attachment",
        attachment={"type": "agent_listing_delta", "addedTypes": ["Explore"], "addedLines": [text_of(1_100)]},
    )
    made.said(400)
    skill, read = made.answer(("thinking", 900, ""), ("text", 150, ""), ("tool", 100, "Skill"), READ)
    made.result(skill, 60)
    made.result(read, 5_000)
    made.attached("nested_memory", 700, displayPath="src/CLAUDE.md")
    made.answer(("text", 80, ""))
    made.attached("edited_text_file", 1_200, filename="/w/alpha/loop.py")
    made.said(300)
    made.said(250, "<local-command-stdout>" + text_of(230) + "</local-command-stdout>")
    made.answer(("text", 70, ""))
    context = context_of(made, book, memory)
    kinds = tokens_by_kind(context)
    assert context.total_tokens == sum(kinds.values()) == made.prompt
    assert kinds["prompts"] == about(700)
    assert kinds["skills"] == about(2_000)
    assert kinds["agents"] == about(1_100)
    assert names_of(context, "mcp") == {"github": about(2_100), "jira": about(400)}
    assert names_of(context, "memory") == {
        "~/.claude/CLAUDE.md": about(1_500),
        "/w/CLAUDE.md": about(900),
        "src/CLAUDE.md": about(700),
    }
    assert kinds["system"] == about(24_000 - 2_400 + 300)
    assert kinds["thinking"] == about(900)
    assert kinds["answers"] == about(300)
    assert names_of(context, "tool_results") == {"Read": about(5_000), "Skill": about(60)}
    assert names_of(context, "attachments") == {"edited_text_file": about(1_200), "local-command-stdout": about(250)}
    assert "unseen" not in kinds


def test_a_skills_text_counts_as_the_skill(book: PriceBook) -> None:
    made = Made()
    made.said(50)
    made.answer(("text", 5, ""))
    made.said(60)
    made.lines[-1]["message"] = {"role": "user", "content": text_of(60)}
    made.answer(("tool", 90, "Skill"))
    made.lines[-1]["message"]["content"][0]["input"] = {"skill": "pdf"}  # type: ignore[index]
    made.result("toolu_2_0", 30)
    made.said(2_500, isMeta=True)
    made.answer(("text", 5, ""))
    assert names_of(context_of(made, book), "skills") == {"pdf": about(2_500)}


def test_after_a_compaction_only_what_came_after_counts(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (read,) = made.answer(READ)
    made.result(read, 90_000)
    made.answer(("text", 900, ""))
    made.compacted(6_000)
    made.said(150)
    made.answer(("text", 40, ""))
    context = context_of(made, book)
    kinds = tokens_by_kind(context)
    assert context.total_tokens == made.prompt == 20_000 + 6_000 + 150 + 40
    assert kinds == {"system": about(20_000), "summary": about(6_000), "prompts": about(150), "answers": 40}
    assert [each.compacted for each in context.growth] == ["", "", "auto"]


def test_a_compaction_that_nothing_followed_yet_leaves_the_fixed_part_and_the_summary(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    made.answer(("text", 60_000, ""))
    made.compacted(5_000)
    context = context_of(made, book)
    assert tokens_by_kind(context) == {"system": about(20_000), "summary": about(5_000)}
    assert (context.pending_tokens, context.is_compacted, context.output_tokens) == (about(5_000), True, 0)


def test_what_the_transcript_does_not_show_after_a_compaction_is_said_so(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    made.answer(("text", 60_000, ""))
    made.compacted(5_000, kept=20_000)
    made.answer(("text", 10, ""))
    assert tokens_by_kind(context_of(made, book))["unseen"] == about(20_000)


def test_thinking_of_earlier_turns_is_gone_where_the_prompt_says_so(book: PriceBook) -> None:
    made = Made(model="claude-sonnet-4-5-20250929")
    made.said(300)
    (read,) = made.answer(("thinking", 3_000, ""), READ)
    made.result(read, 2_000)
    made.answer(("text", 100, ""))
    made.prompt -= 3_000
    made.said(120)
    made.answer(("text", 10, ""))
    kinds = tokens_by_kind(context_of(made, book))
    assert kinds.get("thinking", 0) <= 120
    assert kinds["tool_results"] == 2_000


def test_thinking_that_is_sent_again_is_counted(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (read,) = made.answer(("thinking", 3_000, ""), READ)
    made.result(read, 2_000)
    made.answer(("text", 100, ""))
    made.said(120)
    made.answer(("text", 10, ""))
    assert tokens_by_kind(context_of(made, book))["thinking"] == about(3_000)


def test_results_that_the_client_cleared_are_gone_the_oldest_first(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    for size in (9_000, 4_000, 2_000):
        (read,) = made.answer(READ)
        made.result(read, size)
    made.answer(("text", 100, ""))
    made.line("system", subtype="microcompact_boundary")
    made.prompt -= 10_000
    made.said(50)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert tokens_by_kind(context)["tool_results"] == about(5_000)
    assert [big.item.tokens for big in context.biggest if big.item.name == "Read"][:2] == [about(3_000), 2_000]


def test_a_step_back_takes_the_newest_away(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    for size in (9_000, 4_000):
        (read,) = made.answer(READ)
        made.result(read, size)
    before = made.prompt
    made.answer(("text", 700, ""))
    made.prompt = before - 4_000 - 170
    made.said(90)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert context.total_tokens == made.prompt
    assert tokens_by_kind(context)["tool_results"] == about(9_000)


def test_tools_that_are_loaded_later_belong_to_the_client(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (search,) = made.answer(("tool", 80, "ToolSearch"))
    made.result(search, 5_000, size_tokens=0)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert names_of(context, "system")["loaded later"] == about(5_000)
    assert "unseen" not in tokens_by_kind(context)


def test_growth_that_no_line_explains_is_said_so(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    made.answer(("text", 80, ""))
    made.prompt += 9_000
    made.said(100)
    made.answer(("text", 10, ""))
    assert tokens_by_kind(context_of(made, book))["unseen"] == about(9_000)


def test_a_transcript_that_begins_in_the_middle_says_so(book: PriceBook) -> None:
    made = Made(fixed=400_000)
    made.said(300)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert tokens_by_kind(context)["system"] == 40_000
    assert names_of(context, "unseen") == {"before the transcript begins": about(360_000)}


def test_placeholders_of_old_clients_are_no_measure(book: PriceBook) -> None:
    made = Made(model="claude-opus-4-5-20251101", final=False)
    made.said(300)
    (read,) = made.answer(READ, ("text", 400, ""))[:1]
    made.result(read, 3_000)
    made.answer(("text", 200, ""))
    context = context_of(made, book)
    kinds = tokens_by_kind(context)
    assert kinds["tool_results"] == about(3_000)
    assert kinds["answers"] == about(600)
    assert all(part.measured_tokens == 0 for part in context.parts)


def test_another_tokenizer_counts_everything_anew(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (read,) = made.answer(READ)
    made.result(read, 8_000)
    made.answer(("text", 100, ""))
    made.model = "claude-opus-4-6"
    made.prompt = round(made.prompt * 0.77)
    made.said(100)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert context.total_tokens == made.prompt
    assert tokens_by_kind(context)["tool_results"] == about(round(8_000 * 0.77))


def test_what_no_request_has_sent_yet_is_estimated(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (read,) = made.answer(READ)
    sent = made.prompt
    made.result(read, 4_000)
    context = context_of(made, book)
    assert context.pending_tokens == about(4_000)
    assert context.total_tokens == sent + context.pending_tokens


def test_a_session_without_a_response_has_an_estimate_only(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    context = context_of(made, book)
    assert (context.requests, context.prompt_tokens, context.at) == (0, 0, 0)
    assert context.total_tokens == context.pending_tokens == pytest.approx(300, rel=0.25)  # the model is not known
    assert context_of(Made(), book).parts == ()


def test_carrying_costs_a_cache_read_with_each_request_after_the_first(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (read,) = made.answer(READ)
    made.result(read, 10_000)
    for _ in range(5):
        made.answer(("text", 10, ""))
        made.said(20)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    (big, *_) = context.biggest
    assert (big.item.name, big.item.target, big.item.tokens, big.carried) == ("Read", "/w/alpha/loop.py", 10_000, 5)
    assert big.carry_cost == pytest.approx(5 * 10_000 * 500, abs=5)  # opus 4.8 reads a token for 500 nano-USD
    results = context.part("tool_results")
    assert results is not None
    assert (results.carried_tokens, results.carry_cost) == (50_000, big.carry_cost)
    assert context.read_cost == context.total_tokens * 500


def test_an_unpriced_model_has_no_costs(book: PriceBook) -> None:
    made = Made(model="a-model-without-a-price")
    made.said(300)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert (context.read_cost, context.cache.cold_cost) == (None, None)
    assert all(part.carry_cost is None for part in context.parts)
    assert (context.window.tokens, context.window.source) == (200_000, "assumed")


@pytest.mark.parametrize(("long_writes", "lifetime"), [(True, HOUR_US), (False, 5 * MINUTE_US)])
def test_the_cache_is_warm_as_long_as_its_last_writes_live(
    book: PriceBook, *, long_writes: bool, lifetime: int
) -> None:
    made = Made(long_writes=long_writes)
    made.said(300)
    made.answer(("text", 10, ""))
    made.said(20)
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert context.cache.lifetime == lifetime
    assert context.cache.warm_until == context.at + lifetime
    assert context.cache.hit_share == pytest.approx(20_300 / (20_300 + 20_330), abs=1e-6)
    write = 10_000 if long_writes else 6_250
    assert context.cache.cold_cost == context.total_tokens * (write - 500)
    assert context.cache.rebuilds == ()


def steady(made: Made, size: int = 30_000) -> Made:
    """Two requests of which the second has a large prompt in the cache."""
    made.said(300)
    (read,) = made.answer(READ)
    made.result(read, size)
    made.answer(("text", 50, ""))
    made.said(40)
    return made


def only_rebuild(context: Context) -> tuple[str, int, int | None]:
    (rebuild,) = context.cache.rebuilds
    return rebuild.cause, rebuild.lost_tokens, rebuild.cost


def test_a_pause_longer_than_the_lifetime_rebuilds(book: PriceBook) -> None:
    made = steady(Made(long_writes=False))
    lost = made.cached
    made.minute += 6
    made.answer(("text", 10, ""), read=0)
    assert only_rebuild(context_of(made, book)) == ("pause", lost, lost * (6_250 - 500))


def test_an_hours_cache_outlives_the_same_pause(book: PriceBook) -> None:
    made = steady(Made())
    made.minute += 6
    made.answer(("text", 10, ""), read=0)
    assert only_rebuild(context_of(made, book))[0] == "tools"


def test_another_model_rebuilds(book: PriceBook) -> None:
    made = steady(Made())
    made.model = "claude-opus-4-7"
    made.answer(("text", 10, ""), read=0)
    assert only_rebuild(context_of(made, book))[0] == "model"


def test_another_effort_rebuilds(book: PriceBook) -> None:
    made = steady(Made())
    made.answer(("text", 10, ""), read=20_000, effort="low")
    assert only_rebuild(context_of(made, book))[0] == "effort"


def test_a_beginning_that_is_still_cached_tells_that_the_conversation_was_rewritten(book: PriceBook) -> None:
    made = steady(Made())
    lost = made.cached - 20_000
    made.answer(("text", 10, ""), read=20_000)
    assert only_rebuild(context_of(made, book))[:2] == ("conversation", lost)


@pytest.mark.parametrize(("fallen", "cause"), [(1_000, "conversation"), (10_000, "compaction")])
def test_a_prompt_that_lost_a_little_was_neither_compacted_nor_stepped_back_in(
    book: PriceBook, fallen: int, cause: str
) -> None:
    made = steady(Made())
    made.prompt -= fallen
    made.answer(("text", 10, ""), read=15_000)
    assert only_rebuild(context_of(made, book))[0] == cause


def test_a_compaction_rebuilds(book: PriceBook) -> None:
    made = steady(Made())
    made.compacted(6_000)
    made.answer(("text", 10, ""), read=0)
    assert only_rebuild(context_of(made, book))[0] == "compaction"


def test_a_prompt_that_grows_by_much_is_no_rebuild(book: PriceBook) -> None:
    made = steady(Made())
    made.said(80_000)
    made.answer(("text", 10, ""))
    assert context_of(made, book).cache.rebuilds == ()


@pytest.mark.parametrize(
    ("model", "most_sent", "told", "expected"),
    [
        ("claude-opus-4-8", 0, None, (1_000_000, "price_data")),
        ("claude-opus-4-8", 0, 200_000, (200_000, "status_line")),
        ("claude-opus-4-8", 201_000, 200_000, (1_000_000, "sent")),
        ("claude-opus-4-6", 100_000, None, (200_000, "price_data")),
        ("claude-opus-4-6", 180_000, None, (200_000, "price_data")),
        ("claude-opus-4-6", 194_535, None, (1_000_000, "sent")),
        ("claude-opus-4-6", 194_535, 200_000, (200_000, "status_line")),
        ("claude-opus-4-6", 260_000, None, (1_000_000, "sent")),
        ("claude-sonnet-4-5-20250929", 0, None, (200_000, "price_data")),
        ("claude-sonnet-4-5[1m]", 0, None, (1_000_000, "model_mark")),
        ("claude-haiku-4-5-20251001", 0, None, (200_000, "price_data")),
        ("claude-fable-5", 0, None, (1_000_000, "price_data")),
        ("claude-haiku-5-5", 0, None, (1_000_000, "price_data")),
        ("nobody-knows-it", 0, None, (200_000, "assumed")),
    ],
)
def test_the_window(book: PriceBook, model: str, most_sent: int, told: int | None, expected: tuple[int, str]) -> None:
    said = Said(1, 1, told) if told else None
    window = window_of(model, most_sent, said, AutoCompact(), book)
    assert (window.tokens, window.source) == expected
    assert window.reserve_tokens == 33_000


def test_notices_are_named_by_what_they_are_and_a_skill_s_text_is_not_one(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (skill,) = made.answer(("tool", 60, "Skill"))
    made.lines[-1]["message"]["content"][0]["input"] = {"skill": "review"}  # type: ignore[index]
    made.result(skill, 20)
    made.said(4_000, f"<task-notification>\n{text_of(4_000)}", origin={"kind": "task-notification"})
    made.said(900, text_of(900), isMeta=True)
    made.said(500, f"<local-command-stdout>{text_of(500)}</local-command-stdout>")
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert names_of(context, "attachments") == {"task-notification": about(4_000), "local-command-stdout": about(500)}
    assert names_of(context, "skills") == {"review": about(900)}


def test_lines_of_the_first_prompt_may_stand_after_the_first_result(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    made.attached("skill_listing", 1_400)
    late = made.lines[:]
    made.lines.clear()
    (read,) = made.answer(READ)
    made.result(read, 5_300)
    made.lines += late
    made.answer(("text", 10, ""))
    context = context_of(made, book)
    assert names_of(context, "tool_results") == {"Read": 5_300}
    assert tokens_by_kind(context)["skills"] == about(1_400)
    assert context.total_tokens == made.prompt


def switched() -> Made:
    """300,000 tokens with a model of the long window, a compaction, then a model of the usual one."""
    made = Made()
    made.said(300_000)
    made.answer(("text", 100, ""))
    made.compacted(5_000)
    made.answer(("text", 100, ""))
    made.model = "claude-haiku-4-5-20251001"
    made.said(100)
    made.answer(("text", 100, ""))
    return made


def test_what_another_model_was_sent_tells_nothing_of_the_window_of_the_last(book: PriceBook) -> None:
    window = context_of(switched(), book).window
    assert (window.tokens, window.source) == (200_000, "price_data")


def test_a_status_line_of_another_model_tells_nothing_of_the_window_of_the_last(book: PriceBook) -> None:
    state = SessionState(SESSION, "k", 5, 1, f"{MODEL}[1m]", "high", 300_300, 1_000_000, None)
    context = context_of(switched(), book, state=state)
    assert (context.window.tokens, context.window.source, context.said) == (200_000, "price_data", None)
    still = state._replace(at=context.at, context_tokens=25_200)
    assert context_of(switched(), book, state=still).window.tokens == 1_000_000


@pytest.mark.parametrize(
    ("environ", "is_on", "reserve", "compacts"),
    [
        ({}, True, 33_000, True),
        ({}, False, 23_000, False),
        ({"DISABLE_AUTO_COMPACT": "1"}, True, 23_000, False),
        ({"DISABLE_COMPACT": "0"}, True, 33_000, True),
        ({"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE": "50"}, True, 110_000, True),
        ({"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE": "100"}, True, 33_000, True),
        ({"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE": "much"}, True, 33_000, True),
    ],
)
def test_the_reserve_is_what_the_client_keeps_free(
    book: PriceBook, environ: Mapping[str, str], *, is_on: bool, reserve: int, compacts: bool
) -> None:
    window = window_of("claude-opus-4-6", 0, None, AutoCompact.told(environ, is_on=is_on), book)
    assert (window.reserve_tokens, window.compacts_itself) == (reserve, compacts)


def test_the_status_lines_word_counts_while_nothing_is_newer(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    made.answer(("text", 10, ""))
    at = context_of(made, book).at
    newer = SessionState(SESSION, "k", at + 5, 1, MODEL, "high", 20_300, 200_000, None)
    older = SessionState(SESSION, "k", at - 5, 1, MODEL, "high", 11, 200_000, None)
    assert context_of(made, book, state=newer).said == Said(at + 5, 20_300, 200_000)
    found = context_of(made, book, state=older)
    assert (found.said, found.window.tokens) == (Said(at - 5, None, 200_000), 200_000)
    compacted = context_of(made, book, state=newer._replace(context_tokens=0))
    assert compacted.said == Said(at + 5, None, 200_000)


def test_sub_agents_have_contexts_of_their_own(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    (task,) = made.answer(("tool", 150, "Agent"))
    made.lines[-1]["message"]["content"][0]["input"] = {"subagent_type": "Explore"}  # type: ignore[index]
    agent = Made(fixed=9_000, chain="a1b2")
    agent.said(200)
    agent.answer(("text", 80, ""))
    agent.said(10)
    agent.answer(("text", 20, ""))
    made.result(task, 400, toolUseResult={"agentId": "a1b2", "status": "completed"})
    made.answer(("text", 10, ""))
    context = context_of(made, book, agents=chains_of(events_in(agent)))
    (found,) = context.agents
    assert (found.chain, found.kind, found.requests, found.tokens) == ("a1b2", "Explore", 2, 9_310)
    assert context.total_tokens == made.prompt


def test_from_the_ledger_alone_the_total_is_known(book: PriceBook) -> None:
    ask = Ask(SESSION, SessionFacts("t", "/p", ""), None, AutoCompact())
    row = Response(
        at=7_000_000,
        source="claude_code",
        session_id=SESSION,
        project="/p",
        title="t",
        agent="main",
        model=MODEL,
        sums=Sums(1, 4, 90, 0, 500, 30_000),
    )
    other = Response(9_000_000, "claude_code", SESSION, "/p", "t", "Explore", MODEL, Sums(1, 4, 90, 0, 500, 70_000))
    context = context_of_ledger(ask, [row, other], book)
    assert (context.total_tokens, context.prompt_tokens, context.at) == (30_594, 30_504, 7_000_000)
    assert (context.parts, context.is_from_transcript, context.requests) == ((), False, 1)


def kinds_of_hints(context: Context, now: int) -> list[str]:
    return [hint.kind for hint in hints_of(context, now)]


def test_hints_come_with_their_cause_and_only_with_it(book: PriceBook) -> None:
    small = Made()
    small.said(300)
    small.answer(("text", 10, ""))
    context = context_of(small, book)
    assert hints_of(context, context.at) == ()
    large = steady(Made(), size=95_000)
    large.answer(("text", 10, ""))
    context = context_of(large, book)
    compact, result = hints_of(context, context.at)
    assert (compact.kind, result.kind) == ("compact", "big_result")
    assert compact.tokens == about(context.total_tokens - 20_000 - 18_000)
    assert compact.cost == pytest.approx(compact.tokens * 500, abs=2)
    assert (result.tokens, result.name, result.count) == (95_000, "Read", 1)
    assert kinds_of_hints(context, context.at + 2 * HOUR_US)[0] == "cold"


def test_a_window_that_is_nearly_full_says_when_it_will_compact(book: PriceBook) -> None:
    made = Made(model="claude-opus-4-6")
    made.said(130_000)
    for _ in range(6):
        (read,) = made.answer(READ)
        made.result(read, 1_830)
    context = context_of(made, book)
    hint = hints_of(context, context.at)[0]
    assert hint.kind == "compacts_soon"
    assert hint.count == context.free_tokens // 2_000


def test_large_memory_files_are_mentioned(book: PriceBook) -> None:
    made = Made()
    made.said(300)
    made.answer(("text", 10, ""))
    memory = (MemorySize("/w/CLAUDE.md", len(text_of(7_000))),)
    (hint,) = hints_of(context_of(made, book, memory), 0)
    assert (hint.kind, hint.name, hint.count) == ("memory", "/w/CLAUDE.md", 1)
    assert hint.tokens == about(7_000)


def test_memory_files_are_the_chain_that_the_client_reads(tmp_path: Path) -> None:
    home, config, work = tmp_path / "home", tmp_path / "home" / ".claude", tmp_path / "home" / "w" / "alpha"
    for folder in (config / "rules", work / ".claude" / "rules", work / "docs", work / "memory"):
        folder.mkdir(parents=True)
    (config / "CLAUDE.md").write_text("user")
    (config / "rules" / "plain.md").write_text("a rule")
    (home / "w" / "CLAUDE.md").write_text("parent")
    (work / "CLAUDE.md").write_text("see @docs/style.md and `@docs/code.md`, mail ada@example.com, @docs/none.md")
    (work / "docs" / "style.md").write_text("style, see @../CLAUDE.md")
    (work / "docs" / "code.md").write_text("never")
    (work / "CLAUDE.local.md").write_text("local")
    (work / ".claude" / "rules" / "some.md").write_text("---\npaths: src/**\n---\nonly there")
    (work / "memory" / "MEMORY.md").write_text("line\n" * 500)
    found = memory_files(str(work), str(config), str(home), str(work))
    assert [(Path(each.path).name, each.scope, each.size_bytes) for each in found] == [
        ("CLAUDE.md", "user", 4),
        ("plain.md", "user", 6),
        ("CLAUDE.md", "project", 6),
        ("CLAUDE.md", "project", 75),
        ("style.md", "imported", 24),
        ("CLAUDE.local.md", "local", 5),
        ("MEMORY.md", "auto", 5 * 200 - 1),
    ]
    assert [each.scope for each in memory_files("/not/here", str(config), str(home))] == ["user", "user"]
    assert [each.scope for each in memory_files("", str(config), str(home), "no\0folder")] == ["user", "user"]
    (config / "CLAUDE.md").write_text("see @~/w/CLAUDE.md")
    assert [each.scope for each in memory_files("", str(config), str(home))] == ["user", "imported", "user"]


def test_the_working_folder_is_in_one_of_the_first_lines(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'{"type":"summary"}\n{"cwd": 5}\n{"cwd":\n\xff"cwd"\n{"cwd":"/w/alpha"}\n{"cwd":"/w/beta"}\n')
    assert working_folder(str(path)) == "/w/alpha"
    path.write_bytes(b"{}\n")
    assert working_folder(str(path)) == ""


@law(200)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), max_size=12))
def test_shares_add_up(tokens: int, weights: list[int]) -> None:
    found = divided(tokens, weights)
    assert len(found) == len(weights)
    assert all(each >= 0 for each in found)
    assert sum(found) == (tokens if weights else 0)


sizes = st.integers(0, 40_000)
blocks = st.builds(
    Block,
    st.sampled_from((TEXT, THINKING, TOOL)),
    sizes,
    tool=st.sampled_from(("Read", "ToolSearch", "Skill", "")),
    tool_id=st.sampled_from(("t1", "t2", "")),
    detail=st.sampled_from(("", "pdf")),
)
happenings = st.one_of(
    st.builds(Prompt, st.just(1), st.just(""), st.just("k"), st.sampled_from((PERSON, NOTICE, SUMMARY)), sizes),
    st.builds(Result, st.just(2), st.just(""), st.sampled_from(("t1", "t2", "t3")), sizes, st.just("ok")),
    st.builds(
        Attachment,
        st.just(3),
        st.just(""),
        st.just("k"),
        st.sampled_from(("skill_listing", "deferred_tools_delta", "hook_success", "task_reminder", "nested_memory")),
        sizes,
    ),
    st.builds(
        Mark,
        st.just("s"),
        st.just("k"),
        st.just(4),
        st.sampled_from((COMPACTION, MICROCOMPACTION, "mcp_server")),
        amount=sizes,
    ),
    st.builds(
        Answer,
        st.just(5),
        st.just(""),
        st.integers(0, 6).map(lambda number: f"m{number}"),
        st.sampled_from((MODEL, "claude-opus-4-5", "gpt-9", "")),
        sizes,
        sizes,
        sizes,
        sizes,
        sizes,
        blocks=st.lists(blocks, max_size=3).map(tuple),
        stop_reason=st.sampled_from(("", "end_turn")),
    ),
)


@law(400)
@given(st.lists(happenings, max_size=30), st.lists(st.builds(MemorySize, st.just("m"), sizes), max_size=2))
def test_parts_add_up_whatever_happens(happened: list[Event], memory: list[MemorySize]) -> None:
    chain = chains_of(happened).get("") or Chain()
    _assert_adds_up(chain, tuple(memory))


def _assert_adds_up(chain: Chain, memory: tuple[MemorySize, ...] = ()) -> None:
    """After every request the items are its prompt; at the end they are that with the output and what came since."""
    requests: list[Request] = chain.requests
    for number in range(1, len(requests) + 1):
        sent = measure(Chain(requests[:number], []), memory)
        assert sent.total_tokens - sent.output_tokens == requests[number - 1].prompt_tokens
        assert all(item.tokens > 0 and item.kind in KINDS for item in sent.items)
    last = measure(chain, memory)
    if requests and chain.compaction is None:
        assert last.total_tokens == requests[-1].prompt_tokens + last.output_tokens + last.pending_tokens
        assert not requests[-1].is_final or last.output_tokens == requests[-1].output_tokens


@pytest.mark.corpus
def test_parts_add_up_on_every_session_of_the_corpus(corpus: Path, tmp_path: Path, book: PriceBook) -> None:
    conversations = 0
    for source in sorted((corpus / "claude").rglob("*.jsonl*")):
        path = source
        if source.suffix == ".gz":
            path = tmp_path / "expanded.jsonl"
            path.write_bytes(gzip.decompress(source.read_bytes()))
        chains = chains_of(read_events(str(path)))
        context = build_context(Ask("s", SessionFacts(), None, AutoCompact()), chains, {}, book)
        assert context.total_tokens == sum(part.tokens for part in context.parts)
        for part in context.parts:
            named = sum(each.tokens for each in part.parts)
            assert not part.parts or named == part.tokens
        assert context.total_tokens == context.prompt_tokens + context.output_tokens + context.pending_tokens or (
            chains[""].compaction is not None
        )
        conversations += len(context.growth) > 0
    assert conversations > 100
