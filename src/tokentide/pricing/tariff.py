"""Resolved prices in the shape the hot loop wants: nested tuples of integers, newest first.

A tariff is a tuple of segments `(since_us, day_parts)`, newest first, the last one valid since `ALWAYS_US`.
`day_parts` are `(since_us_of_the_utc_day, bands)`, latest first, the last one since midnight: a few vendors ask less at
night. `bands` are `(above_prompt_tokens, rates)`, largest first, the last one above -1: the whole prompt decides, and
the rates of that band hold for every token of the request, output included.

Tuples and not dataclasses: 40,000 records are priced in 40 ms, and nothing has to be built at start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentide.clock import DAY_US

if TYPE_CHECKING:
    from collections.abc import Mapping

Rates = tuple[int, int, int, int, int, int]
"""pico-USD for one input, output, 5-minute write, 1-hour write and cache-read token, and for one web search."""
Band = tuple[int, Rates]
DayPart = tuple[int, tuple[Band, ...]]
Segment = tuple[int, tuple[DayPart, ...]]
Tariff = tuple[Segment, ...]

UNPRICED: Tariff = ()
ALWAYS_US = -(1 << 62)
"""Start of the first segment: before any instant."""
ANY_PROMPT = -1
"""Threshold of the lowest band: even an empty prompt is above it."""

STANDARD = ""
FAST = "speed=fast"
BATCH = "processing=batch"

BATCH_DIVISOR = 2
"""Batch costs half, where fast mode and batch meet (the vendor does not offer both at once)."""
RESIDENCY_NUMERATOR, RESIDENCY_DENOMINATOR = 11, 10
"""Every token category costs 1.1 times as much when the vendor promises to compute in the US."""


class ModelPrices(NamedTuple):
    """All prices of one model name."""

    model_id: str
    """The id in the price book."""
    source: str
    """Where the price comes from, for people."""
    notes: tuple[str, ...]
    """Remarks and references of the price book and of our rules."""
    residency: bool
    """True if `inference_geo: us` costs more."""
    regional: bool
    """True if the premium of a regional endpoint is contained in the rates."""
    tariffs: Mapping[str, Tariff]
    """By request context: `STANDARD` always, `FAST` and `BATCH` for Claude, others as the book lists them."""


def tariff_for(prices: ModelPrices, *, speed: str, service_tier: str, inference_geo: str) -> Tariff:
    """The tariff of a request made this way; what has no price of its own is billed as standard.

    A regional endpoint already contains its premium: residency is not charged a second time on it.
    """
    batch = service_tier == "batch"
    wanted = (f"speed={speed}", BATCH if batch else f"service_tier={service_tier}")
    context = next((context for context in wanted if context in prices.tariffs), STANDARD)
    tariff = prices.tariffs[context]
    if batch and context == FAST:
        tariff = scaled(tariff, 1, BATCH_DIVISOR)
    if inference_geo == "us" and prices.residency and not prices.regional:
        tariff = scaled(tariff, RESIDENCY_NUMERATOR, RESIDENCY_DENOMINATOR)
    return tariff


def bands_at(tariff: Tariff, at_us: int) -> tuple[Band, ...]:
    """The bands valid at an instant (µs UTC); empty if the tariff is."""
    for since, parts in tariff:
        if at_us >= since:
            if len(parts) == 1:
                return parts[0][1]
            time_of_day = at_us % DAY_US
            return next(bands for since_midnight, bands in parts if time_of_day >= since_midnight)
    return ()


def scaled(tariff: Tariff, numerator: int, denominator: int) -> Tariff:
    """The tariff with every token rate multiplied; web searches keep their price."""
    return tuple(
        (
            since,
            tuple(
                (
                    part,
                    tuple((above, _scaled_rates(rates, numerator, denominator)) for above, rates in bands),
                )
                for part, bands in parts
            ),
        )
        for since, parts in tariff
    )


def divided_half_even(amount: int, divisor: int) -> int:
    """Quotient rounded to the nearest integer, halves to the even one."""
    quotient, rest = divmod(amount, divisor)
    if 2 * rest > divisor or (2 * rest == divisor and quotient & 1):
        quotient += 1
    return quotient


def _scaled_rates(rates: Rates, numerator: int, denominator: int) -> Rates:
    fresh, output, write_5m, write_1h, read, search = rates
    return (
        divided_half_even(fresh * numerator, denominator),
        divided_half_even(output * numerator, denominator),
        divided_half_even(write_5m * numerator, denominator),
        divided_half_even(write_1h * numerator, denominator),
        divided_half_even(read * numerator, denominator),
        search,
    )
