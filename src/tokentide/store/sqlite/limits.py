"""Official limits in the ledger: accounts, readings, states of sessions, and the manners of polling."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from tokentide.clock import DAY_US
from tokentide.model.limits import Account, LimitReading, Money, Poll, SessionState
from tokentide.store.sqlite.connection import Part, transaction, translated

_READING = "account, window, at, source, seen_at, percent, resets_at, used_minor, ceiling_minor, currency, exponent"
_SAME = ("percent", "resets_at", "used_minor", "ceiling_minor", "currency", "exponent")
"""Columns that make an observation another one."""
_BLANK_POLL = "INSERT OR IGNORE INTO polls VALUES (?, 0, 0, '', 0, '')"
LONGEST_BOOKING_US = DAY_US
"""No pause is longer: a longer Retry-After is cut to it."""


class LimitStore(Part):
    """Reads and writes over one connection. Every method raises LedgerDamagedError, LedgerUnwritableError."""

    def take(
        self, accounts: Iterable[Account], readings: Iterable[LimitReading], states: Iterable[SessionState] = ()
    ) -> None:
        """Put observations in, all or nothing; taking the same ones again changes nothing."""
        with translated(self._path), transaction(self._connection):
            for account in accounts:
                self._connection.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)", account)
            take_readings(self._connection, readings)
            for state in states:
                self._connection.execute(
                    "INSERT OR REPLACE INTO session_states VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", state
                )

    def accounts(self) -> list[Account]:
        """Every account whose limits were ever seen, by name."""
        return [Account(*row) for row in self._ask("SELECT key, name, organization FROM accounts ORDER BY name, key")]

    def readings(self, since: int = 0, account: str | None = None) -> list[LimitReading]:
        """The readings last seen at an instant or later, in the order of time; of one account key, or of all."""
        where, values = ("", ()) if account is None else ("AND account = ?", (account,))
        statement = (
            f"SELECT {_READING} FROM limit_readings WHERE seen_at >= ? {where} ORDER BY at, account, window, source"
        )
        return [_reading_of(row) for row in self._ask(statement, since, *values)]

    def highest(self, account: str, window: str, since: int) -> float | None:
        """The highest percentage that anybody said of a window at an instant or later; None where nobody did."""
        statement = "SELECT MAX(percent) FROM limit_readings WHERE account = ? AND window = ? AND seen_at >= ?"
        highest: float | None = next(self._ask(statement, account, window, since))[0]
        return highest

    def session(self, session_id: str) -> SessionState | None:
        """The state of one session; None for one that no status line spoke of."""
        found = self._ask("SELECT * FROM session_states WHERE session_id = ?", session_id)
        return next((SessionState(*row) for row in found), None)

    def sessions(self, since: int) -> list[SessionState]:
        """The sessions that changed at an instant or later, newest first."""
        found = self._ask("SELECT * FROM session_states WHERE at >= ? ORDER BY at DESC, session_id", since)
        return [SessionState(*row) for row in found]

    def poll(self, subject: str) -> Poll:
        """How it stands with asking for something; a blank one where it never was."""
        found = self._ask("SELECT * FROM polls WHERE subject = ?", subject)
        return next((Poll(*row) for row in found), Poll(subject))

    def claim_poll(self, subject: str, now: int, until: int, *, longest: int = LONGEST_BOOKING_US) -> bool:
        """Book the next poll for the caller alone; False if it is too early, or another process has booked it.

        Until `until` nobody else may ask, whatever becomes of the caller. A booking more than `longest` ahead was made
        by a clock that was wrong, and binds nobody.
        """
        with translated(self._path), transaction(self._connection):
            self._connection.execute(_BLANK_POLL, (subject,))
            claim = "UPDATE polls SET next_at = ? WHERE subject = ? AND NOT (next_at > ? AND next_at <= ?)"
            return self._connection.execute(claim, (until, subject, now, now + longest)).rowcount == 1

    def finish_poll(self, poll: Poll) -> None:
        """Note how a poll ended."""
        with translated(self._path), transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO polls VALUES (?, ?, ?, ?, ?, ?)", poll)

    def note_fault(self, subject: str, fault: str) -> None:
        """Note why nothing is asked, or that nothing is wrong any more; what is booked stays."""
        with translated(self._path), transaction(self._connection):
            self._connection.execute(_BLANK_POLL, (subject,))
            self._connection.execute("UPDATE polls SET fault = ? WHERE subject = ?", (fault, subject))


def take_readings(connection: sqlite3.Connection, readings: Iterable[LimitReading]) -> None:
    """Put readings in, inside the caller's transaction.

    What a source said right before is not said twice: the row's `seen_at` moves on, unless another source has said
    something else meanwhile; then it is news that this one still says so.
    """
    before = (
        "SELECT at FROM limit_readings WHERE (account, window, source) = (?, ?, ?) AND at <= ? ORDER BY at DESC LIMIT 1"
    )
    same = " AND ".join(f"{column} IS ?" for column in _SAME)
    contradiction = (
        "SELECT 1 FROM limit_readings WHERE (account, window) = (?, ?) AND at > ? AND at <= ? "
        f"AND source <> ? AND NOT ({same}) LIMIT 1"
    )
    prolong = (
        "UPDATE limit_readings SET seen_at = MAX(seen_at, ?) "
        f"WHERE (account, window, at, source) = (?, ?, ?, ?) AND {same}"
    )
    insert = f"INSERT OR REPLACE INTO limit_readings ({_READING}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    for reading in readings:
        account, window, at, source, seen_at, *said = _row(reading)
        last = connection.execute(before, (account, window, source, at)).fetchone()
        if last is None or (
            connection.execute(contradiction, (account, window, last[0], at, source, *said)).fetchone()
            or not connection.execute(prolong, (seen_at, account, window, last[0], source, *said)).rowcount
        ):
            connection.execute(insert, (account, window, at, source, seen_at, *said))


def _row(reading: LimitReading) -> tuple[Any, ...]:
    """The columns of _READING."""
    money = reading.used or reading.ceiling
    return (
        reading.account,
        reading.window,
        reading.at,
        reading.source,
        reading.last_at,
        reading.percent,
        reading.resets_at,
        reading.used.minor if reading.used else None,
        reading.ceiling.minor if reading.ceiling else None,
        money.currency if money else "",
        money.exponent if money else 0,
    )


def _reading_of(row: tuple[Any, ...]) -> LimitReading:
    """A reading from the columns of _READING."""
    account, window, at, source, seen_at, percent, resets_at, used, ceiling, currency, exponent = row
    return LimitReading(
        account,
        window,
        source,
        at,
        percent,
        resets_at,
        None if used is None else Money(used, currency, exponent),
        None if ceiling is None else Money(ceiling, currency, exponent),
        seen_at,
    )
