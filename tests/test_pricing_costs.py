"""Costs against hand arithmetic.

C-numbers are those of the peer study; where the peer and the vendor's rules differ, the vendor's are kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
import msgspec
import pytest

from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook

SONNET_4 = "claude-sonnet-4-20250514"
AUTUMN_2025 = "2025-10-01"
TODAY = "2026-11-20"


def instant(text: str) -> int:
    """ISO time, UTC where it says nothing, in µs."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 1_000_000


def nano(usd: str) -> int:
    """USD in nano-USD."""
    return int(Decimal(usd) * 1_000_000_000)


def record(
    model: str,
    at: str | int = TODAY,
    tokens: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0),
    *,
    speed: str = "",
    tier: str = "",
    geo: str = "",
) -> UsageRecord:
    """A response with tokens as input, output, 5-minute writes, 1-hour writes, cache reads."""
    return UsageRecord(
        "msg",
        "req",
        at if isinstance(at, int) else instant(at),
        0,
        model,
        *tokens,
        speed=speed,
        service_tier=tier,
        inference_geo=geo,
    )


def searching(response: UsageRecord, searches: int) -> UsageRecord:
    """The response with web searches."""
    return msgspec.structs.replace(response, web_search_requests=searches)


@pytest.fixture(scope="module")
def book() -> PriceBook:
    """The installed price data, without files of ours."""
    return PriceBook(cache_path=None, data_path=None)


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        pytest.param((100, 50, 0, 0, 0), "0.00105", id="C20 plain"),
        pytest.param((0, 0, 10, 20, 0), "0.0001575", id="C71 both cache lifetimes"),
        pytest.param((0, 0, 0, 1000, 0), "0.006", id="C73 one hour"),
        pytest.param((1, 1, 0, 100, 0), "0.000618", id="C74 one hour beside input and output"),
        pytest.param((200_000, 0, 0, 0, 0), "0.6", id="C76 at the threshold"),
        pytest.param((200_001, 0, 0, 0, 0), "1.200006", id="C76 above it: the whole request"),
        pytest.param((0, 300_000, 0, 0, 0), "4.5", id="C77 output does not count as prompt"),
        pytest.param((0, 0, 300_000, 0, 0), "2.25", id="C77 5-minute writes"),
        pytest.param((0, 0, 0, 300_000, 0), "3.6", id="C77 1-hour writes"),
        pytest.param((0, 0, 0, 0, 300_000), "0.18", id="C77 reads"),
        pytest.param((150_000, 0, 0, 0, 150_000), "0.99", id="C78 input and reads are one prompt"),
        pytest.param((0, 0, 150_000, 150_000, 0), "2.925", id="C79 writes are one prompt"),
        pytest.param((150_000, 0, 0, 0, 0), "0.45", id="C80 a request alone"),
        pytest.param((200_001, 1000, 0, 0, 0), "1.222506", id="output of a long request"),
    ],
)
def test_sonnet_4_in_its_beta_year(book: PriceBook, tokens: tuple[int, int, int, int, int], usd: str) -> None:
    assert book.cost_nano_usd(record(SONNET_4, AUTUMN_2025, tokens)) == nano(usd)


@pytest.mark.parametrize(
    ("model", "speed", "usd"),
    [
        ("claude-opus-4-6", "standard", "0.00175"),
        ("claude-opus-4-6", "", "0.00175"),
        ("claude-opus-4-6", "fast", "0.0105"),
        ("claude-opus-4-7", "fast", "0.0105"),
        ("claude-opus-4-8", "fast", "0.0035"),
        ("claude-opus-5", "fast", "0.0035"),
        ("claude-opus-5-5", "fast", "0.0028"),
        ("claude-fable-5-2", "fast", "0.0056"),
        ("claude-mythos-5-2", "fast", "0.0056"),
        (SONNET_4, "fast", "0.00105"),
        ("claude-haiku-4-5", "fast", "0.00035"),
        ("claude-opus-4-5", "fast", "0.00175"),
        ("claude-opus-5-5", "", "0.0014"),
    ],
)
def test_fast_mode_of_100_in_50_out(book: PriceBook, model: str, speed: str, usd: str) -> None:
    assert book.cost_nano_usd(record(model, TODAY, (100, 50, 0, 0, 0), speed=speed)) == nano(usd)


