"""Takes Claude Code's status-line JSON, whatever it is: what cannot be understood is unknown, and nothing is raised."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import NamedTuple

from tokentide.clock import DAY_US, SECOND_US
from tokentide.model.limits import HIGHEST_PERCENT, snapped

MOST_BYTES = 1 << 20
"""A longer input says nothing."""
MOST_WINDOWS = 32
MOST_CHARACTERS = 200
"""Of a name; a longer one is cut. Paths and ids that are longer are unknown."""
MOST_PATH_CHARACTERS = 4096
HIGHEST_COUNT = 10**15
"""Tokens and milliseconds beyond are no figures of a session."""
HIGHEST_USD = 10**9
"""What a session costs at most; more would not fit into the ledger."""
FARTHEST_RESET_US = 400 * DAY_US
"""A reset further away, on either side, is none."""
_MILLISECONDS_FROM = 10**11
"""Seconds since 1970 reach this number in the year 5138, milliseconds did in 1973."""
_NANO_DIGITS = 9
_MARKS = ("used_percentage", "resets_at")
"""What makes an object below `rate_limits` a window."""

_Object = Mapping[str, object]


class Window(NamedTuple):
    """One window as the client has it."""

    name: str
    percent: float | None
    resets_at: int | None
    """µs UTC, to the minute."""


class Push(NamedTuple):
    """One call of the status line; what is not told is empty or None."""

    session_id: str = ""
    transcript_path: str = ""
    model_id: str = ""
    model_name: str = ""
    effort: str = ""
    api_ms: int = 0
    """Time spent waiting for responses so far."""
    cost: int | None = None
    """Of the session, by the client's own count, nano-USD."""
    context_tokens: int | None = None
    context_window_tokens: int | None = None
    context_percent: float | None = None
    """By the client's own count, of the whole window."""
    windows: tuple[Window, ...] = ()


def parse(data: bytes, now: int) -> Push:
    """What the input tells. `now` is µs UTC: resets are believed only around it.

    Source of the names: the client's status-line documentation, and 2.1.197 as it runs.
    """
    top = _decoded(data)
    model, cost, context = _object(top, "model"), _object(top, "cost"), _object(top, "context_window")
    effort = top.get("effort")
    return Push(
        session_id=_text(top.get("session_id")),
        transcript_path=_text(top.get("transcript_path"), MOST_PATH_CHARACTERS),
        model_id=_text(model.get("id")),
        model_name=_text(model.get("display_name")),
        effort=_text(effort.get("level") if isinstance(effort, dict) else effort),
        api_ms=_count(cost.get("total_api_duration_ms")) or 0,
        cost=_nano(cost.get("total_cost_usd")),
        context_tokens=_context_tokens(context),
        context_window_tokens=_count(context.get("context_window_size")) or None,
        context_percent=_percent(context.get("used_percentage")),
        windows=tuple(_windows(_object(top, "rate_limits"), now)),
    )


def _decoded(data: bytes) -> _Object:
    """The input as an object; an empty one for anything else."""
    if len(data) > MOST_BYTES:
        return {}
    numbers: Mapping[str, Callable[[str], object]] = {"parse_int": Decimal, "parse_float": Decimal}
    with suppress(ValueError, RecursionError, ArithmeticError):
        value = json.loads(data.decode("utf-8-sig", "replace"), parse_constant=_nothing, **numbers)  # type: ignore[arg-type]
        if isinstance(value, dict):
            return value
    return {}


def _nothing(_name: str) -> None:
    """What NaN and Infinity stand for."""


def _object(holder: _Object, name: str) -> _Object:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object, most: int = MOST_CHARACTERS) -> str:
    """A text that can be stored: valid UTF-8, not endless; empty for anything else."""
    if not isinstance(value, str):
        return ""
    shown = value if value.isascii() else value.encode("utf-8", "replace").decode()
    if len(shown) <= most:
        return shown
    return "" if most == MOST_PATH_CHARACTERS else shown[:most]


def _number(value: object) -> Decimal | None:
    """A number, also one written as text; None for anything else, and for one that no figure of a session reaches."""
    if isinstance(value, str) and len(value) < MOST_CHARACTERS and value.isascii() and "_" not in value:
        with suppress(ArithmeticError):
            value = Decimal(value.strip())
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    return value if -HIGHEST_COUNT <= value <= HIGHEST_COUNT else None


def _count(value: object) -> int | None:
    """A number that is not negative, its fraction cut."""
    number = _number(value)
    return None if number is None or number < 0 else int(number)


def _nano(value: object) -> int | None:
    """USD as nano-USD, exact up to the ninth digit."""
    number = _number(value)
    return None if number is None or not 0 <= number <= HIGHEST_USD else round(number.scaleb(_NANO_DIGITS))


def _percent(value: object) -> float | None:
    """A percentage; None for one that cannot be, such as an instant that leaked into it."""
    number = _number(value)
    return None if number is None or not 0 <= number <= HIGHEST_PERCENT else float(number) + 0.0


def _context_tokens(context: _Object) -> int | None:
    """What the context holds: the last request's input, the cached parts with it, which the next one sends again."""
    usage = _object(context, "current_usage")
    parts = [_count(usage.get(f"{name}input_tokens")) for name in ("", "cache_creation_", "cache_read_")]
    told = [part for part in parts if part is not None]
    return sum(told) if told else None


def _windows(limits: _Object, now: int) -> list[Window]:
    """Every member that looks like a window; one that tells nothing is left out."""
    found = [
        Window(_text(name), _percent(value.get("used_percentage")), _reset(value.get("resets_at"), now))
        for name, value in limits.items()
        if isinstance(value, dict) and name and any(mark in value for mark in _MARKS)
    ]
    return [window for window in found if window.percent is not None or window.resets_at is not None][:MOST_WINDOWS]


def _reset(value: object, now: int) -> int | None:
    """The instant of a reset from seconds, milliseconds, or ISO text; None for one that lies absurdly far."""
    number = _number(value)
    if number is not None:
        instant = int(number * (SECOND_US if number < _MILLISECONDS_FROM else SECOND_US // 1000))
    else:
        instant = _iso_instant(value)
    return snapped(instant) if abs(instant - now) <= FARTHEST_RESET_US else None


def _iso_instant(value: object) -> int:
    """An ISO 8601 text with its offset as µs UTC; the distant past for anything else."""
    if isinstance(value, str) and len(value) < MOST_CHARACTERS:
        from datetime import datetime

        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is not None:
                return round(moment.timestamp() * SECOND_US)
    return -FARTHEST_RESET_US
