"""What a piece of advice says, and what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentide.analytics.selection import Selection

HIGH, MEDIUM, LOW = "high", "medium", "low"
"""How sure a saving is: it is measured and follows; it is measured, what follows is assumed; it is a hint."""

FOUND, SMALL, NOTHING, LACKING, OFF = "found", "small", "nothing", "lacking", "off"
"""What came of a rule: advice; a saving not worth mentioning; nothing to say; too little data; switched off."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a saving: of one tool, server, file, cause or model."""

    name: str
    count: int
    saving: int
    """Nano-USD."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One of the sessions that a piece of advice rests on."""

    source: str
    session_id: str
    title: str
    """Empty if it has none."""
    project: str
    at: int
    """Its first response in the range, µs UTC."""
    count: int
    """Of what the advice counts."""
    saving: int
    """Nano-USD."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do otherwise. Amounts are nano-USD at list price, of the range that was looked at."""

    rule: str
    title: str
    """What to do."""
    finding: str
    """What was found, in a sentence or two."""
    saving: int
    """What would not have been paid; never more than `concerned`."""
    concerned: int
    """What all that it is about cost."""
    confidence: str
    """HIGH, MEDIUM or LOW."""
    reason: str
    """Why that sure."""
    counted: str
    """The noun for what `count` counts, such as `request`."""
    count: int
    sessions: int
    """How many sessions it was found in."""
    parts: tuple[Part, ...] = ()
    """The largest first."""
    telling: tuple[Telling, ...] = ()
    """At most three sessions, the largest saving first."""
    week_percent: float | None = None
    """Points of the weekly window beyond what it holds, where the advice is about it and no money is saved."""
    until: int | None = None
    """The reset that it is about, µs UTC."""
    spares_windows: bool = True
    """False where the same use costs less or is paid beside the plan, so that no window is spared."""
    is_of_price: bool = False
    """True where `concerned` is the price of a plan, and not what responses cost."""
    only_if: str = ""
    """What nobody tells and must be so for the saving; empty where there is nothing of the kind."""


@dataclass(frozen=True, slots=True)
class Share:
    """A saving as share of the windows, by the person's own calibration; None where there is none."""

    week_percent: float | None = None
    """Points of each weekly window."""
    five_hour_windows: float | None = None
    """Whole five-hour windows a month."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A piece of advice with what it comes to in a month, nano-USD."""

    advice: Advice
    saving_per_month: int
    share: Share


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one rule."""

    rule: str
    outcome: str
    """FOUND, SMALL, NOTHING, LACKING or OFF."""
    note: str = ""
    """Why there is no advice; empty where there is."""
    saving_per_month: int = 0
    """Nano-USD, where the outcome is SMALL."""


@dataclass(frozen=True, slots=True)
class AdviceReport:
    """All advice, the largest saving first, and what was checked."""

    advice: tuple[Ranked, ...]
    checked: tuple[Checked, ...]
    """In the order of the rules."""
    selection: Selection
    span_us: int
    """How long a history was looked at."""
    sessions: int
    sessions_with_details: int
    responses: int
    """With a price; those without are left out."""
    unpriced_responses: int
    cost: int
    """At list price, nano-USD."""
    cost_per_month: int
    timezone: str
    generated_at: int
    problems: int = 0
    missing: str = ""
    """Why nothing could be checked, in a sentence; empty where it could."""

    def outcomes(self, outcome: str) -> Sequence[Checked]:
        """The rules that this came of."""
        return [each for each in self.checked if each.outcome == outcome]
