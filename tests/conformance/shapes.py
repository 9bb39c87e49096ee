"""The keys and types of ccusage's JSON, reports on Claude and reports on all agents, as 20.0.24 prints them.

A type stands for a value, a list of one shape for any number of such, a tuple for alternatives; `float` is any number.
A key that ends with `?` may be absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from tests.conformance.case import Line, line, one

Shape = type | list["Shape"] | tuple["Shape", ...] | dict[str, "Shape"] | None

COUNTS: dict[str, Shape] = {"inputTokens": int, "outputTokens": int, "cacheCreationTokens": int, "cacheReadTokens": int}
PART: dict[str, Shape] = {"modelName": str, **COUNTS, "cost": float, "missingPricing?": bool}
ROW: dict[str, Shape] = {
    **COUNTS,
    "totalTokens": int,
    "totalCost": float,
    "modelsUsed": [str],
    "modelBreakdowns": [PART],
}
TOTALS: dict[str, Shape] = {**COUNTS, "totalTokens": int, "totalCost": float, "unpricedModels?": [str]}
OF_ALL: dict[str, Shape] = {**ROW, "period": str, "agent": str}
BLOCK: dict[str, Shape] = {
    "id": str,
    "startTime": str,
    "endTime": str,
    "actualEndTime": (str, None),
    "isActive": bool,
    "isGap": bool,
    "entries": int,
    "tokenCounts": {
        "inputTokens": int,
        "outputTokens": int,
        "cacheCreationInputTokens": int,
        "cacheReadInputTokens": int,
    },
    "totalTokens": int,
    "costUSD": float,
    "models": [str],
    "burnRate": ({"tokensPerMinute": float, "tokensPerMinuteForIndicator": float, "costPerHour": float}, None),
    "projection": ({"totalTokens": int, "totalCost": float, "remainingMinutes": int}, None),
    "tokenLimitStatus?": {"limit": int, "projectedUsage": int, "percentUsed": float, "status": str},
}

SHAPES: dict[tuple[str, ...], Shape] = {
    ("claude", "daily"): {"daily": [{**ROW, "date": str}], "totals": TOTALS},
    ("claude", "weekly"): {"weekly": [{**ROW, "week": str}], "totals": TOTALS},
    ("claude", "monthly"): {"monthly": [{**ROW, "month": str}], "totals": TOTALS},
    ("claude", "session"): {
        "sessions": [{**ROW, "sessionId": str, "projectPath": str, "firstActivity": str, "lastActivity": str}],
        "totals": TOTALS,
    },
    ("daily",): {"daily": [{**OF_ALL, "metadata": {"agents": [str]}}], "totals": TOTALS},
    ("weekly",): {"weekly": [{**OF_ALL, "metadata": {"agents": [str]}}], "totals": TOTALS},
    ("monthly",): {"monthly": [{**OF_ALL, "metadata": {"agents": [str]}}], "totals": TOTALS},
    ("session",): {"session": [{**OF_ALL, "metadata": {"lastActivity": str}}], "totals": TOTALS},
    ("blocks", "-t", "1000"): {"blocks": [BLOCK]},
}
"""By the peer's words."""


def transcript(now: datetime) -> dict[str, tuple[Line, ...]]:
    """Use of an old block, and of one that is open now, with a model that has no price."""

    def before(minutes: int) -> str:
        return f"{(now - timedelta(minutes=minutes)).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"

    return one(
        line(timestamp=before(3000)),
        line(id="m2", requestId="r2", timestamp=before(30), model="unknown-xyz"),
        line(id="m3", requestId="r3", timestamp=before(2)),
    )


def faults(value: object, shape: Shape, where: str = "", *, exactly: bool = False) -> Iterator[str]:
    """What the shape has and the value has not; with `exactly`, also what the value has beyond it."""
    if isinstance(shape, tuple):
        found = [list(faults(value, one_of, where, exactly=exactly)) for one_of in shape]
        yield from min(found, key=len)
    elif isinstance(shape, dict):
        if not isinstance(value, Mapping):
            yield f"{where} is no object"
            return
        yield from _key_faults(value, shape, where, exactly=exactly)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where} is no array"
            return
        for number, item in enumerate(value):
            yield from faults(item, shape[0], f"{where}[{number}]", exactly=exactly)
    elif not _is(value, shape):
        yield f"{where} is {value!r}, not {shape}"


def _key_faults(value: Mapping[str, object], shape: dict[str, Shape], where: str, *, exactly: bool) -> Iterator[str]:
    for key, inner in shape.items():
        name = key.removesuffix("?")
        if name in value:
            yield from faults(value[name], inner, f"{where}.{name}", exactly=exactly)
        elif name == key:
            yield f"{where}.{name} is missing"
    if exactly:
        yield from (f"{where}.{name} is more" for name in value if name not in shape and f"{name}?" not in shape)


def _is(value: object, kind: type | None) -> bool:
    if kind is None:
        return value is None
    if kind is float:
        return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return type(value) is kind
