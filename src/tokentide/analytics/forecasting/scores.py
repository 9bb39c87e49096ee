"""How right forecasts were: of hits, of their times, and of the percentage at the reset.

What a full window would have come to is unknown, so that percentages are compared up to 100, expected and real alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tokentide.analytics.forecasting.backtest import OURS, Case
from tokentide.analytics.forecasting.baselines import Prediction
from tokentide.analytics.forecasting.model import FULL
from tokentide.clock import MINUTE_US

SHARES = (0.1, 0.5, 0.9)
BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
"""Bounds of the table of reliability."""
SURE = 0.01
"""The log score takes odds no surer than this; a method that is certain and wrong would have no score at all."""


@dataclass(frozen=True, slots=True)
class MethodScore:
    """How one method did; lower is better, but for the coverages, of which 0.8 is right."""

    method: str
    brier: float
    log_score: float
    time_error_minutes: float | None
    """Median between the hit and when it was expected, over the hits; one that was not seen counts to the reset."""
    percent_error: float
    """Mean between the percentage at the reset and the one expected."""
    pinball: float
    """Mean quantile loss of the 10th, 50th and 90th percentile of that percentage."""
    percent_coverage: float
    """Share of windows whose percentage at the reset lay within the interval."""
    time_coverage: float | None
    """Share of hits that lay within their interval; None for a method without one."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The forecasts with odds between two bounds."""

    low: float
    high: float
    cases: int
    mean_odds: float
    hit_share: float


@dataclass(frozen=True, slots=True)
class WindowScores:
    """The scores of all methods over the same cases of one kind of window."""

    window: str
    cases: int
    windows: int
    hit_share: float
    """Of the windows."""
    methods: tuple[MethodScore, ...]
    """The forecast first."""
    reliability: tuple[ReliabilityBin, ...]
    """Bins without a case are left out."""
    best_baseline: str
    """By Brier score."""
    skill: float
    """1 - Brier score / that of the best baseline; above 0 the forecast is worth having."""


def score_cases(window: str, cases: Sequence[Case]) -> WindowScores:
    """Score at least one case."""
    methods = [score_method(name, cases) for name in (OURS, *(name for name in cases[0].predictions if name != OURS))]
    best = min(methods[1:], key=lambda score: score.brier)
    ends = {(case.opens, case.percent, case.hit_at): case.hit_at is not None for case in cases}
    return WindowScores(
        window,
        len(cases),
        len(ends),
        sum(ends.values()) / len(ends),
        tuple(methods),
        tuple(_reliability(cases)),
        best.method,
        1 - methods[0].brier / best.brier if best.brier else 0.0,
    )


def score_method(method: str, cases: Sequence[Case]) -> MethodScore:
    """One method over these cases."""
    count = len(cases)
    said = [(case, case.predictions[method]) for case in cases]
    hits = [(case, told) for case, told in said if case.hit_at is not None]
    timed = [(case, told) for case, told in hits if told.hit_low is not None]
    return MethodScore(
        method,
        sum((told.odds - (case.hit_at is not None)) ** 2 for case, told in said) / count,
        sum(_log_loss(told.odds, is_hit=case.hit_at is not None) for case, told in said) / count,
        median(_time_error(case, told) for case, told in hits) if hits else None,
        sum(abs(min(told.likely, FULL) - case.percent) for case, told in said) / count,
        sum(_pinball(case, told) for case, told in said) / count,
        sum(_coverage(case, told) for case, told in said) / count,
        sum(_is_in_time(case, told) for case, told in timed) / len(timed) if timed else None,
    )


def _log_loss(odds: float, *, is_hit: bool) -> float:
    chance = min(max(odds if is_hit else 1 - odds, SURE), 1.0)
    return -math.log(chance)


def _time_error(case: Case, told: Prediction) -> float:
    """Minutes."""
    expected = case.resets_at if told.hit_at is None else min(told.hit_at, case.resets_at)
    return abs(expected - (case.hit_at or 0)) / MINUTE_US


def _pinball(case: Case, told: Prediction) -> float:
    losses = []
    for figure, share in zip((told.low, told.likely, told.high), SHARES, strict=True):
        miss = case.percent - min(figure, FULL)
        losses.append(max(share * miss, (share - 1) * miss))
    return sum(losses) / len(losses)


def _coverage(case: Case, told: Prediction) -> float:
    """Whether the percentage at the reset lay within the interval, both as whole numbers.

    Of a window that was full one knows only that it would have been 100 or more: what counts then is how much of the
    expectation beyond 100 lies within the interval.
    """
    if case.hit_at is None:
        return float(round(told.low) <= case.percent <= round(told.high))
    inside = SHARES[-1] - max(SHARES[0], 1 - told.odds)
    return max(inside, 0.0) / told.odds if told.odds else 0.0


def _is_in_time(case: Case, told: Prediction) -> bool:
    low, high = told.hit_low, told.hit_high
    return low is not None and high is not None and low <= (case.hit_at or 0) <= high


def _reliability(cases: Sequence[Case]) -> list[ReliabilityBin]:
    bins: list[ReliabilityBin] = []
    for low, high in pairwise(BINS):
        inside = [case for case in cases if _is_in_bin(case.predictions[OURS].odds, low, high)]
        if inside:
            odds = sum(case.predictions[OURS].odds for case in inside) / len(inside)
            hits = sum(case.hit_at is not None for case in inside) / len(inside)
            bins.append(ReliabilityBin(low, high, len(inside), odds, hits))
    return bins


def _is_in_bin(odds: float, low: float, high: float) -> bool:
    return low <= odds < high or (high == 1.0 and odds == 1.0)
