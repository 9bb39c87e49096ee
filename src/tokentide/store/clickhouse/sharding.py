"""Which shard a row belongs to: what must meet to be counted once lives together.

Records meet by their session, which their ids are made of, sightings by the response they saw. The user takes no part:
two sightings of one response may know a person by different names, and a mapping may rename them between two arrivals
of one record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from tokentide.store.team.tables import SIGHTINGS, Table


def parted(table: Table, rows: Sequence[msgspec.Struct], shards: int) -> list[list[msgspec.Struct]]:
    """The rows by shard, in an order of their own, so that the same rows are always the same block."""
    parts: list[list[msgspec.Struct]] = [[] for _ in range(shards)]
    places: dict[tuple[str, str], int] = {}
    for row in sorted(rows, key=_sort_key):
        handle = _handle(table, row)
        if handle not in places:
            places[handle] = shard_of(*handle, shards)
        parts[places[handle]].append(row)
    return parts


def shard_of(tenant: str, handle: str, shards: int) -> int:
    """The index of a shard; it depends on nothing but these, today and in every later version."""
    digest = hashlib.blake2b(f"{tenant}\0{handle}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % shards


def _handle(table: Table, row: msgspec.Struct) -> tuple[str, str]:
    if table is SIGHTINGS:
        return row.tenant, row.key  # type: ignore[attr-defined]
    return row.tenant, row.session_id or row.id  # type: ignore[attr-defined]


def _sort_key(row: msgspec.Struct) -> tuple[str, str, str]:
    return row.tenant, row.day, row.id  # type: ignore[attr-defined]
