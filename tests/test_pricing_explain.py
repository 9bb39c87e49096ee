"""Explanations say what is charged, where it comes from and since when."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tokentide.pricing.book import PriceBook
from tokentide.pricing.explain import Multiplier
from tokentide.pricing.rate_card import RateCard


def at(day: str) -> int:
    """Midnight UTC of a day, in µs."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def book() -> PriceBook:
    """The installed price data, without files of ours."""
    return PriceBook(cache_path=None, data_path=None)


def test_an_old_price_with_its_tier(book: PriceBook) -> None:
    explanation = book.explain("us.anthropic.claude-opus-4-6-v1", at("2026-03-01"))
    assert explanation.asked == "us.anthropic.claude-opus-4-6-v1"
    assert explanation.resolved == "claude-opus-4-6"
    assert explanation.source.startswith("genai-prices ")
    assert (explanation.valid_from, explanation.valid_until) == (None, date(2026, 3, 13))
    assert explanation.rates == RateCard(
        Decimal("5.5"), Decimal("27.5"), Decimal("6.875"), Decimal(11), Decimal("0.55"), Decimal(10)
    )
    (tier,) = explanation.tiers
    assert tier.above_prompt_tokens == 200_000
    assert str(tier.rates.output_usd_per_mtok) == "41.25"
    assert explanation.multipliers == (
        Multiplier("processing=batch", Decimal("0.5"), included=False),
        Multiplier("speed=fast", Decimal(6), included=False),
        Multiplier("regional endpoint", Decimal("1.1"), included=True),
    )
    assert "platform.claude.com" in explanation.notes[0]
    assert explanation.nearest == ()


def test_the_price_after_it(book: PriceBook) -> None:
    explanation = book.explain("claude-opus-4-6", at("2026-03-13"))
    assert (explanation.valid_from, explanation.valid_until) == (date(2026, 3, 13), None)
    assert explanation.tiers == ()
    assert Multiplier("inference_geo=us", Decimal("1.1"), included=False) in explanation.multipliers


def test_a_price_between_two_changes(book: PriceBook) -> None:
    explanation = book.explain("deepseek-v4-flash", at("2026-08-20"))
    assert (explanation.valid_from, explanation.valid_until) == (date(2026, 8, 17), date(2026, 9, 10))


def test_tiers_are_listed_shortest_first(book: PriceBook) -> None:
    explanation = book.explain("claude-haiku-5-5", at("2026-11-01"))
    assert [tier.above_prompt_tokens for tier in explanation.tiers] == [100_000]
    assert explanation.rates is not None
    assert str(explanation.rates.cache_read_usd_per_mtok) == "0.01"


def test_our_own_entries_say_so(book: PriceBook) -> None:
    explanation = book.explain("claude-mythos-preview", at("2026-05-01"))
    assert explanation.source == "tokentide rules"
    assert "glasswing" in explanation.notes[0]


def test_our_corrections_are_noted(book: PriceBook) -> None:
    assert any("1M context beta" in note for note in book.explain("claude-sonnet-4", at("2025-10-01")).notes)


def test_a_bedrock_name_without_a_region_says_what_is_not_known(book: PriceBook) -> None:
    assert "in-region" in book.explain("anthropic.claude-opus-5-v1:0", at("2026-10-01")).notes[-1]
    assert not any("in-region" in note for note in book.explain("claude-opus-5", at("2026-10-01")).notes)
    assert book.explain("kimi-k2", at("2026-10-01")).notes == ()


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("claude-opus-4-9", {"claude-opus-4-8"}),
        ("claude-sonet-5", {"claude-sonnet-5"}),
        ("gpt-5.33", {"gpt-5.3"}),
        ("completely different", set()),
        ("", set()),
    ],
)
def test_an_unknown_name_gets_neighbours(book: PriceBook, asked: str, nearest: set[str]) -> None:
    explanation = book.explain(asked, at("2026-11-01"))
    assert (explanation.resolved, explanation.rates, explanation.source) == (None, None, "")
    assert nearest <= set(explanation.nearest)
    assert len(explanation.nearest) <= 3
    assert bool(nearest) == bool(explanation.nearest)


def test_known_models_have_the_price_of_the_day(book: PriceBook) -> None:
    by_id = {model.resolved: model for model in book.known_models(at("2026-10-06"))}
    card = by_id["claude-sonnet-5-5"].rates
    assert card is not None
    assert card.cache_read_usd_per_mtok == Decimal("0.2")


def test_the_book_knows_its_age(book: PriceBook) -> None:
    assert date(2026, 10, 1) <= book.book_date <= datetime.now(UTC).date()
    assert book.source.startswith("genai-prices ")
    assert book.fault == ""


def test_cards_are_frozen_and_refuse_nonsense() -> None:
    one = Decimal(1)
    card = RateCard(one, one, one, one, one, one)
    with pytest.raises(FrozenInstanceError):
        card.input_usd_per_mtok = Decimal(2)  # type: ignore[misc]
    for nonsense in ("-1", "NaN", "Infinity", "100000001"):
        with pytest.raises(ValueError, match="is not a price"):
            RateCard(one, one, one, one, one, Decimal(nonsense))
    assert RateCard.from_pico(card.pico()) == card
