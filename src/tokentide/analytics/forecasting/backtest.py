"""Replays an account's own history: what would have been forecast then, beside what came, and beside simple methods.

Every forecast rests on what was known at its instant alone, parameters included. The same rules of abstention hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.forecasting.abstaining import reason_too_little
from tokentide.analytics.forecasting.asking import Asking
from tokentide.analytics.forecasting.baselines import BASELINES, Prediction, Question
from tokentide.analytics.forecasting.model import FULL
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import FIVE_HOUR

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.evidence import Evidence
    from tokentide.analytics.forecasting.pasts import WindowPast

OURS = "forecast"
FIVE_HOUR_LEADS_US = tuple(minutes * MINUTE_US for minutes in (15, 30, 60, 120, 180, 240))
WEEK_STEP_US = 12 * HOUR_US
WEEK_US = 7 * DAY_US

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Case:
    """One window at one instant: what each method said, and what came."""

    window: str
    opens: int
    at: int
    hit_at: int | None
    percent: float
    """At the reset, as far as it was told; 100 where it was full."""
    resets_at: int
    predictions: dict[str, Prediction]
    """By method, OURS among them."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay came to."""

    cases: tuple[Case, ...]
    abstained: int
    """How often there was too little to say odds by."""


def replay(evidence: Evidence, calendar: Calendar, *, since: int, now: int, progress: Progress | None = None) -> Replay:
    """Ask again at the leads of every window that opened since an instant and was over by `now`."""
    instants = [*_instants(evidence, since, now)]
    cases: list[Case] = []
    for number, (window, past, at, earlier) in enumerate(instants):
        if progress is not None:
            progress(number, len(instants))
        case = _case(evidence, calendar, window, past, at, earlier)
        if case is not None:
            cases.append(case)
    return Replay(tuple(cases), len(instants) - len(cases))


def _instants(evidence: Evidence, since: int, now: int) -> Iterator[tuple[str, WindowPast, int, Sequence[WindowPast]]]:
    """Every instant that is asked about: window, how it went in the end, when, and the windows before it."""
    for window, pasts in ((FIVE_HOUR, evidence.five), *evidence.weekly.items()):
        for number, past in enumerate(pasts):
            if past.opens < since or past.resets_at > now:
                continue
            leads = FIVE_HOUR_LEADS_US if window == FIVE_HOUR else range(WEEK_STEP_US, WEEK_US, WEEK_STEP_US)
            for lead in leads:
                at = past.opens + lead
                if past.points[0].since <= at and (past.hit_at is None or at < past.hit_at):
                    yield window, past, at, pasts[:number]


def _case(
    evidence: Evidence, calendar: Calendar, window: str, past: WindowPast, at: int, earlier: Sequence[WindowPast]
) -> Case | None:
    """One question and its answers; None where the forecast abstains."""
    known = evidence.open_window(window, at)
    if known is None or known.percent >= FULL:
        return None
    asking = Asking(evidence, calendar, at)
    if reason_too_little(asking, window, known, (at - evidence.begin) // DAY_US):
        return None
    percent = asking.percent(window, known)
    outcome = asking.outcome(window, known, percent)
    if outcome is None:
        return None
    question = Question(known, at, percent, [each for each in earlier if each.resets_at <= at])
    predictions = {name: method(question) for name, method in BASELINES.items()}
    hits, end = outcome.hits_at, outcome.at_reset
    predictions[OURS] = Prediction(
        outcome.odds,
        hits.likely if hits else None,
        end.low,
        end.likely,
        end.high,
        hits.low if hits else None,
        hits.high if hits else None,
    )
    return Case(window, past.opens, at, past.hit_at, min(past.percent, FULL), past.resets_at, predictions)
