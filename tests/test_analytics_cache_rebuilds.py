"""When a prompt cache was written again, and why: the rule that `context` and `advise` share."""

from __future__ import annotations

import pytest

from tests.advice_stories import OPUS, SONNET, START, Story
from tests.ledgers import BOOK
from tokentide.analytics.advice.conversations import Step
from tokentide.analytics.cache_rebuilds import LONG_US, SHORT_US, cause_of, is_for_an_hour, lost_tokens
from tokentide.analytics.context.cache import cache_of
from tokentide.analytics.context.sent import Sent
from tokentide.clock import MINUTE_US
from tokentide.model.activity import Trait


@pytest.mark.parametrize(
    ("cached", "read", "written", "prompt", "lost"),
    [
        (50_000, 0, 52_000, 52_000, 50_000),
        (50_000, 20_000, 31_000, 51_000, 30_000),
        (50_000, 26_000, 25_000, 51_000, 0),
        (50_000, 50_000, 90_000, 140_000, 0),
        (50_000, 0, 0, 52_000, 0),
        (3_000, 1_001, 9_000, 10_001, 0),
        (3_000, 1_000, 9_000, 10_000, 2_000),
        (150_000, 0, 20_000, 20_000, 20_000),
    ],
)
def test_a_rebuild_writes_most_of_what_had_been_cached(
    cached: int, read: int, written: int, prompt: int, lost: int
) -> None:
    assert lost_tokens(cached, read, written, prompt) == lost


@pytest.mark.parametrize(
    ("rested", "models", "efforts", "cause"),
    [
        (SHORT_US + 1, (OPUS, SONNET), ("high", "low"), "pause"),
        (SHORT_US, (OPUS, SONNET), ("high", "low"), "model"),
        (SHORT_US, (OPUS, OPUS), ("high", "low"), "effort"),
        (SHORT_US, (OPUS, OPUS), ("high", ""), ""),
        (SHORT_US, (OPUS, OPUS), ("high", "high"), ""),
    ],
)
def test_the_first_cause_that_explains_it_is_told(
    rested: int, models: tuple[str, str], efforts: tuple[str, str], cause: str
) -> None:
    assert cause_of(rested, SHORT_US, models, efforts) == cause


def test_the_larger_part_of_the_writes_tells_how_long_they_live() -> None:
    assert [is_for_an_hour(*each) for each in ((0, 0), (5, 5), (5, 6), (6, 5))] == [False, False, True, False]


def sent(step: Step) -> Sent:
    """The same request as `context` looks at it."""
    record = step.record
    return Sent(
        record.at,
        record.model,
        record.input_tokens,
        record.cache_creation_5m_tokens,
        record.cache_creation_1h_tokens,
        record.cache_read_tokens,
        record.output_tokens,
        step.effort,
    )


def test_context_and_advice_tell_the_same_of_a_session() -> None:
    story = Story()
    story.step(0, long=60_000)
    story.step(50, read=60_000, long=1_000)
    story.step(111, long=63_000)
    story.step(112, model=SONNET, long=64_000)
    story.step(113, model=SONNET, read=20_000, long=45_000, trait=Trait("", "low", "cli", "", 0, 0))
    story.step(120, model=SONNET, read=65_000, write=4_000, trait=Trait("", "low", "cli", "", 0, 0))
    story.step(126, model=SONNET, write=71_000, trait=Trait("", "low", "cli", "", 0, 0))
    evidence = story.evidence()
    told = cache_of([sent(step) for step in evidence.steps], 0, 71_000, BOOK).rebuilds
    assert [(each.at, each.cause, each.lost_tokens) for each in told] == [
        (START + 111 * MINUTE_US, "pause", 61_000),
        (START + 112 * MINUTE_US, "model", 63_000),
        (START + 113 * MINUTE_US, "effort", 44_000),
        (START + 126 * MINUTE_US, "pause", 69_000),
    ]
    found = evidence.rebuilds
    assert [(each.step.record.at, each.cause, each.lost) for each in found] == [
        (each.at, each.cause, each.lost_tokens) for each in told
    ]
    assert [each.step.record.at - each.before.record.at > LONG_US for each in found] == [True, False, False, False]
