"""The tables of the team store: two of rows as they came, and totals of them by quarter hour and by day.

Engines make their own tables of these; what is asked and how rows are merged knows no engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_type_hints

from tokentide.model.telemetry import Row, Sighting, TelemetryRecord

KINDS = {"str": "text", "int": "integer", "bool": "flag"}
PARTY = ("user_id", "team", "project", "cost_center", "customer")
"""Whose it is; in every table."""
WHEN = ("tenant", "day", "quarter")
"""What every table of totals begins with."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; its kind is `text`, `integer` (64 bits), `flag` or `day`."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `key` sorts it, and rows of the same key and id are one."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Rollup:
    """Totals of rows by what they were told apart by: `dimensions` first, `measures` behind."""

    name: str
    grain: str
    """`quarter` or `day`; the column `quarter` holds the start of either, µs UTC."""
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def table(self) -> Table:
        """As a table."""
        key = (*WHEN, *self.dimensions)
        measures = tuple(Column(name, "integer") for name in self.measures)
        return Table(self.name, (*(Column(name, _kind_of(name)) for name in key), *measures), key)


@dataclass(frozen=True, slots=True)
class Cube:
    """What can be asked: the same totals by quarter hour with everything, and by UTC day without sessions."""

    quarter: Rollup
    day: Rollup

    @property
    def rollups(self) -> tuple[Rollup, Rollup]:
        """Both; the one by day is filled from the one by quarter hour."""
        return self.quarter, self.day

    @property
    def rows(self) -> Table:
        """What it is reckoned from."""
        return SIGHTINGS if self is USAGE else TELEMETRY


def _rows_of(name: str, row: type[Row], key: tuple[str, ...]) -> Table:
    hints = get_type_hints(row)
    columns = tuple(
        Column(field, "day" if field == "day" else KINDS[hints[field].__name__]) for field in row.__struct_fields__
    )
    return Table(name, columns, key)


def _kind_of(dimension: str) -> str:
    return {"quarter": "integer", "bucket": "integer", "day": "day"}.get(dimension, "text")


def _cube(name: str, dimensions: tuple[str, ...], measures: tuple[str, ...], only_by_quarter: tuple[str, ...]) -> Cube:
    coarse = tuple(dimension for dimension in dimensions if dimension not in only_by_quarter)
    return Cube(
        Rollup(f"{name}_quarter", "quarter", dimensions, measures), Rollup(f"{name}_day", "day", coarse, measures)
    )


TELEMETRY = _rows_of("telemetry", TelemetryRecord, ("tenant", "day", "user_id", "session_id", "happened_at", "id"))
SIGHTINGS = _rows_of("sightings", Sighting, ("tenant", "day", "user_id", "session_id", "key", "id"))
ROWS = (TELEMETRY, SIGHTINGS)

COUNTERS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "cache_read_tokens",
    "web_search_requests",
)
SENIOR = (
    *PARTY,
    "account",
    "session_id",
    "branch",
    "agent",
    "version",
    "model",
    "speed",
    "query_source",
    "effort",
    "skill",
    "plugin",
    "mcp_server",
    "mcp_tool",
)
"""What a response takes from the senior of its sightings that tells it."""
USAGE = _cube(
    "usage",
    (*SENIOR, "source"),
    (
        "responses",
        *COUNTERS,
        "auto_cost",
        "calculate_cost",
        "display_cost",
        "auto_unpriced",
        "calculate_unpriced",
        "display_unpriced",
        "lower_bound_responses",
        "telemetry_responses",
        "transcript_responses",
        "telemetry_cost",
        "transcript_cost",
        "telemetry_tokens",
        "first_at",
        "last_at",
    ),
    ("session_id", "branch"),
)
"""Responses. The costs are nano-USD by mode (see tokentide.store.query.CostMode); `telemetry_…` counts what events told
of, `transcript_…` what machines pushed, a response of which both tell in both."""
TALLY = _cube(
    "tally",
    (*PARTY, "session_id", "version", "terminal", "entrypoint", "model", "kind", "name", "detail", "outcome", "extra"),
    ("records", "amount", "duration_ms", "first_at", "last_at"),
    ("session_id",),
)
"""Telemetry records: how many, their amounts in millionths, their durations added up."""
LATENCY = _cube(
    "latency",
    (*PARTY, "model", "query_source", "name", "detail", "clock", "bucket"),
    ("records",),
    (),
)
"""Histograms of durations; `clock` is `duration` or `ttft`, the buckets are those of tokentide.model.latency."""
CUBES = (USAGE, TALLY, LATENCY)
ROLLUPS = tuple(rollup for cube in CUBES for rollup in cube.rollups)
TABLES = (*ROWS, *(rollup.table for rollup in ROLLUPS))
