"""What the organisation's Admin API says, in the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from tokentide.errors import LedgerDamagedError
from tokentide.model.billing import Bucket, CostSnapshot, DirectoryEntry, Fetch
from tokentide.store.sqlite.connection import Part, transaction, translated

_TEXTS = msgspec.json.Decoder(dict[str, str])
_COUNTS = msgspec.json.Decoder(dict[str, int])


class BucketStore(Part):
    """Reads and writes over one connection. Every method raises LedgerDamagedError, LedgerUnwritableError."""

    def keep(self, organization: str, fetch: Fetch, buckets: Iterable[Bucket]) -> None:
        """Put a day of a report in the place of what was known of it, all or nothing."""
        clear = "DELETE FROM buckets WHERE organization = ? AND report = ? AND start >= ? AND start < ?"
        rows = (
            (organization, fetch.report, bucket.start, bucket.end, _text(bucket.dimensions), _text(bucket.measures))
            for bucket in buckets
        )
        with translated(self._path), transaction(self._connection):
            self._connection.execute(clear, (organization, fetch.report, fetch.start, fetch.end))
            self._connection.executemany("INSERT INTO buckets VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._note(organization, fetch)

    def select(self, organization: str, report: str, start: int, end: int) -> Iterator[Bucket]:
        """The buckets of a report that begin in a stretch, in the order of time."""
        statement = (
            "SELECT start, end, dimensions, measures FROM buckets WHERE organization = ? AND report = ? "
            "AND start >= ? AND start < ? ORDER BY start, end, dimensions"
        )
        with self._legible():
            for begun, ended, dimensions, measures in self._ask(statement, organization, report, start, end):
                yield Bucket(begun, ended, _TEXTS.decode(dimensions), _COUNTS.decode(measures))

    def fetches(self, organization: str, report: str, start: int = 0, end: int = 1) -> list[Fetch]:
        """Which days of a stretch were fetched whole, in the order of time; without a stretch, that of a directory."""
        statement = (
            "SELECT report, start, end, fetched_at, reaches_at FROM bucket_fetches "
            "WHERE organization = ? AND report = ? AND start >= ? AND start < ? ORDER BY start"
        )
        return [Fetch(*row) for row in self._ask(statement, organization, report, start, end)]

    def name(self, organization: str, entries: Iterable[DirectoryEntry]) -> None:
        """Put entries of the directory in, or in the place of older ones; newer ones of another process stay."""
        put = (
            "INSERT INTO directory VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, "
            "details = excluded.details, fetched_at = excluded.fetched_at "
            "WHERE excluded.fetched_at >= directory.fetched_at"
        )
        rows = ((organization, *entry[:3], _text(entry.details), entry.fetched_at) for entry in entries)
        with translated(self._path), transaction(self._connection):
            self._connection.executemany(put, rows)

    def close_directory(self, organization: str, kind: str, fetch: Fetch) -> None:
        """Note that the directory came in whole, and drop entries of the kind that are older."""
        drop = "DELETE FROM directory WHERE organization = ? AND kind = ? AND fetched_at < ?"
        with translated(self._path), transaction(self._connection):
            self._connection.execute(drop, (organization, kind, fetch.fetched_at))
            self._note(organization, fetch)

    def directory(self, organization: str, kind: str) -> list[DirectoryEntry]:
        """The entries of a kind, by name."""
        statement = (
            "SELECT kind, id, name, details, fetched_at FROM directory WHERE organization = ? AND kind = ? "
            "ORDER BY name COLLATE NOCASE, id"
        )
        with self._legible():
            return [
                DirectoryEntry(kind, id_, name, _TEXTS.decode(details), at)
                for kind, id_, name, details, at in self._ask(statement, organization, kind)
            ]

    def organizations(self) -> list[str]:
        """The ids of all organisations that anything is known of, the one last asked first."""
        statement = "SELECT organization FROM directory GROUP BY organization ORDER BY MAX(fetched_at) DESC"
        return [row[0] for row in self._ask(statement)]

    def take_snapshot(self, organization: str, snapshot: CostSnapshot, forget_before: int) -> None:
        """Add what a month has cost so far; what is older than an instant is dropped."""
        with translated(self._path), transaction(self._connection):
            self._connection.execute("DELETE FROM cost_snapshots WHERE at < ?", (forget_before,))
            self._connection.execute(
                "INSERT OR REPLACE INTO cost_snapshots VALUES (?, ?, ?, ?, ?)", (organization, *snapshot)
            )

    def snapshots(self, organization: str, person: str, month: str) -> list[CostSnapshot]:
        """The snapshots of a person's month, in the order of time."""
        statement = (
            "SELECT person, at, month, cost FROM cost_snapshots WHERE organization = ? AND person = ? AND month = ? "
            "ORDER BY at"
        )
        return [CostSnapshot(*row) for row in self._ask(statement, organization, person, month)]

    @contextmanager
    def _legible(self) -> Iterator[None]:
        """Take members that are no JSON of ours for damage."""
        try:
            yield
        except msgspec.MsgspecError as error:
            raise LedgerDamagedError(self._path, f"a bucket or name: {error}") from error

    def _note(self, organization: str, fetch: Fetch) -> None:
        note = "INSERT OR REPLACE INTO bucket_fetches VALUES (?, ?, ?, ?, ?, ?)"
        self._connection.execute(note, (organization, *fetch))


def _text(members: Mapping[str, str] | Mapping[str, int]) -> str:
    """A JSON object, its keys sorted, so that the same group always has the same text."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"))
