"""Each rule of `advise` by hand arithmetic: a history that triggers it, and one that must not.

How many tokens some bytes are is asked of the estimate, which has tests of its own; for prices see `advice_stories`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from tests.advice_stories import (
    AROUND,
    NOW,
    OPUS,
    READ,
    SONNET,
    UTC,
    WRITE,
    Story,
    forecast,
    output_of,
    parts,
    prose,
    usd,
)
from tokentide.analytics.advice import plan_rules
from tokentide.analytics.advice.cache_rules import (
    AFTER_LONG,
    AFTER_SHORT,
    AT_PROMPT,
    NEW_EFFORT,
    NEW_TOOLS,
    WITHIN_TURN,
)
from tokentide.analytics.advice.evidence import Surroundings
from tokentide.analytics.advice.model import (
    HIGH,
    MEDIUM,
)
from tokentide.analytics.advice.model_rules import cheaper_model
from tokentide.analytics.plans import PlanWish
from tokentide.analytics.what_if.plan_costs import plan_reports
from tokentide.clock import DAY_US
from tokentide.model.activity import COMPACTION, DENIED, FAILED, MCP_SERVER, OK, PROMPT, Trait
from tokentide.model.limits import SPEND, Account
from tokentide.sources.claude_code.memory_files import MemoryFile
from tokentide.store.sqlite.ledger import Ledger


class TestMemoryFiles:
    """25,000 bytes of prose are about 9,800 tokens: what is beyond 5,000 is too much."""

    SURPLUS = prose(25_000) - 5_000

    def around(self, size: int) -> Surroundings:
        return replace(AROUND, memory=lambda _: [MemoryFile("/w/shop/CLAUDE.md", "project", size)])

    def story(self) -> Story:
        story = Story()
        story.step(0, write=30_000)
        story.step(1, read=30_000, write=1_000)
        return story

    def test_the_surplus_is_written_once_and_read_with_every_request(self) -> None:
        advice = self.story().found("memory-files", self.around(25_000))
        assert advice.saving == self.SURPLUS * (WRITE + READ) > usd("0.03")
        assert advice.count == 2
        assert f"~{prose(25_000):,} tokens" in advice.finding
        assert "/w/shop/CLAUDE.md" in advice.finding

    def test_a_rebuild_writes_it_again(self) -> None:
        story = self.story()
        story.step(60, write=32_000)
        assert story.found("memory-files", self.around(25_000)).saving == self.SURPLUS * (2 * WRITE + READ)

    def test_sub_agents_are_left_out(self) -> None:
        story = self.story()
        story.session("s", "a1").step(2, write=30_000)
        assert story.found("memory-files", self.around(25_000)).count == 2

    def test_small_files_are_no_matter(self) -> None:
        assert "over 5,000 tokens" in str(self.story().find("memory-files", self.around(12_000)))


class TestLongSessions:
    """A compaction leaves 18,000 tokens beside the 20,000 that the session began with."""

    COMPACTION = usd("0.06") + usd("0.15") + usd("0.1125")
    """Of 120,000 tokens: read once more, 6,000 written as summary, 18,000 cached."""

    def story(self, prompt: int, more: int) -> Story:
        story = Story()
        story.step(0, write=20_000)
        story.step(1, read=20_000, write=prompt - 20_000)
        for number in range(more):
            story.step(2 + number, read=prompt, output_tokens=10)
        return story

    def test_what_a_compaction_at_half_the_window_would_have_spared(self) -> None:
        advice = self.story(120_000, 20).found("long-sessions")
        assert advice.saving == 20 * usd("0.041") - self.COMPACTION
        assert (advice.count, advice.sessions) == (20, 1)
        assert advice.confidence == MEDIUM

    def test_it_is_compacted_again_when_it_has_grown_again(self) -> None:
        story = self.story(120_000, 1)
        story.step(10, read=120_000, write=80_000)
        for number in range(30):
            story.step(11 + number, read=200_000)
        second = usd("0.059") + usd("0.15") + usd("0.1125")
        first_two = 2 * usd("0.041")
        expected = first_two - self.COMPACTION + 30 * usd("0.081") - second
        assert story.found("long-sessions").saving == expected

    def test_a_short_rest_does_not_pay_for_the_compaction(self) -> None:
        assert self.story(120_000, 3).found("long-sessions").saving == 0

    def test_one_that_was_compacted_is_no_matter(self) -> None:
        story = self.story(120_000, 0)
        story.mark(1.5, COMPACTION, "auto", 120_000)
        for number in range(20):
            story.step(2 + number, read=40_000)
        assert isinstance(story.find("long-sessions"), str)

    def test_below_half_is_no_matter(self) -> None:
        assert "100,000 tokens or 40 prompts" in str(self.story(90_000, 30).find("long-sessions"))

    def test_many_prompts_are_a_reason_of_their_own(self) -> None:
        story = Story()
        story.step(0, write=20_000)
        for number in range(1, 100):
            story.step(number, read=60_000 if number > 1 else 20_000, write=40_000 if number == 1 else 0)
        for number in range(100):
            story.mark(number - 0.5, PROMPT)
        compaction = usd("0.03") + usd("0.15") + usd("0.1125")
        assert story.found("long-sessions").saving == 59 * usd("0.011") - compaction

    def test_forty_prompts_are_not_too_many(self) -> None:
        story = self.story(60_000, 60)
        for number in range(40):
            story.mark(number - 0.5, PROMPT)
        assert isinstance(story.find("long-sessions"), str)


class TestCacheRebuilds:
    """By cause."""

    def story(self, pause: float, long: object = False) -> Story:
        story = Story()
        for minute, read, written in ((0, 0, 20_000), (1, 20_000, 100_000), (1 + pause, 0, 121_000)):
            story.step(minute, read=read, write=0 if long else written, long=written if long else 0)
        return story

    def test_a_pause_of_ten_minutes_ends_a_five_minute_cache(self) -> None:
        advice = self.story(10).found("cache-pauses")
        assert advice.saving == usd("0.5125") - TestLongSessions.COMPACTION
        assert parts(advice) == {AFTER_SHORT: (1, advice.saving)}

    def test_a_pause_of_two_hours_ends_a_one_hour_cache(self) -> None:
        advice = self.story(120, long=True).found("cache-pauses")
        assert advice.saving == usd("0.82") - usd("0.06") - usd("0.15") - usd("0.18")
        assert parts(advice) == {AFTER_LONG: (1, advice.saving)}

    def test_a_pause_within_the_lifetime_is_none(self) -> None:
        assert isinstance(self.story(4).find("cache-pauses"), str)
        assert isinstance(self.story(50, long=True).find("cache-pauses"), str)

    def test_a_short_conversation_may_rest(self) -> None:
        story = Story()
        story.step(0, write=30_000)
        story.step(30, write=31_000)
        assert isinstance(story.find("cache-pauses"), str)

    def test_another_model_has_a_cache_of_its_own(self) -> None:
        story = Story()
        story.step(0, write=50_000)
        story.step(1, model=SONNET, write=51_000)
        advice = story.found("model-switches")
        assert advice.saving == usd("0.115")
        assert parts(advice) == {"claude-opus-5 to claude-sonnet-5": (1, usd("0.115"))}
        assert isinstance(story.find("cache-breaks"), str)

    def test_one_model_throughout_is_no_switch(self) -> None:
        assert isinstance(self.story(1).find("model-switches"), str)

    @pytest.mark.parametrize(
        ("effort", "tool", "name"),
        [
            ("low", "", NEW_EFFORT),
            ("high", "ToolSearch", NEW_TOOLS),
            ("high", "Bash", WITHIN_TURN),
            ("high", "", AT_PROMPT),
        ],
    )
    def test_a_loss_within_the_lifetime_is_named_by_what_goes_with_it(self, effort: str, tool: str, name: str) -> None:
        story = Story()
        first = story.step(0, write=50_000)
        if tool:
            story.run(first, tool=tool)
        story.step(1, write=51_000, trait=Trait("", effort, "cli", "", 0, 0))
        assert parts(story.found("cache-breaks")) == {name: (1, usd("0.2875"))}

    def test_a_rewound_conversation_is_no_break(self) -> None:
        story = Story()
        story.step(0, write=50_000)
        story.step(1, read=10_000, write=35_000)
        assert isinstance(story.find("cache-breaks"), str)

    def test_the_first_request_after_a_compaction_is_no_break(self) -> None:
        story = Story()
        story.step(0, write=50_000)
        story.mark(0.5, COMPACTION, "manual", 50_000)
        story.step(1, read=10_000, write=45_000)
        assert isinstance(story.find("cache-breaks"), str)


class TestModels:
    """Which model, and how fast."""

    def lookups(self, count: int, tool: str = "Grep") -> Story:
        story = Story()
        for number in range(count):
            name = story.step(number, read=100_000, write=500, output_tokens=100)
            story.run(name, tool=tool)
        return story

    def test_a_row_of_look_ups_is_work_for_a_cheaper_agent(self) -> None:
        advice = self.lookups(4).found("small-steps")
        agent = usd("0.0385") + 3 * usd("0.004") + usd("0.01")
        assert advice.saving == 3 * usd("0.055625") - agent
        assert (advice.count, "claude-sonnet-5" in advice.title) == (3, True)

    @pytest.mark.parametrize(("count", "tool"), [(2, "Grep"), (4, "Edit"), (4, "Bash")])
    def test_few_or_other_steps_are_not(self, count: int, tool: str) -> None:
        assert isinstance(self.lookups(count, tool).find("small-steps"), str)

    def test_a_small_context_needs_no_agent(self) -> None:
        story = Story()
        for number in range(4):
            story.run(story.step(number, read=5_000, write=100, output_tokens=50), tool="Read")
        assert isinstance(story.find("small-steps"), str)

    def agent(self, tool: str, model: str = OPUS) -> Story:
        story = Story()
        story.session("s", "a1")
        for number in range(2):
            story.run(story.step(number, model=model, input_tokens=1_000, output_tokens=1_000), tool=tool)
        return story

    def test_an_agent_that_only_looks_may_be_cheaper(self) -> None:
        assert self.agent("Grep").found("dear-agents").saving == 2 * usd("0.018")

    @pytest.mark.parametrize(("tool", "model"), [("Edit", OPUS), ("Grep", "claude-haiku-5-5"), ("Grep", "gpt-5")])
    def test_an_agent_that_writes_or_is_cheap_is_left_alone(self, tool: str, model: str) -> None:
        assert isinstance(self.agent(tool, model).find("dear-agents"), str)

    def test_fast_mode_costs_twice_as_much(self) -> None:
        story = Story()
        for speed in ("fast", "standard"):
            story.step(0, model="claude-opus-4-8", input_tokens=1_000, output_tokens=1_000, speed=speed)
        advice = story.found("fast-mode")
        assert (advice.saving, advice.concerned, advice.count) == (usd("0.03"), usd("0.06"), 1)

    def test_without_fast_mode_there_is_nothing_to_say(self) -> None:
        assert isinstance(self.lookups(2).find("fast-mode"), str)

    def test_the_next_cheaper_family_has_its_newest_model(self) -> None:
        known = ("claude-opus-5", "claude-sonnet-4-6", "claude-sonnet-5", "claude-haiku-4-5")
        assert cheaper_model("claude-fable-5", known) == "claude-opus-5"
        assert cheaper_model("claude-opus-4-8", known) == "claude-sonnet-5"
        assert cheaper_model("claude-haiku-4-5", known) == ""
        assert cheaper_model("glm-5", known) == ""


class TestServers:
    """What names and describes a server is written once and read with every request."""

    def story(self, sessions: Sequence[str] = ("s", "t"), name: str = "db") -> Story:
        story = Story()
        for session in sessions:
            story.session(session)
            story.mark(-1, MCP_SERVER, name, 10_000, session)
            story.step(0, write=30_000)
            story.step(1, read=30_000)
        return story

    def test_a_server_that_nobody_calls_is_carried_along(self) -> None:
        advice = self.story().found("idle-mcp-servers")
        assert advice.saving == 2 * prose(10_000) * (WRITE + READ)
        assert parts(advice) == {"db": (2, advice.saving)}
        assert (advice.count, advice.sessions) == (2, 2)

    @pytest.mark.parametrize(
        ("name", "tool"), [("db", "mcp__db__query"), ("claude.ai Mail", "mcp__claude_ai_Mail__send")]
    )
    def test_one_that_was_called_once_is_used(self, name: str, tool: str) -> None:
        story = self.story(name=name)
        story.run("m0", tool=tool)
        assert isinstance(story.find("idle-mcp-servers"), str)

    def test_one_session_may_have_tried_it_out(self) -> None:
        assert isinstance(self.story(("s",)).find("idle-mcp-servers"), str)


class TestHugeResults:
    """50,000 bytes of a result are about 23,000 tokens: 13,000 beyond the bound."""

    SURPLUS = output_of(50_000) - 10_000

    def story(self, size: int = 50_000, grown: int = 30_000) -> Story:
        story = Story()
        first = story.step(0, write=20_000)
        second = story.step(1, read=20_000, write=grown)
        story.run(first, second, "Read", result_bytes=size)
        story.step(2, read=20_000 + grown)
        return story

    def test_what_is_beyond_is_written_once_and_read_to_the_end(self) -> None:
        advice = self.story().found("huge-results")
        assert advice.saving == self.SURPLUS * (WRITE + READ)
        assert parts(advice) == {"Read": (1, advice.saving)}

    def test_it_ends_with_a_compaction(self) -> None:
        story = self.story()
        story.mark(2.5, COMPACTION, "auto", 50_000)
        story.step(3, read=49_000)
        assert story.found("huge-results").saving == self.SURPLUS * (WRITE + READ)

    def test_the_prompt_grew_by_less_than_the_estimate(self) -> None:
        assert self.story(grown=4_000).found("huge-results").saving == usd("0.025") + usd("0.002")

    def test_two_results_share_by_their_tokens(self) -> None:
        story = self.story(grown=60_000)
        story.run("m0", "m1", "Bash", result_bytes=50_000)
        advice = story.found("huge-results")
        assert parts(advice)["Read"] == parts(advice)["Bash"] == (1, self.SURPLUS * (WRITE + READ))

    def test_below_the_bound_is_no_matter(self) -> None:
        assert isinstance(self.story(size=20_000).find("huge-results"), str)


class TestFailures:
    """An answer costs what it costs, by its share of the results."""

    def story(self, *outcomes: tuple[str, str]) -> Story:
        story = Story()
        for number, (tool, outcome) in enumerate(outcomes):
            called = story.step(2 * number)
            story.run(called, story.step(2 * number + 1, output_tokens=1_000), tool, outcome=outcome)
        return story

    def test_a_misused_tool_a_denial_and_a_second_failure_are_needless(self) -> None:
        story = self.story(("Edit", FAILED), ("Write", DENIED), ("Bash", FAILED), ("Bash", FAILED), ("Read", OK))
        advice = story.found("failures")
        each = usd("0.025")
        assert parts(advice) == {"Edit": (1, each), "Write (denied)": (1, each), "Bash": (1, each)}
        assert "in all 3 failed and 1 denied" in advice.finding

    def test_a_command_that_fails_once_tells_something(self) -> None:
        story = self.story(("Bash", FAILED), ("Bash", OK), ("Bash", FAILED), ("Edit", OK))
        assert str(story.find("failures")) == "2 failed and 0 denied calls: none needless"

    def test_a_failure_that_nothing_answered_is_one_of_all(self) -> None:
        story = self.story(("Edit", FAILED))
        story.run(story.step(9), "", "Bash", outcome=FAILED)
        advice = story.found("failures")
        assert advice.count == 1
        assert "in all 2 failed and 0 denied" in advice.finding

    def test_results_answered_together_share_the_answer(self) -> None:
        story = self.story(("Edit", FAILED))
        story.run("m0", "m1", "Read")
        assert story.found("failures").saving == usd("0.0125")


class TestRereads:
    """10,000 bytes of a file are about 4,600 tokens."""

    def story(self, sizes: Sequence[int], edited: object = False) -> Story:
        story = Story()
        prompt = 20_000
        before = story.step(0, write=prompt)
        for number, size in enumerate(sizes, 1):
            after = story.step(number, read=prompt, write=5_000)
            story.run(before, after, "Read", file=7, result_bytes=size)
            if edited and number == 2:
                story.run(before, after, "Edit", file=7, result_bytes=10)
            prompt, before = prompt + 5_000, after
        return story

    def test_the_third_reading_of_the_same_is_needless(self) -> None:
        advice = self.story([10_000, 10_100, 10_000, 10_000]).found("re-reads")
        third, fourth = output_of(10_000) * (WRITE + READ), output_of(10_000) * WRITE
        assert (advice.saving, advice.count) == (third + fourth, 2)

    def test_twice_is_not_too_often(self) -> None:
        assert isinstance(self.story([10_000, 10_000]).find("re-reads"), str)

    def test_after_an_edit_it_is_another_file(self) -> None:
        assert isinstance(self.story([10_000] * 4, edited=True).find("re-reads"), str)

    def test_other_parts_of_a_file_are_not_the_same(self) -> None:
        assert isinstance(self.story([10_000, 8_000, 6_000, 4_000]).find("re-reads"), str)

    def test_a_reading_that_weighs_nothing_is_none(self) -> None:
        assert isinstance(self.story([0, 0, 0, 0]).find("re-reads"), str)


class TestPlans:
    """When and under which plan."""

    def story(self, count: int = 1, **trait: str) -> Story:
        story = Story()
        for number in range(count):
            told = msgspec.structs.replace(Trait("", "", "cli", "", 0, 0), **trait)
            story.step(number * 360, output_tokens=80_000, trait=told)
        return story

    def test_a_week_that_will_be_full_is_worth_a_word(self) -> None:
        advice = self.story().found("off-peak", replace(AROUND, forecasts=(forecast(0.8, 118.0),)))
        assert (advice.week_percent, advice.until, advice.saving) == (18.0, NOW + DAY_US, 0)
        assert (advice.confidence, advice.reason) == (MEDIUM, "the forecast gives it odds of 80 %")
        sure = self.story().found("off-peak", replace(AROUND, forecasts=(forecast(0.95, 118.0),)))
        assert sure.confidence == HIGH

    @pytest.mark.parametrize("odds", [0.3, None])
    def test_a_week_that_lasts_is_not(self, odds: float | None) -> None:
        found = self.story().find("off-peak", replace(AROUND, forecasts=(forecast(odds, 90.0),)))
        assert found == "no weekly window is likely to be used up"
        assert self.story().find("off-peak") == "no weekly window is known"

    def test_what_programs_ask_costs_half_as_a_batch(self) -> None:
        advice = self.story(entry_point="sdk-cli").found("batch")
        assert (advice.saving, advice.concerned, advice.confidence) == (usd("1"), usd("2"), MEDIUM)

    def test_what_a_person_asks_is_no_batch(self) -> None:
        assert isinstance(self.story(entry_point="cli").find("batch"), str)

    def around(self, ledger: Ledger, plan: str) -> Surroundings:
        wish = PlanWish(plan=plan)
        return replace(AROUND, plan_reports=lambda history: plan_reports(ledger, history, UTC, wish, now=NOW))

    def test_under_a_plan_there_are_no_batches(self) -> None:
        story = self.story(entry_point="sdk-cli")
        with story.ledger() as ledger:
            assert "run under a plan" in str(story.find("batch", self.around(ledger, "pro")))

    def test_a_plan_that_is_hardly_used_may_be_smaller(self) -> None:
        story = self.story(2)
        with story.ledger() as ledger:
            advice = story.found("plan-size", self.around(ledger, "max20"))
        assert advice.title == "Take Pro instead of Max 20x"
        assert (advice.saving, advice.concerned, advice.only_if) == (usd("180"), usd("200"), "")
        assert not advice.spares_windows

    def test_nobody_who_has_a_plan_is_sent_to_the_api(self) -> None:
        story = self.story(2)
        with story.ledger() as ledger:
            found = story.find("plan-size", self.around(ledger, "pro"))
        assert "would cost less by the token than the plan" in str(found)

    def test_who_has_windows_has_a_plan_though_nobody_tells_which(self) -> None:
        story = self.story(40, entry_point="sdk-cli")
        with story.ledger() as ledger:
            around = replace(self.around(ledger, "auto"), forecasts=(forecast(0.1, 50.0),))
            assert "nobody tells which" in str(story.find("plan-size", around))
            assert "run under a plan" in str(story.find("batch", around))

    def test_a_limit_of_spending_is_no_plan(self) -> None:
        story = self.story(40)
        known = forecast(0.1, 50.0)
        spending = replace(known, windows=(replace(known.windows[0], window=SPEND),))
        with story.ledger() as ledger:
            advice = story.found("plan-size", replace(self.around(ledger, "auto"), forecasts=(spending,)))
        assert advice.only_if == "you pay for tokens"

    def test_a_week_is_no_matter_of_days_that_are_over(self) -> None:
        around = replace(AROUND, forecasts=(forecast(0.8, 118.0),))
        evidence = replace(self.story().evidence(around), end=NOW)
        assert plan_rules.off_peak(evidence) == "no weekly window is known"

    def test_of_two_weeks_the_tight_one_is_named(self) -> None:
        other = replace(forecast(0.1, 50.0), account=Account("b", "you"))
        one = self.story().found("off-peak", replace(AROUND, forecasts=(forecast(0.8, 118.0),)))
        two = self.story().found("off-peak", replace(AROUND, forecasts=(other, forecast(0.8, 118.0))))
        assert one.finding.startswith("the week will")
        assert two.finding.startswith("the week of me will")

    def test_who_pays_for_tokens_may_take_a_plan(self) -> None:
        story = self.story(40)
        with story.ledger() as ledger:
            advice = story.found("plan-size", self.around(ledger, "auto"))
        assert advice.title == "Consider Pro"
        assert advice.saving == usd("60")
        assert advice.only_if == "you pay for tokens"

    def test_a_plan_that_fits_is_left_alone(self) -> None:
        story = self.story(40)
        with story.ledger() as ledger:
            assert isinstance(story.find("plan-size", self.around(ledger, "pro")), str)
