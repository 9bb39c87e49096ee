"""How Claude Pace Maker slows the work down: its targets, its last decision, its manners. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

AUTO, ON, OFF = TEMPOS = ("auto", "on", "off")
"""Whether it asks at the end of a session if the work is done: when nobody is there, always, never."""
ADAPTIVE, PRELOAD, LEGACY = ALGORITHMS = ("adaptive", "adaptive/preload", "legacy")
NONE, MINIMAL, GRADUAL, AGGRESSIVE, EMERGENCY = STRATEGIES = ("none", "minimal", "gradual", "aggressive", "emergency")


class PacedWindow(NamedTuple):
    """One window as Pace Maker sees it, beside what it would have used by now."""

    window: str
    """`five_hour` or `seven_day`."""
    percent: float
    """Used, of 100, by its own last answer or estimate."""
    resets_at: int | None
    """µs UTC; None where the window is not open."""
    target: float | None
    """Percent that may be used by now; None where the window is not open or has been reset since."""
    safe: float | None
    """The target less the safety buffer: beyond this it slows down."""
    is_limited: bool = True
    """False where its settings leave this window out."""

    @property
    def deviation(self) -> float | None:
        """Percent used beyond what is safe; below 0 there is room."""
        return None if self.safe is None else self.percent - self.safe


class PacingDecision(NamedTuple):
    """The last decision that it stored; its hooks repeat it until they ask the account again."""

    should_throttle: bool
    delay_seconds: int
    at: int
    """µs UTC."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """All that is known of Pace Maker on this machine."""

    is_installed: bool = False
    is_enabled: bool = False
    version: str = ""
    """Empty where it is not known."""
    fault: str = ""
    """What of its files cannot be read; empty if all can."""
    decision: PacingDecision | None = None
    observed_at: int | None = None
    """When its numbers are from, µs UTC; None where it has none."""
    windows: tuple[PacedWindow, ...] = ()
    """Five hours first; empty where it has no numbers."""
    constrained: str = ""
    """The window that decides; empty where none does."""
    delay_seconds: int = 0
    """What the next use of a tool waits for."""
    strategy: str = ""
    """One of STRATEGIES; empty for the legacy algorithm, and where nothing decides."""
    algorithm: str = ADAPTIVE
    """One of ALGORITHMS."""
    tempo: str = AUTO
    """One of TEMPOS."""
    is_estimate: bool = False
    """True where it could not ask the account and reckons by cost."""
    backoff_until: int | None = None
    """Until when it does not ask the account, µs UTC; None where it may."""

    @property
    def is_throttling(self) -> bool:
        """True where the next use of a tool waits."""
        return self.is_enabled and self.delay_seconds > 0

    def window(self, name: str) -> PacedWindow | None:
        """The window of that name; None where it has no numbers of it."""
        return next((paced for paced in self.windows if paced.window == name), None)

    @property
    def shown(self) -> PacedWindow | None:
        """The window to show a target of: the one that decides, else the first that has a target above 0."""
        return self.window(self.constrained) or next((paced for paced in self.windows if paced.target), None)
