"""What engines say differently. Statements are put together from constants of ours; values are bound to `?`."""

from __future__ import annotations

from typing import Protocol

Value = str | int
Statement = tuple[str, list[Value]]
"""A statement and the values bound to it."""


class Dialect(Protocol):
    """How an engine writes what engines write differently; columns are given and taken as SQL."""

    def first(self, column: str, order: str) -> str:
        """Aggregate: the text that is not empty, of the row where `order`, then `id` is least; empty if all are."""

    def distinct(self, column: str) -> str:
        """Aggregate: how many different values, exactly."""

    def bits(self, number: str) -> str:
        """Aggregate: a whole number with a bit set for each of these numbers, of 0 to 61."""

    def whole(self, dividend: str, divisor: str) -> str:
        """The whole quotient of two integers that are not negative."""

    def unique(self, table: str, condition: str) -> str:
        """A table in a FROM clause: the rows of which the condition holds, each id once."""

    def rows(self, table: str) -> str:
        """A table of rows, or of totals as it is written to: what this engine, or this shard, holds itself."""

    def everywhere(self, table: str) -> str:
        """The same as it is asked: what all shards hold."""

    def current(self, table: str, condition: str) -> str:
        """A condition that leaves of a table of totals what was reckoned last; empty where it holds nothing else.

        `condition` is one on one tenant and the time alone; it stands in the answer, its values are bound again.
        """
