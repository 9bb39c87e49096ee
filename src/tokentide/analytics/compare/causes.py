"""Why two sides cost differently: an exact decomposition, each cause a sum of nano-USD, all of them the difference.

The cost of a side is a product of six factors (docs/how-to/compare.md has the formula): how many responses; how long
they are; which models the tokens went to; how much of the prompts came from the cache; the models' plain prices; what
was asked beyond these. Going from one side to the other, what a factor changes depends on which were changed before it,
so each cause is the mean over all orders (the Shapley value): no order is preferred, and exchanging the sides turns
every sign.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from math import factorial

from tokentide.analytics.compare.sides import PARTS, ModelUse, Side, plain_rates
from tokentide.pricing.book import PriceBook
from tokentide.pricing.tariff import Rates

VOLUME, SIZE, MIX, CACHE, LIST_PRICE, SURCHARGE = "volume", "size", "model_mix", "cache", "list_price", "surcharges"
CAUSES = (VOLUME, SIZE, MIX, CACHE, LIST_PRICE, SURCHARGE)
PICO_PER_NANO = 1000
_OUTPUT, _SEARCH = 1, 5
_PROMPT = (0, 2, 3, 4)
"""The parts of a prompt: input, writes of both lifetimes, reads."""
_GROUPS = ((_OUTPUT,), _PROMPT, (_SEARCH,))
"""What has a size of its own: output, prompts, searches."""

Shares = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Factors:
    """A side as its factors."""

    responses: int
    sizes: tuple[Fraction, ...]
    """For one response, of each group."""
    mix: tuple[Shares, ...]
    """By group, each model's share of it."""
    make_up: Mapping[str, tuple[Fraction, ...]]
    """By model the share of each part in its group."""
    plain: Mapping[str, tuple[Fraction, ...]]
    """By model pico-USD of each part at its plain price."""
    extra: Mapping[str, tuple[Fraction, ...]]
    """By model pico-USD of each part beyond that."""


def causes(one: Side, other: Side, book: PriceBook) -> dict[str, int]:
    """What each of CAUSES adds from one side to the other, nano-USD; they add up to the difference, to the nano."""
    models = sorted({*one.models, *other.models})
    before, after = _factors(one, other, models, book), _factors(other, one, models, book)
    value = _values(before, after, models)
    effects = {cause: round(_shapley(index, value) / PICO_PER_NANO) for index, cause in enumerate(CAUSES)}
    rest = other.sums.cost - one.sums.cost - sum(effects.values())
    largest = max(CAUSES, key=lambda cause: abs(effects[cause]))
    effects[largest] += rest
    return effects


Chosen = tuple[bool, ...]
"""For each of CAUSES whether it is taken from the side that is gone to."""


def _values(before: Factors, after: Factors, models: Sequence[str]) -> dict[Chosen, Fraction]:
    """The cost in pico-USD for every choice of factors."""

    @cache
    def prices(chosen: Chosen) -> tuple[Fraction, ...]:
        """Pico-USD for one unit of each group, by the last four factors."""
        mix, make_up, plain, extra = ((before, after)[each] for each in chosen)
        return tuple(
            sum(
                (
                    mix.mix[index][model]
                    * sum(
                        (
                            make_up.make_up[model][part] * (plain.plain[model][part] + extra.extra[model][part])
                            for part in parts
                        ),
                        Fraction(0),
                    )
                    for model in models
                ),
                Fraction(0),
            )
            for index, parts in enumerate(_GROUPS)
        )

    found: dict[Chosen, Fraction] = {}
    for chosen in product((False, True), repeat=len(CAUSES)):
        volume, size = ((before, after)[each] for each in chosen[:2])
        found[chosen] = volume.responses * sum(
            (amount * price for amount, price in zip(size.sizes, prices(chosen[2:]), strict=True)), Fraction(0)
        )
    return found


def _shapley(index: int, value: Mapping[Chosen, Fraction]) -> Fraction:
    """The mean of what one factor changes, over all orders of changing them."""
    count = len(CAUSES)
    total = Fraction(0)
    for chosen, low in value.items():
        if not chosen[index]:
            high = value[(*chosen[:index], True, *chosen[index + 1 :])]
            size = sum(chosen)
            total += Fraction(factorial(size) * factorial(count - size - 1), factorial(count)) * (high - low)
    return total


def _factors(side: Side, other: Side, models: Sequence[str], book: PriceBook) -> Factors:
    """A side as factors; what it does not tell is taken so that it causes nothing.

    A side without responses has the other's factors but for their number. A group that is empty has the other's mix. A
    model that one side lacks has that side's own make-up of prompts, and its plain price at that side's end.
    """
    told = side if side.models else other
    totals = _totals(told.models.values())
    mix = [_mix(told, other, models, parts) for parts in _GROUPS]
    spare = _make_up(totals if any(totals[part] for part in _PROMPT) else _totals(other.models.values()))
    responses = side.priced_responses
    uses = {model: told.models.get(model, ModelUse()) for model in models}
    return Factors(
        responses,
        tuple(Fraction(sum(totals[part] for part in parts), told.priced_responses or 1) for parts in _GROUPS),
        tuple(mix),
        {model: _make_up(use.counts, spare) for model, use in uses.items()},
        {model: _rates(use, plain_rates(book, model, told.sums.last_at)) for model, use in uses.items()},
        {model: _extra(use) for model, use in uses.items()},
    )


def _totals(uses: Collection[ModelUse]) -> list[int]:
    """The counts of several models together."""
    return [sum(use.counts[part] for use in uses) for part in range(PARTS)]


def _mix(side: Side, other: Side, models: Sequence[str], parts: Sequence[int]) -> Shares:
    """Each model's share of a group."""
    for each in (side, other):
        amounts = {model: sum(use.counts[part] for part in parts) for model, use in each.models.items()}
        total = sum(amounts.values())
        if total:
            return {model: Fraction(amounts.get(model, 0), total) for model in models}
    return dict.fromkeys(models, Fraction(0))


def _make_up(counts: Sequence[int], spare: tuple[Fraction, ...] = ()) -> tuple[Fraction, ...]:
    """The share of each part in its group; `spare` where there was no prompt. Output and searches are of one kind."""
    prompt = sum(counts[part] for part in _PROMPT)
    if not prompt and spare:
        return spare
    return tuple(
        Fraction(1) if part not in _PROMPT else Fraction(counts[part], prompt) if prompt else Fraction(0)
        for part in range(PARTS)
    )


def _rates(use: ModelUse, plain: Rates) -> tuple[Fraction, ...]:
    return tuple(
        Fraction(use.list_costs[part], use.counts[part]) if use.counts[part] else Fraction(plain[part])
        for part in range(PARTS)
    )


def _extra(use: ModelUse) -> tuple[Fraction, ...]:
    return tuple(
        Fraction(use.extra_costs[part], use.counts[part]) if use.counts[part] else Fraction(0) for part in range(PARTS)
    )
