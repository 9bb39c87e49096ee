"""Pace Maker's folder as it lies on a machine, from its documented schema."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

API_CACHE = (
    "CREATE TABLE api_cache (id INTEGER PRIMARY KEY CHECK (id = 1), timestamp REAL NOT NULL, five_hour_util REAL NOT NULL, "
    "five_hour_resets_at TEXT, seven_day_util REAL NOT NULL, seven_day_resets_at TEXT, raw_response TEXT)"
)
SNAPSHOTS = (
    "CREATE TABLE usage_snapshots (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, "
    "five_hour_util REAL NOT NULL, five_hour_resets_at TEXT, seven_day_util REAL NOT NULL, seven_day_resets_at TEXT, "
    "session_id TEXT NOT NULL, created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')))"
)
DECISIONS = (
    "CREATE TABLE pacing_decisions (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, "
    "should_throttle INTEGER NOT NULL, delay_seconds INTEGER NOT NULL, session_id TEXT NOT NULL, "
    "created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')))"
)
FALLBACK = (
    "CREATE TABLE fallback_state_v2 (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL DEFAULT 'normal', "
    "baseline_5h REAL DEFAULT 0.0, baseline_7d REAL DEFAULT 0.0, resets_at_5h TEXT, resets_at_7d TEXT, "
    "tier TEXT DEFAULT '5x', entered_at REAL, rollover_cost_5h REAL, rollover_cost_7d REAL, "
    "last_rollover_resets_5h TEXT, last_rollover_resets_7d TEXT)"
)
COSTS = (
    "CREATE TABLE accumulated_costs (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp REAL NOT NULL, "
    "session_id TEXT NOT NULL, cost_dollars REAL NOT NULL, input_tokens INTEGER, output_tokens INTEGER, "
    "cache_read_tokens INTEGER, cache_creation_tokens INTEGER, model_family TEXT)"
)
COEFFICIENTS = (
    "CREATE TABLE calibrated_coefficients (tier TEXT PRIMARY KEY, coefficient_5h REAL NOT NULL, "
    "coefficient_7d REAL NOT NULL, sample_count INTEGER NOT NULL DEFAULT 0, last_calibrated REAL)"
)
BACKOFF = (
    "CREATE TABLE backoff_state (id INTEGER PRIMARY KEY CHECK (id = 1), consecutive_429s INTEGER NOT NULL DEFAULT 0, "
    "backoff_until REAL, last_success_time REAL)"
)
SECRETS = "CREATE TABLE secrets (id INTEGER PRIMARY KEY, type TEXT, value TEXT, created_at INTEGER)"
OLD = (SNAPSHOTS, DECISIONS)
NEW = (API_CACHE, SNAPSHOTS, DECISIONS, FALLBACK, COSTS, COEFFICIENTS, BACKOFF, SECRETS)
SECRET_VALUE, LANGFUSE_KEY = "masked-by-pace-maker-zebra", "sk-lf-walrus"


class PaceMaker:
    """A folder to fill; instants are RFC 3339 text."""

    def __init__(self, home: Path, tables: tuple[str, ...] = NEW, **config: object) -> None:
        self.folder = home / ".claude-pace-maker"
        self.folder.mkdir(parents=True)
        self.config(**config)
        self.path = self.folder / "usage.db"
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            for table in tables:
                connection.execute(table)
        connection.close()
        if SECRETS in tables:
            self.put("secrets", id=1, type="password", value=SECRET_VALUE, created_at=1)

    def config(self, **config: object) -> None:
        """Its settings, with a key of another feature that nobody may see."""
        text = json.dumps({"enabled": True, "langfuse_secret_key": LANGFUSE_KEY, **config})
        (self.folder / "config.json").write_text(text)

    def put(self, table: str, **values: object) -> None:
        """A row."""
        marks = ", ".join("?" * len(values))
        with sqlite3.connect(self.path) as connection:
            connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
        connection.close()

    def answer(
        self, at: str, five_hour: tuple[float, str | None], week: tuple[float, str | None], **more: object
    ) -> None:
        """What the account said: percent and reset of both windows."""
        table = "usage_snapshots" if "session_id" in more else "api_cache"
        self.put(
            table,
            timestamp=seconds(at),
            five_hour_util=five_hour[0],
            five_hour_resets_at=five_hour[1],
            seven_day_util=week[0],
            seven_day_resets_at=week[1],
            **more,
        )

    def decide(self, at: str, delay_seconds: int) -> None:
        """A stored decision."""
        row = {"should_throttle": int(delay_seconds > 0), "delay_seconds": delay_seconds, "session_id": "s"}
        self.put("pacing_decisions", timestamp=seconds(at), **row)

    def version(self, version: str) -> None:
        """What it noted of itself."""
        with sqlite3.connect(self.folder / "version_status.db") as connection:
            connection.execute(
                "CREATE TABLE version_status (id INTEGER PRIMARY KEY, current_version TEXT, blocked INTEGER)"
            )
            connection.execute("INSERT INTO version_status VALUES (1, ?, 0)", (version,))
        connection.close()


def seconds(at: str) -> float:
    """Since 1970."""
    return datetime.fromisoformat(at).astimezone(timezone.utc).timestamp()


def instant(at: str) -> int:
    """µs UTC."""
    return round(seconds(at) * 1_000_000)
