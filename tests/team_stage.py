"""The made-up team of the product in a store, and what tests need beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from tokentide import sample_team
from tokentide.clock import SECOND_US
from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.sample_rows import BY_PUSH, TENANT, event, hashed, point, response
from tokentide.sample_team import TEAMS
from tokentide.sample_team_work import HAIKU, OPUS, SONNET, Rows
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.store import TeamStore

__all__ = [
    "BY_PUSH",
    "HAIKU",
    "NOW",
    "OPUS",
    "SONNET",
    "TEAMS",
    "TENANT",
    "Rows",
    "all_of",
    "duck_store",
    "event",
    "fill_team",
    "hashed",
    "instant",
    "point",
    "put",
    "response",
    "team_rows",
]

NOW = int(datetime(2026, 11, 20, 15, 0, tzinfo=timezone.utc).timestamp()) * SECOND_US
"""A Friday afternoon."""


def fill_team(
    store: TeamStore, *, days: int = 30, developers: int = 12, now: int = NOW, tenant: str = TENANT, seed: int = 7
) -> Rows:
    """The sample's team, at a fixed time."""
    return sample_team.fill_team(store, now=now, days=days, developers=developers, tenant=tenant, seed=seed)


def team_rows(
    *,
    days: int = 30,
    count: int = 12,
    now: int = NOW,
    tenant: str = TENANT,
    seed: int = 7,
    teams: tuple[str, ...] = TEAMS,
) -> Rows:
    """The rows of `fill_team`."""
    return sample_team.team_rows(now=now, days=days, count=count, tenant=tenant, seed=seed, teams=teams)


def all_of(rows: Iterable[TelemetryRecord], name: str) -> list[TelemetryRecord]:
    """The records of that name."""
    return [row for row in rows if row.name == name]


@contextmanager
def duck_store(folder: Path) -> Iterator[TeamStore]:
    """An embedded store, closed at the end of the block."""
    engine = DuckEngine(str(folder / "team.duckdb"))
    engine.prepare()
    try:
        yield TeamStore(engine)
    finally:
        engine.close()


def put(store: TeamStore, *rows: TelemetryRecord | Sighting) -> None:
    """Put single rows into a store."""
    records = [row for row in rows if isinstance(row, TelemetryRecord)]
    sightings = [row for row in rows if isinstance(row, Sighting)]
    store.take(records, sightings, hashed([row.id for row in rows]))


def instant(text: str) -> int:
    """`2026-11-20T15:00` UTC as µs."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * SECOND_US
