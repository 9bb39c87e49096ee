"""Single rows of the team store, made by hand."""

from __future__ import annotations

from datetime import datetime, timezone
from hashlib import blake2b
from typing import Any

from tokentide.clock import DAY_US, QUARTER_US
from tokentide.model.latency import bucket_of
from tokentide.model.telemetry import BY_EVENTS, Sighting, TelemetryRecord

NOON = 1_795_348_800_000_000 // DAY_US * DAY_US + DAY_US // 2
"""Noon UTC of some day, µs."""


def day_of(at: int) -> str:
    """The UTC day, as 2026-11-22."""
    return datetime.fromtimestamp(at / 1e6, timezone.utc).date().isoformat()


def record(at: int = NOON, name: str = "tool_result", **fields: Any) -> TelemetryRecord:
    """A telemetry record; its id comes from all that is told of it."""
    told = {"tenant": "acme", "kind": "event", "user_id": "ada@example.org", "team": "core", **fields}
    told.setdefault("duration_bucket", bucket_of(told.get("duration_ms", -1)))
    told.setdefault("ttft_bucket", bucket_of(told.get("ttft_ms", -1)))
    told.setdefault("id", blake2b(repr((at, name, sorted(told.items()))).encode(), digest_size=16).hexdigest())
    return TelemetryRecord(
        day=day_of(at), quarter=at // QUARTER_US * QUARTER_US, happened_at=at, received_at=at, name=name, **told
    )


def sighting(at: int = NOON, key: str = "request:req_1", source: str = BY_EVENTS, **fields: Any) -> Sighting:
    """A sighting of a response; its id comes from all that is told of it."""
    told = {"tenant": "acme", "user_id": "ada@example.org", "team": "core", "model": "claude-opus-4-8", **fields}
    rank = 1 if source == BY_EVENTS else 0
    told.setdefault("seniority", at * 1024 + 512 * bool(told.get("is_sidechain")) + 64 * rank)
    told.setdefault("id", blake2b(repr((at, key, source, sorted(told.items()))).encode(), digest_size=16).hexdigest())
    return Sighting(
        day=day_of(at), quarter=at // QUARTER_US * QUARTER_US, happened_at=at, key=key, source=source, **told
    )
