"""Values that a report is narrowed to and nothing has: most often a name that was typed otherwise."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.figures import Unmatched
from tokentide.store.query import Period
from tokentide.store.team.query import Condition, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, USAGE

MOST_NEAR = 3
MOST_NAMES = 5_000
"""So many names are compared, the most used ones."""


def unmatched(store: TeamStore, ask: TeamAsk, periods: Sequence[Period]) -> Iterator[Unmatched]:
    """What nothing has in these periods that the viewer may see, with the names that are near. Raises StoreError."""
    for condition in ask.conditions:
        if condition.is_not:
            continue
        there = set(_names(store, ask, condition.column, periods, (condition,)))
        unknown = [str(value) for value in condition.values if str(value) not in there]
        names = _names(store, ask, condition.column, periods) if unknown else []
        for value in unknown:
            near = difflib.get_close_matches(value, names, n=MOST_NEAR) or names[:MOST_NEAR]
            yield Unmatched(condition.column, value, tuple(near))


def _names(
    store: TeamStore, ask: TeamAsk, column: str, periods: Sequence[Period], conditions: tuple[Condition, ...] = ()
) -> list[str]:
    """The values of a column, the most used first; what is not told is none."""
    counts: dict[str, int] = {}
    for cube in (USAGE, TALLY):
        if column in cube.quarter.dimensions:
            query = TeamQuery(cube, (cube.day.measures[0],), (column,), tuple(periods), conditions, MOST_NAMES)
            for group in store.totals(ask.scope, query).groups:
                counts[group.keys[0]] = counts.get(group.keys[0], 0) + group.values[0]
    return sorted((name for name in counts if name or conditions), key=lambda name: (-counts[name], name))
