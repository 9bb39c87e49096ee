"""What can be asked of the team store: totals of a cube by dimensions, over periods, on conditions, for a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tokentide.store.query import Period
from tokentide.store.team.dialect import Value
from tokentide.store.team.tables import Cube

PERIOD = "period"
"""The dimension of the query's periods."""
USERS, SESSIONS = "users", "sessions"
"""Measures that count different values of a dimension."""
PERIODS = "periods"
"""The measure that tells in which of the query's periods: a bit each, the lowest is the first. See MOST_BITS."""
MOST_BITS = 62
"""So many periods may be asked for by PERIODS."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a viewer may see; nothing is asked without one."""

    tenant: str
    teams: tuple[str, ...] | None = None
    """Only these teams; None for all."""
    users: tuple[str, ...] | None = None
    """Only these users; None for all."""

    def conditions(self) -> tuple[Condition, ...]:
        """Beside the tenant."""
        pairs = (("team", self.teams), ("user_id", self.users))
        return tuple(Condition(column, values) for column, values in pairs if values is not None)


@dataclass(frozen=True, slots=True)
class Condition:
    """A dimension has one of these values; with `is_not`, none of them. Without values nothing fulfils it."""

    column: str
    values: tuple[Value, ...]
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class TeamQuery:
    """Totals of a cube."""

    cube: Cube
    measures: tuple[str, ...]
    """Measures of the cube, USERS, SESSIONS and PERIODS."""
    dimensions: tuple[str, ...] = ()
    """Dimensions of the cube, and PERIOD."""
    periods: tuple[Period, ...] = ()
    """Ascending and apart; none for all time."""
    conditions: tuple[Condition, ...] = ()
    most: int = 0
    """So many groups, the largest by the first measure; 0 for all."""


class TeamGroup(NamedTuple):
    """One group of an answer."""

    keys: tuple[str, ...]
    """One value a dimension, in the query's order."""
    values: tuple[int, ...]
    """One value a measure, in the query's order."""


@dataclass(frozen=True, slots=True)
class TeamAnswer:
    """The groups, in no order; without dimensions exactly one."""

    groups: tuple[TeamGroup, ...]
    missing: tuple[str, ...] = ()
    """Shards that could not be reached: the totals lack what they hold."""

    @property
    def is_whole(self) -> bool:
        """False where something could not be reached."""
        return not self.missing

    def value(self, measure: int = 0) -> int:
        """A measure of an answer without dimensions."""
        return self.groups[0].values[measure] if self.groups else 0


def columns_of(cube: Cube) -> Sequence[str]:
    """What can be asked of a cube and given in conditions."""
    return cube.quarter.dimensions
