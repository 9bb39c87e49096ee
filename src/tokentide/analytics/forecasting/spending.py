"""What an account's records cost, as a running total that can be asked at any instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from tokentide.clock import QUARTER_US

USD_PER_NANO = 1e-9


class Spending:
    """USD at list price in the order of time; within an entry that spans time it runs evenly."""

    def __init__(self, entries: Iterable[tuple[int, int, int]]) -> None:
        """`entries` are beginning, end (both µs UTC; equal for a single response) and nano-USD; none overlap."""
        self.entries = [entry for entry in entries if entry[2] > 0]
        self._starts = [entry[0] for entry in self.entries]
        self._totals = [0.0, *accumulate(entry[2] * USD_PER_NANO for entry in self.entries)]

    def until(self, at: int) -> float:
        """USD up to an instant, inclusive."""
        index = bisect_right(self._starts, at)
        if not index:
            return 0.0
        start, end, nano = self.entries[index - 1]
        share = 1.0 if at >= end else (at - start) / (end - start)
        return self._totals[index - 1] + nano * USD_PER_NANO * share

    def between(self, since: int, until: int) -> float:
        """USD after `since`, up to `until`."""
        return max(self.until(until) - self.until(since), 0.0)

    def spread(self, since: int, until: int) -> list[tuple[int, float]]:
        """The same by quarter hour: its start, USD."""
        found: dict[int, float] = {}
        for start, end, nano in self.entries[max(bisect_right(self._starts, since) - 1, 0) : bisect_right(
            self._starts, until
        )]:  # fmt: skip
            if start == end:
                share = 1.0 if since < start <= until else 0.0
            else:
                share = max(min(end, until) - max(start, since), 0) / (end - start)
            if share:
                quarter = start - start % QUARTER_US
                found[quarter] = found.get(quarter, 0.0) + nano * USD_PER_NANO * share
        return [*found.items()]
