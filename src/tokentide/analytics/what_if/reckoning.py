"""What a scenario costs: every altered response at the prices of the book, the others as they were."""

from __future__ import annotations

from functools import cached_property

from tokentide.analytics.what_if.history import History, Situation
from tokentide.analytics.what_if.model import MODEL, ScenarioCost
from tokentide.analytics.what_if.scenarios import Alter, Scenario, rescaled, scale
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import Cuts, PriceBook, cost_at


class _Sum:
    """A scenario's cost while it is added up, nano-USD."""

    def __init__(self) -> None:
        self.cost = 0
        self.adjusted = 0
        """With tokens as the model counts them that it went to."""
        self.altered = 0
        self.same = 0
        """Responses that were altered and cost the same."""

    def add(self, known: int, change: int, adjusted: int, responses: int, *, is_altered: bool) -> None:
        """Add responses that cost `known`, and so much more in the scenario."""
        self.cost += known + change
        self.adjusted += known + adjusted
        self.altered += responses if is_altered or change else 0
        self.same += responses if is_altered and not change else 0


class Reckoner:
    """Reckons scenarios of one history; responses that are priced alike are priced together."""

    def __init__(self, history: History, book: PriceBook) -> None:
        self._history = history
        self._book = book
        self._situations: dict[tuple[tuple[int, ...], int], list[Situation]] = {}

    def cost_of(self, scenario: Scenario) -> ScenarioCost:
        """The scenario's figures."""
        if scenario.alter is not None:
            total = self._by_situation(scenario, scenario.alter)
        else:
            total = self._one_by_one(scenario.records or [])
        notes = [f"{scenario.same_note}: {total.same:,}"] if scenario.same_note and total.same else []
        return ScenarioCost(
            scenario.kind,
            scenario.target,
            total.cost,
            total.cost - self._history.cost,
            total.altered,
            (*scenario.assumptions, *notes),
            total.adjusted if total.adjusted != total.cost else None,
        )

    def _by_situation(self, scenario: Scenario, alter: Alter) -> _Sum:
        """Each situation once: its difference is that of its tokens at both prices, so that no change is exactly 0."""
        total, book = _Sum(), scenario.book or self._book
        for each in self._alike(book, [scenario.target] if scenario.kind == MODEL else []):
            sample, altered = alter(each.sample), alter(each.total)
            before, after = self._book.rates(each.sample), book.rates(sample)
            if before is None or after is None:
                total.add(each.cost, 0, 0, each.responses, is_altered=False)
                continue
            own = cost_at(before, each.total)
            change = adjusted = cost_at(after, altered) - own
            scaled = rescaled(each.total, altered)
            if scaled is not altered:
                rates = book.rates(rescaled(each.sample, sample)) or after
                adjusted = cost_at(rates, scaled) - own
            total.add(each.cost, change, adjusted, each.responses, is_altered=sample is not each.sample)
        return total

    def _alike(self, book: PriceBook, targets: list[str]) -> list[Situation]:
        """The history's situations, cut wherever one of the models, or the one that is gone to, changes its price."""
        models = (*self._history.models, *targets)
        cuts = (self._own_cuts, book.cuts(targets))
        factors = {scale(model, other) for model in models for other in models}
        bounds = sorted({round(bound / factor) for each in cuts for bound in each.prompts for factor in factors})
        key = (tuple(bounds), min(each.period_us for each in cuts))
        if key not in self._situations:
            self._situations[key] = self._history.situations(*key)
        return self._situations[key]

    @cached_property
    def _own_cuts(self) -> Cuts:
        return self._book.cuts(self._history.models)

    def _one_by_one(self, records: list[UsageRecord]) -> _Sum:
        total, price = _Sum(), self._book.cost_nano_usd
        for before, after, known in zip(self._history.records, records, self._history.costs, strict=True):
            if before is after:
                total.cost += known
                total.adjusted += known
                continue
            change = adjusted = _known(price(after), known) - known
            scaled = rescaled(before, after)
            if scaled is not after:
                adjusted = _known(price(scaled), known) - known
            total.add(known, change, adjusted, 1, is_altered=True)
        return total


def _known(new: int | None, known: int) -> int:
    """The new cost; a model that has none at that instant keeps the old one."""
    return known if new is None else new
