"""All that is known of one account's use: its windows as they went, its spending, and its demand by quarter hour.

Demand is in points of the five-hour window, which is what runs out. Where readings tell it they decide, and the records
say when within the stretch it was; where they do not, the records do, by what a percent is worth. A window that was
full blocks what would have been asked of it: that demand is not known, and not nothing. Everything can be asked as of
an earlier instant, and then rests on nothing that became known later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from tokentide.analytics.forecasting.calibration import (
    Change,
    Sample,
    Worth,
    find_changes,
    sample_of,
    updated,
    worth_of,
)
from tokentide.analytics.forecasting.demand import Demand
from tokentide.analytics.forecasting.pasts import WindowPast, open_past, window_pasts
from tokentide.analytics.forecasting.ratios import Ratios
from tokentide.analytics.forecasting.spending import Spending
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, QUARTER_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY

DEPTH_US = 91 * DAY_US
"""So far back use is looked at; older days say little of the next ones."""
BEFORE_HIT_US = 2 * HOUR_US
"""The stretch before a window was full that tells what was asked of it afterwards."""
FADING_QUARTERS = 16
"""After so many quarter hours half of that demand has gone elsewhere."""


class Evidence:
    """What is known of one account from `begin` on; ask for it as of any instant up to `now`."""

    def __init__(
        self, spending: Spending, states: Mapping[str, Sequence[WindowState]], *, begin: int, now: int
    ) -> None:
        self.begin = begin - begin % QUARTER_US
        self.spending = spending
        self.five = window_pasts(FIVE_HOUR, states.get(FIVE_HOUR, ()))
        self.weekly = {
            window: window_pasts(window, found) for window, found in states.items() if window.startswith(SEVEN_DAY)
        }
        self._resets = list(accumulate((past.resets_at for past in self.five), max))
        self._samples = [sample_of(past, spending) for past in self.five]
        self._parts = [dict(self._told(past)) for past in self.five]
        size = max((now - self.begin) // QUARTER_US, 0) + 1
        self._read, self._lost, self._loose = [0.0] * size, [0.0] * size, [0.0] * size
        self._full, self._shut = bytearray(size), bytearray(size)
        self._fill(now)
        self._changes: dict[int, list[Change]] = {}
        self._ratios: dict[str, Ratios] = {}
        self._worth: tuple[int, Worth | None] = (-1, None)
        self.assumed: Worth | None = None
        """What a percent is taken to be worth where no window tells: by the plan, for a window that is estimated."""

    def place(self, at: int) -> int:
        """The number of the quarter hour that an instant lies in."""
        return (at - self.begin) // QUARTER_US

    def open_window(self, window: str, now: int) -> WindowPast | None:
        """The window of that name that was open, as it was known then."""
        return open_past(self.five if window == FIVE_HOUR else self.weekly.get(window, ()), now)

    def finished(self, now: int) -> int:
        """How many five-hour windows were over."""
        return bisect_right(self._resets, now)

    def windows_before(self, now: int) -> list[WindowPast]:
        """The five-hour windows that were over."""
        return self.five[: self.finished(now)]

    def changes(self, now: int) -> list[Change]:
        """Where the vendor moved the limit, as far as it could be known."""
        count = self.finished(now)
        if count not in self._changes:
            self._changes[count] = find_changes(self.samples(now))
        return self._changes[count]

    def samples(self, now: int) -> list[Sample]:
        """What the windows that were over tell of the worth of a percent."""
        return [sample for sample in self._samples[: self.finished(now)] if sample is not None]

    def ratios(self, window: str) -> Ratios:
        """How a weekly window moved with the five-hour window."""
        if window not in self._ratios:
            self._ratios[window] = Ratios(self.five, self.weekly.get(window, ()))
        return self._ratios[window]

    def worth(self, now: int) -> Worth | None:
        """What a percent was worth then, in the window that was open; None where records or readings are missing."""
        if self._worth[0] != now:
            self._worth = now, self._worth_at(now) or self.assumed
        return self._worth[1]

    def _worth_at(self, now: int) -> Worth | None:
        changes = self.changes(now)
        since = changes[-1].at if changes else self.begin
        worth = worth_of([sample for sample in self.samples(now) if sample.at >= since], now)
        past = self.open_window(FIVE_HOUR, now)
        if past is None:
            return worth
        if worth is None:
            first = sample_of(past, self.spending)
            return worth_of([first], now) if first else None
        return updated(worth, past, self.spending)

    def demand(self, now: int) -> Demand:
        """Demand by quarter hour up to an instant, in points of the cap as it was then."""
        count = self.finished(now)
        begins = min([now, *(past.opens for past in self.five[count:])])
        cut = self.place(max(begins, self.begin))
        worth = self.worth(now)
        per_usd = 1 / worth.usd if worth else 0.0
        told = [self._read[n] + self._lost[n] for n in range(cut)]
        self._rescale(told, now)
        points = [told[n] + self._loose[n] * per_usd for n in range(cut)]
        points += self._tail(cut, now, per_usd)
        size = len(points)
        return Demand(self.begin, points, self._full[:size], self._shut[:size], now)

    def percent_now(self, past: WindowPast, points_of: Demand | None, now: int, ratio: float = 1.0) -> float:
        """How much of a window is used, to the fraction of a percent.

        When a percentage is first said its lower half has just been passed; what was spent since tells how far it went.
        For a weekly window `points_of` is the demand, and `ratio` its points for one of the five-hour window.
        """
        last = past.points[-1] if past.points else past.origin
        low = max(last.percent - 0.5, 0.0)
        worth = self.worth(now)

        def moved(since: int, until: int) -> float:
            if points_of is not None:
                return points_of.between(since, until) * ratio
            return self.spending.between(since, until) / worth.usd if worth else 0.0

        def within(since: int, until: int) -> float:
            return moved(since, until) if worth or points_of is not None else 0.5

        here = min(low + within(last.since, last.until), last.percent + 0.5)
        return here + moved(last.until, now)

    def _told(self, past: WindowPast) -> Iterator[tuple[int, float]]:
        """The window's use by quarter hour (its start, points) as its readings tell."""
        found: dict[int, float] = {}
        last = past.origin
        for point in past.points:
            step = point.percent - last.percent
            if step > 0:
                for quarter, share in self._shares(last.until, point.since):
                    found[quarter] = found.get(quarter, 0.0) + step * share
            last = point
        yield from found.items()

    def _shares(self, since: int, until: int) -> list[tuple[int, float]]:
        """How a stretch of use is spread over quarter hours: as the records say, evenly where they are silent."""
        if until - since <= until % QUARTER_US:
            return [(until - until % QUARTER_US, 1.0)]
        spent = self.spending.spread(since, until)
        total = sum(usd for _, usd in spent)
        if total > 0:
            return [(quarter, usd / total) for quarter, usd in spent]
        first = since - since % QUARTER_US
        if until <= first + QUARTER_US:
            return [(until - until % QUARTER_US, 1.0)]
        span = until - since
        return [
            (quarter, (min(until, quarter + QUARTER_US) - max(since, quarter)) / span)
            for quarter in range(first, until, QUARTER_US)
        ]

    def _fill(self, now: int) -> None:
        """The arrays of all windows that are known."""
        for past, part in zip(self.five, self._parts, strict=True):
            self._add(self._read, part.items())
            if past.hit_at is not None:
                self._add(self._lost, _lost(past.hit_at, past.resets_at, part))
                self._mark(self._full, past.hit_at, min(past.resets_at, now))
        for past in self.weekly.get(SEVEN_DAY, ()):
            if past.hit_at is not None:
                self._mark(self._shut, past.hit_at, min(past.resets_at, now))
        self._add(self._loose, self._uncovered(self.begin, now, self.five))

    def _uncovered(self, since: int, until: int, pasts: Iterable[WindowPast]) -> Iterator[tuple[int, float]]:
        """What was spent while no window's readings covered it: by quarter hour, USD."""
        at = since
        for past in pasts:
            if past.points and past.opens < until:
                yield from self.spending.spread(at, max(min(past.opens, until), at))
                at = max(at, min(past.points[-1].until, until))
        yield from self.spending.spread(at, max(at, until))

    def _tail(self, cut: int, now: int, per_usd: float) -> list[float]:
        """The last quarter hours, from the number `cut` on, by what was known then."""
        tail = [0.0] * (self.place(now) + 1 - cut)
        start = self.begin + cut * QUARTER_US
        near = [past.known_at(now) for past in self.five if past.resets_at > start and past.opens <= now]
        for past in near:
            part = dict(self._told(past))
            gone = _lost(past.hit_at, past.resets_at, part) if past.hit_at and past.resets_at <= now else ()
            for quarter, points in (*part.items(), *gone):
                if quarter >= start:
                    tail[min(self.place(quarter), self.place(now)) - cut] += points
        for quarter, usd in self._uncovered(start, now, near):
            if quarter >= start:
                tail[self.place(quarter) - cut] += usd * per_usd
        return tail

    def _rescale(self, told: list[float], now: int) -> None:
        """Bring what was told before the vendor moved the limit to points of the present one."""
        factor = 1.0
        end = len(told)
        for change in reversed(self.changes(now)):
            begin = min(max(self.place(change.at), 0), end)
            if factor != 1.0:
                told[begin:end] = [points * factor for points in told[begin:end]]
            factor *= change.before / change.after
            end = begin
        if factor != 1.0:
            told[:end] = [points * factor for points in told[:end]]

    def _add(self, array: list[float], parts: Iterable[tuple[int, float]]) -> None:
        for quarter, amount in parts:
            number = self.place(quarter)
            if 0 <= number < len(array):
                array[number] += amount

    def _mark(self, array: bytearray, since: int, until: int) -> None:
        for number in range(max(self.place(since), 0), min(self.place(until - 1) + 1, len(array))):
            array[number] = 1


def _lost(hit_at: int, resets_at: int, part: Mapping[int, float]) -> Iterator[tuple[int, float]]:
    """What would have been asked of a window after it was full: as before, since it was first used at most, fading."""
    since = max(hit_at - BEFORE_HIT_US, min(part, default=hit_at))
    before = sum(points for quarter, points in part.items() if since <= quarter <= hit_at)
    rate = before * QUARTER_US / max(hit_at - since, HOUR_US)
    first = hit_at - hit_at % QUARTER_US + QUARTER_US
    for number, quarter in enumerate(range(first, resets_at - QUARTER_US + 1, QUARTER_US)):
        yield quarter, rate * 0.5 ** (number / FADING_QUARTERS)
