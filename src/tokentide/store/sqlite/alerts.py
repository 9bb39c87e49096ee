"""Alerts in the ledger: each raised once over all processes, sent by one of them, with what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import DUE, HELD, Alert, Claim, Snooze
from tokentide.store.sqlite.connection import Part, transaction, translated

_ALERT = "key, rule, account, window, at, severity, title, body, facts, deliveries, state, cleared_at"
_CLAIM = "subject, instance, level"
LEASE_US = 10 * MINUTE_US
"""So long whoever raised an alert has it for itself to send; then another may, should that one have died."""
_FORGOTTEN_US = 12 * HOUR_US
"""What was not sent by then is not sent any more."""
LONGEST_SNOOZE_US = 366 * DAY_US
"""A snooze that ends later was made by a clock that was wrong."""


class AlertStore(Part):
    """Reads and writes over one connection. Every method raises LedgerDamagedError, LedgerUnwritableError."""

    def recent(self, since: int) -> list[Alert]:
        """The alerts raised at an instant or later, newest first; also those held back."""
        return [_alert_of(row) for row in self._ask(f"SELECT {_ALERT} FROM alerts WHERE at >= ? {_NEWEST}", since)]

    def raised(self, since: int) -> list[tuple[Claim, Alert]]:
        """The same with what each claimed, oldest first."""
        statement = f"SELECT {_CLAIM}, {_ALERT} FROM alerts WHERE at >= ? ORDER BY at, key"
        return [(Claim(*row[:3]), _alert_of(row[3:])) for row in self._ask(statement, since)]

    def claim(self, claims: Sequence[tuple[Claim, Alert]], now: int) -> list[Alert]:
        """Raise what nobody has raised before: the alerts that are the caller's alone, in the order given.

        An alert is not raised where one of the same turn and the same or a higher level was.
        """
        insert = (
            f"INSERT OR IGNORE INTO alerts ({_CLAIM}, {_ALERT}, leased_until) "
            "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', ?, 0, ? WHERE NOT EXISTS "
            "(SELECT 1 FROM alerts WHERE subject = ? AND ABS(instance - ?) <= ? AND level >= ?)"
        )
        won = []
        with translated(self._path), transaction(self._connection):
            for claim, alert in claims:
                said = (alert.severity, alert.title, alert.body, json.dumps(dict(alert.facts)))
                about = (alert.key, alert.rule, alert.account, alert.window, alert.at, *said, alert.state)
                guard = (claim.subject, claim.instance, claim.tolerance_us, claim.level)
                values = (*claim[:3], *about, now + LEASE_US, *guard)
                if self._connection.execute(insert, values).rowcount == 1:
                    won.append(alert)
        return won

    def release(self, alerts: Iterable[Alert], now: int) -> list[Alert]:
        """Make held alerts due, with what is so now; those that no other process has released."""
        update = (
            "UPDATE alerts SET state = ?, at = ?, severity = ?, title = ?, body = ?, facts = ?, leased_until = ? "
            "WHERE key = ? AND state = ?"
        )
        won = []
        with translated(self._path), transaction(self._connection):
            for alert in alerts:
                said = (alert.severity, alert.title, alert.body, json.dumps(dict(alert.facts)))
                values = (DUE, alert.at, *said, now + LEASE_US, alert.key, HELD)
                if self._connection.execute(update, values).rowcount == 1:
                    won.append(alert)
        return won

    def settle(self, cleared: Iterable[str], returned: Iterable[str], now: int) -> None:
        """Note by key what is no longer so, and what is so again."""
        with translated(self._path), transaction(self._connection):
            for key in cleared:
                self._connection.execute("UPDATE alerts SET cleared_at = ? WHERE key = ?", (now, key))
            for key in returned:
                self._connection.execute("UPDATE alerts SET cleared_at = 0 WHERE key = ?", (key,))

    def take_orphans(self, now: int) -> list[Alert]:
        """Alerts that are due and whose process has not sent them in its time; they are the caller's alone now."""
        waiting = "state = ? AND cleared_at = 0 AND at BETWEEN ? AND ? AND NOT (leased_until > ? AND leased_until <= ?)"
        values = (DUE, now - _FORGOTTEN_US, now, now, now + LEASE_US)
        found = [_alert_of(row) for row in self._ask(f"SELECT {_ALERT} FROM alerts WHERE {waiting} {_NEWEST}", *values)]
        if not found:
            return []
        won = []
        with translated(self._path), transaction(self._connection):
            for alert in found:
                lease = f"UPDATE alerts SET leased_until = ? WHERE key = ? AND {waiting}"
                if self._connection.execute(lease, (now + LEASE_US, alert.key, *values)).rowcount == 1:
                    won.append(alert)
        return won

    def note_sent(self, alerts: Iterable[Alert]) -> None:
        """Note what came of sending, and whether they are still to be told."""
        with translated(self._path), transaction(self._connection):
            for alert in alerts:
                values = (alert.state, json.dumps(dict(alert.deliveries)), alert.key)
                self._connection.execute("UPDATE alerts SET state = ?, deliveries = ? WHERE key = ?", values)

    def hold(self, keys: Iterable[str]) -> None:
        """Keep alerts that were due until it is not quiet any more."""
        with translated(self._path), transaction(self._connection):
            for key in keys:
                self._connection.execute("UPDATE alerts SET state = ? WHERE key = ?", (HELD, key))

    def snoozes(self, now: int) -> list[Snooze]:
        """The snoozes that hold at an instant, by rule."""
        statement = "SELECT rule, until, set_at FROM snoozes WHERE until > ? AND until <= ? ORDER BY rule"
        return [Snooze(*row) for row in self._ask(statement, now, now + LONGEST_SNOOZE_US)]

    def snooze(self, snooze: Snooze) -> None:
        """Silence a rule, or all, until an instant; an earlier word on it is forgotten."""
        with translated(self._path), transaction(self._connection):
            self._connection.execute(
                "INSERT OR REPLACE INTO snoozes VALUES (?, ?, ?)", (snooze.rule, snooze.until, snooze.set_at)
            )

    def wake(self, rule: str) -> int:
        """End the snooze of a rule, or every snooze for ''; how many ended."""
        with translated(self._path), transaction(self._connection):
            return self._connection.execute("DELETE FROM snoozes WHERE ? IN ('', rule)", (rule,)).rowcount


_NEWEST = "ORDER BY at DESC, key"


def _alert_of(row: tuple[Any, ...]) -> Alert:
    """An alert from the columns of _ALERT."""
    key, rule, account, window, at, severity, title, body, facts, deliveries, state, cleared_at = row
    said = (severity, title, body, _object(facts), _object(deliveries))
    return Alert(key, rule, account, window, at, *said, state, cleared_at)


def _object(text: str) -> dict[str, Any]:
    """A JSON object; empty for one that is damaged."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
