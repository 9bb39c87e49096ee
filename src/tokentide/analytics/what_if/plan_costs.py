"""The same history under plans: what each asks a month, and which of its windows would have been too small."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.blocks import SESSION_HOURS, Stretch, find_blocks, length_us
from tokentide.analytics.forecasting.latest import latest_forecast
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.analytics.official_windows import official_windows
from tokentide.analytics.plans import (
    PLAN_PRICES,
    PLAN_PRICES_CHECKED,
    PLAN_PRICES_SOURCE,
    USD_BY_PLAN,
    WEEK_USD_BY_PLAN,
    PlanWish,
    SoldPlan,
    plan_known,
)
from tokentide.analytics.what_if.model import MONTH_US, PlanCost, PlanReport, WindowFit
from tokentide.clock import DAY_US, MINUTE_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, Account, Poll
from tokentide.store.query import Moment, Sums

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.model import Calibration
    from tokentide.analytics.what_if.history import History
    from tokentide.store.sqlite.ledger import Ledger

API = "api"
NANO = 10**9
FULL_PERCENT = 100
WEEK_US = 7 * DAY_US
_NAMES = {FIVE_HOUR: "five hours", SEVEN_DAY: "a week"}
TITLES = {name: sold.title for name, sold in PLAN_PRICES.items()} | {API: "API, pay as you go"}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an account's own windows."""

    plan: str
    """Empty if nobody tells."""
    calibrations: Mapping[str, Calibration]
    """By window, those that rest on windows of the account itself."""

    def budget(self, plan: str, window: str) -> tuple[int, bool]:
        """What one window of a plan holds, nano-USD, and whether that comes from the account's own windows."""
        own = self.calibrations.get(window)
        if own is not None and self.plan in PLAN_PRICES:
            worth = own.usd_per_percent * FULL_PERCENT
            return round(worth * _share(PLAN_PRICES[plan], window) / _share(PLAN_PRICES[self.plan], window)), True
        return (USD_BY_PLAN if window == FIVE_HOUR else WEEK_USD_BY_PLAN)[plan] * NANO, False


def _share(sold: SoldPlan, window: str) -> float:
    return sold.five_hours if window == FIVE_HOUR else sold.week


def plan_reports(
    ledger: Ledger, history: History, calendar: Calendar, wish: PlanWish, *, now: int
) -> tuple[PlanReport, ...]:
    """A report for each account, the dearest first."""
    moments = _moments(history)
    limits = {each.account.name: each for each in read_limits(ledger, now=now, wish=wish)}
    official = official_windows(ledger, now) if len(moments) == 1 else ()
    found = [
        _report(account, each, official, history.span_us, _known(ledger, known, calendar, wish, now))
        for account, each in moments.items()
        for known in [limits.get(account) or AccountLimits(Account(account, account), None, (), Poll(""))]
    ]
    return tuple(sorted(found, key=lambda report: (-report.cost, report.account)))


def _moments(history: History) -> dict[str, list[Moment]]:
    """What each account used, in the order of time; a minute is one moment, as windows begin and end on the minute."""
    found: defaultdict[str, list[Moment]] = defaultdict(list)
    minutes: dict[str, int] = {}
    for record, cost in zip(history.records, history.costs, strict=True):
        account, minute = history.account_of(record), record.at // MINUTE_US
        if minutes.get(account) == minute:
            sums = found[account][-1].sums
            sums.responses += 1
            sums.cost += cost
            sums.last_at = record.at
        else:
            minutes[account] = minute
            sums = Sums(1, cost=cost, first_at=record.at, last_at=record.at)
            found[account].append(Moment(record.at, "", "", sums))
    return found


def _known(ledger: Ledger, limits: AccountLimits, calendar: Calendar, wish: PlanWish, now: int) -> _Known:
    """Plan and calibrations of an account."""
    plan = wish.plan if wish.plan in PLAN_PRICES else plan_known(limits.account, limits.profile, wish)
    calibrations = latest_forecast(ledger, limits, calendar, now=now).calibrations if limits.windows else ()
    return _Known(plan, {each.window: each for each in calibrations if each.windows})


def _report(
    account: str, moments: Sequence[Moment], official: Sequence[Stretch], span_us: int, known: _Known
) -> PlanReport:
    cost = sum(moment.sums.cost for moment in moments)
    five_hours = _costs(moments, length_us(SESSION_HOURS), official)
    weeks = _costs(moments, WEEK_US, ())
    plans = [
        PlanCost(
            name,
            sold.usd * NANO,
            _fit(five_hours, known.budget(name, FIVE_HOUR)[0]),
            _fit(weeks, known.budget(name, SEVEN_DAY)[0]),
            known.budget(name, FIVE_HOUR)[1] and known.budget(name, SEVEN_DAY)[1],
            name == known.plan,
            sold.least_seats == 1,
        )
        for name, sold in PLAN_PRICES.items()
    ]
    plans.append(PlanCost(API, round(cost * MONTH_US / span_us), None, None, is_calibrated=False, is_current=False))
    return PlanReport(account, tuple(plans), tuple(_assumptions(known)), cost)


def _costs(moments: Sequence[Moment], length: int, official: Sequence[Stretch]) -> list[int]:
    """What was used in each window, nano-USD."""
    return [block.sums.cost for block in find_blocks(moments, length, official) if not block.is_gap]


def _fit(costs: Sequence[int], budget: int) -> WindowFit:
    over = [cost - budget for cost in costs if cost > budget]
    return WindowFit(len(costs), len(over), budget, sum(over))


def _assumptions(known: _Known) -> Iterator[str]:
    """What the rows rest on."""
    yield (
        f"prices a month without tax, {PLAN_PRICES_SOURCE}, checked {PLAN_PRICES_CHECKED}; "
        "a plan pays from the use at list price that equals its price"
    )
    own = [each for each in known.calibrations.values() if each.window in _NAMES and known.plan in PLAN_PRICES]
    if own:
        yield (
            f"{' and '.join(_NAMES[each.window] for each in own)}: by past five-hour windows of your own on "
            f"{PLAN_PRICES[known.plan].title} ({own[0].windows:,}), in the proportion that the plans are sold in"
        )
    calibrated = {each.window for each in own}
    for window in (each for each in _NAMES if each not in calibrated):
        told = USD_BY_PLAN if window == FIVE_HOUR else WEEK_USD_BY_PLAN
        budgets = ", ".join(f"{PLAN_PRICES[plan].title} ${usd:,}" for plan, usd in told.items())
        yield f"{_NAMES[window]}: the vendor tells no budget; as few others measured it: {budgets} at list price"
    yield (
        "five-hour windows are the vendor's own where they are known, else reckoned from your responses, as weeks are; "
        "use on the web or another machine is not in it"
    )
    yield from (f"{sold.title}: {sold.note}" for sold in PLAN_PRICES.values() if sold.note)
