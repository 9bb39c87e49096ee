"""The tables of what happened around responses; see `schema` for the others."""

from __future__ import annotations

DETAIL_TABLES = """
-- How far transcripts were read for the three tables below, columns as in `files`: up to the last prompt.
CREATE TABLE detail_files (
    path           TEXT PRIMARY KEY,
    source         TEXT NOT NULL,
    size           INTEGER NOT NULL,
    mtime_ns       INTEGER NOT NULL,
    inode          INTEGER NOT NULL,
    device         INTEGER NOT NULL,
    offset         INTEGER NOT NULL,
    lines          INTEGER NOT NULL,
    opened_at      INTEGER NOT NULL,
    head_length    INTEGER NOT NULL,
    head_checksum  INTEGER NOT NULL,
    tail_checksum  INTEGER NOT NULL,
    usage_lines    INTEGER NOT NULL,
    ignored_lines  INTEGER NOT NULL,
    problem_lines  INTEGER NOT NULL,
    generation     INTEGER NOT NULL
) WITHOUT ROWID;

-- What transcripts tell of a response beside its usage; see tokentide.model.activity.Trait.
CREATE TABLE traits (
    identity        TEXT PRIMARY KEY,  -- records.identity
    effort          TEXT NOT NULL,
    entry_point     TEXT NOT NULL,
    skill           TEXT NOT NULL,
    text_bytes      INTEGER NOT NULL,
    thinking_bytes  INTEGER NOT NULL
) WITHOUT ROWID;

-- Calls of tools; see tokentide.model.activity.ToolRun.
CREATE TABLE tool_runs (
    id             TEXT PRIMARY KEY,
    called_by      TEXT NOT NULL,     -- records.identity of the response that holds the call; '' if not known
    answered_by    TEXT NOT NULL,     -- records.identity of the response that read the result; '' if none has
    at             INTEGER NOT NULL,  -- of the call, µs UTC
    ended_at       INTEGER NOT NULL,  -- of the result, 0 if there is none
    tool           TEXT NOT NULL,
    detail         TEXT NOT NULL,     -- the skill or the kind of agent that was called
    input_bytes    INTEGER NOT NULL,
    result_bytes   INTEGER NOT NULL,
    outcome        TEXT NOT NULL,     -- ok, failed, denied, or ''
    file           INTEGER NOT NULL,  -- hash of the file's name, 0 if there is none
    lines_added    INTEGER NOT NULL,
    lines_removed  INTEGER NOT NULL,
    commits        INTEGER NOT NULL
) WITHOUT ROWID;

-- Things that happened in sessions; see tokentide.model.activity.Mark. Copies in forks have the same key.
CREATE TABLE marks (
    session_id  TEXT NOT NULL,
    key         TEXT NOT NULL,
    at          INTEGER NOT NULL,  -- µs UTC
    kind        TEXT NOT NULL,     -- prompt, compaction, api_error, …
    name        TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    chain       TEXT NOT NULL,     -- '' for the session's own, else the sub-agent's id
    after       INTEGER NOT NULL,
    PRIMARY KEY (session_id, key)
) WITHOUT ROWID;
CREATE INDEX tool_runs_called ON tool_runs (called_by);
CREATE INDEX tool_runs_answered ON tool_runs (answered_by) WHERE answered_by <> '';
CREATE INDEX marks_prompts ON marks (session_id, at) WHERE kind = 'prompt';
"""
