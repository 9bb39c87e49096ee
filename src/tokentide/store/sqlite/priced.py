"""Single responses with what they cost at list price, and how they were made: for comparing and what-if."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from tokentide.clock import DAY_US
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.query import Filters
from tokentide.store.sqlite.compiler import priced_statement
from tokentide.store.sqlite.connection import translated
from tokentide.store.sqlite.rows import PLACE_COLUMNS, place_of

Row = tuple[Any, ...]
"""A row as the engine gives it."""
Priced = tuple[UsageRecord, int | None]
"""A response without its request id, aliases and reported cost, and its list cost in nano-USD; None without a price."""


class PricedStore:
    """Reads over one connection. Every method raises LedgerDamagedError."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def records(self, filters: Filters, start: int, end: int) -> list[Priced]:
        """Every response from `start` to before `end`, in the order of time; its place is the ledger's own number."""
        rows = self._ask(*priced_statement(filters, start, end))
        return [(UsageRecord(row[0], "", *row[2:]), row[1]) for row in rows]

    def places(self) -> dict[int, Place]:
        """All places, by the ledger's own number."""
        return {row[0]: place_of(row[1:]) for row in self._ask(f"SELECT id, {PLACE_COLUMNS} FROM places")}

    def entry_points(self, start: int, end: int) -> dict[str, str]:
        """How the client was started, by a response's identity; only those of which it is known."""
        statement = (
            "SELECT t.identity, t.entry_point FROM records r JOIN traits t ON t.identity = r.identity "
            "WHERE r.at >= ? AND r.at < ? AND t.entry_point <> ''"
        )
        return dict(self._ask(statement, [start, end]))

    def tools(self, start: int, end: int) -> dict[str, tuple[str, ...]]:
        """Names of the tools that a response called, by its identity; none for one that called nothing.

        A call has an instant of its own, near that of its response: also those of the days around are there.
        """
        statement = "SELECT called_by, tool FROM tool_runs WHERE at >= ? AND at < ?"
        found: dict[str, tuple[str, ...]] = {}
        for identity, tool in self._ask(statement, [start - DAY_US, end + DAY_US]):
            found[identity] = (*found[identity], tool) if identity in found else (tool,)
        return found

    def _ask(self, statement: str, values: list[str | int] | tuple[()] = ()) -> Iterator[Row]:
        with translated(self._path):
            yield from self._connection.execute(statement, values)
