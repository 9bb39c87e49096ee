"""Where a report is put together: asks the store for its viewer and its days, and keeps what could not be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tokentide.analytics.team.asking import Span, TeamAsk
from tokentide.analytics.team.figures import Figure, Head, Share, Unit
from tokentide.analytics.team.unmatched import unmatched
from tokentide.store.query import Period, Sums
from tokentide.store.team.query import PERIOD, Condition, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import COUNTERS, TALLY, USAGE, Cube

NAMED = Condition("user_id", ("",), is_not=True)
"""Distinct people: what bears no name is nobody."""
IN_SESSION = Condition("session_id", ("",), is_not=True)
BEFORE, NOW = "before", "now"
_TELLS_MODEL = (
    "api_request",
    "api_error",
    "api_refusal",
    "api_retries_exhausted",
    "assistant_response",
    "lines_of_code.count",
    "cost.usage",
    "token.usage",
)
"""The telemetry that names a model; a report narrowed to one leaves all other telemetry out."""

Keys = tuple[str, ...]
Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Measures of the report's period and of the one before; empty where they cannot be narrowed as asked."""

    now: Values
    before: Values

    def figure(self, name: str, unit: Unit, of: Callable[[Values], int | float | Share | None]) -> Figure:
        """A headline figure reckoned from the measures."""
        return Figure(name, unit, of(self.now) if self.now else None, of(self.before) if self.before else None)

    def count(self, name: str, place: int = 0, unit: Unit = Unit.COUNT) -> Figure:
        """A measure as it is."""
        return self.figure(name, unit, lambda values: values[place])


class Desk:
    """One report in the making."""

    def __init__(self, name: str, store: TeamStore, ask: TeamAsk, now: int) -> None:
        """`name` is the report's, `now` is µs UTC. Raises UsageError where the ask makes no sense."""
        ask.check(name)
        self.name, self.store, self.ask, self.now = name, store, ask, now
        self.span: Span = ask.span(now)
        self.calendar = ask.calendar
        self.days: tuple[Period, ...] = self.span.each_day(ask.calendar)
        """A period for each day."""
        self.whole: Period = self.span.period(ask.calendar, NOW)
        self.previous: Period = self.span.before.period(ask.calendar, BEFORE)
        self._left_out: dict[str, None] = {}
        self._missing: dict[str, None] = {}

    def head(self) -> Head:
        """What the report says of itself; made last, as it tells what was left out."""
        span = self.span
        return Head(
            self.name,
            span.since,
            span.until,
            span.before.since,
            span.before.until,
            self.calendar.name,
            self.ask.mode,
            self.now,
            self._last_at(),
            self.ask.conditions,
            tuple(self._left_out),
            tuple(self._missing),
            tuple(unmatched(self.store, self.ask, (self.previous, self.whole))),
        )

    @property
    def cost(self) -> tuple[str, str]:
        """The measures of USAGE for the cost in the mode asked for, and for what has none."""
        return f"{self.ask.mode.value}_cost", f"{self.ask.mode.value}_unpriced"

    @property
    def spending(self) -> tuple[str, ...]:
        """The measures of USAGE that `sums_of` reads."""
        return ("responses", *COUNTERS, *self.cost, "lower_bound_responses")

    def asks_for(self, cube: Cube, where: Iterable[Condition] = ()) -> str:
        """Why a cube cannot be narrowed as asked, by one column; empty where it can."""
        known = cube.quarter.dimensions
        unknown = next((each.column for each in self.ask.conditions if each.column not in known), "")
        if unknown or cube is not TALLY or not any(each.column == "model" for each in self.ask.conditions):
            return unknown
        names = {str(value) for each in where if each.column == "name" for value in each.values}
        return "" if names and names <= set(_TELLS_MODEL) else "model"

    def groups(
        self,
        part: str,
        cube: Cube,
        measures: Sequence[str],
        dimensions: Sequence[str] = (),
        where: Sequence[Condition] = (),
        periods: Sequence[Period] | None = None,
    ) -> dict[Keys, Values]:
        """The totals by dimensions over the report's period, or these.

        Empty where the cube cannot be narrowed as asked: then `part` is named among what is left out.
        """
        unknown = self.asks_for(cube, where)
        if unknown:
            self._left_out[f"{part}: not told apart by {unknown}"] = None
            return {}
        answer = self.store.totals(
            self.ask.scope,
            TeamQuery(
                cube,
                tuple(measures),
                tuple(dimensions),
                (self.whole,) if periods is None else tuple(periods),
                (*self.ask.conditions, *where),
            ),
        )
        self._missing.update(dict.fromkeys(answer.missing))
        return {group.keys: group.values for group in answer.groups}

    def pair(self, part: str, cube: Cube, measures: Sequence[str], where: Sequence[Condition] = ()) -> Pair:
        """Measures of the report's period and of the one before; all 0 where nothing happened."""
        if self.asks_for(cube, where):
            self.groups(part, cube, measures, (), where)
            return Pair((), ())
        told = self.groups(part, cube, measures, (PERIOD,), where, (self.previous, self.whole))
        nothing = (0,) * len(measures)
        return Pair(told.get((NOW,), nothing), told.get((BEFORE,), nothing))

    def _last_at(self) -> int:
        """When the newest of all that the viewer may see happened, whatever the report is narrowed to."""
        queries = (TeamQuery(cube, ("last_at",)) for cube in (USAGE, TALLY))
        return max(self.store.totals(self.ask.scope, query).value() for query in queries)


def sums_of(values: Sequence[int]) -> Sums:
    """Totals from the measures of `Desk.spending`; they bear no instants."""
    return Sums(*values)


def named(*names: str) -> Condition:
    """Telemetry records of these names."""
    return Condition("name", names)


def summed(groups: Iterable[Values], width: int) -> Values:
    """Measures added up; the zeros where there are none."""
    total = [0] * width
    for values in groups:
        for place, value in enumerate(values):
            total[place] += value
    return tuple(total)


def folded(groups: dict[Keys, Values], key: Callable[[Keys], Keys]) -> dict[Keys, Values]:
    """Groups brought together by a coarser key, their measures added up."""
    together: dict[Keys, Values] = {}
    for keys, values in groups.items():
        coarse = key(keys)
        known = together.get(coarse)
        together[coarse] = tuple(map(sum, zip(known, values, strict=True))) if known else values
    return together
