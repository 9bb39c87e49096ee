"""What an engine does: rows in, statements asked, totals kept true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tokentide.model.telemetry import Row
from tokentide.store.team.dialect import Dialect, Value
from tokentide.store.team.tables import Cube, Table

Quarter = tuple[str, int]
"""A tenant and the start of a quarter hour, µs UTC."""
Answer = tuple[Value, ...]


class Engine(Protocol):
    """One store. `ask` may be called from any thread, everything else from the writer's alone.

    Every method raises StoreUnreachableError where the engine cannot be reached or refuses for now, and StoreError for
    what will not mend itself.
    """

    @property
    def name(self) -> str:
        """`duckdb` or `clickhouse`."""

    @property
    def dialect(self) -> Dialect:
        """How statements are written for it."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The shards that cannot be reached now: answers lack what they hold."""

    @property
    def waiting_bytes(self) -> int:
        """What lies here for shards that are away."""

    def prepare(self) -> None:
        """Make the tables that are not there."""

    def ask(self, statement: str, values: Sequence[Value] = ()) -> list[Answer]:
        """The rows of an answer."""

    def put(self, table: Table, rows: Sequence[Row], token: str) -> None:
        """Add rows; those whose id is there change nothing. The same rows always come with the same token."""

    def refresh(self, quarters: Iterable[Quarter]) -> None:
        """Reckon the totals of these quarter hours, and of their days, anew from the rows."""

    def carry(self, cube: Cube, tenant: str, quarters: Sequence[int], totals: Sequence[Answer]) -> None:
        """Put totals of another engine in the place of those of a tenant's quarter hours; reckon their days from them.

        For totals whose rows are gone; their columns are those of the cube's rollup by quarter hour. Doing it again
        changes nothing.
        """

    def settle(self, now: int) -> None:
        """Deliver what waits for shards that are back, and refresh what others may have changed meanwhile.

        Called every few moments; `now` is µs UTC.
        """

    def forget(self, tenant: str, table: Table, before: str) -> None:
        """Delete a tenant's rows of days before this one (2026-11-22)."""

    def close(self) -> None:
        """Let go of everything."""
