"""What a five-hour window holds by plan: an estimate, for where the vendor tells nothing of it.

No plan has a published quota. The budgets below were measured by users who joined the vendor's percentages with their
own transcripts; they differ from window to window and from month to month. Source: research on live monitors, 2, 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from tokentide.analytics.blocks import SESSION_HOURS, find_blocks, length_us
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.windows import WindowState, estimated_window
from tokentide.clock import DAY_US
from tokentide.model.limits import Account, Money, Profile, plan_of
from tokentide.store.query import CostMode, Filters, Sums
from tokentide.store.sqlite.ledger import Ledger

AUTO, CUSTOM, CUSTOM_MAX, TOKENS = "auto", "custom", "custom_max", "tokens"
USD_BY_PLAN = {"pro": 32, "max5": 91, "max20": 363, "team": 32}
"""List-price USD of one five-hour window. pro: median of 29 windows of one account, September 2026, 80 % of them
between 20 and 39; max20: one account's measurement; max5: a quarter of it, as the plans are sold; team: not measured,
taken for pro."""
WEEK_USD_BY_PLAN = {"pro": 283, "max5": 950, "max20": 1900, "team": 283}
"""List-price USD of one week. pro: 8.85 five-hour windows, one account, September 2026; max20: one account's
measurement; max5: half of it, as weeks are sold since October 2026; team: not measured, taken for pro."""


@dataclass(frozen=True, slots=True)
class SoldPlan:
    """A plan as it is sold."""

    title: str
    usd: int
    """A month, paid by the month, for one person, without tax."""
    five_hours: float
    """What a five-hour window holds, as a multiple of Pro's."""
    week: float
    """The same for a week."""
    note: str = ""
    least_seats: int = 1


PLAN_PRICES = {
    "pro": SoldPlan("Pro", 20, 1, 1),
    "max5": SoldPlan("Max 5x", 100, 5, 5, "called Max since October 2026"),
    "max20": SoldPlan(
        "Max 20x",
        200,
        20,
        10,
        "called Ultra since October 2026, with 10 times Pro's week, and no five-hour limit for verified accounts",
    ),
    "team": SoldPlan("Team", 25, 1.25, 1.25, "a standard seat; sold from 5 seats on", least_seats=5),
}
PLAN_PRICES_CHECKED = "2026-11-21"
PLAN_PRICES_SOURCE = "claude.com/pricing as others quote it (18 and 31 October 2026)"
"""The vendor's own page was not at hand when these were checked; multiples of Team are the vendor's of 2025."""
CUSTOM_PERCENTILE = 90
CUSTOM_DAYS = 30
LEAST_BLOCKS = 3
"""A percentile of fewer blocks says nothing."""
_NANO_PER_CENT = 10**7


@dataclass(frozen=True, slots=True)
class PlanWish:
    """How windows that nobody tells of are estimated."""

    plan: str = AUTO
    """One of `settings.PLANS`."""
    limit_tokens: int | None = None
    """Input and output tokens of five hours; wins over the plan."""
    calendar: Calendar | None = None
    """With a reset hour, estimated windows end at it."""
    by_account: Mapping[str, str] = field(default_factory=dict)
    """Plans that logins name, by `Account.name`; what AUTO looks at after the account's profile."""


def estimate(
    ledger: Ledger, account: Account, official: WindowState | None, profile: Profile | None, wish: PlanWish, *, now: int
) -> WindowState | None:
    """The five-hour window that is open by the account's own responses, as full as the plan lets one think.

    None where an official one is open, or none is. Without a known plan its percentage is None.
    """
    window = estimated_window(ledger, account.name, official, now, wish.calendar)
    if window is None:
        return None
    filters = Filters(accounts=(account.name,))
    used = ledger.used(filters, CostMode.CALCULATE, window.since, now + 1)
    if wish.limit_tokens is not None:
        tokens = used.input_tokens + used.output_tokens
        return replace(window, percent=100 * tokens / wish.limit_tokens, plan=TOKENS)
    plan = wish.plan if wish.plan != AUTO else plan_known(account, profile, wish)
    budget = _custom(ledger, filters, plan, now) if plan in (CUSTOM, CUSTOM_MAX) else _of_plan(plan)
    return _measured(window, used, budget, plan) if budget else window


def plan_known(account: Account, profile: Profile | None, wish: PlanWish) -> str:
    """The plan that the account itself names, else the login's."""
    named = plan_of(profile.rate_limit_tier, profile.organization_type) if profile else ""
    return named or wish.by_account.get(account.name, "")


def _of_plan(plan: str) -> int:
    """The plan's budget in nano-USD; 0 for an unknown one."""
    return USD_BY_PLAN.get(plan, 0) * 100 * _NANO_PER_CENT


def _custom(ledger: Ledger, filters: Filters, plan: str, now: int) -> int:
    """What the person's own full blocks held, nano-USD; 0 where there are too few.

    Nearest rank: one of the blocks as it was, nothing beyond the largest of them.
    """
    length = length_us(SESSION_HOURS)
    blocks = find_blocks(ledger.moments(filters, CostMode.CALCULATE, now - CUSTOM_DAYS * DAY_US), length)
    costs = sorted(block.sums.cost for block in blocks if not block.is_gap and not block.is_active(now, length))
    if len(costs) < LEAST_BLOCKS:
        return 0
    return costs[-1] if plan == CUSTOM_MAX else costs[ceil(len(costs) * CUSTOM_PERCENTILE / 100) - 1]


def _measured(window: WindowState, used: Sums, budget: int, plan: str) -> WindowState:
    """The window with its share of the budget, and both in USD."""
    spent, ceiling = (Money(amount // _NANO_PER_CENT, "USD", 2) for amount in (used.cost, budget))
    return replace(window, percent=100 * used.cost / budget, used=spent, ceiling=ceiling, plan=plan)