def test_fast_mode_stacks_with_the_long_prompt_premium(book: PriceBook) -> None:
    """Fast mode page of 2026-02: 60 in, 225 out above 200k."""
    long = record("claude-opus-4-6", "2026-02-20", (300_000, 1000, 0, 0, 0), speed="fast")
    assert book.cost_nano_usd(long) == nano("18.225")


def test_fast_mode_multiplies_cache_prices(book: PriceBook) -> None:
    for model in ("claude-opus-4-8", "claude-opus-5"):
        fast = record(model, TODAY, (0, 0, 1000, 1000, 1000), speed="fast")
        assert book.cost_nano_usd(fast) == nano("0.0335")


def test_the_clients_own_price(book: PriceBook) -> None:
    """2.1.197 shows $0.02045 for two such requests; only 600 five-minute and 400 one-hour writes give that."""
    request = record("claude-opus-4-8", TODAY, (10, 57, 600, 400, 2000))
    assert book.cost_nano_usd(request) == nano("0.010225")
    swapped = record("claude-opus-4-8", TODAY, (10, 57, 400, 600, 2000))
    assert book.cost_nano_usd(swapped) != nano("0.010225")


@pytest.mark.parametrize("model", ["claude-opus-5", "claude-haiku-5-5", SONNET_4])
def test_batch_halves_tokens_but_not_searches(book: PriceBook, model: str) -> None:
    for at in ("2026-10-10", TODAY):  # before and after the book has batch prices of its own
        tokens = (2000, 2000, 2000, 2000, 2000)
        standard = book.cost_nano_usd(record(model, at, tokens))
        batch = book.cost_nano_usd(searching(record(model, at, tokens, tier="batch"), 3))
        assert standard is not None
        assert batch == standard // 2 + nano("0.03")


def test_batch_and_fast_together_halve_the_fast_price(book: PriceBook) -> None:
    both = record("claude-opus-5", TODAY, (100, 50, 0, 0, 0), speed="fast", tier="batch")
    assert book.cost_nano_usd(both) == nano("0.00175")


def test_other_service_tiers_cost_as_usual(book: PriceBook) -> None:
    for tier in ("priority", "standard", "unheard-of"):
        assert book.cost_nano_usd(record(SONNET_4, TODAY, (100, 50, 0, 0, 0), tier=tier)) == nano("0.00105")


def test_web_searches_cost_a_cent_each_whatever_multiplies_the_tokens(book: PriceBook) -> None:
    for model in ("claude-opus-5", "claude-3-haiku-20240307", "us.anthropic.claude-opus-5-v1:0"):
        response = record(model, TODAY, speed="fast", tier="batch", geo="us")
        assert book.cost_nano_usd(searching(response, 10)) == nano("0.1")


@pytest.mark.parametrize(
    ("model", "geo", "usd"),
    [
        ("claude-opus-4-6", "us", "0.001925"),
        ("claude-opus-4-6", "global", "0.00175"),
        ("claude-opus-4-6", "not_available", "0.00175"),
        ("claude-sonnet-5-5", "us", "0.00077"),
        ("claude-mythos-preview", "us", "0.009625"),
        ("claude-opus-4-5", "us", "0.00175"),
        (SONNET_4, "us", "0.00105"),
        ("gpt-5", "us", "0.000625"),
    ],
)
def test_us_residency_since_4_6(book: PriceBook, model: str, geo: str, usd: str) -> None:
    assert book.cost_nano_usd(record(model, TODAY, (100, 50, 0, 0, 0), geo=geo)) == nano(usd)


def test_us_residency_multiplies_every_token_category(book: PriceBook) -> None:
    tokens = (1000, 1000, 1000, 1000, 1000)
    assert book.cost_nano_usd(record("claude-opus-5", TODAY, tokens, geo="us")) == nano("0.051425")
    fast = record("claude-opus-5", TODAY, tokens, geo="us", speed="fast")
    assert book.cost_nano_usd(fast) == nano("0.10285")


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("us.anthropic.claude-opus-4-6-20260205-v1:0", "0.001925"),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "0.000385"),
        ("apac.anthropic.claude-sonnet-4-5-20250929-v1:0", "0.001155"),
        ("au.anthropic.claude-sonnet-5", "0.00077"),
        ("jp.anthropic.claude-opus-5", "0.001925"),
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "0.001155"),
        ("global.anthropic.claude-opus-4-6-v1", "0.00175"),
        ("anthropic.claude-opus-4-6-v1", "0.00175"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "0.00105"),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "0.00028"),
    ],
)
def test_regional_endpoints_since_4_5(book: PriceBook, model: str, usd: str) -> None:
    assert book.cost_nano_usd(record(model, TODAY, (100, 50, 0, 0, 0))) == nano(usd)


