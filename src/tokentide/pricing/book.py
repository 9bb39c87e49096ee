"""The price book: what a response cost, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentide.clock import DAY_US, QUARTER_US
from tokentide.pricing.cache import LONGEST_NAME, MOST_NAMES, Cache, Facts, decode, encode, read_cache, write_cache
from tokentide.pricing.edition import edition, package_file, signature
from tokentide.pricing.tariff import (
    ANY_PROMPT,
    UNPRICED,
    ModelPrices,
    Tariff,
    bands_at,
    divided_half_even,
    tariff_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from tokentide.model.prices import PriceOverride
    from tokentide.model.usage import UsageRecord
    from tokentide.pricing.catalogue import Catalogue
    from tokentide.pricing.explain import PriceExplanation
    from tokentide.pricing.tariff import Rates

TariffKey = tuple[str, str, str, str]
"""Model, speed, service tier, inference geography: all that decides a tariff."""

PICO_PER_NANO = 1000
MOST_TARIFFS = 4096
"""Tariffs kept in memory; a log with more model names than this is looked up name by name."""


class Cuts(NamedTuple):
    """What tells responses apart whose prices may differ, beside model, speed, tier and place."""

    prompts: frozenset[int]
    """Lengths of a prompt above which the price is another."""
    period_us: int
    """Prices change between periods of this length, counted from 1970 on, never within one."""


class PriceBook:
    """Prices of all models at all times, as one edition of the data has them.

    A book does not change while it lives; after `update_prices` make a new one.
    """

    def __init__(
        self,
        overrides: Mapping[str, PriceOverride] | None = None,
        *,
        cache_path: str | None,
        data_path: str | None,
    ) -> None:
        """Open the book without reading price data, where the cache has it.

        `cache_path`: prices looked up before; None keeps them in memory. `data_path`: prices fetched by
        `update_prices`; the file need not exist, None uses the package alone.
        Raises PriceDataError when genai-prices is not installed or an override cannot be a price.
        """
        self._overrides = _checked(overrides)
        self._cache_path = cache_path
        self._data_path = data_path
        self._package_path = package_file()
        self._signature = signature(self._package_path, data_path)
        cache = read_cache(cache_path, self._signature) if cache_path else None
        self._facts: Facts | None = cache.facts if cache else None
        self._entries: dict[str, object] = cache.entries if cache else {}
        self._known: dict[str, ModelPrices | None] = {}
        self._tariffs: dict[TariffKey, Tariff] = {}
        self._opened: Catalogue | None = None

    def open(self) -> None:
        """Load the price data now if the cache lacks it: for when there is time, before the first new name."""
        self._known_facts()

    @property
    def version(self) -> str:
        """Mark of everything that prices depend on: data, rules, overrides. Another mark, other prices."""
        mark = self._facts.edition if self._facts else edition(self._package_path, self._data_path)
        if not self._overrides:
            return mark
        from hashlib import blake2b

        own = repr(sorted(self._overrides.items())).encode()
        return f"{mark}-{blake2b(own, digest_size=8).hexdigest()}"

    @property
    def source(self) -> str:
        """The book that is asked first, such as `genai-prices 0.2.3` or `fetched 2026-11-01`."""
        return self._known_facts().source

    @property
    def book_date(self) -> date:
        """The day the prices are from: that of the fetched file, or the newest start of a price in the package."""
        return self._known_facts().day

    @property
    def fault(self) -> str:
        """Why the fetched file is not used; empty if all is well."""
        return self._known_facts().fault

    def cost_nano_usd(self, record: UsageRecord) -> int | None:
        """List price of one response at its own instant, in nano-USD; None if no price is known.

        Summed in pico-USD and rounded once, halves to even.
        """
        rates = self.rates(record)
        return None if rates is None else cost_at(rates, record)

    def rates(self, record: UsageRecord) -> Rates | None:
        """What each token of a response costs at its own instant, by the length of its prompt; None without a price."""
        key = (record.model, record.speed, record.service_tier, record.inference_geo)
        tariff = self._tariffs.get(key)
        if tariff is None:
            tariff = self._tariff(key)
        bands = bands_at(tariff, record.at)
        if len(bands) < 2:
            return bands[0][1] if bands else None
        prompt = record.prompt_tokens
        return next(rates for above, rates in bands if prompt > above)

    def cuts(self, models: Iterable[str]) -> Cuts:
        """Where any of these models may ask another price: to price responses together that lie between."""
        tariffs = [tariff for model in models if (prices := self._find(model)) for tariff in prices.tariffs.values()]
        days = [parts for tariff in tariffs for _, parts in tariff]
        above = {above for parts in days for _, bands in parts for above, _ in bands} - {ANY_PROMPT}
        return Cuts(frozenset(above), QUARTER_US if any(len(parts) > 1 for parts in days) else DAY_US)

    def explain(self, model: str, at_us: int) -> PriceExplanation:
        """Where the price of a name comes from at an instant (µs UTC), and what it is."""
        from tokentide.pricing.explain import explained, unknown

        prices = self._find(model)
        if prices is not None:
            return explained(model, prices, at_us)
        return unknown(model, self._catalogue().nearest(model))

    def context_window(self, model: str) -> int | None:
        """Tokens that a model takes at once; None if nobody says. Opens the price data, a tenth of a second."""
        return self._catalogue().context_window(model)

    def known_models(self, at_us: int) -> tuple[PriceExplanation, ...]:
        """All Claude models that have a price, by id, with their price at an instant (µs UTC)."""
        return tuple(self.explain(model, at_us) for model in self._known_facts().claude_ids)

    def _tariff(self, key: TariffKey) -> Tariff:
        model, speed, service_tier, inference_geo = key
        prices = self._find(model)
        tariff = (
            UNPRICED
            if prices is None
            else tariff_for(prices, speed=speed, service_tier=service_tier, inference_geo=inference_geo)
        )
        if len(self._tariffs) < MOST_TARIFFS:
            self._tariffs[key] = tariff
        return tariff

    def _find(self, model: str) -> ModelPrices | None:
        """Prices of a name: the user's, else those of the books."""
        if self._overrides:
            from tokentide.pricing.own import overridden, override_for

            key = override_for(self._overrides, model)
            if key is not None:
                return overridden(self._overrides, key, model, self._listed)
        return self._listed(model)

    def _listed(self, model: str) -> ModelPrices | None:
        """Prices of a name in the books: from memory, from the cache, else looked up and added to both."""
        if model in self._known:
            return self._known[model]
        try:
            prices = decode(self._entries[model])
        except (LookupError, ValueError):  # not in the cache, or an entry that is none
            prices = self._look_up(model)
        if len(self._known) < MOST_NAMES:
            self._known[model] = prices
        return prices

    def _look_up(self, model: str) -> ModelPrices | None:
        prices = self._catalogue().find(model)
        if len(self._entries) < MOST_NAMES and len(model) <= LONGEST_NAME:
            self._entries[model] = encode(prices)
            if self._cache_path:
                write_cache(self._cache_path, self._signature, Cache(self._known_facts(), self._entries))
        return prices

    def _known_facts(self) -> Facts:
        """What is known about the data as a whole: from the cache, else from the data."""
        if self._facts is None:
            catalogue = self._catalogue()
            mark = edition(self._package_path, self._data_path)
            self._facts = Facts(mark, catalogue.source, catalogue.day, catalogue.fault, catalogue.claude_ids())
        return self._facts

    def _catalogue(self) -> Catalogue:
        """The opened data; the first call costs a tenth of a second."""
        if self._opened is None:
            from tokentide.interrupts import interrupts_held

            with interrupts_held():  # a library that is being loaded may swallow one
                from tokentide.pricing.catalogue import open_catalogue

                self._opened = open_catalogue(self._package_path, self._data_path)
        return self._opened


def cost_at(rates: Rates, record: UsageRecord) -> int:
    """What a record's tokens cost at these rates, nano-USD; summed in pico-USD and rounded once, halves to even."""
    pico = (
        record.input_tokens * rates[0]
        + record.output_tokens * rates[1]
        + record.cache_creation_5m_tokens * rates[2]
        + record.cache_creation_1h_tokens * rates[3]
        + record.cache_read_tokens * rates[4]
        + record.web_search_requests * rates[5]
    )
    return divided_half_even(pico, PICO_PER_NANO)


def _checked(overrides: Mapping[str, PriceOverride] | None) -> dict[str, PriceOverride]:
    """A copy of the overrides, all of which can be prices."""
    if not overrides:
        return {}
    from tokentide.pricing.overrides import check_overrides

    check_overrides(overrides)
    return dict(overrides)
