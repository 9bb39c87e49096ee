"""The team store as the rest of the program sees it: rows in, totals out, each for a viewer."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.store.team.compiler import NOWHERE, compiled
from tokentide.store.team.dialect import Value
from tokentide.store.team.engine import Answer, Engine
from tokentide.store.team.query import PERIOD, Scope, TeamAnswer, TeamGroup, TeamQuery
from tokentide.store.team.tables import SIGHTINGS, TELEMETRY


class TeamStore:
    """Questions from any thread; rows from the writer's alone. Every method raises StoreError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def take(self, records: Sequence[TelemetryRecord], sightings: Sequence[Sighting], token: str) -> None:
        """Add rows and bring the totals up to date. Taking the same again changes nothing."""
        self.engine.put(TELEMETRY, records, f"{token}:telemetry")
        self.engine.put(SIGHTINGS, sightings, f"{token}:sightings")
        self.engine.refresh({(row.tenant, row.quarter) for rows in (records, sightings) for row in rows})

    def totals(self, scope: Scope, query: TeamQuery) -> TeamAnswer:
        """The answer to a query, of what the viewer may see. Raises UsageError for a name that the cube has not."""
        rows = self.engine.ask(*compiled(self.engine.dialect, query, scope))
        width = len(query.dimensions)
        groups = (_group(query, row[:width], row[width:]) for row in rows)
        return TeamAnswer(tuple(group for group in groups if group is not None), self.engine.missing)


def _group(query: TeamQuery, keys: Sequence[Value], values: Answer) -> TeamGroup | None:
    """A row as a group; None for what is in none of the periods."""
    names: list[str] = []
    for dimension, key in zip(query.dimensions, keys, strict=True):
        if dimension == PERIOD and key == NOWHERE:
            return None
        names.append(query.periods[int(key)].name if dimension == PERIOD else str(key))
    return TeamGroup(tuple(names), tuple(int(value or 0) for value in values))