def test_a_regional_endpoint_pays_no_residency_on_top(book: PriceBook) -> None:
    regional = record("us.anthropic.claude-opus-4-6-v1", TODAY, (100, 50, 0, 0, 0), geo="us")
    assert book.cost_nano_usd(regional) == nano("0.001925")


@pytest.mark.parametrize(
    ("model", "at", "tokens", "usd"),
    [
        ("claude-opus-4-6", "2026-03-12T23:59:59", (300_000, 1000, 0, 0, 0), "3.0375"),
        ("claude-opus-4-6", "2026-03-13T00:00:00", (300_000, 1000, 0, 0, 0), "1.525"),
        ("claude-sonnet-4-6", "2026-03-12T23:59:59", (300_000, 1000, 0, 0, 0), "1.8225"),
        ("claude-sonnet-4-6", "2026-03-13T00:00:00", (300_000, 1000, 0, 0, 0), "0.915"),
        (SONNET_4, "2026-04-30T23:59:59", (300_000, 0, 0, 0, 0), "1.8"),
        (SONNET_4, "2026-05-01T00:00:00", (300_000, 0, 0, 0, 0), "0.9"),
        ("claude-sonnet-4-5", "2026-04-30T23:59:59", (0, 1000, 0, 0, 300_000), "0.2025"),
        ("claude-sonnet-4-5", "2026-05-01T00:00:00", (0, 1000, 0, 0, 300_000), "0.105"),
        ("claude-sonnet-5-5", "2026-10-06T23:59:59", (0, 0, 0, 0, 1_000_000), "0.2"),
        ("claude-sonnet-5-5", "2026-10-07T00:00:00", (0, 0, 0, 0, 1_000_000), "0.1"),
        ("claude-haiku-5-5", TODAY, (40_000, 1000, 30_000, 10_000, 20_000), "0.01045"),
        ("claude-haiku-5-5", TODAY, (40_001, 1000, 30_000, 10_000, 20_000), "0.0522505"),
        ("claude-opus-5", "2024-01-01", (1_000_000, 0, 0, 0, 0), "5"),
        ("claude-opus-4-7", TODAY, (900_000, 0, 0, 0, 0), "4.5"),
    ],
)
def test_the_price_of_the_day(
    book: PriceBook, model: str, at: str, tokens: tuple[int, int, int, int, int], usd: str
) -> None:
    assert book.cost_nano_usd(record(model, at, tokens)) == nano(usd)


def test_the_last_microsecond_before_a_change_has_the_old_price(book: PriceBook) -> None:
    change = instant("2026-10-07")
    tokens = (0, 0, 0, 0, 1_000_000)
    assert book.cost_nano_usd(record("claude-sonnet-5-5", change - 1, tokens)) == nano("0.2")
    assert book.cost_nano_usd(record("claude-sonnet-5-5", change, tokens)) == nano("0.1")


