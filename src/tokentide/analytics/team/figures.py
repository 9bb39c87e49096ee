"""The shapes that all reports about a team share. Rates are None where nothing happened, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tokentide.model.latency import quantile
from tokentide.store.query import CostMode
from tokentide.store.team.query import Condition


class Unit(StrEnum):
    """What a value is, which decides how it is written; see render/team_columns.py."""

    TEXT = "text"
    FLAG = "flag"
    COUNT = "count"
    MONEY = "money"
    """Nano-USD."""
    FINE_MONEY = "fine_money"
    """Nano-USD of one small thing."""
    SHARE = "share"
    """A Share of counts."""
    COST_SHARE = "cost_share"
    """A Share of nano-USD."""
    MS = "ms"
    """Milliseconds; percentiles are from a histogram, right to 2.2 %."""
    SECONDS = "seconds"
    BYTES = "bytes"
    NUMBER = "number"
    """A mean, with two decimals."""
    INSTANT = "instant"
    """µs UTC; 0 for none."""
    TEXTS = "texts"
    """A tuple of texts."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, both counts (or both nano-USD)."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline figure, with the same of the period before."""

    name: str
    unit: Unit
    value: int | float | Share | None
    """None where it cannot be said: nothing happened, or the part of the report is left out."""
    before: int | float | Share | None = None
    is_estimate: bool = False
    """True for what rests on an assumption; shown with `~`."""

    @property
    def change(self) -> float | None:
        """How much more than before, as a share of before (points for shares); None where there is nothing before."""
        now, before = _plain(self.value), _plain(self.before)
        if now is None or before is None:
            return None
        if self.unit in (Unit.SHARE, Unit.COST_SHARE):
            return now - before
        return (now - before) / before if before else None


def _plain(value: float | Share | None) -> float | None:
    return value.rate if isinstance(value, Share) else value


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Durations of some records, ms; estimates from a histogram, right to 2.2 %."""

    records: int = 0
    """How many told their duration."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None

    @classmethod
    def of(cls, histogram: dict[int, int]) -> Quantiles:
        """Of how many there are in each bucket."""
        pairs = histogram.items()
        return cls(sum(histogram.values()), quantile(pairs, 0.5), quantile(pairs, 0.95), quantile(pairs, 0.99))


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What a report is narrowed to, and nothing has in its days."""

    column: str
    value: str
    near: tuple[str, ...]
    """A few names that there are: those that look alike, else the most used."""


@dataclass(frozen=True, slots=True)
class Head:
    """What every report about a team says of itself."""

    name: str
    """`adoption`, `output`, `cost`, `reliability`, `tools`, `people` or `coverage`."""
    since: date
    until: date
    before_since: date
    before_until: date
    """The period that headline figures are compared with."""
    timezone: str
    mode: CostMode
    generated_at: int
    """Instant, µs UTC."""
    last_at: int
    """When the newest of what the viewer may see happened, of all time, µs UTC; 0 where nothing ever came."""
    conditions: tuple[Condition, ...] = ()
    left_out: tuple[str, ...] = ()
    """Parts of the report that cannot be narrowed as asked, and why: `hooks: not told apart by model`."""
    missing: tuple[str, ...] = ()
    """Shards that could not be reached: all figures lack what they hold."""
    unmatched: tuple[Unmatched, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing ever came that the viewer may see: then say how to send something."""
        return not self.last_at
