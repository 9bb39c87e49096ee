"""What Claude Code says to its status line, and what comes of it in this process at a fixed time."""

from __future__ import annotations

import io
import json
import sys

import pytest

from tests.conftest import Machine
from tokentide.sources.claude_code.instants import parse_instant

NOW = "2026-03-12T12:00:00Z"
NOW_US = parse_instant(NOW) or 0
UNSYNCED = "statusline_sync = false\n"
"""Settings that keep the status line from starting anything in the background."""

LINE = "Opus 4.8 | high | 5h ██████░░░░ 62 % 1h 40m | week 34 % 3d 0h | context 31 % | $1.27 session\n"
"""What the line of `pushed()` is."""


def pushed(percent: object = 62, **more: object) -> str:
    """What Claude Code would say in the session `s1`, 100 minutes before the reset."""
    seconds = NOW_US // 1_000_000
    fields: dict[str, object] = {
        "session_id": "s1",
        "model": {"id": "claude-opus-4-8", "display_name": "Opus 4.8"},
        "effort": {"level": "high"},
        "cost": {"total_cost_usd": 1.27, "total_api_duration_ms": 5_000},
        "context_window": {"used_percentage": 31},
        "rate_limits": {
            "five_hour": {"used_percentage": percent, "resets_at": seconds + 6_000},
            "seven_day": {"used_percentage": 34, "resets_at": seconds + 259_200},
        },
    }
    return json.dumps(fields | more)


class Input(io.TextIOWrapper):
    """Standard input that holds some bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))


def call(machine: Machine, data: str | bytes, *arguments: str, now: str = NOW, **environ: str) -> str:
    """The line for some input, at a fixed time and without colour; it has to be all there is."""
    content = data if isinstance(data, bytes) else data.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Input(content))
        code, out, err = machine.call(
            "statusline", *arguments, now=now, **{"NO_COLOR": "1", "COLUMNS": "500", **environ}
        )
    assert (code, err) == (0, "")
    return out


def log_of(machine: Machine) -> str:
    """The log of errors; empty where there is none."""
    path = machine.ledger.parent / "errors.log"
    return path.read_text() if path.exists() else ""