PRICE_TABLE = """
claude-fable-5-2        8     40    10     16   0.20
claude-mythos-5-2       8     40    10     16   0.20
claude-fable-5-1        10    50    12.50  20   0.25
claude-mythos-5-1       10    50    12.50  20   0.25
claude-fable-5          10    50    12.50  20   1.00
claude-mythos-5         10    50    12.50  20   1.00
claude-mythos-preview   25    125   31.25  50   2.50
claude-opus-5-5         4     20    5      8    0.20
claude-opus-5           5     25    6.25   10   0.50
claude-opus-4-8         5     25    6.25   10   0.50
claude-opus-4-7         5     25    6.25   10   0.50
claude-opus-4-6         5     25    6.25   10   0.50
claude-opus-4-5         5     25    6.25   10   0.50
claude-opus-4-1         15    75    18.75  30   1.50
claude-opus-4-0         15    75    18.75  30   1.50
claude-sonnet-5-5       2     10    2.50   4    0.10
claude-sonnet-5         2     10    2.50   4    0.20
claude-sonnet-4-6       3     15    3.75   6    0.30
claude-sonnet-4-5       3     15    3.75   6    0.30
claude-sonnet-4-0       3     15    3.75   6    0.30
claude-3-7-sonnet       3     15    3.75   6    0.30
claude-3-5-sonnet       3     15    3.75   6    0.30
claude-3-sonnet         3     15    3.75   6    0.30
claude-haiku-5-5        0.10  0.50  0.125  0.20 0.01
claude-haiku-4-5        1     5     1.25   2    0.10
claude-3-5-haiku        0.80  4     1      1.60 0.08
claude-3-haiku          0.25  1.25  0.30   0.50 0.03
claude-3-opus           15    75    18.75  30   1.50
claude-2                8     24    10     16   0.80
"""
"""The vendor's page as of 2026-11-21: input, output, 5-minute write, 1-hour write, read, in USD per million tokens."""


@pytest.mark.parametrize("row", PRICE_TABLE.strip().splitlines())
def test_the_vendors_price_table(book: PriceBook, row: str) -> None:
    model, *amounts = row.split()
    for position, amount in enumerate(amounts):
        tokens = [0] * 5
        tokens[position] = 1000
        single = record(model, TODAY, (tokens[0], tokens[1], tokens[2], tokens[3], tokens[4]))
        assert book.cost_nano_usd(single) == nano(amount) / 1000


@pytest.mark.parametrize("model", ["claude-opus-5", "claude-haiku-5-5", "claude-opus-4-6", "gpt-5.5", "gemini-2.5-pro"])
def test_the_package_computes_the_same(book: PriceBook, model: str) -> None:
    """The package's own arithmetic as an oracle, below and above every tier."""
    for fresh, write, read in ((1000, 0, 500), (150_000, 0, 60_001), (400_000, 0, 100)):
        usage = genai_prices.Usage(input_tokens=fresh + write + read, cache_read_tokens=read, output_tokens=777)
        moment = datetime(2026, 11, 20, tzinfo=UTC)
        expected = genai_prices.calc_price(usage, model, genai_request_timestamp=moment).total_price
        assert book.cost_nano_usd(record(model, TODAY, (fresh, 777, write, 0, read))) == nano(str(expected))


def test_prices_of_the_hour(book: PriceBook) -> None:
    """DeepSeek's flash model costs twice as much from 01:00 to 04:00 and from 06:00 to 10:00 UTC."""
    hours = {"00:30": "0.15", "01:00": "0.3", "03:59": "0.3", "04:00": "0.15", "06:00": "0.3", "10:00": "0.15"}
    for hour, usd in hours.items():
        night = record("deepseek-flash", f"2026-11-20T{hour}:00", (1_000_000, 0, 0, 0, 0))
        assert book.cost_nano_usd(night) == nano(usd)


def test_other_vendors_fill_missing_categories_from_the_next_wider_one(book: PriceBook) -> None:
    """GPT-5: 1.25 in, 10 out, 0.125 cached; it has no price for writing a cache."""
    assert book.cost_nano_usd(record("gpt-5", TODAY, (1000, 1000, 1000, 1000, 1000))) == nano("0.013875")


def test_other_vendors_service_tiers(book: PriceBook) -> None:
    standard = book.cost_nano_usd(record("gpt-5.4", TODAY, (1000, 1000, 0, 0, 0)))
    flex = book.cost_nano_usd(record("gpt-5.4", TODAY, (1000, 1000, 0, 0, 0), tier="flex"))
    priority = book.cost_nano_usd(record("gpt-5.4", TODAY, (1000, 1000, 0, 0, 0), tier="priority"))
    assert flex is not None
    assert standard is not None
    assert priority is not None
    assert flex < standard < priority


def test_an_unknown_model_has_no_price(book: PriceBook) -> None:
    assert book.cost_nano_usd(record("claude-opus-4-9", TODAY, (100, 50, 0, 0, 0))) is None
    assert book.cost_nano_usd(record("", TODAY, (100, 50, 0, 0, 0), geo="us", speed="fast")) is None


def test_a_response_without_tokens_costs_nothing(book: PriceBook) -> None:
    assert book.cost_nano_usd(record("claude-opus-5")) == 0
