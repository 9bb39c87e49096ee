"""Demand by quarter hour as of one instant, with running totals, so that any stretch of it costs two look-ups."""

from __future__ import annotations

from itertools import accumulate

from tokentide.clock import QUARTER_US


class Demand:
    """Points of the five-hour window from `begin` to `now`; the last quarter hour may be a part of one."""

    def __init__(self, begin: int, points: list[float], full: bytearray, shut: bytearray, now: int) -> None:
        self.begin = begin
        self.now = now
        self.points = points
        self.totals = [0.0, *accumulate(points)]
        """`totals[n]` is the sum before quarter hour n."""
        self.is_full = full
        """By quarter hour: 1 where the five-hour window was full."""
        self.shut_totals = [0, *accumulate(shut)]
        """Running totals of quarter hours in which the week was full."""

    def place(self, at: int) -> int:
        """The number of the quarter hour that an instant lies in."""
        return (at - self.begin) // QUARTER_US

    def until(self, at: int) -> float:
        """The demand from the beginning up to an instant, evenly within a quarter hour."""
        if at >= self.now:
            return self.totals[-1]
        number, rest = divmod(at - self.begin, QUARTER_US)
        if number < 0:
            return 0.0
        length = QUARTER_US if number < len(self.points) - 1 else max(self.now - self.begin - number * QUARTER_US, 1)
        return self.totals[number] + self.points[number] * min(rest / length, 1.0)

    def between(self, since: int, until: int) -> float:
        """The demand of a stretch."""
        return max(self.until(until) - self.until(since), 0.0)
