"""The tables as ClickHouse makes them; one text for 18.16 and for today's, with what only today's knows added."""

from __future__ import annotations

from collections.abc import Iterator

from tokentide.store.team.tables import ROLLUPS, ROWS, TELEMETRY, Table

OWN = (("generation", "Int64"), ("is_marker", "UInt8"))
"""Of tables of totals: when a row was reckoned, and whether it says only that its quarter hour was."""
LATEST = 2**64 - 1
_TYPES = {"text": "String", "integer": "Int64", "flag": "UInt8", "day": "Date"}
_MODERN_TYPES = {**_TYPES, "text": "LowCardinality(String)"}
_UNLIKE = ("id", "key", "session_id", "request_id", "tool_use_id", "prompt_id", "series", "attributes", "user_id")
"""Texts that are too different to be kept as a dictionary."""
_RISING = ("quarter", "happened_at", "received_at", "seniority", "first_at", "last_at", "generation")
_TOTALS = frozenset(rollup.name for rollup in ROLLUPS)


def statements(database: str, cluster: str, *, is_replicated: bool, is_modern: bool) -> Iterator[str]:
    """What makes everything on one server, where it is not there yet."""
    yield f"CREATE DATABASE IF NOT EXISTS {database}"
    for table in (*ROWS, *(rollup.table for rollup in ROLLUPS)):
        columns = ", ".join(_columns(table, is_modern=is_modern))
        engine = _engine(database, table, is_replicated=is_replicated)
        own = f"CREATE TABLE IF NOT EXISTS {database}.{table.name} ({columns}) ENGINE = {engine} "
        yield f"{own}PARTITION BY toYYYYMM(day) ORDER BY ({', '.join(_key(table))})"
        if cluster:
            yield (
                f"CREATE TABLE IF NOT EXISTS {database}.{table.name}_all AS {database}.{table.name} "
                f"ENGINE = Distributed({cluster}, {database}, {table.name})"
            )


def is_totals(table: Table) -> bool:
    """True for a table that keeps generations."""
    return table.name in _TOTALS


def _columns(table: Table, *, is_modern: bool) -> Iterator[str]:
    types = _MODERN_TYPES if is_modern else _TYPES
    for column in table.columns:
        kind = "String" if column.name in _UNLIKE else types[column.kind]
        yield f"{column.name} {kind}{_codec(column.name, column.kind) if is_modern else ''}"
    if is_totals(table):
        for name, kind in OWN:
            yield f"{name} {kind}{_codec(name, 'integer') if is_modern and kind == 'Int64' else ''}"
    if table is TELEMETRY:
        yield f"precedence UInt64 MATERIALIZED toUInt64({LATEST}) - toUInt64(received_at)"


def _codec(name: str, kind: str) -> str:
    if name in _RISING:
        return " CODEC(DoubleDelta, ZSTD)"
    if kind == "integer":
        return " CODEC(T64, ZSTD)"
    return " CODEC(ZSTD)" if name in _UNLIKE else ""


def _engine(database: str, table: Table, *, is_replicated: bool) -> str:
    """Rows of the same key become one: of a total the newest, of a record the one that was received first."""
    version = "generation" if is_totals(table) else "precedence" if table is TELEMETRY else ""
    if not is_replicated:
        return f"ReplacingMergeTree({version})"
    place = f"'/clickhouse/tables/{{shard}}/{database}/{table.name}', '{{replica}}'"
    return f"ReplicatedReplacingMergeTree({place}{f', {version}' if version else ''})"


def _key(table: Table) -> tuple[str, ...]:
    """What sorts it. A marker is a row of its own beside a total that is told apart by nothing."""
    return (*table.key, "is_marker") if is_totals(table) else table.key
