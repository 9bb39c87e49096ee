"""Weighted figures: quantiles, and how many independent days a weighted sample is worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokentide.analytics.forecasting.model import Spread

Weighted = tuple[float, float]
"""A figure and its weight."""
Z80 = 1.2816
"""Standard deviations to either end of an interval of 80 %."""


def quantiles(sample: Iterable[Weighted], shares: Sequence[float]) -> list[float]:
    """The figures below which these shares of the weight lie, with straight lines between; the sample is not empty."""
    ordered = sorted(sample)
    total = sum(weight for _, weight in ordered)
    found: list[float] = []
    wanted = [share * total for share in shares]
    passed, before, middle = 0.0, ordered[0][0], 0.0
    for figure, weight in ordered:
        centre = passed + weight / 2
        while len(found) < len(wanted) and wanted[len(found)] <= centre:
            part = (wanted[len(found)] - middle) / (centre - middle) if centre > middle else 1.0
            found.append(before + (figure - before) * part)
        passed, before, middle = passed + weight, figure, centre
    return found + [before] * (len(wanted) - len(found))


def spread_of(sample: Iterable[Weighted]) -> Spread:
    """The 10th, 50th and 90th percentile."""
    return Spread(*quantiles(sample, (0.1, 0.5, 0.9)))


def effective_count(weights: Iterable[float]) -> float:
    """How many equal weights tell as much as these."""
    every = list(weights)
    squares = sum(weight * weight for weight in every)
    return sum(every) ** 2 / squares if squares else 0.0


def smoothed(share: float, count: float, base: float, *, strength: float = 1.0) -> float:
    """A share among few, drawn towards what is usual; never 0 or 1."""
    return (share * count + base * strength) / (count + strength)
