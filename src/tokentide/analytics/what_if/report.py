"""Builds the what-if: reads the history once, reckons each scenario, and ranks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentide.analytics.count_models import models_asked
from tokentide.analytics.what_if import scenarios
from tokentide.analytics.what_if.history import History, read_history
from tokentide.analytics.what_if.model import (
    BATCH,
    CACHE_1H,
    CACHE_5M,
    NO_CACHE,
    PlanReport,
    WhatIf,
    WhatIfWish,
)
from tokentide.analytics.what_if.reckoning import Reckoner
from tokentide.analytics.what_if.scenarios import FAST, STANDARD, US, Scenario
from tokentide.pricing.book import PriceBook
from tokentide.pricing.newest import newest_models, same_model
from tokentide.store.query import Filters

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.plans import PlanWish
    from tokentide.analytics.selection import Selection
    from tokentide.pricing.changed import ChangedPriceBook
    from tokentide.store.sqlite.ledger import Ledger

USUAL_FAMILIES = ("opus", "sonnet", "haiku")
"""Families whose newest model is tried where nothing is named."""
CHEAP_FAMILY = "haiku"
COMMON = (
    "the same work by the same requests; list prices of the day of each response",
    "each scenario stands alone: what they save does not add up",
)
NARROWED = "plans hold all of an account's use; here they see only what the filters let through"


@dataclass(frozen=True, slots=True)
class WhatIfAsk:
    """What a what-if is made of, beside the ledger."""

    selection: Selection
    calendar: Calendar
    wish: WhatIfWish
    book: PriceBook
    plan_wish: PlanWish
    changed_book: ChangedPriceBook | None = None
    """With the changes that the wish names."""


def build_what_if(ledger: Ledger, ask: WhatIfAsk, *, now: int, problems: int = 0) -> WhatIf:
    """Ask the ledger, and reckon. `now` is µs UTC. Raises UsageError for a model without a price."""
    wish = _with_full_names(ask.wish, ask.book, now)
    history = read_history(ledger, ask.selection, ask.calendar, now=now, details=wish.needs_details)
    made = list(_usual(history, ask.book, wish.below_tokens, now) if wish.is_open else _named(history, ask, wish))
    reckoner = Reckoner(history, ask.book)
    costs = [reckoner.cost_of(each) for each in made if not each.skipped]
    if wish.is_open:
        costs = [each for each in costs if each.difference]
    return WhatIf(
        responses=len(history.records),
        unpriced=tuple(sorted(history.unpriced)),
        unpriced_responses=history.unpriced.total(),
        cost=history.cost,
        since=history.since,
        span_us=history.span_us,
        scenarios=tuple(sorted(costs, key=lambda each: (each.difference, each.kind, each.target))),
        assumptions=(*COMMON, *([NARROWED] if _is_narrowed(ask.selection) else [])),
        plans=_plans(ledger, history, ask, now),
        selection=ask.selection,
        timezone=ask.calendar.name,
        generated_at=now,
        problems=problems,
        skipped=tuple(each.skipped for each in made if each.skipped and not wish.is_open),
    )


def _with_full_names(wish: WhatIfWish, book: PriceBook, now: int) -> WhatIfWish:
    """The wish with whole names of models, all of which have a price."""
    cheap = models_asked(wish.cheap, book, now, "--cheap")
    return replace(wish, models=models_asked(wish.models, book, now), cheap=cheap)


def _is_narrowed(selection: Selection) -> bool:
    """True where only a part of an account's use is looked at."""
    return selection.filters != Filters(accounts=selection.filters.accounts)


def _named(history: History, ask: WhatIfAsk, wish: WhatIfWish) -> Iterator[Scenario]:
    """The scenarios that were asked for."""
    yield from (scenarios.on_model(history, model, ask.book) for model in wish.models)
    yield from (scenarios.cheap_steps(history, model, wish.below_tokens) for model in wish.cheap)
    yield from (make(history) for kind, make in _BY_FLAG.items() if kind in wish.flags)
    if ask.changed_book is not None:
        words = "; ".join(
            f"{model}: {', '.join(f'{name} {amount:f}' for name, amount in rates.items())}"
            for model, rates in wish.changes.items()
        )
        yield scenarios.at_prices(history, tuple(wish.changes), ask.changed_book, words)
    if wish.residency:
        yield scenarios.in_region(history, wish.residency)
    if wish.speed:
        yield scenarios.at_speed(wish.speed)


_BY_FLAG: dict[str, Callable[[History], Scenario]] = {
    BATCH: scenarios.batched,
    NO_CACHE: lambda _: scenarios.no_cache(),
    CACHE_1H: scenarios.long_cache,
    CACHE_5M: scenarios.short_cache,
}


def _usual(history: History, book: PriceBook, below_tokens: int, now: int) -> Iterator[Scenario]:
    """All that make sense for this history: what is left as it was is not told."""
    if not history.records:
        return
    newest = newest_models(each.asked for each in book.known_models(now))
    for family in USUAL_FAMILIES:
        if family in newest and not all(same_model(model, newest[family]) for model in history.models):
            yield scenarios.on_model(history, newest[family], book)
    if CHEAP_FAMILY in newest:
        yield scenarios.cheap_steps(history, newest[CHEAP_FAMILY], below_tokens)
    yield from (make(history) for make in _BY_FLAG.values())
    yield scenarios.in_region(history, US)
    yield from (scenarios.at_speed(speed) for speed in (STANDARD, FAST))


def _plans(ledger: Ledger, history: History, ask: WhatIfAsk, now: int) -> tuple[PlanReport, ...]:
    if not (ask.wish.is_open or ask.wish.plans):
        return ()
    from tokentide.analytics.what_if.plan_costs import plan_reports

    return plan_reports(ledger, history, ask.calendar, ask.plan_wish, now=now)
