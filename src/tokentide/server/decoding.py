"""What an entry of the log says, as rows of the team store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tokentide.clock import DAY_US
from tokentide.model.telemetry import Entrance, Sighting, TelemetryRecord
from tokentide.model.usage import UsageRecord
from tokentide.server.keeping import Keeping
from tokentide.server.log.entry import LogEntry
from tokentide.server.parties import Parties
from tokentide.server.pushed import pushed
from tokentide.server.writer import RefusedError, Rows
from tokentide.sources.otlp.faults import BadBodyError, TooLongError
from tokentide.sources.otlp.reading import Reader
from tokentide.sources.otlp.unpacking import unpacked

PUSH = "push"
Price = Callable[[UsageRecord], int | None]


class Decoder:
    """Reads entries one after the other; the writer's alone."""

    def __init__(self, reader: Reader, parties: Parties, price: Price, keeping: Keeping) -> None:
        self._reader, self._parties, self._price, self._keeping = reader, parties, price, keeping
        self._day, self._oldest = -1, ("", "")

    def __call__(self, entry: LogEntry) -> Rows:
        """The rows of an entry that are not too old to be kept. Raises RefusedError where it is nothing."""
        try:
            body = unpacked(entry.body, entry.encoding)
            rows = self._pushed(entry, body) if entry.kind == PUSH else self._told(entry, body)
        except (BadBodyError, TooLongError) as error:
            raise RefusedError(str(error)) from error
        return self._kept(rows, entry.received_at)

    def grown(self, records: Sequence[TelemetryRecord]) -> list[Sighting]:
        """What records of cumulative streams tell of usage, once their increase is known."""
        return self._reader.sightings_of_points(records)

    def _told(self, entry: LogEntry, body: bytes) -> Rows:
        entrance = Entrance(entry.tenant, entry.team)
        reading = self._reader.read(
            entry.kind, entry.content_type, body, received_at=entry.received_at, entrance=entrance
        )
        return Rows(reading.records, reading.sightings, reading.rejected)

    def _pushed(self, entry: LogEntry, body: bytes) -> Rows:
        entrance = Entrance(entry.tenant, entry.team)
        reading = pushed(body, entrance, self._parties, self._price, entry.received_at)
        return Rows([], reading.sightings, reading.rejected)

    def _kept(self, rows: Rows, received_at: int) -> Rows:
        if received_at // DAY_US != self._day:
            self._day, self._oldest = received_at // DAY_US, self._keeping.oldest(received_at)
        of_records, of_sightings = self._oldest
        before = len(rows)
        rows.records = [row for row in rows.records if row.day >= of_records]
        rows.sightings = [row for row in rows.sightings if row.day >= of_sightings]
        rows.rejected += before - len(rows)
        return rows
