"""Rows of a made-up team, made by an engine's own SQL: arithmetic that DuckDB and ClickHouse do alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tokentide.clock import DAY_US, QUARTER_US
from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.store.team.dialect import Dialect
from tokentide.store.team.tables import SIGHTINGS, TELEMETRY, Table

DAYS, TEAMS, PEOPLE = 90, 40, 2000
PORTION = 1_000_000
PRIME = 2_147_483_647
MODELS = ("claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5")
NAMES = ("tool_result", "tool_decision", "tool_result", "api_request", "user_prompt", "tool_result", "cost.usage")
TOOLS = ("Bash", "Edit", "Read", "Grep", "Write", "Task")


class Duck:
    """How DuckDB writes it."""

    text, number = "CAST({} AS VARCHAR)", "CAST({} AS BIGINT)"
    identity, joined = "md5(CAST({} AS VARCHAR))", " || "
    day = f"DATE '1970-01-01' + CAST(instant // {DAY_US} AS INTEGER)"
    whole = "({} // {})"


class Click:
    """How ClickHouse writes it."""

    text, number = "toString({})", "toInt64({})"
    identity, joined = "lower(hex(MD5(toString({}))))", ", "
    day = f"toDate('1970-01-01') + intDiv(instant, {DAY_US})"
    whole = "intDiv({}, {})"


def made_by_duckdb(records: int, sightings: int, start: int) -> Iterator[str]:
    """Statements that fill both tables."""
    for table, columns, many in _tables(Duck(), records, sightings):
        for first in range(0, many, PORTION):
            last = min(first + PORTION, many)
            yield _insert(table, table.name, columns, start, f"(SELECT range AS i FROM range({first}, {last}))")


def made_by_clickhouse(
    records: int, sightings: int, start: int, dialect: Dialect, shard: tuple[int, int]
) -> Iterator[str]:
    """The same for one shard (its index, of how many): the sessions and responses that fall to it."""
    index, count = shard
    for table, columns, many in _tables(Click(), records, sightings):
        for first in range(index, many, PORTION):
            length = (min(first + PORTION, many) - first + count - 1) // count
            numbers = f"(SELECT toInt64(number * {count} + {first}) AS i FROM system.numbers LIMIT {length})"
            yield _insert(table, dialect.rows(table.name), columns, start, numbers)


def _insert(table: Table, target: str, columns: Mapping[str, str], start: int, numbers: str) -> str:
    shown = ", ".join(f"{columns[name]} AS {name}_" for name in table.names)
    return (
        f"INSERT INTO {target} ({', '.join(table.names)}) SELECT {shown} FROM (SELECT i, r, u, "
        f"{start} + {_random('i', 48_271)} % {DAYS} * {DAY_US} + "
        f"{_random('i', 69_621)} % {DAY_US // 1000} * 1000 AS instant "
        f"FROM (SELECT i, {_random('i', 16_807)} AS r, {_random('i', 39_373)} % {PEOPLE} AS u FROM {numbers} n) p) q"
    )


def _random(number: str, factor: int) -> str:
    return f"(({number} + 1) * {factor} % {PRIME} * 7919 % {PRIME})"


def _tables(kind: Duck | Click, records: int, sightings: int) -> Iterator[tuple[Table, dict[str, str], int]]:
    yield TELEMETRY, {**_defaults(TelemetryRecord), **_both(kind), **_telemetry(kind)}, records
    yield SIGHTINGS, {**_defaults(Sighting), **_both(kind), **_sighting(kind)}, sightings


def _defaults(row: type[msgspec.Struct]) -> dict[str, str]:
    found = {}
    for field in msgspec.structs.fields(row):
        value = field.default if field.default is not msgspec.NODEFAULT else ""
        found[field.name] = f"'{value}'" if isinstance(value, str) else str(int(value))
    return found


def _both(kind: Duck | Click) -> dict[str, str]:
    return {
        "tenant": "'acme'",
        "day": kind.day,
        "quarter": f"{kind.whole.format('instant', QUARTER_US)} * {QUARTER_US}",
        "happened_at": "instant",
        "user_id": _joined(kind, "'user-'", kind.text.format("u"), "'@example.org'"),
        "team": _joined(kind, "'team-'", kind.text.format(f"u % {TEAMS}")),
        "project": _joined(kind, "'project-'", kind.text.format("u % 60")),
        "cost_center": _joined(kind, "'cc-'", kind.text.format("u % 12")),
        "session_id": _joined(
            kind, "'s-'", kind.text.format("u"), "'-'", kind.text.format(kind.whole.format("instant", DAY_US // 3))
        ),
        "version": _chosen("r % 3", ("2.1.240", "2.1.329", "2.1.330")),
        "model": _chosen("r % 3", MODELS),
        "query_source": _chosen("r % 2", ("repl_main_thread", "agent")),
    }


def _telemetry(kind: Duck | Click) -> dict[str, str]:
    lasted = "(20 + r % 97 * (r % 89))"
    return {
        "id": kind.identity.format("i"),
        "kind": _chosen("r % 7", (*["event"] * 6, "point")),
        "name": _chosen("r % 7", NAMES),
        "received_at": "instant + 3000000",
        "detail": _chosen("r % 6", TOOLS),
        "outcome": _chosen("r % 9", ("failure", *["success"] * 8)),
        "amount": "1000000",
        "duration_ms": lasted,
        "duration_bucket": kind.number.format(f"floor(log2({lasted}) * 16)"),
        "terminal": _chosen("u % 3", ("vscode", "iTerm.app", "ghostty")),
    }


def _sighting(kind: Duck | Click) -> dict[str, str]:
    return {
        "id": kind.identity.format("i + 100000000"),
        "key": _joined(kind, "'request:'", kind.identity.format("i + 200000000")),
        "seniority": "instant * 1024 + 64",
        "source": "'otlp'",
        "effort": _chosen("r % 3", ("", "high", "medium")),
        "responses": "1",
        "input_tokens": "r % 900",
        "output_tokens": "r % 4000",
        "cache_read_tokens": "r % 90000",
        "output_is_final": "true" if isinstance(kind, Duck) else "1",
        "reported_cost": "r % 90000 * 1000",
        "list_cost": "r % 90000 * 1000",
    }


def _joined(kind: Duck | Click, *parts: str) -> str:
    return f"concat({', '.join(parts)})" if isinstance(kind, Click) else f"({kind.joined.join(parts)})"


def _chosen(number: str, texts: tuple[str, ...]) -> str:
    cases = " ".join(f"WHEN {at} THEN '{text}'" for at, text in enumerate(texts[:-1]))
    return f"CASE {number} {cases} ELSE '{texts[-1]}' END"
