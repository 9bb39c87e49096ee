"""What tests of the API go through: which answers equal which words, and what shape each has."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tokentide.web.api.describing import COMPONENTS, SHAPES, components

SAME = (
    ("overview", "overview"),
    ("overview?timezone=Asia/Tokyo", "overview --timezone Asia/Tokyo"),
    ("daily", "daily"),
    ("daily?last=7d&by=model", "daily --last 7d --by model"),
    ("daily?since=2026-03-01&until=2026-03-05&order=desc", "daily --since 2026-03-01 --until 2026-03-05 --order desc"),
    ("daily?timezone=America/New_York&mode=calculate", "daily --timezone America/New_York --mode calculate"),
    ("weekly?by=project", "weekly --by project"),
    ("monthly?by=account", "monthly --by account"),
    ("session", "session"),
    ("session?sort=tokens&order=asc&last=2w", "session --sort tokens --order asc --last 2w"),
    ("project?by=branch", "project --by branch"),
    ("model?by=agent&today=true", "model --by agent --today"),
    ("branch", "branch"),
    ("limits", "limits"),
    ("limits/history?last=30d", "limits --history --days 30"),
    ("forecast", "forecast"),
    ("forecast/backtest", "forecast --backtest"),
    ("block", "block"),
    ("block?active=true", "block --active"),
    ("live", "live --once"),
    ("alerts", "alerts history"),
    ("session/latest", "session latest"),
    ("context", "context"),
    ("breakdown", "breakdown"),
    ("breakdown?by=tool&by=model&last=7d", "breakdown --by tool --by model --last 7d"),
    ("compare?a=last-week&b=this-week", "compare last-week this-week"),
    ("what-if?last=7d", "what-if --last 7d"),
    ("what-if?on_model=claude-sonnet-5&plans=true", "what-if --model claude-sonnet-5 --plans"),
    ("advise", "advise"),
    ("activity", "activity"),
    ("alerts/rules", "alerts"),
    ("doctor", "doctor"),
    ("prices", "prices"),
    ("prices?model=claude-opus-4-8", "prices claude-opus-4-8"),
)
"""An address below /api/v1, and the words that print the same with --json."""
OWN = (
    "status",
    "problems",
    "settings",
    "limits/course",
    "limits/past",
    "live/chart",
    "live/responses",
    "forecast/backtest/progress",
)
"""What pages alone need."""
VARIANTS = (
    "what-if?cache_1h=true&batch=true&source=nobody",
    "what-if?cheap=claude-haiku-4-5&no_cache=true",
    "breakdown?by=prompt",
    "breakdown?by=session&by=tool",
    "block?token_limit=max",
    "prices?model=nothing-there",
    "prices?used=true&at=2024-01-01",
    "doctor?check=false",
    "live?account=nobody",
)
"""Questions whose answers bear other parts of their shape."""
FILES = (
    ("daily?by=model", "daily --by model"),
    ("weekly", "weekly"),
    ("monthly", "monthly"),
    ("session", "session"),
    ("project", "project"),
    ("model", "model"),
    ("branch", "branch"),
    ("block", "block"),
    ("breakdown?by=tool", "breakdown --by tool"),
    ("compare?a=last-week&b=this-week", "compare last-week this-week"),
    ("activity", "activity"),
)
"""The same with format=csv and --csv."""


@cache
def checker(name: str) -> Draft202012Validator:
    schema = {"$ref": COMPONENTS + name, "components": {"schemas": components()}}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def shape_of(target: str) -> str:
    """The component that answers to an address are described by."""
    path = target.partition("?")[0]
    if path in SHAPES:
        return SHAPES[path]
    return SHAPES["session/{session_id}"] if path.startswith("session/") else SHAPES["{kind}"]


def faults_of(target: str, told: Any) -> list[str]:
    """Where an answer is not as it is described."""
    return [f"{error.json_path}: {error.message}" for error in checker(shape_of(target)).iter_errors(told)]
