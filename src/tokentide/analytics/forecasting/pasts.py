"""Windows as they went: each with the percentages that were believed of it, and what they tell of its use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tokentide.analytics.forecasting.model import FULL
from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.model.limits import length_of

HIGHEST = 150.0
"""Of 100: a window is left a little beyond full, by what was under way when it was."""


class Point(NamedTuple):
    """One percentage of a window."""

    since: int
    """When it was said first, µs UTC."""
    until: int
    """When it was said last."""
    percent: float


@dataclass(slots=True)
class WindowPast:
    """One window from its opening to its reset."""

    opens: int
    resets_at: int
    points: list[Point] = field(default_factory=list)
    begun: Point | None = None
    """What had been said when this reset took the place of another that was not over; None where it opened unused."""

    @property
    def origin(self) -> Point:
        """Where its own use begins."""
        return self.begun or Point(self.opens, self.opens, 0.0)

    @property
    def percent(self) -> float:
        """What was believed of it last."""
        return self.points[-1].percent if self.points else 0.0

    @property
    def hit_at(self) -> int | None:
        """When it was first said to be full; None if it never was."""
        return next((point.since for point in self.points if point.percent >= FULL), None)

    def known_at(self, now: int) -> WindowPast:
        """As it was known at an instant."""
        points = [point._replace(until=min(point.until, now)) for point in self.points if point.since <= now]
        return WindowPast(self.opens, self.resets_at, points, self.begun)

    def percent_at(self, at: int) -> float:
        """The last percentage said up to an instant."""
        return next((point.percent for point in reversed(self.points) if point.since <= at), 0.0)


def window_pasts(window: str, states: Sequence[WindowState]) -> list[WindowPast]:
    """The windows that these states, in the order of time, are of; what was said without a reset is left out."""
    length = length_of(window)
    pasts: list[WindowPast] = []
    for state in states:
        if length is None or state.resets_at is None or state.percent is None:
            continue
        if not pasts or abs(state.resets_at - pasts[-1].resets_at) > SAME_RESET_US:
            begun = _taken_over(pasts[-1], state) if pasts else None
            pasts.append(WindowPast(state.resets_at - length, state.resets_at, begun=begun))
        pasts[-1].points.append(Point(state.since, state.observed_at, _believable(state.percent)))
    return pasts


def _taken_over(before: WindowPast, state: WindowState) -> Point | None:
    """What was used already when the vendor moved the reset of a window that was not over; None where it was over."""
    if state.percent is None or state.since >= before.resets_at:
        return None
    until = min(before.points[-1].until, state.since)
    return Point(until, until, min(before.percent, _believable(state.percent)))


def _believable(percent: float) -> float:
    """A percentage that can be use: one that is out of all bounds must not spoil what is usual for months."""
    return min(max(percent, 0.0), HIGHEST)


def open_past(pasts: Sequence[WindowPast], now: int) -> WindowPast | None:
    """The window that was open at an instant, by what had been said until then."""
    for past in reversed(pasts):
        if past.points and past.points[0].since <= now:
            return past.known_at(now) if now < past.resets_at else None
    return None
