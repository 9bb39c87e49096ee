"""Asks every rule, reckons what its advice comes to in a month, and ranks it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.advice.gathering import Range, gather, span_of
from tokentide.analytics.advice.model import (
    FOUND,
    LACKING,
    NOTHING,
    OFF,
    SMALL,
    Advice,
    AdviceReport,
    Checked,
    Ranked,
    Share,
)
from tokentide.analytics.advice.rules import RULES, Rule
from tokentide.analytics.what_if.history import bounds
from tokentide.analytics.what_if.model import MONTH_US
from tokentide.clock import DAY_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY

if TYPE_CHECKING:
    from tokentide.analytics.advice.evidence import Evidence, Surroundings
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.model import Calibration
    from tokentide.analytics.selection import Selection
    from tokentide.store.sqlite.ledger import Ledger

LEAST_SESSIONS = 5
"""Fewer say nothing of habits."""
LEAST_SAVING = 500_000_000
"""Half a dollar a month, nano-USD: less is not worth a change of habits."""
LEAST_SHARE = 200
"""Nor is less than one part in so many of what was spent."""


@dataclass(frozen=True, slots=True)
class AdviceAsk:
    """What is asked for."""

    selection: Selection
    calendar: Calendar
    around: Surroundings
    only: Collection[str] = ()
    """Names of rules; none means all."""
    without: Collection[str] = ()
    """Names of rules that are switched off."""


def build_advice(ledger: Ledger, ask: AdviceAsk, *, now: int, problems: int = 0) -> AdviceReport:
    """Gather the evidence and ask the rules. `now` is the instant that the report bears, µs UTC."""
    wanted = _range(ask)
    span = span_of(ledger, wanted, ask.calendar, now=now)
    evidence, unpriced = gather(ledger, wanted, ask.around, span)
    missing = _missing(len(evidence.sessions), "sessions")
    found: list[Ranked] = []
    checked: list[Checked] = []
    for rule in RULES:
        if ask.only and rule.name not in ask.only:
            continue
        result = _checked(rule, evidence, ask.without) if not missing else Checked(rule.name, LACKING, missing)
        if isinstance(result, Ranked):
            found.append(result)
            result = Checked(rule.name, FOUND)
        checked.append(result)
    return AdviceReport(
        tuple(sorted(found, key=_rank)),
        tuple(checked),
        ask.selection,
        span,
        len(evidence.sessions),
        len(evidence.detailed),
        len(evidence.steps),
        unpriced,
        evidence.cost,
        a_month(evidence.cost, span),
        ask.calendar.name,
        now,
        problems,
        missing,
    )


def a_month(nano: int, span_us: int) -> int:
    """An amount of the span as one of a month, nano-USD."""
    return nano * MONTH_US // span_us


def _range(ask: AdviceAsk) -> Range:
    """The days of the selection as instants."""
    return Range(*bounds(ask.selection, ask.calendar), ask.selection.filters)


def _missing(sessions: int, what: str) -> str:
    return f"needs {LEAST_SESSIONS} {what}, has {sessions}" if sessions < LEAST_SESSIONS else ""


def _checked(rule: Rule, evidence: Evidence, without: Collection[str]) -> Checked | Ranked:
    """What comes of one rule."""
    if rule.name in without:
        return Checked(rule.name, OFF, "switched off")
    missing = _lacking(rule, evidence)
    if missing:
        return Checked(rule.name, LACKING, missing)
    advice = rule.find(evidence)
    if isinstance(advice, str):
        return Checked(rule.name, NOTHING, advice)
    ranked = _ranked(advice, evidence)
    if advice.week_percent is None and not _is_worth_it(ranked, evidence):
        return Checked(rule.name, SMALL, f"{advice.count:,} found", ranked.saving_per_month)
    return ranked


def _lacking(rule: Rule, evidence: Evidence) -> str:
    """What a rule would need and does not have; empty where it has all."""
    if rule.is_of_account and not evidence.is_whole:
        return "looks at all that an account uses: without filters on projects, sessions and models"
    if evidence.span_us < rule.least_days * DAY_US:
        return f"needs {rule.least_days} days of history"
    return _missing(len(evidence.detailed), "sessions with details") if rule.needs_details else ""


def _is_worth_it(ranked: Ranked, evidence: Evidence) -> bool:
    return ranked.saving_per_month >= LEAST_SAVING and ranked.advice.saving * LEAST_SHARE >= evidence.cost


def _ranked(advice: Advice, evidence: Evidence) -> Ranked:
    """The advice with what it comes to."""
    monthly = a_month(advice.saving, evidence.span_us)
    return Ranked(advice, monthly, _share(monthly, evidence) if advice.spares_windows else Share())


def _share(monthly: int, evidence: Evidence) -> Share:
    """A saving as share of the windows; nothing where other accounts have a part in it."""
    calibrated = [each for each in evidence.around.forecasts if each.calibrations]
    if len(calibrated) != 1 or not monthly or not evidence.accounts <= {calibrated[0].account.name, ""}:
        return Share()
    worth = {each.window: each.usd_per_percent for each in _resting(calibrated[0].calibrations)}
    week, five_hours = worth.get(SEVEN_DAY), worth.get(FIVE_HOUR)
    return Share(
        monthly * 7 * DAY_US / MONTH_US / week if week else None,
        monthly / (100 * five_hours) if five_hours else None,
    )


def _resting(calibrations: tuple[Calibration, ...]) -> Iterator[Calibration]:
    """Those that rest on windows of the account itself."""
    return (each for each in calibrations if each.windows and each.usd_per_percent > 0)


def _rank(each: Ranked) -> tuple[bool, bool, int, str]:
    """What keeps a window first, then the largest saving; last what saves nothing unless something is so."""
    advice = each.advice
    return (advice.week_percent is None, bool(advice.only_if), -each.saving_per_month, advice.rule)
