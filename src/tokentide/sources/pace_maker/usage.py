"""The usage that Pace Maker keeps: its copies of the account's answers, and its estimate while there are none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import NamedTuple

from tokentide.clock import SECOND_US
from tokentide.model.limits import FIVE_HOUR, HIGHEST_PERCENT, SEVEN_DAY, length_of, snapped
from tokentide.sources.pace_maker.database import Database, Row, Value

_COLUMNS = ("timestamp", "five_hour_util", "five_hour_resets_at", "seven_day_util", "seven_day_resets_at")
_STATE = ("state", "baseline_5h", "baseline_7d", "resets_at_5h", "resets_at_7d", "tier", "entered_at")
_ROLLED = ("rollover_cost_5h", "rollover_cost_7d")
COEFFICIENTS = {"5x": (0.0075, 0.0011), "20x": (0.001875, 0.000275)}
"""Share of the five hours, and of the week, that a dollar of its own prices uses up, until it has measured better."""
_LATEST = datetime(9997, 1, 1, tzinfo=timezone.utc).timestamp()


class Used(NamedTuple):
    """How much of one window is used."""

    window: str
    percent: float
    resets_at: int | None
    """µs UTC, to the minute; None where the window is not open."""


class Usage(NamedTuple):
    """Both windows at one instant."""

    at: int
    """µs UTC."""
    windows: tuple[Used, ...]
    """A window that is null in the account's answer is left out: it is kept as 0 without a reset."""
    is_estimate: bool = False


def latest_usage(database: Database, now: int) -> Usage | None:
    """What it works with: its estimate in its fallback, else the last answer; None where it has neither."""
    estimate = _estimate(database, now)
    if estimate is not None:
        return estimate
    row = database.row("api_cache", _COLUMNS) or database.row(
        "usage_snapshots", _COLUMNS, "ORDER BY timestamp DESC LIMIT 1"
    )
    return _usage(row) if row is not None else None


def answers(database: Database, since: int) -> Iterator[Usage]:
    """Every answer of the account that it kept, from an instant on, in the order of time; estimates are none."""
    rest, values = "WHERE timestamp >= ? ORDER BY timestamp", (since / SECOND_US,)
    found = [*database.rows("usage_snapshots", _COLUMNS, rest, values)]
    found += database.rows("api_cache", _COLUMNS, "WHERE timestamp >= ?", values)
    yield from sorted((usage for row in found if (usage := _usage(row)) is not None), key=lambda usage: usage.at)


def instant_of(value: Value) -> int | None:
    """Seconds since 1970, or RFC 3339 text, which is UTC where it names no offset; µs UTC."""
    seconds: float = math.nan
    if isinstance(value, (int, float)):
        seconds = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
        except (ValueError, OverflowError):
            return None
    return round(seconds * SECOND_US) if 0 < seconds < _LATEST else None


def _usage(row: Row) -> Usage | None:
    """A row of answers; None without an instant."""
    at = instant_of(row["timestamp"])
    if at is None:
        return None
    both = (
        _used(FIVE_HOUR, row["five_hour_util"], row["five_hour_resets_at"]),
        _used(SEVEN_DAY, row["seven_day_util"], row["seven_day_resets_at"]),
    )
    return Usage(at, tuple(used for used in both if used is not None))


def _used(window: str, percent: Value, resets_at: Value) -> Used | None:
    """One window; None for what is no percentage."""
    share, reset = _number(percent), instant_of(resets_at)
    if not 0 <= share <= HIGHEST_PERCENT or (share == 0 and reset is None):
        return None
    return Used(window, share, None if reset is None else snapped(reset))


def _number(value: Value) -> float:
    """NaN for what is no number."""
    return float(value) if isinstance(value, (int, float)) else math.nan


def _estimate(database: Database, now: int) -> Usage | None:
    """Where the account cannot be asked: the last answer, plus what was spent since, by cost.

    After a reset only what was spent since then counts.
    """
    state = database.row("fallback_state_v2", (*_STATE, *_ROLLED))
    if state is None or state["state"] != "fallback":
        return None
    five_hours, week = _coefficients(database, str(state["tier"]))
    both = (
        _estimated(database, state, FIVE_HOUR, five_hours, now),
        _estimated(database, state, SEVEN_DAY, week, now),
    )
    return Usage(now, tuple(used for used in both if used is not None), is_estimate=True)


def _estimated(database: Database, state: Row, window: str, coefficient: float, now: int) -> Used | None:
    """One window's estimate; its reset moves on by whole windows."""
    suffix, length = ("5h" if window == FIVE_HOUR else "7d"), length_of(window) or 1
    stored, entered = instant_of(state[f"resets_at_{suffix}"]), instant_of(state["entered_at"]) or 0
    baseline = _number(state[f"baseline_{suffix}"])
    if stored is None or not math.isfinite(baseline):
        return None
    passed = (now - stored) // length + 1 if stored <= now else 0
    reset = stored + passed * length
    rolled = passed > 0 or state[f"rollover_cost_{suffix}"] is not None
    cost = _spent(database, max(reset - length, entered) if rolled else entered)
    percent = min((0.0 if rolled else baseline) + 100 * cost * coefficient, 100.0)
    return Used(window, max(percent, 0.0), snapped(reset))


def _spent(database: Database, since: int) -> float:
    """Dollars by its own prices, from an instant on."""
    found = database.rows("accumulated_costs", ("cost_dollars",), "WHERE timestamp >= ?", (since / SECOND_US,))
    return math.fsum(cost for row in found if math.isfinite(cost := _number(row["cost_dollars"])))


def _coefficients(database: Database, tier: str) -> tuple[float, float]:
    """What it measured for the tier, else what it starts with."""
    known = COEFFICIENTS.get(tier, COEFFICIENTS["5x"])
    for row in database.rows("calibrated_coefficients", ("tier", "coefficient_5h", "coefficient_7d")):
        measured = _number(row["coefficient_5h"]), _number(row["coefficient_7d"])
        if row["tier"] == tier and all(map(math.isfinite, measured)):
            return measured
    return known
