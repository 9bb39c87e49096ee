"""Laws of pricing, as property tests."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

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

counts = st.tuples(*[st.integers(0, 400_000)] * 5)
instants = st.integers(0, 2_000_000_000_000_000)
models = st.sampled_from(MODELS)
speeds = st.sampled_from(("", "standard", "fast"))
service_tiers = st.sampled_from(("", "standard", "batch", "priority"))
geographies = st.sampled_from(("", "global", "us", "not_available"))


def cost(
    model: str,
    at: int,
    tokens: tuple[int, ...],
    *,
    searches: int = 0,
    speed: str = "",
    tier: str = "",
    geo: str = "",
) -> int:
    """Price of a response of a known model."""
    record = UsageRecord(
        "m",
        "r",
        at,
        0,
        model,
        *tokens,
        web_search_requests=searches,
        speed=speed,
        service_tier=tier,
        inference_geo=geo,
    )
    nano = BOOK.cost_nano_usd(record)
    assert nano is not None
    return nano


@given(models, instants, counts, st.integers(0, 20), speeds, service_tiers, geographies)
def test_a_price_is_never_negative_and_is_the_same_twice(
    model: str, at: int, tokens: tuple[int, ...], searches: int, speed: str, tier: str, geo: str
) -> None:
    first = cost(model, at, tokens, searches=searches, speed=speed, tier=tier, geo=geo)
    assert first >= 0
    assert first == cost(model, at, tokens, searches=searches, speed=speed, tier=tier, geo=geo)


@given(models, instants, counts, st.integers(0, 4), st.integers(0, 100_000))
def test_more_tokens_never_cost_less(model: str, at: int, tokens: tuple[int, ...], which: int, more: int) -> None:
    larger = tuple(count + more * (position == which) for position, count in enumerate(tokens))
    assert cost(model, at, larger) >= cost(model, at, tokens)


@given(st.sampled_from(("claude-opus-4-8", "claude-fable-5-1", "us.anthropic.claude-sonnet-5-5")), counts, counts)
def test_without_tiers_two_responses_cost_what_their_sum_does(
    model: str, some: tuple[int, ...], others: tuple[int, ...]
) -> None:
    both = tuple(one + other for one, other in zip(some, others, strict=True))
    assert abs(cost(model, FLAT, some) + cost(model, FLAT, others) - cost(model, FLAT, both)) <= 1


@given(st.sampled_from(("claude-opus-4-8", "claude-haiku-5-5", "claude-fable-5-2")), counts, speeds)
def test_batch_and_residency_are_plain_factors(model: str, tokens: tuple[int, ...], speed: str) -> None:
    standard = cost(model, FLAT, tokens, speed=speed)
    assert abs(2 * cost(model, FLAT, tokens, speed=speed, tier="batch") - standard) <= 2
    assert abs(10 * cost(model, FLAT, tokens, speed=speed, geo="us") - 11 * standard) <= 12
    both = cost(model, FLAT, tokens, speed=speed, tier="batch", geo="us")
    assert abs(20 * both - 11 * standard) <= 22


@given(models, st.permutations([(1, 2), (11, 10), (6, 1), (2, 1)]))
def test_factors_commute(model: str, order: list[tuple[int, int]]) -> None:
    record = UsageRecord("m", "r", FLAT, 0, model, 1)
    assert BOOK.cost_nano_usd(record) is not None
    prices = BOOK._listed(model)  # noqa: SLF001 - the tariff itself is what commutes
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
        prices = BOOK._listed(model)  # noqa: SLF001
        assert prices is not None
        for tariff in prices.tariffs.values():
            bands = bands_at(tariff, at)
            assert bands[-1][0] == -1
            assert [above for above, _ in bands] == sorted((above for above, _ in bands), reverse=True)


def test_an_empty_tariff_has_no_bands() -> None:
    assert bands_at((), 0) == ()


def test_order_of_records_changes_nothing() -> None:
    records = [
        UsageRecord("m", "r", FLAT, 0, model, 1000, 100, speed=speed)
        for model in MODELS[:2]
        for speed in ("", "fast")
    ]
    totals = set()
    for order in permutations(records):
        book = PriceBook(cache_path=None, data_path=None)
        totals.add(sum(book.cost_nano_usd(record) or 0 for record in order))
    assert len(totals) == 1
