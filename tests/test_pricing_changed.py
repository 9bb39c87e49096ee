"""Prices after a change, short names of models, and where responses may be priced together."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_pricing_laws import BOOK, FLAT, MODELS, requests
from tokentide.clock import DAY_US, QUARTER_US
from tokentide.errors import PriceDataError
from tokentide.model.prices import PriceOverride
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import cost_at
from tokentide.pricing.changed import ChangedPriceBook
from tokentide.pricing.newest import family_name, full_name, newest_models, same_model

KNOWN = ("claude-3-5-haiku", "claude-haiku-4-5", "claude-opus-4-8", "claude-opus-4-10", "claude-opus-5", "gpt-5.5")


def changed(model: str, **rates: str) -> ChangedPriceBook:
    prices = {model: {name: Decimal(amount) for name, amount in rates.items()}}
    return ChangedPriceBook(None, prices, at_us=FLAT, cache_path=None, data_path=None)


def tokens(model: str, **counts: int | str) -> UsageRecord:
    return msgspec.structs.replace(UsageRecord("m", "", FLAT, 0, model), **counts)


def test_of_a_family_the_highest_number_is_the_newest() -> None:
    assert newest_models(KNOWN) == {"haiku": "claude-haiku-4-5", "opus": "claude-opus-5"}
    assert newest_models(KNOWN[:4])["opus"] == "claude-opus-4-10"


@pytest.mark.parametrize(
    ("asked", "name"),
    [("opus", "claude-opus-5"), (" Haiku ", "claude-haiku-4-5"), ("claude-opus-4-8", "claude-opus-4-8"), ("x", "x")],
)
def test_a_family_stands_for_its_newest_model_and_any_other_name_for_itself(asked: str, name: str) -> None:
    assert full_name(asked, KNOWN) == name


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", "opus"),
        ("claude-3-5-haiku-20241022", "haiku"),
        ("claude-mythos-preview", "mythos"),
        ("gpt-5.5", ""),
        ("", ""),
    ],
)
def test_the_family_is_what_people_call_a_model(model: str, family: str) -> None:
    assert family_name(model) == family


def test_spellings_of_one_model_are_told_from_another() -> None:
    assert same_model("claude-opus-4-5-20251101", "anthropic/claude-opus-4.5")
    assert not same_model("claude-opus-4-1", "claude-opus-4-10")
    assert same_model("", "")


def test_a_change_holds_for_every_spelling_of_the_model() -> None:
    book = changed("claude-opus-4-8", input="10")
    assert book.cost_nano_usd(tokens("claude-opus-4-8[1m]", input_tokens=1_000)) == 10_000_000
    assert book.cost_nano_usd(tokens("claude-opus-5", input_tokens=1_000)) == 5_000_000


def test_tiers_keep_their_proportion() -> None:
    book = changed("claude-haiku-5-5", input="0.2")
    assert book.cost_nano_usd(tokens("claude-haiku-5-5", input_tokens=100_000)) == 20_000_000
    assert book.cost_nano_usd(tokens("claude-haiku-5-5", input_tokens=200_000)) == 200_000_000


def test_what_was_free_gets_the_price_that_is_given() -> None:
    free = {"claude-opus-5": PriceOverride(input_usd_per_mtok=Decimal(0), output_usd_per_mtok=Decimal(0))}
    prices = {"claude-opus-5": {"input": Decimal(3)}}
    book = ChangedPriceBook(free, prices, at_us=FLAT, cache_path=None, data_path=None)
    assert book.cost_nano_usd(tokens("claude-opus-5", input_tokens=1_000, output_tokens=9)) == 3_000_000


def test_a_model_without_a_price_stays_without_one() -> None:
    assert changed("our-own-model", input="1").cost_nano_usd(tokens("our-own-model", input_tokens=1)) is None


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity", "1000001"])
def test_an_amount_that_is_no_price_is_refused(amount: str) -> None:
    with pytest.raises(PriceDataError, match="claude-opus-5"):
        changed("claude-opus-5", input=amount)


@given(requests)
def test_rates_are_what_a_response_is_priced_by(record: UsageRecord) -> None:
    rates = BOOK.rates(record)
    assert rates is not None
    assert cost_at(rates, record) == BOOK.cost_nano_usd(record)


def test_a_name_without_a_price_has_no_rates_and_no_cuts() -> None:
    assert BOOK.rates(tokens("our-own-model")) is None
    assert BOOK.cuts(["our-own-model"]) == (frozenset(), DAY_US)


def test_cuts_are_the_lengths_and_the_times_at_which_prices_change() -> None:
    assert BOOK.cuts(["claude-haiku-5-5", "claude-opus-5"]) == (frozenset({100_000}), DAY_US)
    assert BOOK.cuts(["deepseek-flash"]).period_us == QUARTER_US


@given(requests, requests, st.sampled_from(MODELS))
def test_within_the_cuts_all_prices_are_the_same(one: UsageRecord, other: UsageRecord, model: str) -> None:
    cuts = BOOK.cuts([model])
    start = one.at // cuts.period_us * cuts.period_us
    alike = msgspec.structs.replace(one, model=model)
    later = msgspec.structs.replace(
        alike,
        at=start + other.at % cuts.period_us,
        input_tokens=other.input_tokens,
        cache_creation_5m_tokens=other.cache_creation_5m_tokens,
        cache_creation_1h_tokens=other.cache_creation_1h_tokens,
        cache_read_tokens=other.cache_read_tokens,
    )
    if all((prompt(alike) > bound) == (prompt(later) > bound) for bound in cuts.prompts):
        assert BOOK.rates(alike) == BOOK.rates(later)


def prompt(record: UsageRecord) -> int:
    return (
        record.input_tokens
        + record.cache_creation_5m_tokens
        + record.cache_creation_1h_tokens
        + record.cache_read_tokens
    )
