"""What two questions tell differently; the store compares, since there may be millions of sessions."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.store.team.compiler import compiled
from tokentide.store.team.dialect import Dialect, Statement
from tokentide.store.team.query import Scope, TeamQuery


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two questions with the same dimensions, held against one another by their first measure."""

    one: TeamQuery
    """Of two measures; groups without the first are passed over."""
    other: TeamQuery
    """Of one measure."""
    scale: int
    """So many of the one's are one of the other's."""
    per_cent: int
    """Groups that differ by more than this share of the larger amount do not agree."""
    most: int


@dataclass(frozen=True, slots=True)
class Differing:
    """A group that they do not agree about."""

    keys: tuple[str, ...]
    one: int
    other: int
    """In the one's unit."""
    second: int
    """The one's second measure."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How far two questions agree."""

    groups: int
    """Those of which both tell."""
    differing: int
    largest: tuple[Differing, ...]
    """The largest differences first."""


def counted(dialect: Dialect, asked: Comparison, scope: Scope) -> Statement:
    """How many groups both tell of, and how many of these differ. Raises UsageError for a name a cube has not."""
    both, values = _both(dialect, asked, scope)
    return f"SELECT count(*), sum(CASE WHEN {_differs(asked)} THEN 1 ELSE 0 END) FROM {both}", values


def largest(dialect: Dialect, asked: Comparison, scope: Scope) -> Statement:
    """The keys, both amounts and the second measure of those that differ most."""
    both, values = _both(dialect, asked, scope)
    keys = ", ".join(_keys(asked))
    return (
        f"SELECT {keys}, one, other, second FROM {both} WHERE {_differs(asked)} "
        f"ORDER BY abs(other - one) DESC, {keys} LIMIT {int(asked.most)}"
    ), values


def _differs(asked: Comparison) -> str:
    return f"abs(other - one) * 100 > greatest(one, other) * {int(asked.per_cent)}"


def _keys(asked: Comparison) -> list[str]:
    return [f"k{number}" for number in range(len(asked.one.dimensions))]


def _both(dialect: Dialect, asked: Comparison, scope: Scope) -> Statement:
    """What both tell of, as a table of the keys, `one`, `other` and `second`."""
    first, values = compiled(dialect, asked.one, scope)
    second, more = compiled(dialect, asked.other, scope)
    keys = ", ".join(_keys(asked))
    return (
        f"(SELECT {keys}, sum(a) AS one, sum(b) AS other, sum(c) AS second FROM ("
        f"SELECT {keys}, m0 AS a, 0 AS b, m1 AS c, 0 AS told FROM ({first}) f UNION ALL "
        f"SELECT {keys}, 0 AS a, m0 * {int(asked.scale)} AS b, 0 AS c, 1 AS told FROM ({second}) s"
        f") u GROUP BY {keys} HAVING sum(a) <> 0 AND sum(told) > 0) t"
    ), [*values, *more]
