"""The open five-hour window: its odds, its hit and its end, by the ways in which hours like these went on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tokentide.analytics.forecasting.analogs import Analogs
from tokentide.analytics.forecasting.chances import quantiles, smoothed, spread_of
from tokentide.analytics.forecasting.demand import Demand
from tokentide.analytics.forecasting.habits import Habits
from tokentide.analytics.forecasting.model import FULL, Instants, Spread
from tokentide.analytics.windows import FIVE_HOURS_US

NOISE = ((-math.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (math.sqrt(3.0), 1 / 6))
"""Gauss-Hermite: three points that stand for a normal."""
UNSURE = 0.16
"""Standard deviation of the logarithm of what follows, beyond what the analogs say: no hours are quite alike."""
PERSISTENCE = 0.3
"""How far the likely time of a hit is drawn towards the plain pace of the window."""
WIDER = 1.12
"""How much wider its interval is than that of the analogs, which know their own time of day too well."""
LEAST_SHARE = 0.01
"""Hits that are rarer have no time."""
USUAL_ODDS = 0.25
STRENGTH = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is expected of a window."""

    odds: float
    hits_at: Instants | None
    at_reset: Spread
    count: float
    """How many independent days it rests on."""


def five_hour_outcome(demand: Demand, habits: Habits, percent: float, resets_at: int) -> Outcome | None:
    """The outcome of a window that is not full; None where no past moment can stand for this one."""
    now = demand.now
    analogs = Analogs(demand, habits, resets_at - now)
    if not analogs.found:
        return None
    need = FULL - percent
    ends: list[tuple[float, float]] = []
    hits: list[tuple[float, float]] = []
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
    instants = _instants(hits, now, percent, resets_at) if has_time else None
    return Outcome(odds, instants, spread_of(ends), analogs.count)


def _pace_hit(percent: float, now: int, resets_at: int) -> int | None:
    """When the window is full if it goes on as it did since it opened; None where that is after the reset."""
    elapsed = now - (resets_at - FIVE_HOURS_US)
    hit_at = now + round((FULL - percent) * elapsed / percent) if percent > 0 else resets_at
    return hit_at if hit_at < resets_at else None


def _instants(hits: list[tuple[float, float]], now: int, percent: float, resets_at: int) -> Instants:
    """The interval of the hit, its middle drawn towards the plain pace: where a window was hit, work had gone on."""
    pace_hit = _pace_hit(percent, now, resets_at)
    low, likely, high = quantiles(hits, (0.1, 0.5, 0.9))
    if pace_hit is not None:
        likely += PERSISTENCE * (pace_hit - likely)
    low, high = likely - WIDER * max(likely - low, 0.0), likely + WIDER * max(high - likely, 0.0)
    return Instants(max(round(low), now), max(round(likely), now), min(round(high), resets_at))
