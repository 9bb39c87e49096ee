"""The schema of the SQLite ledger, and how an older ledger becomes a newer one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

SCHEMA = """
-- Facts about the ledger itself: price_version (which prices the costs were reckoned with).
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Files that were read; see tokentide.model.files.
CREATE TABLE files (
    path           TEXT PRIMARY KEY,
    source         TEXT NOT NULL,
    size           INTEGER NOT NULL,  -- bytes, when last looked at
    mtime_ns       INTEGER NOT NULL,
    inode          INTEGER NOT NULL,
    device         INTEGER NOT NULL,
    offset         INTEGER NOT NULL,  -- bytes read: up to the end of the last complete line
    lines          INTEGER NOT NULL,  -- complete lines up to there
    opened_at      INTEGER NOT NULL,  -- first time in the file, µs UTC, 0 if none
    head_length    INTEGER NOT NULL,
    head_checksum  INTEGER NOT NULL,  -- CRC-32 of the first head_length bytes
    tail_checksum  INTEGER NOT NULL,  -- CRC-32 of the last bytes before offset
    usage_lines    INTEGER NOT NULL,
    ignored_lines  INTEGER NOT NULL,
    problem_lines  INTEGER NOT NULL,
    generation     INTEGER NOT NULL   -- how often it was read from its beginning
) WITHOUT ROWID;

-- What could not be read, at most a hundred lines of a file.
CREATE TABLE problems (
    path        TEXT NOT NULL,
    line        INTEGER NOT NULL,  -- from 1
    reason      TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    PRIMARY KEY (path, line)
) WITHOUT ROWID;

-- Distinct places that usage was spent in; see tokentide.model.usage.Place.
CREATE TABLE places (
    id            INTEGER PRIMARY KEY,
    source        TEXT NOT NULL,
    account       TEXT NOT NULL,
    session_id    TEXT NOT NULL,
    opened_at     INTEGER NOT NULL,
    project       TEXT NOT NULL,
    branch        TEXT NOT NULL,
    agent_id      TEXT NOT NULL,
    is_sidechain  INTEGER NOT NULL,
    version       TEXT NOT NULL,
    UNIQUE (source, session_id, agent_id, project, branch, version, account, opened_at, is_sidechain)
);

-- Names of sessions: 1 from a summary, 2 by the model, 3 by the person; the higher rank wins, then the later.
CREATE TABLE titles (
    session_id  TEXT PRIMARY KEY,
    rank        INTEGER NOT NULL,
    title       TEXT NOT NULL
) WITHOUT ROWID;

-- Kinds of sub-agents.
CREATE TABLE agents (
    agent_id    TEXT PRIMARY KEY,
    agent_type  TEXT NOT NULL
) WITHOUT ROWID;

-- One row a response; see tokentide.model.usage.UsageRecord.
CREATE TABLE records (
    id                        INTEGER PRIMARY KEY,
    identity                  TEXT NOT NULL,
    request_id                TEXT NOT NULL,     -- '' if none
    at                        INTEGER NOT NULL,  -- µs UTC
    place                     INTEGER NOT NULL REFERENCES places (id),
    model                     TEXT NOT NULL,
    input_tokens              INTEGER NOT NULL,
    output_tokens             INTEGER NOT NULL,
    cache_creation_5m_tokens  INTEGER NOT NULL,
    cache_creation_1h_tokens  INTEGER NOT NULL,
    cache_read_tokens         INTEGER NOT NULL,
    web_search_requests       INTEGER NOT NULL,
    speed                     TEXT NOT NULL,
    service_tier              TEXT NOT NULL,
    inference_geo             TEXT NOT NULL,
    output_is_final           INTEGER NOT NULL,  -- 0: the output count is a lower bound
    reported_cost             INTEGER,           -- nano-USD, by the client
    aliases                   TEXT NOT NULL,     -- further ids, a JSON array; nearly always ''
    list_cost                 INTEGER            -- nano-USD, derived: NULL where no price is known
);

-- Further ids of responses whose sightings bore several, to find their rows by.
CREATE TABLE aliases (
    name      TEXT PRIMARY KEY,
    identity  TEXT NOT NULL
) WITHOUT ROWID;

-- Derived from records: totals by quarter hour, place, model and speed. Reports read this.
CREATE TABLE rollup (
    quarter                   INTEGER NOT NULL,  -- start, µs UTC
    place                     INTEGER NOT NULL,
    model                     TEXT NOT NULL,
    speed                     TEXT NOT NULL,
    responses                 INTEGER NOT NULL,
    input_tokens              INTEGER NOT NULL,
    output_tokens             INTEGER NOT NULL,
    cache_creation_5m_tokens  INTEGER NOT NULL,
    cache_creation_1h_tokens  INTEGER NOT NULL,
    cache_read_tokens         INTEGER NOT NULL,
    web_search_requests       INTEGER NOT NULL,
    auto_cost                 INTEGER NOT NULL,  -- nano-USD, by mode: see tokentide.store.query.CostMode
    calculate_cost            INTEGER NOT NULL,
    display_cost              INTEGER NOT NULL,
    auto_unpriced             INTEGER NOT NULL,  -- responses without a cost in that mode
    calculate_unpriced        INTEGER NOT NULL,
    display_unpriced          INTEGER NOT NULL,
    lower_bound_responses     INTEGER NOT NULL,
    first_at                  INTEGER NOT NULL,
    last_at                   INTEGER NOT NULL,
    PRIMARY KEY (quarter, place, model, speed)
) WITHOUT ROWID;
"""

INDEXES = {
    "records_identity": "CREATE UNIQUE INDEX records_identity ON records (identity)",
    "records_request": "CREATE INDEX records_request ON records (request_id) WHERE request_id <> ''",
    "records_at": "CREATE INDEX records_at ON records (at)",
}
"""Apart from the tables: a first read fills the table before it builds them."""

Migration = Callable[[sqlite3.Connection], None]
MIGRATIONS: tuple[Migration, ...] = ()
"""Step n brings a ledger of format n + 1 to format n + 2; each runs in a transaction of its own."""

FORMAT = len(MIGRATIONS) + 1
"""The number in `PRAGMA user_version`. 1: the first."""


def create(connection: sqlite3.Connection) -> None:
    """Lay out an empty database, inside the caller's transaction."""
    for statement in _statements(SCHEMA):
        connection.execute(statement)
    for statement in INDEXES.values():
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def migrate(connection: sqlite3.Connection, found: int) -> None:
    """Bring a ledger of an older format to the present one, inside the caller's transaction."""
    for step in MIGRATIONS[found - 1 :]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _statements(script: str) -> list[str]:
    """The statements of a script, bare: SQLite keeps their text, which has to be read at each start.

    `executescript` would commit the transaction around it.
    """
    bare = re.sub(r"\s+", " ", re.sub(r"--.*", "", script))
    return [part.strip() for part in bare.split(";") if part.strip()]
