"""What forecasts are made of, and the forecasts that were issued."""

from __future__ import annotations

from collections.abc import Iterable

from tokentide.clock import MINUTE_US
from tokentide.store.sqlite.connection import Part, transaction, translated

ISSUED_EVERY_US = 15 * MINUTE_US
"""A forecast is kept for scoring no oftener than this, however often it is made."""

Issued = tuple[
    str, str, int, int | None, float | None, float | None, int | None, int | None, int | None, float | None,
    float | None, float | None, str,
]  # fmt: skip
"""The columns of `forecasts`."""


class ForecastStore(Part):
    """Reads and writes over one connection. Every method raises LedgerDamagedError, LedgerUnwritableError."""

    def spent_by_quarter(self, account: str, since: int, until: int) -> list[tuple[int, int]]:
        """What the records of an account's name cost at list price: start of a quarter hour, nano-USD, in order.

        Both ends are whole quarter hours, the end is outside; quarter hours without use are left out.
        """
        statement = (
            "SELECT r.quarter, SUM(r.calculate_cost) FROM rollup r JOIN places s ON s.id = r.place "
            "WHERE r.quarter >= ? AND r.quarter < ? AND s.account = ? GROUP BY r.quarter ORDER BY r.quarter"
        )
        return list(self._ask(statement, since, until, account))

    def spent_by_response(self, account: str, since: int, until: int) -> list[tuple[int, int]]:
        """The same, response by response: instant, nano-USD; the end is inside."""
        statement = (
            "SELECT r.at, COALESCE(r.list_cost, 0) FROM records r JOIN places s ON s.id = r.place "
            "WHERE r.at >= ? AND r.at <= ? AND s.account = ? ORDER BY r.at, r.id"
        )
        return list(self._ask(statement, since, until, account))

    def first_use(self, account: str) -> int | None:
        """The first quarter hour that the account's name has records in; None without any."""
        statement = "SELECT MIN(r.quarter) FROM rollup r JOIN places s ON s.id = r.place WHERE s.account = ?"
        return next((row[0] for row in self._ask(statement, account)), None)

    def first_reading(self, account: str) -> int | None:
        """When a window of the account's key was first read; None if none was."""
        return next(
            (row[0] for row in self._ask("SELECT MIN(at) FROM limit_readings WHERE account = ?", account)), None
        )

    def latest(self, account: str) -> tuple[int, str, str] | None:
        """The forecast made last: when, about which windows, and what it said; None if none was."""
        statement = "SELECT at, question, answer FROM latest_forecasts WHERE account = ?"
        return next(((row[0], row[1], row[2]) for row in self._ask(statement, account)), None)

    def keep(self, account: str, at: int, question: str, answer: str, issued: Iterable[Issued]) -> None:
        """Keep a forecast as the latest; its windows also for scoring, if the last ones kept are old enough."""
        with translated(self._path), transaction(self._connection):
            self._connection.execute(
                "INSERT OR REPLACE INTO latest_forecasts VALUES (?, ?, ?, ?)", (account, at, question, answer)
            )
            recent = "SELECT 1 FROM forecasts WHERE account = ? AND at > ? AND at <= ? LIMIT 1"
            if self._connection.execute(recent, (account, at - ISSUED_EVERY_US, at)).fetchone() is None:
                marks = ", ".join("?" * 13)
                self._connection.executemany(f"INSERT OR REPLACE INTO forecasts VALUES ({marks})", issued)

    def issued(self, account: str, since: int) -> list[Issued]:
        """The forecasts kept for scoring since an instant, in the order of time."""
        statement = "SELECT * FROM forecasts WHERE account = ? AND at >= ? ORDER BY at, window"
        return list(self._ask(statement, account, since))
