"""Records and files as rows of the ledger, both ways."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeVar

import msgspec

from tokentide.model.files import FileStamp, FileState, Position
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.sqlite.connection import Row
from tokentide.store.sqlite.format import COUNTERS

Value = str | int | None
T = TypeVar("T")

RECORD_COLUMNS = (
    f"identity, request_id, at, place, model, {', '.join(COUNTERS)}, speed, service_tier, inference_geo, "
    "output_is_final, reported_cost, aliases"
)
PLACE_COLUMNS = "source, account, session_id, opened_at, project, branch, agent_id, is_sidechain, version"
FILE_COLUMNS = (
    "path, source, size, mtime_ns, inode, device, offset, lines, opened_at, head_length, head_checksum, "
    "tail_checksum, usage_lines, ignored_lines, problem_lines, generation"
)


def marks(columns: str) -> str:
    """A question mark for each column."""
    return ", ".join("?" * (columns.count(",") + 1))


def record_row(record: UsageRecord) -> tuple[Value, ...]:
    """The columns of RECORD_COLUMNS; the record's place is the ledger's own number."""
    return (
        record.identity,
        record.request_id,
        record.at,
        record.place,
        record.model,
        record.input_tokens,
        record.output_tokens,
        record.cache_creation_5m_tokens,
        record.cache_creation_1h_tokens,
        record.cache_read_tokens,
        record.web_search_requests,
        record.speed,
        record.service_tier,
        record.inference_geo,
        record.output_is_final,
        record.reported_cost if record.reported_cost >= 0 else None,
        msgspec.json.encode(record.aliases).decode() if record.aliases else "",
    )


def record_of(row: Row) -> UsageRecord:
    """A record from the columns of RECORD_COLUMNS; its place is the ledger's own number."""
    values = [*row]
    values[14:] = bool(row[14]), -1 if row[15] is None else row[15], msgspec.json.decode(row[16]) if row[16] else ()
    return _converted(values, UsageRecord)


def place_row(place: Place) -> tuple[Value, ...]:
    """The columns of PLACE_COLUMNS."""
    return (
        place.source,
        place.account,
        place.session_id,
        place.opened_at,
        place.project,
        place.branch,
        place.agent_id,
        place.is_sidechain,
        place.version,
    )


def place_of(row: Row) -> Place:
    """A place from the columns of PLACE_COLUMNS."""
    values = [*row]
    values[7] = bool(row[7])
    return _converted(values, Place)


def _converted(values: list[Any], kind: type[T]) -> T:
    """The values as a struct. Raises sqlite3.DatabaseError where a column holds what was never put in: damage."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise sqlite3.DatabaseError(f"a row does not hold what it should: {error}") from error


def file_row(state: FileState) -> tuple[Value, ...]:
    """The columns of FILE_COLUMNS."""
    return (state.path, state.source, *state.stamp, *state.position, *state[4:])


def file_of(row: Row) -> FileState:
    """A file from the columns of FILE_COLUMNS."""
    path, source, *numbers = row
    return FileState(path, source, FileStamp(*numbers[:4]), Position(*numbers[4:10]), *numbers[10:])
