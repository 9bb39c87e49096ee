"""Laws of pricing, as property tests."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.pricing.tariff import bands_at, divided_half_even, scaled, tariff_for

MODELS = (
    "claude-opus-4-8",
    "claude-opus-4-6",
    "claude-sonnet-4-20250514",
    "claude-haiku-5-5",
    "claude-fable-5-1",
    "us.anthropic.claude-sonnet-5-5",
    "claude-3-haiku-20240307",
    "gpt-5.5",
    "deepseek-flash",
)
BOOK = PriceBook(cache_path=None, data_path=None)
FLAT = 1_795_000_000_000_000
"""An instant at which most Claude models have no tier."""

Tokens = tuple[int, int, int, int, int]
"""Input, output, 5-minute writes, 1-hour writes, reads."""

count = st.integers(0, 400_000)
counts = st.tuples(count, count, count, count, count)
instants = st.integers(0, 2_000_000_000_000_000)
models = st.sampled_from(MODELS)
speeds = st.sampled_from(("", "standard", "fast"))
requests = st.builds(
    UsageRecord,
    identity=st.just("m"),
    request_id=st.just("r"),
    at=instants,
    place=st.just(0),
    model=models,
    input_tokens=count,
    output_tokens=count,
    cache_creation_5m_tokens=count,
    cache_creation_1h_tokens=count,
    cache_read_tokens=count,
    web_search_requests=st.integers(0, 20),
    speed=speeds,
    service_tier=st.sampled_from(("", "standard", "batch", "priority")),
    inference_geo=st.sampled_from(("", "global", "us", "not_available")),
)
TOKEN_FIELDS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "cache_read_tokens",
)


def price(record: UsageRecord) -> int:
    """Price of a response of a known model."""
    nano = BOOK.cost_nano_usd(record)
    assert nano is not None
    return nano


def cost(model: str, tokens: Tokens, *, speed: str = "", tier: str = "", geo: str = "") -> int:
    """Price of a response at a time without tiers."""
    return price(UsageRecord("m", "r", FLAT, 0, model, *tokens, 0, speed=speed, service_tier=tier, inference_geo=geo))


@given(requests)
def test_a_price_is_never_negative_and_is_the_same_twice(record: UsageRecord) -> None:
    assert price(record) >= 0
    assert price(record) == price(record)


@given(requests, st.sampled_from(TOKEN_FIELDS), st.integers(0, 100_000))
def test_more_tokens_never_cost_less(record: UsageRecord, field: str, more: int) -> None:
    larger = msgspec.structs.replace(record, **{field: getattr(record, field) + more})
    assert price(larger) >= price(record)


@given(st.sampled_from(("claude-opus-4-8", "claude-fable-5-1", "us.anthropic.claude-sonnet-5-5")), counts, counts)
def test_without_tiers_two_responses_cost_what_their_sum_does(model: str, one: Tokens, other: Tokens) -> None:
    both = (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3], one[4] + other[4])
    assert abs(cost(model, one) + cost(model, other) - cost(model, both)) <= 1


@given(st.sampled_from(("claude-opus-4-8", "claude-haiku-5-5", "claude-fable-5-2")), counts, speeds)
def test_batch_and_residency_are_plain_factors(model: str, tokens: Tokens, speed: str) -> None:
    standard = cost(model, tokens, speed=speed)
    assert abs(2 * cost(model, tokens, speed=speed, tier="batch") - standard) <= 2
    assert abs(10 * cost(model, tokens, speed=speed, geo="us") - 11 * standard) <= 12
    both = cost(model, tokens, speed=speed, tier="batch", geo="us")
    assert abs(20 * both - 11 * standard) <= 22


@given(models, st.permutations([(1, 2), (11, 10), (6, 1), (2, 1)]))
def test_factors_commute(model: str, order: list[tuple[int, int]]) -> None:
    prices = BOOK._listed(model)
    assert prices is not None
    tariff = tariff_for(prices, speed="", service_tier="", inference_geo="")
    results = set()
    for factors in (order, sorted(order)):
        result = tariff
        for numerator, denominator in factors:
            result = scaled(result, numerator, denominator)
        results.add(result)
    assert len(results) == 1


@given(st.integers(0, 10**18), st.integers(1, 10**6))
def test_rounding_is_half_even(amount: int, divisor: int) -> None:
    assert divided_half_even(amount, divisor) == round(Fraction(amount, divisor))


@pytest.mark.parametrize(("pico", "nano"), [(0, 0), (499, 0), (500, 0), (501, 1), (1500, 2), (2500, 2), (2501, 3)])
def test_halves_go_to_the_even_nano(pico: int, nano: int) -> None:
    assert divided_half_even(pico, 1000) == nano


@settings(max_examples=30)
@given(instants)
def test_a_tariff_covers_all_time(at: int) -> None:
    for model in MODELS:
        prices = BOOK._listed(model)
        assert prices is not None
        for tariff in prices.tariffs.values():
            bands = bands_at(tariff, at)
            assert bands[-1][0] == -1
            assert [above for above, _ in bands] == sorted((above for above, _ in bands), reverse=True)


def test_an_empty_tariff_has_no_bands() -> None:
    assert bands_at((), 0) == ()


def test_order_of_records_changes_nothing() -> None:
    records = [
        UsageRecord("m", "r", FLAT, 0, model, 1000, 100, speed=speed) for model in MODELS[:2] for speed in ("", "fast")
    ]
    totals = set()
    for order in permutations(records):
        book = PriceBook(cache_path=None, data_path=None)
        totals.add(sum(book.cost_nano_usd(record) or 0 for record in order))
    assert len(totals) == 1
