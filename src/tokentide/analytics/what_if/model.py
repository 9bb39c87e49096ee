"""What is asked of a what-if, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tokentide.clock import DAY_US

if TYPE_CHECKING:
    from tokentide.analytics.selection import Selection

MONTH_US = 365 * DAY_US // 12 + DAY_US // 48
"""A month: a twelfth of 365.25 days."""
BELOW_TOKENS = 500
"""Output up to which a step counts as small."""
NEW_INPUT_TIMES = 10
"""So many times as much input may be new to the model in a small step."""

MODEL, CHEAP, BATCH, NO_CACHE, CACHE_1H, CACHE_5M, PRICE, RESIDENCY, SPEED = (
    "model",
    "cheap",
    "batch",
    "no_cache",
    "cache_1h",
    "cache_5m",
    "price",
    "residency",
    "speed",
)
"""Kinds of scenarios."""


@dataclass(frozen=True, slots=True)
class WhatIfWish:
    """Which scenarios are asked for; none of them means all that make sense for the history."""

    models: tuple[str, ...] = ()
    cheap: tuple[str, ...] = ()
    """Models for the small mechanical steps."""
    below_tokens: int = BELOW_TOKENS
    flags: frozenset[str] = frozenset()
    """Kinds out of BATCH, NO_CACHE, CACHE_1H, CACHE_5M."""
    changes: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """New prices, by model and name; see tokentide.pricing.changed."""
    residency: str = ""
    speed: str = ""
    plans: bool = False

    @property
    def names_scenarios(self) -> bool:
        """True where at least one scenario is named."""
        return bool(self.models or self.cheap or self.flags or self.changes or self.residency or self.speed)

    @property
    def is_open(self) -> bool:
        """True where nothing is named: all that makes sense is meant, and the plans."""
        return not (self.names_scenarios or self.plans)

    @property
    def needs_details(self) -> bool:
        """True where it matters what happened around the responses."""
        return self.is_open or bool(self.cheap) or BATCH in self.flags


@dataclass(frozen=True, slots=True)
class ScenarioCost:
    """One scenario: what the history costs so, nano-USD, with what the figure rests on."""

    kind: str
    target: str
    """The model, place or speed; empty where there is none."""
    cost: int
    difference: int
    """`cost` less what it was: below 0 is saved."""
    responses: int
    """How many would have been made or priced otherwise."""
    assumptions: tuple[str, ...]
    """One plain sentence each."""
    adjusted: int | None = None
    """An estimate of `cost` where the other model counts tokens otherwise; None where it counts the same."""


@dataclass(frozen=True, slots=True)
class WindowFit:
    """How one kind of window of the history would have fitted into a plan."""

    windows: int
    too_small: int
    """Windows in which more was used than the plan holds."""
    budget: int
    """What one window holds by estimate, nano-USD at list price."""
    over: int
    """What was used beyond the windows, nano-USD at list price."""


@dataclass(frozen=True, slots=True)
class PlanCost:
    """One plan beside the history."""

    plan: str
    """A name in tokentide.analytics.plans.PLAN_PRICES, or `api`."""
    price: int
    """Nano-USD a month; of `api` what the history comes to."""
    five_hours: WindowFit | None
    """None for `api`, and where there is no such window."""
    weeks: WindowFit | None
    is_calibrated: bool
    """True where the budgets come from the person's own windows."""
    is_current: bool
    is_for_one: bool = True
    """False where it is sold to several people only."""

    def total(self, months: Fraction) -> int:
        """The price with everything beyond the windows at list price, nano-USD a month; an estimate."""
        over = max((fit.over for fit in (self.five_hours, self.weeks) if fit is not None), default=0)
        return self.price + (round(over / months) if months else 0)


@dataclass(frozen=True, slots=True)
class PlanReport:
    """All plans beside one account's history."""

    account: str
    plans: tuple[PlanCost, ...]
    assumptions: tuple[str, ...]
    cost: int
    """Of the account's history at list price, nano-USD."""

    def best(self, months: Fraction) -> PlanCost:
        """The cheapest with everything beyond its windows, of those that one person can have."""
        choice = [plan for plan in self.plans if plan.is_for_one or plan.is_current]
        return min(choice, key=lambda plan: plan.total(months))


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The history as it was, and each scenario beside it."""

    responses: int
    unpriced: tuple[str, ...]
    """Models without a price; their responses are on neither side."""
    unpriced_responses: int
    cost: int
    """At list price, nano-USD."""
    since: int
    """The beginning of the first day that is asked for and known, µs UTC."""
    span_us: int
    """How long the history is: from then until the last day, or now; at least a day."""
    scenarios: tuple[ScenarioCost, ...]
    """The one that saves most first."""
    assumptions: tuple[str, ...]
    """What holds for every scenario."""
    plans: tuple[PlanReport, ...]
    selection: Selection
    timezone: str
    generated_at: int
    problems: int = 0
    skipped: tuple[str, ...] = ()
    """Why a scenario that was asked for changes nothing or cannot be reckoned, a sentence each."""

    @property
    def months(self) -> Fraction:
        """The history's length in months."""
        return Fraction(self.span_us, MONTH_US)

    def a_month(self, nano: int) -> int:
        """An amount of the whole history as an amount a month, nano-USD; an estimate."""
        return round(nano / self.months) if self.months else 0
