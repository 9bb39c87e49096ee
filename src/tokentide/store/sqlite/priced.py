"""Single responses with what they cost at list price, and how they were made: for comparing and what-if."""

from __future__ import annotations

from tokentide.clock import DAY_US
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.query import Filters
from tokentide.store.sqlite.compiler import priced_statement
from tokentide.store.sqlite.connection import Part
from tokentide.store.sqlite.rows import PLACE_COLUMNS, place_of

Priced = tuple[UsageRecord, int | None]
"""A response without its request id, aliases and reported cost, and its list cost in nano-USD; None without a price."""


class PricedStore(Part):
    """Every method raises LedgerDamagedError."""

    def records(self, filters: Filters, start: int, end: int) -> list[Priced]:
        """Every response from `start` to before `end`, in the order of time; its place is the ledger's own number."""
        statement, values = priced_statement(filters, start, end)
        return [(UsageRecord(row[0], "", *row[2:]), row[1]) for row in self._ask(statement, *values)]

    def places(self) -> dict[int, Place]:
        """All places, by the ledger's own number."""
        return {row[0]: place_of(row[1:]) for row in self._ask(f"SELECT id, {PLACE_COLUMNS} FROM places")}

    def entry_points(self, start: int, end: int) -> dict[str, str]:
        """How the client was started, by a response's identity; only those of which it is known."""
        statement = (
            "SELECT t.identity, t.entry_point FROM records r JOIN traits t ON t.identity = r.identity "
            "WHERE r.at >= ? AND r.at < ? AND t.entry_point <> ''"
        )
        return dict(self._ask(statement, start, end))

    def tools(self, start: int, end: int) -> dict[str, tuple[str, ...]]:
        """Names of the tools that a response called, by its identity; none for one that called nothing.

        A call has an instant of its own, near that of its response: also those of the days around are there.
        """
        statement = "SELECT called_by, tool FROM tool_runs WHERE at >= ? AND at < ?"
        found: dict[str, tuple[str, ...]] = {}
        for identity, tool in self._ask(statement, start - DAY_US, end + DAY_US):
            found[identity] = (*found[identity], tool) if identity in found else (tool,)
        return found
