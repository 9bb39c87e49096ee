"""Makes increases of the readings of cumulative streams: what the store holds of a stream is its memory.

So it does not matter which receiver a reading came to, how often, or whether the writer was killed meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from tokentide.model.telemetry import TelemetryRecord
from tokentide.store.team.store import TeamStore

MEMORY_DAYS = 31
"""A stream that did not grow for so long is taken for a new one; clients live shorter."""
MOST_SERIES = 5_000
"""So many are asked for at once."""


def with_increases(store: TeamStore, records: Sequence[TelemetryRecord]) -> list[TelemetryRecord]:
    """The records, those of cumulative streams with their increase; readings that grew by nothing are left out.

    Raises StoreError.
    """
    streams: defaultdict[str, list[TelemetryRecord]] = defaultdict(list)
    for record in records:
        if record.series:
            streams[record.tenant].append(record)
    for tenant, readings in streams.items():
        _grow(store, tenant, readings)
    return [record for record in records if not record.series or record.amount > 0]


def _grow(store: TeamStore, tenant: str, readings: list[TelemetryRecord]) -> None:
    """Write increases into the readings of a tenant."""
    readings.sort(key=lambda record: (record.happened_at, record.reading))
    known = _known(store, tenant, readings)
    for record in readings:
        record.amount = max(record.reading - known.get(record.series, 0), 0)
        known[record.series] = max(record.reading, known.get(record.series, 0))


def _known(store: TeamStore, tenant: str, readings: Sequence[TelemetryRecord]) -> dict[str, int]:
    since = (date.fromisoformat(min(record.day for record in readings)) - timedelta(days=MEMORY_DAYS)).isoformat()
    series = sorted({record.series for record in readings})
    known: dict[str, int] = {}
    for start in range(0, len(series), MOST_SERIES):
        known |= store.last_readings(tenant, series[start : start + MOST_SERIES], since)
    return known
