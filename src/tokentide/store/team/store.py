"""The team store as the rest of the program sees it: rows in, totals out, each for a viewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tokentide.errors import StoreUnreachableError
from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.store.query import Period
from tokentide.store.team.compiler import NOWHERE, compiled
from tokentide.store.team.differing import Compared, Comparison, Differing, counted, largest
from tokentide.store.team.engine import Answer, Engine, Quarter
from tokentide.store.team.latest import LatestQuery, LatestRow, latest, skewed
from tokentide.store.team.query import PERIOD, Condition, Scope, TeamAnswer, TeamGroup, TeamQuery
from tokentide.store.team.tables import SIGHTINGS, TELEMETRY


class TeamStore:
    """Questions from any thread; rows from the writer's alone. Every method raises StoreError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def take(self, records: Sequence[TelemetryRecord], sightings: Sequence[Sighting], token: str) -> None:
        """Add rows and bring the totals up to date. Taking the same again changes nothing."""
        self.refresh(self.put(records, sightings, token))

    def put(self, records: Sequence[TelemetryRecord], sightings: Sequence[Sighting], token: str) -> set[Quarter]:
        """Add rows; returns the quarter hours whose totals are not true until they are refreshed.

        Readings of cumulative streams go last: once they are there, nobody can tell any more what they grew by, and
        what was cut off before its sightings would lose them.
        """
        self.engine.put(SIGHTINGS, sightings, f"{token}:sightings")
        self.engine.put(TELEMETRY, records, f"{token}:telemetry")
        return {(row.tenant, row.quarter) for rows in (records, sightings) for row in rows}

    def refresh(self, quarters: Iterable[Quarter]) -> None:
        """Bring the totals of these quarter hours up to date."""
        self.engine.refresh(quarters)

    def last_readings(self, tenant: str, series: Sequence[str], since: str) -> dict[str, int]:
        """The last reading of cumulative streams, in millionths, by stream; of rows from that day (2026-11-22) on.

        Raises StoreUnreachableError also where only a part of the store answers: an increase would be too large.
        """
        marks = ", ".join("?" * len(series))
        statement = (
            f"SELECT series, max(reading) FROM {self.engine.dialect.everywhere(TELEMETRY.name)} "
            f"WHERE tenant = ? AND day >= ? AND series IN ({marks}) GROUP BY series"
        )
        readings = {str(row[0]): int(row[1]) for row in self.engine.ask(statement, [tenant, since, *series])}
        if self.engine.missing:
            raise StoreUnreachableError(f"{', '.join(self.engine.missing)}: what was counted last is not known")
        return readings

    def totals(self, scope: Scope, query: TeamQuery) -> TeamAnswer:
        """The answer to a query, of what the viewer may see. Raises UsageError for a name that the cube has not."""
        rows = self.engine.ask(*compiled(self.engine.dialect, query, scope))
        return TeamAnswer(tuple(_groups(query, rows)), self.engine.missing)

    def compared(self, scope: Scope, asked: Comparison) -> Compared:
        """How far two questions agree, of what the viewer may see. Raises UsageError for a name that a cube has not."""
        [(groups, differing)] = self.engine.ask(*counted(self.engine.dialect, asked, scope))
        rows = self.engine.ask(*largest(self.engine.dialect, asked, scope)) if differing else []
        found = (Differing(tuple(map(str, row[:-3])), *map(int, row[-3:])) for row in rows)
        return Compared(int(groups), int(differing or 0), tuple(found))

    def latest(self, scope: Scope, query: LatestQuery) -> list[LatestRow]:
        """The newest telemetry records of some names, of what the viewer may see. Raises UsageError for too many."""
        return [LatestRow._make(row) for row in self.engine.ask(*latest(self.engine.dialect, query, scope))]

    def skewed(self, scope: Scope, period: Period, conditions: Sequence[Condition] = ()) -> list[tuple[str, int, int]]:
        """Whose clock was not believed: user, how many records, when the last of them happened (µs UTC)."""
        rows = self.engine.ask(*skewed(self.engine.dialect, period, conditions, scope))
        return [(str(user), int(records), int(last)) for user, records, last in rows]


def _groups(query: TeamQuery, rows: Iterable[Answer]) -> Iterator[TeamGroup]:
    """Rows as groups, without what is in none of the periods; a report of thousands of people asks for 100,000."""
    width = len(query.dimensions)
    place = query.dimensions.index(PERIOD) if PERIOD in query.dimensions else -1
    periods = [period.name for period in query.periods]
    for row in rows:
        keys = [str(key) for key in row[:width]]
        if place >= 0:
            if row[place] == NOWHERE:
                continue
            keys[place] = periods[int(row[place])]
        yield TeamGroup(tuple(keys), tuple([int(value or 0) for value in row[width:]]))
