"""Names: every spelling of a known model finds it, and nothing else finds anything."""

from __future__ import annotations

import json

import pytest

from tests.conftest import CORPUS
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.pricing.names import parse_name

NOW = 1_795_000_000_000_000
EXPECTED = CORPUS / "expected.json"


@pytest.fixture(scope="module")
def book() -> PriceBook:
    """The installed price data, without files of ours."""
    return PriceBook(cache_path=None, data_path=None)


@pytest.mark.parametrize(
    ("asked", "resolved"),
    [
        ("claude-opus-4-8", "claude-opus-4-8"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("claude-opus-4.8", "claude-opus-4-8"),
        ("Claude-Opus-4-8", "claude-opus-4-8"),
        ("claude-4.8-opus", "claude-opus-4-8"),
        ("claude-opus-4-8-20260401", "claude-opus-4-8"),
        ("claude-opus-4-8-2026-04-01", "claude-opus-4-8"),
        ("claude-opus-4-8-latest", "claude-opus-4-8"),
        ("anthropic/claude-opus-4-8", "claude-opus-4-8"),
        ("anthropic/claude-opus-4.8", "claude-opus-4-8"),
        ("anthropic.claude-opus-4-8", "claude-opus-4-8"),
        ("openrouter/anthropic/claude-opus-4.8", "claude-opus-4-8"),
        ("bedrock/us.anthropic.claude-opus-4-8-v1:0", "claude-opus-4-8"),
        ("bedrock/converse/global.anthropic.claude-opus-4-8-v1", "claude-opus-4-8"),
        ("vertex_ai/claude-opus-4-8@20260401", "claude-opus-4-8"),
        ("claude-opus-4-8@default", "claude-opus-4-8"),
        ("us.anthropic.claude-opus-4-6-20260205-v1:0", "claude-opus-4-6"),
        ("us.anthropic.claude-opus-4-6-20260205-v1:0[1m]", "claude-opus-4-6"),
        (
            "arn:aws:bedrock:us-east-2:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "claude-sonnet-4-5",
        ),
        ("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0:200k", "claude-3-haiku"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4-0"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4-0"),
        ("claude-sonnet-4", "claude-sonnet-4-0"),
        ("claude-sonnet-4-0", "claude-sonnet-4-0"),
        ("claude-4-sonnet-20250514", "claude-sonnet-4-0"),
        ("claude-opus-4-20250514", "claude-opus-4-0"),
        ("claude-opus-4-1-20250805", "claude-opus-4-1"),
        ("claude-opus-5-0", "claude-opus-5"),
        ("claude-5-5-sonnet", "claude-sonnet-5-5"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku-latest"),
        ("claude-3.5-haiku", "claude-3-5-haiku-latest"),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"),
        ("claude-sonnet-3-7", "claude-3-7-sonnet-latest"),
        ("claude-2.1", "claude-2"),
        ("anthropic.claude-v2:1", "claude-2"),
        ("claude-v1", "claude-v1"),
        ("claude-mythos-preview", "claude-mythos-preview"),
        ("us.anthropic.claude-mythos-5-1", "claude-mythos-5-1"),
    ],
)
def test_spellings_of_claude(book: PriceBook, asked: str, resolved: str) -> None:
    assert book.explain(asked, NOW).resolved == resolved


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "<synthetic>",
        "opus",
        "sonnet",
        "haiku",
        "fable",
        "claude",
        "opusplan",
        "default",
        "gpt",
        "claude-opus",
        "claude-opus-latest",
        "claude-opus-4-9",
        "claude-opus-4-10",
        "claude-opus-4-11-20270101",
        "claude-opus-4-80",
        "claude-opus-5-9",
        "claude-opus-6",
        "claude-haiku-4-7",
        "claude-haiku-5",
        "claude-haiku-4-50",
        "claude-sonnet-4-7",
        "claude-sonnet-4-55",
        "claude-sonnet-5-1",
        "claude-fable-5-3",
        "claude-mythos",
        "claude-opus-04-8",
        "claude-opus-4-8-fast",
        "claude-opus-4-8-99999999",
        "claude-opus-4-8-turbo",
        "claude-opus-4-8[fast]",
        "claude-opus-4-8 ",
        "claude-3-5-haikus",
        "claude-instant-v1",
        "notclaude-opus-4-8",
        "my-proxy/claude-opus-4-8",
        "anthropic/opus",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/o1",
        "claude-opus-4-8" * 20,
        "\ud800",
    ],
)
def test_names_without_a_price(book: PriceBook, asked: str) -> None:
    explanation = book.explain(asked, NOW)
    assert explanation.resolved is None
    assert explanation.rates is None


