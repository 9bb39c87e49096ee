"""Which shard a row belongs to: what must meet to be counted once lives together.

Records meet by their session, which their ids are made of, sightings by the response they saw. The user takes no part:
two sightings of one response may know a person by different names, and a mapping may rename them between two arrivals
of one record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tokentide.model.telemetry import Row, Sighting, TelemetryRecord


def parted(rows: Sequence[Row], shards: int) -> list[list[Row]]:
    """The rows by shard, in an order of their own, so that the same rows are always the same block."""
    parts: list[list[Row]] = [[] for _ in range(shards)]
    places: dict[tuple[str, str], int] = {}
    for row in sorted(rows, key=_sort_key):
        handle = _handle(row)
        if handle not in places:
            places[handle] = shard_of(*handle, shards)
        parts[places[handle]].append(row)
    return parts


def shard_of(tenant: str, handle: str, shards: int) -> int:
    """The index of a shard; it depends on nothing but these, today and in every later version."""
    digest = hashlib.blake2b(f"{tenant}\0{handle}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % shards


def _handle(row: Row) -> tuple[str, str]:
    meeting = row.key if isinstance(row, Sighting) else row.session_id if isinstance(row, TelemetryRecord) else ""
    return row.tenant, meeting or row.id


def _sort_key(row: Row) -> tuple[str, str, str]:
    return row.tenant, row.day, row.id
