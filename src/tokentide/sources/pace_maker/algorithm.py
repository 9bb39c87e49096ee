"""How Pace Maker reckons targets and delays: our own code, from the description of what it does.

A percentage is of 100, a share of 1. Weekends are those of UTC, as in the resets that it compares with.
Source: Pace Maker 2.34, pacing of the five hours and of the week; versions before 2.3.0 for the legacy curves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from tokentide.clock import DAY_US, HOUR_US
from tokentide.model.limits import FIVE_HOUR, length_of
from tokentide.model.pacing import (
    ADAPTIVE,
    AGGRESSIVE,
    EMERGENCY,
    GRADUAL,
    LEGACY,
    MINIMAL,
    NONE,
    PRELOAD,
    PacedWindow,
)
from tokentide.sources.pace_maker.choices import Choices

FIVE_HOUR_PRELOAD_US = HOUR_US // 2
"""The five hours' target stands still so long at its beginning: a tenth may be used at once."""
LEAST_LEGACY_DELAY_SECONDS, MOST_LEGACY_DELAY_SECONDS = 5, 120
_FIRST_MONDAY = 4 * DAY_US
_WEEK_US, _WORK_US = 7 * DAY_US, 5 * DAY_US
_CLOSE = 0.95
"""A pace that is so near to the wanted one needs no more than the base delay."""
_PRESSURE = ((1.0, 60), (3.0, 40))
"""Less than so many hours left: the delay is multiplied by so much; else by the last resort, 20."""


class Slowdown(NamedTuple):
    """What the next use of a tool waits for, and how hard that is."""

    delay_seconds: int
    strategy: str


def weekday_us(start: int, end: int) -> int:
    """How much of a stretch lies on Monday to Friday, µs; 0 for one that ends before it begins."""
    return max(0, _work_since_monday(end) - _work_since_monday(start))


def is_weekend(at: int) -> bool:
    """True on Saturday and Sunday, UTC."""
    return (at - _FIRST_MONDAY) % _WEEK_US >= _WORK_US


def target_of(window: str, resets_at: int | None, now: int, choices: Choices, *, legacy: bool) -> float | None:
    """The percentage that may be used by now; None for a window that is not open, or has been reset since."""
    length = length_of(window)
    if resets_at is None or resets_at <= now or length is None:
        return None
    start = resets_at - length
    share = min(max((now - start) / length, 0.0), 1.0)
    if legacy:
        return _legacy_target(window, share)
    if window == FIVE_HOUR:
        return 100 * max(share, FIVE_HOUR_PRELOAD_US / length)
    return _weekly_target(start, resets_at, now, choices.preload_hours)


def constrained_window(windows: Iterable[PacedWindow]) -> PacedWindow | None:
    """The limited window that is furthest beyond its target, the first of two; None where none has a target."""
    open_ones = [paced for paced in windows if paced.target is not None and paced.is_limited]
    return max(open_ones, key=lambda paced: paced.percent - (paced.target or 0.0), default=None)


def slowdown(paced: PacedWindow, now: int, choices: Choices) -> Slowdown:
    """The delay that brings a window back to its target by its end; the window must be open."""
    if paced.safe is None or paced.resets_at is None or paced.percent <= paced.safe:
        return Slowdown(0, NONE)
    hours_left = (paced.resets_at - now) / HOUR_US
    if is_weekend(now) or hours_left <= 0:
        return Slowdown(choices.max_delay_seconds, EMERGENCY)
    raw = _raw_delay(_ratio(paced, now, hours_left, choices), hours_left, choices)
    delay = min(max(raw, choices.base_delay_seconds), choices.max_delay_seconds)
    if delay <= choices.base_delay_seconds:
        return Slowdown(0, NONE)
    if delay >= choices.max_delay_seconds:
        return Slowdown(delay, EMERGENCY)
    over = paced.percent - paced.safe
    return Slowdown(delay, MINIMAL if over < 5 else GRADUAL if over < 20 else AGGRESSIVE)


def legacy_slowdown(paced: PacedWindow, choices: Choices) -> Slowdown:
    """The delay of versions before 2.3.0: it grows with the deviation, and knows no strategies."""
    beyond = (paced.deviation or 0.0) - choices.threshold_percent
    if beyond <= 0:
        return Slowdown(0, "")
    most = min(choices.max_delay_seconds, MOST_LEGACY_DELAY_SECONDS)
    wanted = int(choices.base_delay_seconds * (1 + 2 * beyond))
    return Slowdown(max(LEAST_LEGACY_DELAY_SECONDS, min(wanted, most)), "")


def algorithm_of(paced: PacedWindow | None, now: int, choices: Choices, *, legacy: bool) -> str:
    """What Pace Maker calls its way of reckoning; with preload while the window's beginning is given in advance."""
    if legacy:
        return LEGACY
    length = length_of(paced.window) if paced else None
    if paced is None or paced.resets_at is None or length is None:
        return ADAPTIVE
    start = paced.resets_at - length
    if paced.window == FIVE_HOUR:
        return PRELOAD if now - start <= FIVE_HOUR_PRELOAD_US else ADAPTIVE
    inside = choices.preload_hours > 0 and weekday_us(start, now) <= choices.preload_hours * HOUR_US
    return PRELOAD if inside else ADAPTIVE


def _work_since_monday(at: int) -> int:
    """Weekday time from the first Monday of 1970 on."""
    weeks, rest = divmod(at - _FIRST_MONDAY, _WEEK_US)
    return weeks * _WORK_US + min(rest, _WORK_US)


def _weekly_target(start: int, end: int, now: int, preload_hours: float) -> float:
    """The share of the week's weekday time, in percent; it stands still at weekends."""
    whole, elapsed = weekday_us(start, end), weekday_us(start, now)
    if preload_hours > 0 and elapsed <= preload_hours * HOUR_US:
        return 100 * preload_hours * HOUR_US / whole
    return 100 * elapsed / whole


def _legacy_target(window: str, share: float) -> float:
    """A logarithmic curve for the five hours, a straight line for the week."""
    return 100 * (math.log(1 + share * (math.e - 1)) if window == FIVE_HOUR else share)


def _ratio(paced: PacedWindow, now: int, hours_left: float, choices: Choices) -> float:
    """The pace that is wanted, as a share of the pace so far; 1 where there is no pace yet."""
    burn = paced.percent / hours if (hours := _elapsed_hours(paced, now)) > 0 else 0.0
    if paced.percent < choices.safety_percent:
        goal = (choices.safety_percent - paced.percent) / hours_left
    else:
        goal = (100 - paced.percent) / hours_left * 0.5
    return goal / burn if burn > 0 else 1.0


def _elapsed_hours(paced: PacedWindow, now: int) -> float:
    """Hours of the window that count: all of the five, of the week its weekday share."""
    length = length_of(paced.window) or 0
    start = (paced.resets_at or 0) - length
    if paced.window == FIVE_HOUR:
        return (now - start) / HOUR_US
    return weekday_us(start, now) / weekday_us(start, start + length) * length / HOUR_US


def _raw_delay(ratio: float, hours_left: float, choices: Choices) -> int:
    """Seconds before the bounds: none for a pace that will do, all for one that nothing can save."""
    if ratio >= 1:
        return 0
    if ratio >= _CLOSE:
        return choices.base_delay_seconds
    if ratio <= 0:
        return choices.max_delay_seconds
    pressure = next((factor for hours, factor in _PRESSURE if hours_left < hours), 20)
    wanted = choices.base_delay_seconds * (1 / ratio - 1) * pressure
    return int(min(wanted, choices.max_delay_seconds))
