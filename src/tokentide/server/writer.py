"""Takes what the log holds into the store: decode, price, put, then let the log forget it; totals follow behind.

Everything here may be done twice: rows have ids, so a crash between two steps costs time and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.server.chores import Chores
from tokentide.server.cumulative import with_increases
from tokentide.server.log.entry import LogEntry
from tokentide.server.log.errors import LogError
from tokentide.server.log.reader import LogReader
from tokentide.store.team.engine import Quarter
from tokentide.store.team.pending import PendingQuarters
from tokentide.store.team.store import TeamStore

MOST_BYTES = 8 << 20
MOST_ENTRIES = 4_000
MOST_ROWS = 20_000
"""So many rows are held in memory before they are put, or those of one body; no more are put at once."""
MOST_TEXT = 32 << 20
"""Likewise so many characters of their attributes: entries of a few KiB may hold MiB once they are unpacked."""
PAUSE_SECONDS = 0.5
"""How often the log is looked at while little comes."""
LONGEST_PAUSE_SECONDS = 30.0
SHARE = 20
"""Refreshing takes at most a twentieth of the time."""
LONGEST_STALE_SECONDS = 30.0
"""No total is older for want of time."""


@dataclass(slots=True)
class Rows:
    """What entries of the log say, as rows."""

    records: list[TelemetryRecord] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    rejected: int = 0
    """Records that could not be read; they were told to their sender."""
    text: int = 0
    """Characters of the attributes of all that was added."""

    def add(self, other: Rows) -> None:
        """Take more of them."""
        self.records += other.records
        self.sightings += other.sightings
        self.rejected += other.rejected
        self.text += sum(len(record.attributes) for record in other.records)

    @property
    def are_many(self) -> bool:
        """Whether they are to be put before more are read."""
        return len(self) >= MOST_ROWS or self.text >= MOST_TEXT

    def __len__(self) -> int:
        return len(self.records) + len(self.sightings)


class Decode(Protocol):
    """Reads an entry of the log. Raises RefusedError where nothing can be made of it, today or ever."""

    def __call__(self, entry: LogEntry) -> Rows:
        """Its rows, those of cumulative streams without their increase."""

    def grown(self, records: Sequence[TelemetryRecord]) -> list[Sighting]:
        """What records of cumulative streams tell of usage, once their increase is known."""


class RefusedError(StoreError):
    """An entry that cannot be taken; it is set aside."""


@dataclass(slots=True)
class Progress:
    """What the writer has done since it began; read by others while it works."""

    taken_records: int = 0
    refused_records: int = 0
    refused_entries: int = 0
    last_received_at: int = 0
    """When what was taken last had been received, µs UTC."""
    last_taken_at: int = 0
    fault: str = ""
    """Why the store takes nothing now; empty where it does."""
    stuck: str = ""
    """Which totals could not be reckoned last, and why; empty while all could."""
    version: int = 0
    """Another number when answers may be others."""


class Writer:
    """One thread's work; `step` does as much as is worth one statement, `run` goes on until it is told to end."""

    def __init__(
        self, logs: Sequence[LogReader], store: TeamStore, decode: Decode, dirty: PendingQuarters, chores: Chores
    ) -> None:
        self.progress = Progress()
        self._chores = chores
        self._logs, self._store, self._decode, self._dirty = logs, store, decode, dirty
        self._refreshed_at, self._refresh_took = 0.0, 0.0

    def run(self, ended: threading.Event, seconds: Callable[[], float], now: Callable[[], int]) -> None:
        """Work until `ended`; `seconds` is a clock that only goes on, `now` the present instant in µs UTC.

        Raises what nobody expected: the thread is over then, and says so.
        """
        pause = PAUSE_SECONDS
        while not ended.is_set():
            try:
                is_busy = self.step(seconds, now())
            except (StoreUnreachableError, LogError, OSError) as error:
                self.progress.fault = str(error)
                ended.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                continue
            self.progress.fault, pause = "", PAUSE_SECONDS
            if not is_busy:
                ended.wait(PAUSE_SECONDS)

    def step(self, seconds: Callable[[], float], now: int) -> bool:
        """Refresh what is due, and take some of what waits; False where there was nothing to do.

        Raises StoreUnreachableError, LogError, OSError: what was not taken stays in the log, and comes again.
        """
        # First, so that a move that was cut off has both engines in place before anything is taken, and can be
        # cancelled while one of them refuses.
        is_moving = self._chores.do(now)
        self._store.engine.settle(now)  # first: what is taken may rest on what still waits for a shard
        if self._dirty and self._is_due(seconds()):
            self._refresh(seconds)
        took = [self._take(log, now) for log in self._logs]
        return is_moving or any(took)

    def finish(self, seconds: Callable[[], float]) -> None:
        """Bring all totals up to date. Raises StoreUnreachableError."""
        if self._dirty:
            self._refresh(seconds)

    def _take(self, log: LogReader, now: int) -> bool:
        entries = log.entries(MOST_BYTES, MOST_ENTRIES)
        for portion, rows in self._portions(log, entries, now):
            self._put(log, portion, rows, now)
            log.release(portion[-1].position)
            self.progress.taken_records += len(rows.records)
            self.progress.refused_records += rows.rejected
            self.progress.last_received_at = max(self.progress.last_received_at, portion[-1].received_at)
            self.progress.last_taken_at = now
        return bool(entries)

    def _portions(self, log: LogReader, entries: Sequence[LogEntry], now: int) -> Iterator[tuple[list[LogEntry], Rows]]:
        """Entries with their rows, as many as are put together."""
        portion: list[LogEntry] = []
        rows = Rows()
        for entry in entries:
            portion.append(entry)
            rows.add(self._decoded(log, entry, now))
            if rows.are_many:
                yield portion, rows
                portion, rows = [], Rows()
        if portion:
            yield portion, rows

    def _decoded(self, log: LogReader, entry: LogEntry, now: int) -> Rows:
        try:
            return self._decode(entry)
        except RefusedError as error:
            self._set_aside(log, entry, str(error), now)
        except Exception as error:  # noqa: BLE001 -- a fault of ours must not stop what comes behind it
            self._set_aside(log, entry, f"{type(error).__name__}: {error}", now)
        return Rows()

    def _put(self, log: LogReader, entries: Sequence[LogEntry], rows: Rows, now: int) -> None:
        """Put rows; where the store refuses them, each entry for itself, so that only the culprit is set aside."""
        try:
            self._insert(entries, rows)
        except StoreUnreachableError:
            raise
        except StoreError as error:
            if len(entries) == 1:
                self._set_aside(log, entries[0], str(error), now)
                return
            for entry in entries:
                self._put(log, [entry], self._decoded(log, entry, now), now)

    def _insert(self, entries: Sequence[LogEntry], rows: Rows) -> None:
        rows.records = with_increases(self._store, rows.records)
        rows.sightings += self._decode.grown([record for record in rows.records if record.series])
        first, last = entries[0].position, entries[-1].position
        token = f"{first.segment}.{first.offset}-{last.segment}.{last.offset}"
        self._dirty.add((row.tenant, row.quarter) for some in (rows.records, rows.sightings) for row in some)
        for start in range(0, max(len(rows.records), len(rows.sightings)), MOST_ROWS):
            some = slice(start, start + MOST_ROWS)
            self._store.put(rows.records[some], rows.sightings[some], f"{token}+{start}" if start else token)

    def _set_aside(self, log: LogReader, entry: LogEntry, reason: str, now: int) -> None:
        log.set_aside(entry, reason, now=now)
        self.progress.refused_entries += 1

    def _is_due(self, now: float) -> bool:
        since = now - self._refreshed_at
        return since >= min(max(PAUSE_SECONDS, SHARE * self._refresh_took), LONGEST_STALE_SECONDS)

    def _refresh(self, seconds: Callable[[], float]) -> None:
        quarters, begun = self._dirty.all(), seconds()
        try:
            self._store.refresh(quarters)
        except StoreUnreachableError:
            raise
        except StoreError:
            for quarter in quarters:
                self._refresh_alone(quarter)
        self._dirty.remove(quarters)
        self._refreshed_at = seconds()
        self._refresh_took = self._refreshed_at - begun
        self.progress.version += 1

    def _refresh_alone(self, quarter: Quarter) -> None:
        """One of several of which one cannot be refreshed: its totals stay as they are, the others go on."""
        try:
            self._store.refresh([quarter])
        except StoreUnreachableError:
            raise
        except StoreError as error:
            self.progress.stuck = f"totals of {quarter[0]} at {quarter[1]}: {error}"
