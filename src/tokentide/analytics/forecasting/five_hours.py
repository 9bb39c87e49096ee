"""The open five-hour window: its odds, its hit and its end, by the ways in which hours like these went on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from tokentide.analytics.forecasting.analogs import Analogs
from tokentide.analytics.forecasting.chances import Z80, Weighted, quantiles, smoothed, spread_of
from tokentide.analytics.forecasting.demand import Demand
from tokentide.analytics.forecasting.habits import Habits
from tokentide.analytics.forecasting.model import FULL, USUAL_ODDS, Instants, Spread
from tokentide.analytics.forecasting.pace import pace_error, plain_pace
from tokentide.analytics.forecasting.pasts import WindowPast
from tokentide.analytics.windows import FIVE_HOURS_US
from tokentide.model.limits import FIVE_HOUR

NOISE = ((-math.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (math.sqrt(3.0), 1 / 6))
"""Gauss-Hermite: three points that stand for a normal."""
UNSURE = 0.16
"""Standard deviation of the logarithm of what follows, beyond what the analogs say: no hours are quite alike."""
MOST_PULL = 0.6
"""How far the time of a hit is drawn towards the plain pace, where that has been much surer than the analogs."""
WIDTH, FEW = 0.92, 1.2
"""Its interval, in widths of that of the analogs, and what is added over the days with a hit: few seem too alike."""
LEAST_SHARE = 0.01
"""Hits that are rarer have no time."""
STRENGTH = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is expected of a window."""

    odds: float
    hits_at: Instants | None
    at_reset: Spread


class _Paced(NamedTuple):
    """The hit by the plain pace."""

    hit_at: int
    error: float
    """Of the logarithm of the time until then."""


def five_hour_outcome(
    demand: Demand, habits: Habits, percent: float, resets_at: int, earlier: Iterable[WindowPast]
) -> Outcome | None:
    """The outcome of a window that is not full; None where no past moment can stand for this one.

    `earlier` are the windows that were over: they tell what the plain pace is worth.
    """
    now = demand.now
    analogs = Analogs(demand, habits, resets_at - now)
    if not analogs.found:
        return None
    need = FULL - percent
    ends: list[Weighted] = []
    hits: list[Weighted] = []
    hit_weight = total_weight = 0.0
    for analog in analogs.found:
        total = analogs.total(analog)
        for deviation, part in NOISE:
            weight, factor = analog.weight * part, math.exp(UNSURE * deviation)
            total_weight += weight
            ends.append((percent + total * factor, weight))
            if total * factor >= need:
                hit_weight += weight
                hits.append((now + analogs.reached(analog, need / factor), weight))
    odds = smoothed(hit_weight / total_weight, analogs.count, USUAL_ODDS, strength=STRENGTH)
    has_time = hits and hit_weight >= LEAST_SHARE * total_weight
    instants = None
    if has_time:
        elapsed = now - (resets_at - FIVE_HOURS_US)
        pace = plain_pace(FIVE_HOUR, percent, resets_at, now)
        paced = _Paced(pace.hit_at, pace_error(earlier, elapsed, now)) if pace and pace.hit_at else None
        instants = _instants(hits, now, resets_at, paced, days=analogs.count * odds)
    return Outcome(odds, instants, spread_of(ends))


def _instants(hits: list[Weighted], now: int, resets_at: int, paced: _Paced | None, *, days: float) -> Instants:
    """The interval of the hit by analogs with one on so many days, its middle drawn towards the plain pace.

    Where a window was hit, work had gone on; how far it is drawn is told by how sure either has been.
    """
    low, likely, high = quantiles(hits, (0.1, 0.5, 0.9))
    wider = WIDTH + FEW / (1 + days)
    before, after = wider * (likely - low), wider * (high - likely)
    if paced is not None:
        theirs, other = ((high - low) / (2 * Z80)) ** 2, (paced.error * (paced.hit_at - now)) ** 2
        likely += MOST_PULL * theirs / max(theirs + other, 1.0) * (paced.hit_at - likely)
    return Instants(max(round(likely - before), now), max(round(likely), now), min(round(likely + after), resets_at))
