"""Single rows of a made-up team's store: what each does not tell is filled in."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone

import msgspec

from tokentide.clock import QUARTER_US, SECOND_US
from tokentide.model.latency import bucket_of
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, MICRO, NOT_TOLD, Sighting, TelemetryRecord

TENANT = "default"
BY_PUSH = "claude_code"
_RANKS = {BY_EVENTS: 1, BY_METRICS: 2}


def day_of(at: int) -> str:
    """The UTC day, as 2026-11-22."""
    return datetime.fromtimestamp(at / SECOND_US, timezone.utc).date().isoformat()


def hashed(*parts: object) -> str:
    """128 bits in hex, the same for the same parts."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def event(name: str, at: int, **fields: object) -> TelemetryRecord:
    """An event; the fields are those of TelemetryRecord, `amount` in whole units."""
    return _record("event", name, at, fields)


def point(name: str, at: int, amount: float = 1, **fields: object) -> TelemetryRecord:
    """A data point; its name without the prefix, its amount in the metric's unit."""
    return _record("point", name, at, {"amount": amount, **fields})


def _record(kind: str, name: str, at: int, fields: dict[str, object]) -> TelemetryRecord:
    told = dict(fields)
    told["amount"] = round(float(str(told.get("amount", 0))) * MICRO)
    for clock in ("duration", "ttft"):
        told.setdefault(f"{clock}_bucket", bucket_of(int(str(told.get(f"{clock}_ms", NOT_TOLD)))))
    told.setdefault("id", hashed(kind, name, at, sorted(map(repr, fields.items()))))
    return msgspec.convert(
        {"tenant": TENANT, "kind": kind, "name": name, "happened_at": at, "received_at": at, **_when(at), **told},
        TelemetryRecord,
    )


def response(key: str, at: int, source: str = BY_EVENTS, **fields: object) -> Sighting:
    """A sighting of a response; the fields are those of Sighting, `cost` stands for both costs."""
    told = dict(fields)
    if "cost" in told:
        cost = told.pop("cost")
        told = {"reported_cost": cost, "list_cost": cost, **told}
    seniority = at * 1024 + 512 * bool(told.get("is_sidechain")) + 64 * _RANKS.get(source, 0)
    return msgspec.convert(
        {
            "tenant": TENANT,
            "id": hashed(key, at, source, sorted(map(repr, told.items()))),
            "key": key,
            "happened_at": at,
            "seniority": seniority,
            "source": source,
            **_when(at),
            **told,
        },
        Sighting,
    )


def _when(at: int) -> dict[str, object]:
    return {"day": day_of(at), "quarter": at // QUARTER_US * QUARTER_US}
