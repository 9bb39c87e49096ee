"""The schema of the SQLite ledger."""

from __future__ import annotations

import re

from tokentide.store.sqlite.schema_details import DETAIL_TABLES

USAGE_TABLES = """
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

LIMIT_TABLES = """
-- Accounts that have limits; see tokentide.model.limits.Account.
CREATE TABLE accounts (
    key           TEXT PRIMARY KEY,
    name          TEXT NOT NULL,     -- as in places.account
    organization  TEXT NOT NULL
) WITHOUT ROWID;

-- Observations of windows, one row for as long as a source says the same; see tokentide.model.limits.LimitReading.
CREATE TABLE limit_readings (
    account           TEXT NOT NULL,
    window            TEXT NOT NULL,
    at                INTEGER NOT NULL,  -- first observed so, µs UTC
    source            TEXT NOT NULL,
    seen_at           INTEGER NOT NULL,  -- last observed so
    percent           REAL,              -- used, of 100; NULL if not told
    resets_at         INTEGER,           -- µs UTC; NULL if the window is not open or has no reset
    used_minor        INTEGER,           -- money in minor units; NULL if the window has none
    ceiling_minor     INTEGER,
    currency          TEXT NOT NULL,
    exponent          INTEGER NOT NULL,
    PRIMARY KEY (account, window, at, source)
) WITHOUT ROWID;

-- What the status line last said of a session; see tokentide.model.limits.SessionState.
CREATE TABLE session_states (
    session_id             TEXT PRIMARY KEY,
    account                TEXT NOT NULL,
    at                     INTEGER NOT NULL,
    api_ms                 INTEGER NOT NULL,
    model                  TEXT NOT NULL,
    effort                 TEXT NOT NULL,
    context_tokens         INTEGER,
    context_window_tokens  INTEGER,
    cost                   INTEGER               -- nano-USD
) WITHOUT ROWID;

-- When another machine may be asked again, and what it last said: the manners hold over all processes.
CREATE TABLE polls (
    subject   TEXT PRIMARY KEY,  -- what is asked of whom: `usage KEY`, `profile KEY`, …
    next_at   INTEGER NOT NULL,  -- not before this instant, µs UTC
    failures  INTEGER NOT NULL,  -- in a row
    fault     TEXT NOT NULL,     -- why the last one failed; '' if it did not
    good_at   INTEGER NOT NULL,  -- when the answer is from; 0 if there is none
    answer    TEXT NOT NULL      -- the last good one, as it came
) WITHOUT ROWID;
"""

BUCKET_TABLES = """
-- Aggregates that the vendor reports of an organisation; see tokentide.model.billing.Bucket. Never added to records.
CREATE TABLE buckets (
    organization  TEXT NOT NULL,
    report        TEXT NOT NULL,     -- which of the vendor's reports, with its grouping
    start         INTEGER NOT NULL,  -- µs UTC
    end           INTEGER NOT NULL,
    dimensions    TEXT NOT NULL,     -- JSON object, keys sorted: what the vendor grouped by
    measures      TEXT NOT NULL,     -- JSON object of integers; money in nano-USD
    PRIMARY KEY (organization, report, start, end, dimensions)
) WITHOUT ROWID;

-- Which days of a report were fetched whole, so that they need not be asked for again.
CREATE TABLE bucket_fetches (
    organization  TEXT NOT NULL,
    report        TEXT NOT NULL,     -- also `directory user` and the like, with 0 for both ends
    start         INTEGER NOT NULL,
    end           INTEGER NOT NULL,
    fetched_at    INTEGER NOT NULL,  -- µs UTC
    reaches_at    INTEGER NOT NULL,  -- until when the vendor's own data reached then, µs UTC; 0 if not told
    PRIMARY KEY (organization, report, start, end)
) WITHOUT ROWID;

-- Names of the organisation's users, workspaces and keys, by the vendor's ids.
CREATE TABLE directory (
    organization  TEXT NOT NULL,
    kind          TEXT NOT NULL,     -- organization, user, workspace, api_key
    id            TEXT NOT NULL,     -- '' for the default workspace
    name          TEXT NOT NULL,
    details       TEXT NOT NULL,     -- JSON object of texts: e-mail, role, status, …
    fetched_at    INTEGER NOT NULL,
    PRIMARY KEY (organization, kind, id)
) WITHOUT ROWID;

