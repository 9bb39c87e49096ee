"""How long rows are kept. Totals stay: their quarter hours are never reckoned anew from rows that are gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tokentide.clock import DAY_US
from tokentide.store.team.rollups import days_of
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import SIGHTINGS, TELEMETRY

RECORD_DAYS, SIGHTING_DAYS = 180, 800
SLACK_DAYS = 10
"""Rows are deleted so much later than they are refused, so that what touches the oldest days still finds its rows."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Ages in days."""

    record_days: int = RECORD_DAYS
    """Telemetry records."""
    sighting_days: int = SIGHTING_DAYS
    """Sightings of responses."""

    def oldest(self, now: int) -> tuple[str, str]:
        """The first days (2026-11-22) of which records and sightings are still taken. `now` is µs UTC."""
        return _back(now, self.record_days), _back(now, self.sighting_days)

    def forget(self, store: TeamStore, now: int) -> None:
        """Delete what is older, of every tenant. Raises StoreError."""
        for table, days in ((TELEMETRY, self.record_days), (SIGHTINGS, self.sighting_days)):
            before = _back(now, days + SLACK_DAYS)
            everywhere = store.engine.dialect.everywhere(table.name)
            old = store.engine.ask(f"SELECT DISTINCT tenant FROM {everywhere} WHERE day < ?", [before])
            for row in old:
                store.engine.forget(str(row[0]), table, before)


def _back(now: int, days: int) -> str:
    return (date.fromisoformat(days_of([now // DAY_US * DAY_US])[0]) - timedelta(days=days)).isoformat()
