"""How long things take: quantiles from the histograms of the store."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.team.desk import Desk, Keys, named
from tokentide.analytics.team.figures import Quantiles
from tokentide.store.query import Period
from tokentide.store.team.query import Condition
from tokentide.store.team.tables import LATENCY

DURATION, TTFT = "duration", "ttft"
"""The clocks: until the end, until the first token."""


def waits(
    desk: Desk, names: Sequence[str], clock: str, dimensions: Sequence[str], periods: Sequence[Period] | None = None
) -> dict[Keys, Quantiles]:
    """Quantiles of the durations of such events by dimensions; groups that told none are left out."""
    where = (named(*names), Condition("clock", (clock,)))
    groups = desk.groups(f"{clock} percentiles", LATENCY, ("records",), (*dimensions, "bucket"), where, periods)
    histograms: dict[Keys, dict[int, int]] = {}
    for keys, (records,) in groups.items():
        histograms.setdefault(keys[:-1], {})[int(keys[-1])] = records
    return {keys: Quantiles.of(histogram) for keys, histogram in histograms.items()}