@pytest.mark.parametrize(
    ("asked", "resolved"),
    [
        ("gpt-5", "gpt-5"),
        ("GPT-5", "gpt-5"),
        ("gpt-5-2025-08-07", "gpt-5"),
        ("openai/gpt-5.5", "gpt-5.5"),
        ("openrouter/openai/gpt-5.5", "openai/gpt-5.5"),
        ("gpt-6-sol-2026-09-01", "gpt-6-sol"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("o3", "o3"),
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini/gemini-2.5-flash", "gemini-2.5-flash"),
        ("vertex_ai/gemini-3-flash-preview", "gemini-3-flash-preview"),
        ("glm-5.1", "GLM-5.1"),
        ("kimi-k2.7-code", "kimi-k2.7-code"),
        ("moonshot-ai/kimi-k2.7-code", "kimi-k2.7-code"),
        ("grok-4.5-20260601", "grok-4.5"),
        ("deepseek-chat", "deepseek-chat"),
    ],
)
def test_other_vendors_by_their_exact_names(book: PriceBook, asked: str, resolved: str) -> None:
    assert book.explain(asked, NOW).resolved == resolved


@pytest.mark.parametrize(
    "asked",
    [
        "gpt-5.99",
        "gpt-5-2030-01-01",  # the book lists the snapshots of gpt-5 one by one
        "gpt-5-codex-spark",
        "gpt-4o-audio-preview-x",
        "gemini-2.5-pro-future",
        "glm-99",
        "qwen3-coder-plus",
        "codex-auto-review",
        "no-such-provider/gpt-5",
        "openai/claude-opus-4-8",
        "text-embedding-3-small",
        "perplexity/sonar",
    ],
)
def test_other_vendors_are_not_guessed_either(book: PriceBook, asked: str) -> None:
    assert book.explain(asked, NOW).resolved is None


def test_every_known_model_answers_to_its_id(book: PriceBook) -> None:
    models = book.known_models(NOW)
    assert [model.resolved for model in models] == [model.asked for model in models]
    assert len(models) >= 30
    assert list(models) == sorted(models, key=lambda model: model.asked)


def test_no_claude_model_answers_to_a_longer_number(book: PriceBook) -> None:
    """Whatever the book matches by prefix: `claude-opus-4-1` must not take `claude-opus-4-10` to `-19`."""
    known = {model.asked for model in book.known_models(NOW)}
    for model in known:
        for longer in (f"{model}{digit}" for digit in range(10)):
            priced = book.cost_nano_usd(UsageRecord("m", "r", NOW, 0, longer, 1))
            assert priced is None or longer in known


def test_the_corpus_is_priced(book: PriceBook) -> None:
    if not EXPECTED.exists():
        pytest.skip(f"the shared corpus is not on this machine ({EXPECTED})")
    models = json.loads(EXPECTED.read_text(encoding="utf-8"))["models"]
    assert models
    for model in models:
        assert book.explain(model, NOW).resolved is not None


def test_parts_of_a_name() -> None:
    name = parse_name("us.anthropic.claude-opus-4-6-20260205-v1:0")
    assert name is not None
    assert (name.model, name.region, name.bedrock, name.claude, name.generation) == (
        "claude-opus-4-6",
        "us",
        True,
        True,
        (4, 6),
    )
    assert name.since((4, 5))
    assert not name.since((5, 0))
    old = parse_name("claude-3-opus-20240229")
    assert old is not None
    assert old.generation == (3, 0)
    foreign = parse_name("gpt-5")
    assert foreign is not None
    assert not foreign.since((0, 0))
