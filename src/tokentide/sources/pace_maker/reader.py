"""Pace Maker's state and its copies of the account's limits, from its own files. Nothing of its code is run."""

from __future__ import annotations

import os
import sqlite3

from tokentide.clock import SECOND_US
from tokentide.model.limits import FIVE_HOUR, PACE_MAKER, LimitReading
from tokentide.model.pacing import PacedWindow, Pacing, PacingDecision
from tokentide.sources.pace_maker import paths
from tokentide.sources.pace_maker.algorithm import (
    Slowdown,
    algorithm_of,
    constrained_window,
    legacy_slowdown,
    slowdown,
    target_of,
)
from tokentide.sources.pace_maker.choices import Choices, read_choices
from tokentide.sources.pace_maker.database import Database, opened
from tokentide.sources.pace_maker.usage import Used, answers, instant_of, latest_usage

FIRST_ADAPTIVE = (2, 3, 0)
"""The version that left the legacy algorithm behind."""


def read_pacing(home: str, *, now: int) -> Pacing:
    """All that Pace Maker's files tell; `is_installed` False where it is not here.

    What cannot be read is left out and named in `fault`; nothing is raised. `now` is µs UTC.
    """
    folder = paths.folder_of(home)
    if not paths.is_installed(folder):
        return Pacing()
    choices = read_choices(folder)
    version = _version(folder) or paths.plugin_version(home)
    path = choices.database_path(folder)
    if not os.path.exists(path):
        return _pacing(choices, version, None, now)
    try:
        with opened(path) as database:
            return _pacing(choices, version, database, now)
    except sqlite3.Error as error:
        return _pacing(choices._replace(fault=_reason(path, error)), version, None, now)


def read_readings(home: str, account: str, *, since: int, now: int) -> list[LimitReading]:
    """The account's answers that Pace Maker kept, from an instant on, in the order of time; empty where it has none.

    `account` is the key of the login that it asks with, which is that of the default folder.
    Raises nothing: a database that cannot be read holds no readings, and `read_pacing` says why.
    """
    folder = paths.folder_of(home)
    if not paths.is_installed(folder):
        return []
    path = read_choices(folder).database_path(folder)
    try:
        with opened(path) as database:
            found = [usage for usage in answers(database, since) if usage.at <= now]
    except sqlite3.Error:
        return []
    return [
        LimitReading(account, used.window, PACE_MAKER, usage.at, used.percent, used.resets_at)
        for usage in found
        for used in usage.windows
    ]


def _pacing(choices: Choices, version: str, database: Database | None, now: int) -> Pacing:
    """Everything put together; without a database only what the settings say."""
    legacy = bool(version) and paths.parts_of(version) < FIRST_ADAPTIVE
    usage = latest_usage(database, now) if database else None
    windows = tuple(_paced(used, choices, now, legacy=legacy) for used in usage.windows) if usage else ()
    decisive = constrained_window(windows)
    reckoned = _slowdown(decisive, now, choices, legacy=legacy)
    decision = _decision(database) if database else None
    return Pacing(
        is_installed=True,
        is_enabled=choices.is_enabled,
        version=version,
        fault=choices.fault,
        decision=decision,
        observed_at=usage.at if usage else None,
        windows=windows,
        constrained=decisive.window if decisive else "",
        delay_seconds=_delay(decision, reckoned, choices, now),
        strategy=reckoned.strategy,
        algorithm=algorithm_of(decisive or next(iter(windows), None), now, choices, legacy=legacy),
        tempo=choices.tempo,
        is_estimate=usage is not None and usage.is_estimate,
        backoff_until=_backoff(database, now) if database else None,
    )


def _paced(used: Used, choices: Choices, now: int, *, legacy: bool) -> PacedWindow:
    """A window beside its target; the legacy algorithm has no safety buffer."""
    target = target_of(used.window, used.resets_at, now, choices, legacy=legacy)
    safe = None if target is None else target if legacy else target * choices.safety_percent / 100
    limited = choices.limits_five_hours if used.window == FIVE_HOUR else choices.limits_week
    return PacedWindow(used.window, used.percent, used.resets_at, target, safe, limited)


def _slowdown(decisive: PacedWindow | None, now: int, choices: Choices, *, legacy: bool) -> Slowdown:
    """What follows from the numbers."""
    if decisive is None:
        return Slowdown(0, "")
    return legacy_slowdown(decisive, choices) if legacy else slowdown(decisive, now, choices)


def _delay(decision: PacingDecision | None, reckoned: Slowdown, choices: Choices, now: int) -> int:
    """The next delay: its hooks repeat the stored decision until the next poll is due, and reckon anew then."""
    if not (choices.limits_five_hours or choices.limits_week):
        return 0
    if decision is None or not 0 <= now - decision.at < choices.poll_seconds * SECOND_US:
        return reckoned.delay_seconds
    return decision.delay_seconds if decision.should_throttle else 0


def _decision(database: Database) -> PacingDecision | None:
    """The last one that it stored."""
    columns = ("timestamp", "should_throttle", "delay_seconds")
    row = database.row("pacing_decisions", columns, "ORDER BY timestamp DESC, id DESC LIMIT 1")
    at = instant_of(row["timestamp"]) if row else None
    if row is None or at is None:
        return None
    delay = row["delay_seconds"]
    seconds = int(min(max(delay, 0), 86_400)) if isinstance(delay, (int, float)) else 0
    return PacingDecision(bool(row["should_throttle"]), seconds, at)


def _backoff(database: Database, now: int) -> int | None:
    """Until when it leaves the account in peace."""
    row = database.row("backoff_state", ("backoff_until",))
    until = instant_of(row["backoff_until"]) if row else None
    return until if until is not None and until > now else None


def _version(folder: str) -> str:
    """What it noted of itself; empty where it did not, as versions before that note."""
    path = os.path.join(folder, paths.VERSIONS)
    if not os.path.exists(path):
        return ""
    try:
        with opened(path) as database:
            row = database.row("version_status", ("current_version",))
    except sqlite3.Error:
        return ""
    named = str(row["current_version"]) if row else ""
    return named if paths.is_version(named) else ""


def _reason(path: str, error: sqlite3.Error) -> str:
    """Why its database cannot be read."""
    name = os.path.basename(path)
    if "locked" in str(error) or "busy" in str(error):
        return f"{name} is locked by another program"
    return f"{name} cannot be read ({error})"
