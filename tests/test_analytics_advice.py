"""All rules of `advise` together: what is ranked, what is missing, and what holds for any history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.advice_stories import (
    AROUND,
    MODELS,
    NOW,
    OPUS,
    START,
    UTC,
    Story,
    forecast,
    usd,
)
from tests.ledgers import sync
from tokentide.analytics.advice.engine import AdviceAsk, build_advice
from tokentide.analytics.advice.evidence import Surroundings, lighter
from tokentide.analytics.advice.gathering import Range, gather
from tokentide.analytics.advice.model import (
    FOUND,
    LACKING,
    NOTHING,
    OFF,
    SMALL,
    Advice,
    AdviceReport,
)
from tokentide.analytics.advice.rules import RULES, check_names
from tokentide.analytics.forecasting.model import Calibration
from tokentide.analytics.selection import Selection
from tokentide.analytics.what_if.model import MONTH_US
from tokentide.clock import DAY_US, HOUR_US
from tokentide.errors import UsageError
from tokentide.model.activity import API_ERROR, COMPACTION, DENIED, FAILED, MCP_SERVER, OK, PROMPT, Mark, Trait
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY
from tokentide.model.usage import UsageRecord
from tokentide.sources.claude_code.memory_files import MemoryFile
from tokentide.store.query import Filters
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.details import sync_details
from tokentide.sync.engine import Observer

EXPLAINED = Path(__file__).parents[1] / "docs" / "explanation" / "advice.md"


def many(sessions: int = 6, speed: str = "fast", output: int = 100_000) -> Story:
    """Sessions of one answer each, in fast mode: 2.50 more than it need be for 100,000 tokens of output."""
    story = Story()
    for number in range(sessions):
        story.session(f"s{number}").step(number, model="claude-opus-4-8", output_tokens=output, speed=speed)
    return story


def misused(sessions: int = 6) -> Story:
    """Sessions of a call that failed and an answer to that: 0.50 that need not be, each."""
    story = Story()
    for number in range(sessions):
        name = story.session(f"s{number}").step(number)
        story.run(name, story.step(100 + number, output_tokens=20_000), "Edit", outcome=FAILED)
    return story


def report_of(
    story: Story,
    around: Surroundings = AROUND,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    filters: Filters | None = None,
) -> AdviceReport:
    """The whole report."""
    selection = Selection(None, None, filters or Filters())
    with story.ledger() as ledger:
        return build_advice(ledger, AdviceAsk(selection, UTC, around, only, without), now=NOW)


def outcomes(report: AdviceReport) -> dict[str, str]:
    """What came of each rule."""
    return {each.rule: each.outcome for each in report.checked}


class TestEngine:
    """All rules together."""

    def test_advice_is_reckoned_for_a_month(self) -> None:
        report = report_of(many())
        (found,) = report.advice
        assert (found.advice.rule, found.advice.saving) == ("fast-mode", 6 * usd("2.5"))
        days = 10 + Decimal(9) / 24
        assert report.span_us == int(days * DAY_US)
        assert found.saving_per_month == usd("15") * MONTH_US // report.span_us
        assert outcomes(report)["fast-mode"] == FOUND
        assert outcomes(report)["batch"] == NOTHING

    def test_a_history_of_a_day_counts_as_a_week(self) -> None:
        story = many()
        with story.ledger() as ledger:
            ask = AdviceAsk(Selection(None, None, Filters()), UTC, AROUND)
            assert build_advice(ledger, ask, now=START + HOUR_US).span_us == 7 * DAY_US

    def test_the_largest_saving_comes_first(self) -> None:
        story = many()
        for number in range(6):
            story.session(f"s{number}")
            name = story.step(100 + number, write=20_000)
            story.run(name, story.step(101 + number, output_tokens=20_000), "Edit", outcome=FAILED)
        found = report_of(story).advice
        assert [each.advice.rule for each in found] == ["fast-mode", "failures"]
        assert found[0].saving_per_month > found[1].saving_per_month

    def test_a_tight_week_comes_before_all_savings(self) -> None:
        around = replace(AROUND, forecasts=(forecast(0.9, 130.0),))
        assert [each.advice.rule for each in report_of(many(), around).advice] == ["off-peak", "fast-mode"]

    def test_too_few_sessions_say_so(self) -> None:
        report = report_of(many(4))
        assert report.missing == "needs 5 sessions, has 4"
        assert report.advice == ()
        assert set(outcomes(report).values()) == {LACKING}

    def test_too_few_details_say_so_and_the_rest_is_checked(self) -> None:
        story = many()
        story.traits = story.traits[:2]
        report = report_of(story)
        notes = {each.rule: each.note for each in report.checked}
        assert notes["huge-results"] == "needs 5 sessions with details, has 2"
        assert outcomes(report)["fast-mode"] == FOUND

    def test_little_is_not_worth_a_word(self) -> None:
        report = report_of(many(output=1_000))
        assert report.advice == ()
        assert outcomes(report)["fast-mode"] == SMALL
        small = next(each for each in report.checked if each.rule == "fast-mode")
        assert (small.note, small.saving_per_month) == ("6 found", usd("0.15") * MONTH_US // report.span_us)

    def test_rules_can_be_switched_off_and_chosen(self) -> None:
        report = report_of(many(), without=("fast-mode",))
        assert outcomes(report)["fast-mode"] == OFF
        assert report.advice == ()
        assert outcomes(report_of(many(), only=("fast-mode",))) == {"fast-mode": FOUND}

    def test_a_part_of_an_accounts_use_says_nothing_of_its_plan_and_week(self) -> None:
        around = replace(AROUND, forecasts=(forecast(0.9, 130.0),))
        sessions = tuple(f"s{number}" for number in range(6))
        report = report_of(many(), around, filters=Filters(sessions=sessions))
        assert outcomes(report)["off-peak"] == outcomes(report)["plan-size"] == LACKING
        assert [each.advice.rule for each in report.advice] == ["fast-mode"]

    def test_a_plan_takes_two_weeks_to_judge(self) -> None:
        report = report_of(many())
        notes = {each.rule: (each.outcome, each.note) for each in report.checked}
        assert notes["plan-size"] == (LACKING, "needs 14 days of history")

    def test_what_saves_only_under_a_condition_comes_last(self) -> None:
        story = many()
        for number in range(6):
            told = Trait("", "", "sdk-cli", "", 0, 0)
            story.session(f"s{number}").step(200 + number, output_tokens=900_000, trait=told)
        found = report_of(story).advice
        assert [each.advice.rule for each in found] == ["fast-mode", "batch"]
        assert found[1].saving_per_month > found[0].saving_per_month
        assert (found[0].advice.only_if, found[1].advice.only_if) == ("", "you pay for tokens")

    def test_what_several_accounts_save_is_no_share_of_ones_windows(self) -> None:
        around = replace(AROUND, forecasts=(forecast(0.1, 50.0, (Calibration(SEVEN_DAY, usd("2"), 0, 0, 4),)),))
        story = misused()
        assert report_of(story, around).advice[0].share.week_percent is not None
        story.session("other", account="you").step(9, output_tokens=100)
        assert report_of(story, around).advice[0].share.week_percent is None

    def test_fast_mode_is_paid_beside_a_plan_and_spares_no_window(self) -> None:
        around = replace(AROUND, forecasts=(forecast(0.1, 50.0, (Calibration(SEVEN_DAY, usd("2"), 0, 0, 4),)),))
        (found,) = report_of(many(), around).advice
        assert found.share.week_percent is None

    def test_faults_count_once_and_only_in_the_sessions_that_are_looked_at(self) -> None:
        story = misused()
        for number in (0, 1, 5):
            story.marks.append(Mark(f"s{number}", "the same line", START + HOUR_US, API_ERROR))
        story.mark(30, API_ERROR, session="s0")
        story.mark(30, API_ERROR, session="elsewhere")
        (found,) = report_of(story).advice
        assert "API errors: 2," in found.advice.finding

    def test_an_unknown_rule_is_named_with_all_that_there_are(self) -> None:
        with pytest.raises(UsageError, match=r"no rule 'nope'.*memory-files"):
            check_names(["nope"])

    def test_a_saving_is_shown_as_share_of_the_persons_own_windows(self) -> None:
        worth = (
            Calibration(SEVEN_DAY, usd("2"), 0, 0, 4),
            Calibration(FIVE_HOUR, usd("0.1"), 0, 0, 9),
        )
        (found,) = report_of(misused(), replace(AROUND, forecasts=(forecast(0.1, 50.0, worth),))).advice
        a_week = found.saving_per_month * 7 * DAY_US / MONTH_US
        assert found.share.week_percent == pytest.approx(a_week / usd("2"))
        assert found.share.five_hour_windows == pytest.approx(found.saving_per_month / usd("10"))

    def test_no_share_is_told_of_windows_that_nobody_measured(self) -> None:
        assumed = (Calibration(SEVEN_DAY, usd("2"), 0, 0, 0),)
        (found,) = report_of(misused(), replace(AROUND, forecasts=(forecast(0.1, 50.0, assumed),))).advice
        assert found.share.week_percent is None

    def test_responses_without_a_price_are_counted_and_left_out(self) -> None:
        story = many()
        story.session("s0").step(9, model="who-knows", output_tokens=5)
        report = report_of(story)
        assert (report.responses, report.unpriced_responses) == (6, 1)

    def test_filters_leave_the_rest_out(self) -> None:
        report = report_of(many(), filters=Filters(sessions=("s1", "s2")))
        assert (report.sessions, report.missing) == (2, "needs 5 sessions, has 2")

    def test_the_three_most_telling_sessions_stand_with_their_savings(self) -> None:
        story = Story()
        for number in range(6):
            story.session(f"s{number}").step(
                number, model="claude-opus-4-8", output_tokens=100_000 * (number + 1), speed="fast"
            )
        (found,) = report_of(story).advice
        told = found.advice.telling
        assert [each.session_id for each in told] == ["s5", "s4", "s3"]
        assert [each.saving for each in told] == [usd("15"), usd("12.5"), usd("10")]
        assert all(each.project == "/w/shop" for each in told)

    def test_an_empty_ledger_has_nothing(self) -> None:
        with Ledger.open(":memory:") as ledger:
            ask = AdviceAsk(Selection(None, None, Filters()), UTC, AROUND)
            report = build_advice(ledger, ask, now=NOW)
        assert (report.responses, report.cost, report.advice) == (0, 0, ())


def test_every_rule_is_explained() -> None:
    text = EXPLAINED.read_text(encoding="utf-8")
    for rule in RULES:
        assert f"`{rule.name}`" in text, f"{rule.name} is not in {EXPLAINED.name}"


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@given(
    st.integers(0, 9_000), st.integers(0, 9_000), st.integers(0, 9_000), st.integers(0, 12_000), st.integers(0, 12_000)
)
def test_a_record_is_never_lighter_than_it_can_be(read: int, write: int, plain: int, start: int, size: int) -> None:
    made = UsageRecord("m", "", START, 0, OPUS, plain, 5, write, 0, read)
    light = lighter(made, start, size)
    before, after = read + write + plain, light.cache_read_tokens + light.cache_creation_5m_tokens + light.input_tokens
    read_off = max(min(read - start, size), 0)
    assert read - light.cache_read_tokens == read_off
    assert before - after == read_off + min(size - read_off, write + plain)
    assert light.output_tokens == 5


TOOLS = ("Bash", "Read", "Edit", "Grep", "mcp__db__query", "ToolSearch")


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any history whatever."""
    story = Story()
    counts = st.sampled_from([0, 1, 900, 6_000, 60_000, 150_000])
    for number in range(draw(st.integers(5, 30))):
        story.session(f"s{draw(st.integers(0, 6))}", draw(st.sampled_from(["", "", "a1"])))
        name = story.step(
            draw(st.integers(0, 600)),
            model=draw(st.sampled_from([*MODELS, "claude-opus-4-8", "who-knows"])),
            read=draw(counts),
            write=draw(counts),
            long=draw(counts),
            trait=Trait("", draw(st.sampled_from(["", "high"])), draw(st.sampled_from(["cli", "sdk-cli"])), "", 1, 1),
            input_tokens=draw(counts),
            output_tokens=draw(counts),
            speed=draw(st.sampled_from(["", "fast"])),
        )
        for _ in range(draw(st.integers(0, 2))):
            story.run(
                draw(st.sampled_from([record.identity for record in story.records])),
                name,
                draw(st.sampled_from(TOOLS)),
                result_bytes=draw(counts),
                file=draw(st.integers(0, 1)),
                outcome=draw(st.sampled_from(["", OK, FAILED, DENIED])),
            )
        kind = draw(st.sampled_from([PROMPT, COMPACTION, MCP_SERVER, ""]))
        if kind:
            story.mark(draw(st.integers(0, 600)), kind, "x", draw(counts), f"s{number % 7}")
    return story


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_no_advice_saves_more_than_what_it_is_about_cost(story: Story) -> None:
    evidence = story.evidence(replace(AROUND, memory=lambda _: [MemoryFile("/w/CLAUDE.md", "user", 90_000)]))
    for rule in RULES:
        advice = rule.find(evidence)
        if isinstance(advice, str):
            assert advice
            continue
        assert 0 <= advice.saving <= advice.concerned <= evidence.cost
        assert sum(part.saving for part in advice.parts) <= advice.saving
        assert len(advice.telling) <= 3


def test_the_corpus_yields_advice_that_never_exceeds_its_cost(corpus: Path, tmp_path: Path) -> None:
    roots = sorted(path for path in (corpus / "claude").iterdir() if path.is_dir())
    (tmp_path / ".claude" / "projects").mkdir(parents=True)
    for root in roots:
        for folder in (root / "projects").iterdir() if (root / "projects").is_dir() else ():
            (tmp_path / ".claude" / "projects" / f"{root.name}-{folder.name}").symlink_to(folder)
    with Ledger.open(":memory:") as ledger:
        sync_details(ledger, sync(ledger, tmp_path).found, Observer())
        evidence, _ = gather(ledger, Range(0, 1 << 62, Filters()), AROUND, MONTH_US)
    found = [advice for rule in RULES if isinstance(advice := rule.find(evidence), Advice)]
    assert {"long-sessions", "failures", "cache-breaks"} <= {advice.rule for advice in found}
    for advice in found:
        assert 0 <= advice.saving <= advice.concerned <= evidence.cost
