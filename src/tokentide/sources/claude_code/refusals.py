"""Refusals in transcripts: the vendor said that a window is used up, and when it resets.

Newer clients write `quotaLimits`; with older ones the instant stands only in the sentence that the client showed. Of
that nothing but window and reset is kept.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

import msgspec

from tokentide.clock import DAY_US, MINUTE_US, SECOND_US
from tokentide.model.limits import FIVE_HOUR, REFUSAL, SEVEN_DAY, LimitReading, length_of, snapped

MOST_TEXT = 2000
_EPOCH = re.compile(r"limit reached\|(\d{9,11})\b", re.ASCII)
"""`Claude AI usage limit reached|1760004000`, until 2.0."""
_SENTENCE = re.compile(
    r"(?:(?P<scope>[\w-]+) )?(?P<kind>session|weekly|5-hour|[\w-]+)? ?limit\b[^·∙]{0,40}[·∙] ?resets "
    r"(?:(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2})(?:,| at) )?(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?P<half>[ap]m) "
    r"\((?P<zone>[\w/+-]+)\)"
)
"""`You've hit your session limit · resets 1:50pm (UTC)`, `Opus weekly limit reached ∙ resets Oct 6, 1pm (…)`."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FILLERS = {"", "your", "the", "usage", "hit", "reached", "a"}


class _Quota(msgspec.Struct, rename="camel"):
    resets_at: float | None = None
    rate_limit_type: str | None = None


class _Block(msgspec.Struct):
    text: str = ""


class _Message(msgspec.Struct):
    content: list[_Block] = []


class _Refusal(msgspec.Struct, rename="camel"):
    quota_limits: _Quota | None = None
    message: _Message | None = None


_decode = msgspec.json.Decoder(_Refusal).decode


def refusal_in(raw: bytes, at: int, account: str) -> LimitReading | None:
    """The window that an error line says is used up; None where it is about something else.

    `at` is the instant of the line, µs UTC. Raises what the decoder raises for a line of another shape.
    """
    line = _decode(raw)
    quota = line.quota_limits
    if quota is not None and quota.resets_at is not None:
        resets_at = int(quota.resets_at * SECOND_US) if abs(quota.resets_at) < 1e11 else 0
        return _reading(account, _slug(quota.rate_limit_type or ""), at, resets_at)
    text = " ".join(block.text for block in line.message.content)[:MOST_TEXT] if line.message else ""
    old = _EPOCH.search(text)
    if old:
        return _reading(account, "", at, int(old[1]) * SECOND_US)
    found = _SENTENCE.search(text)
    return _reading(account, _window(found), at, _instant(found, at) or 0) if found else None


def _reading(account: str, window: str, at: int, resets_at: int) -> LimitReading | None:
    """The reading; None where the reset makes no sense. A window without a name is told by how far its reset is."""
    ahead = resets_at - at
    if not 0 < ahead <= 8 * DAY_US:
        return None
    nearest = FIVE_HOUR if ahead <= (length_of(FIVE_HOUR) or 0) + 10 * MINUTE_US else SEVEN_DAY
    return LimitReading(account, window or nearest, REFUSAL, at, 100.0, snapped(resets_at))


def _window(found: re.Match[str]) -> str:
    """The window that a sentence names; empty where it names none."""
    scope, kind = ((found[name] or "").lower() for name in ("scope", "kind"))
    scope, kind = (scope, kind) if kind else ("", scope)
    if kind in ("session", "5-hour"):
        return FIVE_HOUR
    part = scope if kind == "weekly" else kind
    if part in _FILLERS:
        return SEVEN_DAY if kind == "weekly" else ""
    return f"{SEVEN_DAY}_{_slug(part)}"


def _instant(found: re.Match[str], at: int) -> int | None:
    """The instant that a sentence names: the first such wall time after the line's own."""
    zone = _zone(found["zone"])
    if zone is None or not 1 <= int(found["hour"]) <= 12 or int(found["minute"] or 0) > 59:
        return None
    hour = int(found["hour"]) % 12 + (12 if found["half"] == "pm" else 0)
    said = datetime.fromtimestamp(at // SECOND_US, zone)
    wall = said.replace(hour=hour, minute=int(found["minute"] or 0), second=0, microsecond=0)
    try:
        if found["month"] in _MONTHS:
            wall = wall.replace(month=_MONTHS.index(found["month"]) + 1, day=int(found["day"]))
            wall = wall.replace(year=wall.year + 1) if said - wall > timedelta(days=180) else wall
        elif wall <= said:
            wall += timedelta(days=1)
    except ValueError:
        return None
    return int(wall.timestamp()) * SECOND_US


def _zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60]