-- Month-to-date cost of a person as it was at some instants: from these comes the hourly rate.
CREATE TABLE cost_snapshots (
    organization  TEXT NOT NULL,
    person        TEXT NOT NULL,     -- e-mail address; '' for the whole organisation
    at            INTEGER NOT NULL,  -- µs UTC
    month         TEXT NOT NULL,     -- YYYY-MM, UTC
    cost          INTEGER NOT NULL,  -- nano-USD since the month began
    PRIMARY KEY (organization, person, at)
) WITHOUT ROWID;
"""

FORECAST_TABLES = """
-- Forecasts as they were issued, to be shown again and to be scored; see tokentide.analytics.forecasting.
CREATE TABLE forecasts (
    account      TEXT NOT NULL,     -- accounts.key
    window       TEXT NOT NULL,
    at           INTEGER NOT NULL,  -- µs UTC
    resets_at    INTEGER,
    percent      REAL,              -- used, of 100, when it was issued
    odds         REAL,              -- of being full before the reset, 0 to 1; NULL where it abstained
    hit_low      INTEGER,           -- µs UTC; the 80 % interval of the hit, and its middle
    hit_likely   INTEGER,
    hit_high     INTEGER,
    reset_low    REAL,              -- percent expected at the reset, likewise
    reset_likely REAL,
    reset_high   REAL,
    abstains     TEXT NOT NULL,     -- why it has no odds; '' if it has
    PRIMARY KEY (account, window, at)
) WITHOUT ROWID;

-- The forecast made last of each account, whole, for as long as it holds.
CREATE TABLE latest_forecasts (
    account   TEXT PRIMARY KEY,  -- accounts.key
    at        INTEGER NOT NULL,  -- µs UTC
    question  TEXT NOT NULL,     -- the windows it is about: their resets and percentages
    answer    TEXT NOT NULL      -- JSON
) WITHOUT ROWID;
"""

ALERT_TABLES = """
-- Alerts that were raised, each once; see tokentide.model.alerts.
CREATE TABLE alerts (
    key          TEXT PRIMARY KEY,  -- subject, instance and level
    subject      TEXT NOT NULL,     -- rule, account, window: what may be raised once a turn
    instance     INTEGER NOT NULL,  -- which of its turns: the reset of a window, the beginning of a day, µs UTC
    level        REAL NOT NULL,     -- a higher one is news within the same turn, a lower one is not
    rule         TEXT NOT NULL,
    account      TEXT NOT NULL,     -- accounts.key; '' where it is about the whole ledger
    window       TEXT NOT NULL,
    at           INTEGER NOT NULL,  -- when it was raised, µs UTC
    severity     TEXT NOT NULL,     -- info, warning, critical
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    facts        TEXT NOT NULL,     -- JSON object: what it rests on
    state        TEXT NOT NULL,     -- held, due, sent
    leased_until INTEGER NOT NULL,  -- until when one process alone may send it, µs UTC
    cleared_at   INTEGER NOT NULL,  -- when it was no longer so, µs UTC; 0 while it is
    deliveries   TEXT NOT NULL      -- JSON object: by channel '' or why it failed; {} until it was delivered
) WITHOUT ROWID;

-- Rules that are silent for a while.
CREATE TABLE snoozes (
    rule    TEXT PRIMARY KEY,     -- '' for all
    until   INTEGER NOT NULL,     -- µs UTC
    set_at  INTEGER NOT NULL
) WITHOUT ROWID;
"""

INDEXES = {
    "records_identity": "CREATE UNIQUE INDEX records_identity ON records (identity)",
    "records_request": "CREATE INDEX records_request ON records (request_id) WHERE request_id <> ''",
    "records_at": "CREATE INDEX records_at ON records (at)",
}
"""Apart from the tables: a first read fills the table before it builds them."""

_OBSERVATIONS = LIMIT_TABLES + BUCKET_TABLES + FORECAST_TABLES + ALERT_TABLES + DETAIL_TABLES
OBSERVED_TABLES = tuple(name for name in re.findall(r"CREATE TABLE (\w+)", _OBSERVATIONS) if name != "detail_files")
"""Tables that no reading of transcripts can fill again, and what transcripts that are gone told."""
FETCHES = "bucket_fetches"
"""What was fetched whole: not to be believed beside buckets of which some may be lost."""

SCHEMA = USAGE_TABLES + LIMIT_TABLES + BUCKET_TABLES + FORECAST_TABLES + ALERT_TABLES + DETAIL_TABLES
TABLES = tuple(re.findall(r"CREATE TABLE (\w+)", SCHEMA))
