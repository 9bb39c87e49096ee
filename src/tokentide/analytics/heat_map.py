"""Days as a heat map: weeks as columns, weekdays as rows, a shade each by what was done."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from tokentide.analytics.activity_days import Day

SHADES = 5
Week = Sequence[Day | None]
"""Seven days; None before the first and after the last of a stretch."""


def weeks_of(days: Sequence[Day], first_weekday: int) -> list[Week]:
    """Days in a row as weeks; `first_weekday` is 0 for Monday."""
    before = (days[0].day.weekday() - first_weekday) % 7
    padded: list[Day | None] = [*[None] * before, *days]
    padded += [None] * (-len(padded) % 7)
    return [padded[start : start + 7] for start in range(0, len(padded), 7)]


def month_columns(weeks: Sequence[Week], name_columns: int) -> list[tuple[int, int]]:
    """The weeks that a month begins in, and the first week, each with the month's number.

    The first is left out where the next month begins before its name ends, which takes so many columns.
    """
    found: list[tuple[int, int]] = []
    for column, week in enumerate(weeks):
        firsts = [day.day for day in week if day is not None and (day.day.day == 1 or column == 0)]
        if firsts:
            found.append((column, firsts[-1].month))
    if len(found) > 1 and found[1][0] - found[0][0] < name_columns:
        found.pop(0)
    return found


def shade_bounds(values: Iterable[int]) -> tuple[int, ...]:
    """From which value on each shade but the first begins: fifths of the days that have any, ascending."""
    ordered = sorted(value for value in values if value > 0)
    return tuple(ordered[len(ordered) * part // SHADES] for part in range(1, SHADES)) if ordered else ()


def shade(value: int, bounds: Sequence[int]) -> int:
    """0 for nothing, else 1 to SHADES."""
    return 1 + bisect_right(bounds, value) if value > 0 else 0
