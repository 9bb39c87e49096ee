"""What follows from the windows' forecasts together: which binds first, what is left, what pace would last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from tokentide.analytics.forecasting.asking import Asking
from tokentide.analytics.forecasting.calibration import Worth
from tokentide.analytics.forecasting.chances import Z80
from tokentide.analytics.forecasting.model import FULL, Calibration, CapChange, WindowForecast
from tokentide.analytics.forecasting.ratios import LEAST_POINTS
from tokentide.analytics.windows import FIVE_HOURS_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY

if TYPE_CHECKING:
    from datetime import date

NANO_PER_USD = 1e9
LEAST_ODDS = 0.05
"""A window with less is in no danger, and binds nothing."""
LEAST_DAYS = 0.05
"""With less of a working day left there is none."""
LEAST_USUAL = 1.0
"""Points; where less is usual, today cannot be compared with it."""


def binding_window(windows: Sequence[WindowForecast]) -> str:
    """The window most likely to be full, and among equals first; empty if none is in danger."""
    in_danger = [each for each in windows if each.odds is not None and each.odds >= LEAST_ODDS]
    return max(in_danger, key=_danger).window if in_danger else ""


def _danger(forecast: WindowForecast) -> tuple[float, int]:
    """The odds, and how soon."""
    soon = forecast.hits_at.likely if forecast.hits_at else 0
    return round(forecast.odds or 0.0, 2), -soon


def full_windows_left(asking: Asking, week: WindowForecast | None) -> float | None:
    """How many full five-hour windows the week still holds, no more than have room in it; None where never seen."""
    if week is None or week.percent is None or week.resets_at is None or week.resets_at <= asking.now:
        return None
    ratio = asking.ratio(SEVEN_DAY)
    if ratio.rests_on < LEAST_POINTS:
        return None
    fitting = 1 + (week.resets_at - asking.now) / FIVE_HOURS_US
    return min(max(FULL - week.percent, 0.0) / (ratio.points * FULL), fitting)


def percent_per_working_day(asking: Asking, week: WindowForecast | None) -> float | None:
    """Points of the week for each working day until its reset; a day that is partly over counts as what is left of it.

    No more than is left of the week. None where no weekday is known as one of work, or none is left.
    """
    if week is None or week.percent is None or week.resets_at is None or week.resets_at <= asking.now:
        return None
    habits, days, day = asking.habits, 0.0, asking.habits.today
    while habits.start_of(day) < week.resets_at:
        if habits.working[day.weekday()]:
            begin, end = habits.start_of(day), habits.start_of(day + timedelta(days=1))
            days += _share_of_day(asking, day, max(asking.now, begin) - begin, min(week.resets_at, end) - begin)
        day += timedelta(days=1)
    return max(FULL - week.percent, 0.0) / max(days, 1.0) if days >= LEAST_DAYS else None


def _share_of_day(asking: Asking, day: date, since: int, until: int) -> float:
    """How much of a working day's use usually lies between two times of day."""
    habits = asking.habits
    part = whole = 0.0
    for past in habits.past[-28:]:
        if habits.working[past.weekday()] == habits.working[day.weekday()]:
            start = habits.starts[past]
            part += habits.between(start + since, start + until)
            whole += habits.totals[past]
    return part / whole if whole > 0 else 0.0


def today_over_usual(asking: Asking) -> float | None:
    """Today's use so far over what such a day usually had by this hour."""
    usual = asking.habits.usual_until(asking.now)
    if usual is None or usual < LEAST_USUAL:
        return None
    return asking.demand.between(asking.habits.start_of(asking.habits.today), asking.now) / usual


def used_elsewhere(asking: Asking) -> float | None:
    """The share of the last weeks' use that the records do not explain; None without records or windows to compare."""
    evidence, now = asking.evidence, asking.now
    worth = evidence.worth(now)
    changes = evidence.changes(now)
    samples = [each for each in evidence.samples(now)[-60:] if not changes or each.at >= changes[-1].at]
    if worth is None or len(samples) < 3:
        return None
    told = sum(sample.percent for sample in samples)
    explained = sum(sample.usd for sample in samples) / worth.usd
    return min(max(1 - explained / told, 0.0), 1.0)


def calibrations(asking: Asking) -> tuple[Calibration, ...]:
    """What one percent is worth, of each window whose relation to spending is known."""
    worth = asking.evidence.worth(asking.now)
    if worth is None:
        return ()
    found = [_calibration(FIVE_HOUR, worth, 1.0)]
    for window in asking.evidence.weekly:
        ratio = asking.ratio(window)
        if ratio.rests_on >= LEAST_POINTS:
            found.append(_calibration(window, worth, ratio.points))
    return tuple(found)


def _calibration(window: str, worth: Worth, ratio: float) -> Calibration:
    import math

    usd, factor = worth.usd / ratio, math.exp(Z80 * worth.spread)
    return Calibration(
        window,
        round(usd * NANO_PER_USD),
        round(usd / factor * NANO_PER_USD),
        round(usd * factor * NANO_PER_USD),
        worth.windows,
    )


def cap_changes(asking: Asking) -> tuple[CapChange, ...]:
    """Where the vendor seems to have moved the five-hour limit."""
    return tuple(
        CapChange(
            FIVE_HOUR,
            change.at,
            round(change.before * NANO_PER_USD),
            round(change.after * NANO_PER_USD),
            change.after / change.before,
        )
        for change in asking.evidence.changes(asking.now)
    )
