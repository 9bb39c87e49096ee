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
from tokentide.analytics.what_if.steps import PROGRAM_ENTRY
from tokentide.model.limits import SEVEN_DAY
from tokentide.model.odds import EVEN_ODDS

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Step
    from tokentide.analytics.advice.evidence import Evidence
    from tokentide.analytics.forecasting.model import WindowForecast
    from tokentide.analytics.what_if.model import PlanCost, PlanReport

FITS = 0.02
"""A plan is large enough where at most this share of its windows would have been too small."""


def off_peak(evidence: Evidence) -> Advice | str:
    """A week that will probably be used up before its reset: what can wait should."""
    tight = [each for forecast in evidence.around.forecasts for each in forecast.windows if _is_tight(each)]
    if not tight:
        known = any(_is_week(each) for forecast in evidence.around.forecasts for each in forecast.windows)
        return "no weekly window is likely to be used up" if known else "no weekly window is known"
    worst = max(tight, key=_overrun)
    tally = Tally()
    for step in evidence.steps:
        if _is_program(step):
            tally.add(step, 0)
    programs = f", {tally.concerned / evidence.cost:.0%} of the cost comes from programs" if tally.concerned else ""
    advice = tally.advice(
        evidence,
        Words(
            "off-peak",
            "Move what can wait behind the reset of the week",
            f"the week will probably be full before its reset{programs}: begin with what runs without you, and see "
            "`tokentide forecast` for the pace that lasts",
            MEDIUM if worst.is_estimate else HIGH,
            "the odds are the forecast's" + (", of an estimated window" if worst.is_estimate else ""),
            "request",
        ),
    )
    return dataclasses.replace(advice, week_percent=_overrun(worst), until=worst.resets_at)


def _is_week(each: WindowForecast) -> bool:
    return each.window.startswith(SEVEN_DAY)


def _is_tight(each: WindowForecast) -> bool:
    return _is_week(each) and each.odds is not None and each.odds >= EVEN_ODDS


def _overrun(each: WindowForecast) -> float:
    """By how much of the window the use will probably be more than it holds, points."""
    return max(each.at_reset.likely - FULL, 0.0) if each.at_reset is not None else 0.0


def batch(evidence: Evidence) -> Advice | str:
    """What programs asked for without anybody waiting, at half the price; only where tokens are paid for."""
    tally, under_plan, single = Tally(), 0, 0
    for step in evidence.steps:
        if not _is_program(step):
            continue
        if evidence.plans.get(step.place.account):
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
        "batch API answers within 24 hours at half the price; it pays only where you pay for tokens, not under a plan",
        MEDIUM if mostly_single else LOW,
        "the price is exact; "
        + (
            "that nobody waits is assumed"
            if mostly_single
            else "most of them are steps of a tool loop, each of which would wait for its own batch"
        ),
        "request",
    )
    return tally.advice(evidence, words)


def _is_program(step: Step) -> bool:
    return step.trait is not None and step.trait.entry_point.startswith(PROGRAM_ENTRY)


def plan_size(evidence: Evidence) -> Advice | str:
    """A plan that is larger or smaller than the use, or none where one would pay."""
    found = [better for report in evidence.plan_reports if (better := _better(report)) is not None]
    if not found:
        return "no other plan would have cost less and held the use"
    report, now, other = max(found, key=lambda each: each[1].price - each[2].price)
    tally = Tally()
    for step in evidence.steps:
        if step.place.account == report.account:
            tally.add(step, 0)
    spared = (now.price - other.price) * evidence.span_us // MONTH_US
    is_known = any(plan.is_current for plan in report.plans)
    words = Words(
        "plan-size",
        _what(now, other) if is_known else f"Consider {TITLES[other.plan]}",
        f"{'' if is_known else 'if you pay for tokens: '}{_why(other)}; `tokentide what-if --plans` shows them all",
        MEDIUM if is_known and (other.is_calibrated or other.plan == API) else LOW,
        _grounds(other, is_known=is_known),
        "request",
    )
    advice = tally.advice(evidence, words)
    return dataclasses.replace(
        advice, saving=spared, concerned=now.price * evidence.span_us // MONTH_US, telling=(), spares_windows=False
    )


def _better(report: PlanReport) -> tuple[PlanReport, PlanCost, PlanCost] | None:
    """The plan in force, or the API where none is known, and the cheapest that would have held the use."""
    now = next((plan for plan in report.plans if plan.is_current), None)
    now = now or next(plan for plan in report.plans if plan.plan == API)
    fitting = [plan for plan in report.plans if plan.plan != now.plan and _holds(plan)]
    other = min(fitting, key=lambda plan: plan.price, default=None)
    return (report, now, other) if other is not None and other.price < now.price else None


def _holds(plan: PlanCost) -> bool:
    """True for the API, and for a plan for one person whose windows would have been large enough."""
    if plan.plan == API:
        return True
    fits = (plan.five_hours, plan.weeks)
    return plan.plan != "team" and all(fit is None or fit.too_small <= fit.windows * FITS for fit in fits)


def _what(now: PlanCost, other: PlanCost) -> str:
    what = "Pay by the token" if other.plan == API else f"Take {TITLES[other.plan]}"
    return f"{what} instead of {TITLES[now.plan]}"


def _why(other: PlanCost) -> str:
    if other.plan == API:
        return "at list price the use of a month costs less than the plan"
    fits = [fit for fit in (other.five_hours, other.weeks) if fit is not None]
    small, windows = sum(fit.too_small for fit in fits), sum(fit.windows for fit in fits)
    return f"of {windows:,} five-hour and weekly windows {small:,} would have been too small in {TITLES[other.plan]}"


def _grounds(other: PlanCost, *, is_known: bool) -> str:
    if other.plan == API:
        return "prices and the use that has records here are known; use on the web or another machine is not in it"
    basis = "your own windows" if other.is_calibrated else "what few others measured of the plans' budgets"
    return f"the windows' sizes rest on {basis}" + ("" if is_known else "; which plan you have is not known here")
