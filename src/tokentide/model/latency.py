"""Durations as histograms that can be added up: sixteen buckets to a doubling; a quantile is right to 2.2 %."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tokentide.model.telemetry import NOT_TOLD

PER_DOUBLING = 16
MOST_MS = 7 * 86_400_000
"""What lasts longer counts as a week."""


def bucket_of(ms: int) -> int:
    """The bucket of a duration in ms: 0 for none and for 1 ms; NOT_TOLD for a negative one, which was not told."""
    if ms < 0:
        return NOT_TOLD
    return int(math.log2(min(ms, MOST_MS)) * PER_DOUBLING) if ms > 1 else 0


def middle_of(bucket: int) -> float:
    """The duration that stands for a bucket, ms: the geometric middle of its bounds."""
    return float(2 ** ((bucket + 0.5) / PER_DOUBLING)) if bucket else 1.0


def quantile(histogram: Iterable[tuple[int, int]], share: float) -> float | None:
    """The duration in ms that so great a share (0 to 1) stays at or below, of `(bucket, how many)`; None of nothing."""
    counts = sorted(histogram)
    wanted = share * sum(count for _, count in counts)
    reached = 0
    for bucket, count in counts:
        reached += count
        if count and reached >= wanted:
            return middle_of(bucket)
    return None
