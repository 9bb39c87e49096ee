"""The user's own prices win for exactly the names they name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tokentide.errors import PriceDataError
from tokentide.model.prices import PriceOverride
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook

NOW = 1_795_000_000_000_000
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"
OWN = PriceOverride(input_usd_per_mtok=Decimal(4), output_usd_per_mtok=Decimal(20))


def book_with(**overrides: PriceOverride) -> PriceBook:
    """A book with overrides; `__` in a name stands for `-`."""
    return PriceBook(
        {name.replace("__", "-"): override for name, override in overrides.items()}, cache_path=None, data_path=None
    )


def cost(book: PriceBook, model: str, *, speed: str = "", tier: str = "", geo: str = "") -> int | None:
    """Price of 1,000 tokens of each kind."""
    tokens = (1000, 1000, 1000, 1000, 1000)
    return book.cost_nano_usd(
        UsageRecord("m", "r", NOW, 0, model, *tokens, 0, speed=speed, service_tier=tier, inference_geo=geo)
    )


def test_cache_prices_default_to_the_usual_multiples() -> None:
    """4 + 20 + 5 + 8 + 0.4."""
    assert cost(book_with(claude__opus__4__8=OWN), "claude-opus-4-8") == 37_400_000


def test_stated_cache_prices_are_taken() -> None:
    own = PriceOverride(Decimal(4), Decimal(20), Decimal(1), Decimal(2), Decimal(0))
    assert cost(book_with(claude__opus__4__8=own), "claude-opus-4-8") == 27_000_000


def test_factors_of_the_model_apply_to_the_users_price() -> None:
    book = book_with(claude__opus__4__8=OWN)
    assert cost(book, "claude-opus-4-8", speed="fast") == 74_800_000
    assert cost(book, "claude-opus-4-8", tier="batch") == 18_700_000
    assert cost(book, "claude-opus-4-8", geo="us") == 41_140_000


def test_a_name_nobody_knows_takes_the_price_as_it_is() -> None:
    book = PriceBook({ARN: OWN, "my model": OWN, "x" * 300: OWN}, cache_path=None, data_path=None)
    for name in (ARN, "my model", "x" * 300):
        assert cost(book, name) == 37_400_000
        assert cost(book, name, speed="fast", tier="batch", geo="us") == 37_400_000


def test_an_override_holds_for_the_normal_form_of_its_name() -> None:
    book = book_with(claude__opus__4__8=OWN)
    assert cost(book, "claude-opus-4-8-20260401") == 37_400_000
    assert cost(book, "anthropic/claude-opus-4.8[1m]") == 37_400_000
    assert cost(book, "us.anthropic.claude-opus-4-8-v1:0") == 41_140_000
    assert cost(book, "claude-opus-4-7") == cost(book_with(), "claude-opus-4-7")


def test_an_override_in_another_spelling_holds_too() -> None:
    book = PriceBook({"Claude-Opus-4.8": OWN, "GPT-5": OWN}, cache_path=None, data_path=None)
    assert cost(book, "claude-opus-4-8") == 37_400_000
    assert cost(book, "openai/gpt-5") == 37_400_000


def test_an_override_of_one_form_leaves_the_others() -> None:
    book = PriceBook({"claude-opus-4-8[1m]": OWN}, cache_path=None, data_path=None)
    assert cost(book, "claude-opus-4-8[1m]") == 37_400_000
    assert cost(book, "claude-opus-4-8") == cost(book_with(), "claude-opus-4-8")


def test_an_override_that_names_the_endpoint_contains_its_premium() -> None:
    regional = "eu.anthropic.claude-opus-4-8-v1:0"
    book = PriceBook({regional: OWN}, cache_path=None, data_path=None)
    assert cost(book, regional) == 37_400_000


def test_the_book_does_not_correct_the_user() -> None:
    """Sonnet 4's premium for long prompts is the book's, not that of a price of one's own."""
    book = PriceBook({"claude-sonnet-4-0": OWN}, cache_path=None, data_path=None)
    long = UsageRecord("m", "r", 1_760_000_000_000_000, 0, "claude-sonnet-4-0", 1_000_000)
    assert book.cost_nano_usd(long) == 4_000_000_000


