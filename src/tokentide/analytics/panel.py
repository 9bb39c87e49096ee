"""What the panel shows: accounts with their limits beside Pace Maker, or a person's month in the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tokentide.analytics.console_costs import MonthCost
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.clock import MINUTE_US
from tokentide.model.pacing import PacedWindow, Pacing

CODE, CONSOLE = MODES = ("code", "console")
FRESH_US = 6 * MINUTE_US
"""Numbers that are no older need no word about their age: the account is asked every five minutes."""
NEAR_PERCENT = 5.0
"""So far beyond what is safe is near, not over."""


class PaceStatus(StrEnum):
    """How it stands with Pace Maker."""

    INACTIVE = "inactive"
    NO_DATA = "no_data"
    ERROR = "error"
    THROTTLING = "throttling"
    ON_PACE = "on_pace"


class Budget(StrEnum):
    """How a deviation is to be taken."""

    UNDER = "under"
    NEAR = "near"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class PacePart:
    """Pace Maker beside the limits of the account that it slows down."""

    pacing: Pacing
    status: PaceStatus
    shown: PacedWindow | None
    """The window whose target is shown; None where none is open."""
    deviation: float | None
    """Percent used beyond what is safe, by the newest reading of that window."""

    @property
    def budget(self) -> Budget | None:
        """How the deviation is to be taken; None without one."""
        if self.deviation is None:
            return None
        return Budget.UNDER if self.deviation < 0 else Budget.NEAR if self.deviation <= NEAR_PERCENT else Budget.OVER


@dataclass(frozen=True, slots=True)
class CodePart:
    """One account in code mode."""

    limits: AccountLimits
    pace: PacePart | None
    """None where Pace Maker is not installed, or serves another account."""

    @property
    def observed_at(self) -> int | None:
        """When the newest of its numbers is from, µs UTC; None where it has none."""
        return max((window.observed_at for window in self.limits.windows), default=None)


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that is shown at once."""

    mode: str
    """One of MODES."""
    accounts: tuple[CodePart, ...]
    """In code mode, the one seen last first."""
    month: MonthCost | None
    """In console mode."""
    fault: str = ""
    """What is wrong beyond a single account; empty if nothing is."""


def build_code_panel(found: Sequence[AccountLimits], pacing: Pacing, pacing_account: str, *, now: int) -> Panel:
    """The accounts with Pace Maker at the one that it asks with, else at the first.

    `pacing_account` is the key of that account.
    """
    keys = [limits.account.key for limits in found]
    place = keys.index(pacing_account) if pacing_account in keys else 0
    parts = [
        CodePart(limits, pace_part(pacing, limits.windows, now) if number == place else None)
        for number, limits in enumerate(found)
    ]
    return Panel(CODE, tuple(parts), None)


def build_console_panel(month: MonthCost) -> Panel:
    """A person's month."""
    return Panel(CONSOLE, (), month, month.fault)


def pace_part(pacing: Pacing, windows: Sequence[WindowState], now: int) -> PacePart | None:
    """Pace Maker's state, its deviation by the newest numbers; None where it is not installed."""
    if not pacing.is_installed:
        return None
    shown = pacing.shown
    return PacePart(pacing, _status(pacing), shown, _deviation(shown, windows, now) if shown else None)


def _status(pacing: Pacing) -> PaceStatus:
    """What to say first."""
    if not pacing.is_enabled:
        return PaceStatus.INACTIVE
    if pacing.fault:
        return PaceStatus.ERROR
    if pacing.is_throttling:
        return PaceStatus.THROTTLING
    return PaceStatus.ON_PACE if any(paced.target is not None for paced in pacing.windows) else PaceStatus.NO_DATA


def _deviation(shown: PacedWindow, windows: Sequence[WindowState], now: int) -> float | None:
    """By the account's own newest percentage where it is of the same window, else by Pace Maker's copy."""
    for window in windows:
        if window.window != shown.window or window.percent is None or window.is_over(now) or shown.safe is None:
            continue
        if abs((window.resets_at or 0) - (shown.resets_at or 0)) <= SAME_RESET_US:
            return window.percent - shown.safe
    return shown.deviation
