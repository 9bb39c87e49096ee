"""The few figures of the ledger that a status line shows, without the rest: most of a short call is loading code."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Self

from tokentide.store.sqlite.connection import connect, translated
from tokentide.store.sqlite.format import RECORD_COST
from tokentide.store.sqlite.limits import LimitStore


class Glance:
    """One open ledger, as far as it matters here. Use it as a context manager; one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self.limits = LimitStore(connection, path)
        """Accounts, readings of their limits, states of sessions, and what is booked."""

    @classmethod
    def open(cls, path: str, *, busy_seconds: float) -> Glance:
        """Open or make the ledger, waiting so long for another process's write to end.

        Raises LedgerTooNewError, LedgerDamagedError, LedgerUnwritableError.
        """
        return cls(connect(path, busy_seconds), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def has_usage(self) -> bool:
        """False for a ledger that holds no response."""
        return self._number("SELECT EXISTS (SELECT 1 FROM records)") == 1

    def spent(self, start: int, end: int, cost_mode: str) -> int:
        """What the quarter hours from `start` to before `end` cost, nano-USD; one seek, however long the history is."""
        return self._number(
            f"SELECT COALESCE(SUM({cost_mode}_cost), 0) FROM rollup WHERE quarter >= ? AND quarter < ?", start, end
        )

    def spent_in_responses(self, start: int, end: int, cost_mode: str) -> int:
        """What the single responses from `start` up to `end` cost, nano-USD; for short stretches."""
        cost = f"COALESCE(SUM({RECORD_COST[cost_mode]}), 0)"
        return self._number(f"SELECT {cost} FROM records WHERE at >= ? AND at <= ?", start, end)

    def forecast(self, account: str, since: int) -> str:
        """The newest forecast of an account key, as JSON, if it was made at `since` or later; else empty."""
        with translated(self._path):
            found = self._connection.execute(
                "SELECT answer FROM latest_forecasts WHERE account = ? AND at >= ?", (account, since)
            ).fetchone()
        return found[0] if found else ""

    def _number(self, statement: str, *values: int) -> int:
        with translated(self._path):
            number: int = self._connection.execute(statement, values).fetchone()[0]
            return number
