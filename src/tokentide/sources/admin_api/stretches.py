"""Turns buckets, as pages bring them, into whole UTC days: what came in stays, whatever happens to the next page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from tokentide.clock import DAY_US, SECOND_US
from tokentide.model.billing import Bucket, Stretch
from tokentide.sources.admin_api.client import misshapen

HIGHEST_COUNT = 1 << 62
"""A higher count is a fault in the data, and no database takes it."""
_FIRST_YEAR, _LAST_YEAR = 2020, 9000

Group = tuple[int, int, tuple[tuple[str, str], ...]]


class DayFold:
    """Takes buckets in the order of time; gives each day as soon as nothing can be added to it."""

    def __init__(self, path: str, start: int, end: int) -> None:
        """`start` and `end` are midnights UTC, µs; buckets outside are passed over."""
        self.reaches_at = 0
        """Until when the vendor's data reaches, if it tells."""
        self._path = path
        self._day = start
        self._end = end
        self._held: dict[Group, dict[str, int]] = {}

    def take(self, bucket: Bucket) -> Iterator[Stretch]:
        """Add a bucket; gives the days before its own. Raises AdminApiError for one of a day already given."""
        if bucket.start >= self._end:
            return
        if bucket.start < self._day:
            raise misshapen(self._path, "its buckets are not in the order of time")
        yield from self.until(bucket.start)
        group = (bucket.start, bucket.end, tuple(sorted(bucket.dimensions.items())))
        held = self._held.setdefault(group, {})
        for name, count in bucket.measures.items():
            held[name] = held.get(name, 0) + count
            if abs(held[name]) > HIGHEST_COUNT:
                raise misshapen(self._path, f"{name} is absurdly large")

    def until(self, at: int) -> Iterator[Stretch]:
        """Give every day that ends at this instant or before."""
        while self._day + DAY_US <= min(at, self._end):
            buckets = tuple(Bucket(start, end, dict(names), sums) for (start, end, names), sums in self._held.items())
            self._held = {}
            yield Stretch(self._day, buckets, self.reaches_at)
            self._day += DAY_US

    def rest(self) -> Iterator[Stretch]:
        """Give what is left, when there are no more pages."""
        return self.until(self._end)


def instant(text: str, path: str) -> int:
    """An RFC 3339 time as µs UTC. Raises AdminApiError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise misshapen(path, "a time that is none") from None
    if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise misshapen(path, "a time without a zone, or of another age")
    return int(moment.timestamp()) * SECOND_US + moment.microsecond


def rfc3339(at: int) -> str:
    """An instant to the second, as the API takes it."""
    return f"{datetime.fromtimestamp(at // SECOND_US, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def counted(path: str, counts: Mapping[str, int | None]) -> dict[str, int]:
    """The counts that were told; null is not 0. Raises AdminApiError for one below 0."""
    if any(count is not None and count < 0 for count in counts.values()):
        raise misshapen(path, "a count below 0")
    return {name: count for name, count in counts.items() if count is not None}
