"""Rules about when and under which plan work is done."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentide.analytics.advice.model import HIGH, LOW, MEDIUM, Advice
from tokentide.analytics.advice.tally import Tally, Words
from tokentide.analytics.forecasting.model import FULL
from tokentide.analytics.what_if.model import MONTH_US
from tokentide.analytics.what_if.plan_costs import API, TITLES
from tokentide.analytics.what_if.scenarios import BATCH_TIER
from tokentide.analytics.what_if.steps import is_program
from tokentide.model.limits import SEVEN_DAY
from tokentide.model.odds import EVEN_ODDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentide.analytics.advice.conversations import Step
    from tokentide.analytics.advice.evidence import Evidence
    from tokentide.analytics.forecasting.model import WindowForecast
    from tokentide.analytics.what_if.model import PlanCost, PlanReport

FITS = 0.02
"""A plan is large enough where at most this share of its windows would have been too small."""
SURE_ODDS = 0.9
"""From here on a full week is more than probable."""


def off_peak(evidence: Evidence) -> Advice | str:
    """A week that will probably be used up before its reset: what can wait should."""
    weeks = [
        (each, forecast.account.name)
        for forecast in evidence.around.forecasts
        for each in forecast.windows
        if each.window.startswith(SEVEN_DAY) and forecast.at < evidence.end
    ]
    tight = [(each, account) for each, account in weeks if each.odds is not None and each.odds >= EVEN_ODDS]
    if not tight:
        return "no weekly window is likely to be used up" if weeks else "no weekly window is known"
    worst, account = max(tight, key=lambda found: _overrun(found[0]))
    odds, estimated = worst.odds or 0.0, " for an estimated window" if worst.is_estimate else ""
    tally = Tally()
    for step in evidence.steps:
        if _is_program(step) and step.place.account == account:
            tally.add(step, 0)
    programs = f" ({100 * tally.concerned / evidence.cost:.0f} % of the cost)" if tally.concerned else ""
    whose = f"the week of {account}" if len({name for _, name in weeks}) > 1 else "the week"
    advice = tally.advice(
        evidence,
        Words(
            "off-peak",
            "Move what can wait behind the reset of the week",
            f"{whose} will probably be full before its reset: begin with what runs without you"
            f"{programs}, and see `tokentide forecast` for the pace that lasts",
            HIGH if odds >= SURE_ODDS and not worst.is_estimate else MEDIUM,
            f"the forecast gives it odds of {100 * odds:.0f} %{estimated}",
            "unattended request",
        ),
    )
    return dataclasses.replace(advice, week_percent=_overrun(worst), until=worst.resets_at)


def _overrun(each: WindowForecast) -> float:
    """By how much of the window the use will probably be more than it holds, points."""
    return max(each.at_reset.likely - FULL, 0.0) if each.at_reset is not None else 0.0


def batch(evidence: Evidence) -> Advice | str:
    """What programs asked for without anybody waiting, at half the price; only where tokens are paid for."""
    tally, under_plan, single = Tally(), 0, 0
    for step in evidence.steps:
        if not _is_program(step):
            continue
        if evidence.has_plan(step.place.account):
            under_plan += 1
            continue
        single += not (step.called or step.answered)
        tally.add(step, evidence.saved(step, replace(step.record, service_tier=BATCH_TIER, speed="")))
    if not tally.count:
        if under_plan:
            return f"{under_plan:,} requests by programs run under a plan, which has no batches; the API does"
        return "no program asked for anything, so far as is known"
    mostly_single = single * 2 >= tally.count
    words = Words(
        "batch",
        "Send what nobody waits for as batches",
        f"{tally.count:,} requests came from programs (`claude -p`, the SDKs), {single:,} of them without tools. The "
        "batch API answers within 24 hours at half the price; a plan has no batches",
        MEDIUM if mostly_single else LOW,
        "the price is exact; "
        + (
            "that nobody waits is assumed"
            if mostly_single
            else "most of them are steps of a tool loop, each of which would wait for its own batch"
        ),
        "request",
    )
    return dataclasses.replace(tally.advice(evidence, words), only_if="you pay for tokens")


def _is_program(step: Step) -> bool:
    return step.trait is not None and is_program(step.trait.entry_point)


def plan_size(evidence: Evidence) -> Advice | str:
    """A plan that is larger or smaller than the use, or none where one would pay."""
    sides = [(report, *_sides(report)) for report in evidence.plan_reports]
    known = [side for side in sides if side[1].plan != API or not evidence.has_plan(side[0].account)]
    better = [(report, now, other) for report, now, other in known if other is not None]
    if not better:
        return _nothing(known)
    report, now, other = max(better, key=lambda each: each[1].price - each[2].price)
    tally = Tally()
    for step in evidence.steps:
        if step.place.account == report.account:
            tally.add(step, 0)
    whose = f"{report.account}: " if len(sides) > 1 else ""
    is_known = now.plan != API
    words = Words(
        "plan-size",
        f"Take {TITLES[other.plan]} instead of {TITLES[now.plan]}" if is_known else f"Consider {TITLES[other.plan]}",
        f"{whose}{_why(other)}; `tokentide what-if --plans` shows them all",
        MEDIUM if is_known and other.is_calibrated else LOW,
        _grounds(other, is_known=is_known),
        "request",
    )
    spared, price = (amount * evidence.span_us // MONTH_US for amount in (now.price - other.price, now.price))
    advice = tally.advice(evidence, words)
    only_if = "" if is_known else "you pay for tokens"
    return dataclasses.replace(
        advice, saving=spared, concerned=price, telling=(), spares_windows=False, is_of_price=True, only_if=only_if
    )


def _sides(report: PlanReport) -> tuple[PlanCost, PlanCost | None]:
    """The plan in force, or the API where none is known, and the cheapest that would have held the use for less.

    Nobody who has a plan is sent to the API: what else the plan is used for, on the web and in apps, has no records.
    """
    now = next((plan for plan in report.plans if plan.is_current), None)
    now = now or next(plan for plan in report.plans if plan.plan == API)
    fitting = [plan for plan in report.plans if plan.price < now.price and _holds(plan)]
    return now, min(fitting, key=lambda plan: plan.price, default=None)


def _holds(plan: PlanCost) -> bool:
    """True for a plan for one person whose windows would have been large enough."""
    fits = (plan.five_hours, plan.weeks)
    is_large = all(fit is None or fit.too_small <= fit.windows * FITS for fit in fits)
    return plan.plan != API and plan.is_for_one and is_large


def _nothing(known: Sequence[tuple[PlanReport, PlanCost, PlanCost | None]]) -> str:
    """Why no plan is advised."""
    if not known:
        return "you have a plan, but nobody tells which; name it in the settings, key plan"
    if any(each.plan == API and each.price < now.price for report, now, _ in known for each in report.plans):
        return "the use known here would cost less by the token than the plan; use on the web and in apps is not known"
    return "no other plan would have cost less and held the use"


def _why(other: PlanCost) -> str:
    fits = [fit for fit in (other.five_hours, other.weeks) if fit is not None]
    small, windows = sum(fit.too_small for fit in fits), sum(fit.windows for fit in fits)
    few = f"{small:,}" if small else "none"
    return f"of {windows:,} five-hour and weekly windows {few} would have been too small in {TITLES[other.plan]}"


def _grounds(other: PlanCost, *, is_known: bool) -> str:
    basis = "your own windows" if other.is_calibrated else "what few others measured of the plans' budgets"
    told = "" if is_known else "; whether you have a plan is not known here, the setting `plan` names it"
    return f"the windows' sizes rest on {basis}, and use on the web or another machine is not in it{told}"