def test_same_as_another_model() -> None:
    book = PriceBook({ARN: PriceOverride(same_as="us.anthropic.claude-opus-4-8")}, cache_path=None, data_path=None)
    assert cost(book, ARN, speed="fast") == cost(book, "us.anthropic.claude-opus-4-8", speed="fast")
    explanation = book.explain(ARN, NOW)
    assert explanation.resolved == "claude-opus-4-8"
    assert explanation.source == "override in settings, same as us.anthropic.claude-opus-4-8"


def test_same_as_a_model_with_an_override() -> None:
    book = PriceBook(
        {ARN: PriceOverride(same_as="claude-opus-4-8"), "claude-opus-4-8": OWN}, cache_path=None, data_path=None
    )
    assert cost(book, ARN) == 37_400_000


def test_same_as_a_model_nobody_knows_is_unpriced() -> None:
    book = PriceBook({ARN: PriceOverride(same_as="claude-opus-9")}, cache_path=None, data_path=None)
    assert cost(book, ARN) is None


def test_an_override_is_explained() -> None:
    explanation = book_with(claude__opus__4__8=OWN).explain("claude-opus-4-8[1m]", NOW)
    assert explanation.source == "override in settings"
    assert explanation.resolved == "claude-opus-4-8"
    assert explanation.rates is not None
    assert explanation.rates.cache_write_1h_usd_per_mtok == 8
    assert explanation.rates.web_search_usd_per_thousand == 10


def test_overrides_change_the_version() -> None:
    dearer = PriceOverride(Decimal(5), Decimal(20))
    versions = [book_with(claude__opus__4__8=own).version for own in (OWN, dearer)]
    versions += [book_with().version, book_with(claude__opus__4__7=OWN).version]
    assert len(set(versions)) == 4
    assert book_with(claude__opus__4__8=OWN).version == versions[0]


@pytest.mark.parametrize(
    ("prices", "complaint"),
    [
        ((None, None), "needs input_usd_per_mtok and output_usd_per_mtok"),
        ((Decimal(1), None), "needs input_usd_per_mtok and output_usd_per_mtok"),
        ((None, Decimal(1)), "needs input_usd_per_mtok and output_usd_per_mtok"),
        ((Decimal(-1), Decimal(1)), "-1 is not a price"),
        ((Decimal(1), Decimal("NaN")), "NaN is not a price"),
        ((Decimal(1), Decimal("Infinity")), "Infinity is not a price"),
        ((Decimal(1), Decimal(1_000_001)), "1000001 is not a price"),
    ],
)
def test_what_is_no_price_is_refused(prices: tuple[Decimal | None, Decimal | None], complaint: str) -> None:
    with pytest.raises(PriceDataError, match=f"price override for x: {complaint}"):
        PriceBook({"x": PriceOverride(*prices)}, cache_path=None, data_path=None)


@pytest.mark.parametrize(
    "override", [PriceOverride(input_usd_per_mtok=Decimal(1), same_as="claude-opus-5"), PriceOverride(same_as="")]
)
def test_same_as_stands_alone(override: PriceOverride) -> None:
    with pytest.raises(PriceDataError, match="price override for x: has either same_as"):
        PriceBook({"x": override}, cache_path=None, data_path=None)


@pytest.mark.parametrize("chain", [("a",), ("a", "b"), ("a", "b", "c")])
def test_circles_are_refused(chain: tuple[str, ...]) -> None:
    targets = chain[1:] + chain[:1]
    overrides = {name: PriceOverride(same_as=target) for name, target in zip(chain, targets, strict=True)}
    with pytest.raises(PriceDataError, match="leads back to"):
        PriceBook(overrides, cache_path=None, data_path=None)


def test_the_dearest_price_still_fits() -> None:
    book = book_with(claude__opus__4__6=PriceOverride(Decimal(1_000_000), Decimal(1_000_000)))
    assert cost(book, "claude-opus-4-6", speed="fast", geo="us") == 35_310_000_000_000
