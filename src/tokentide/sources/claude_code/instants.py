"""RFC 3339 text to microseconds since 1970 UTC."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from tokentide.clock import SECOND_US

FIRST_YEAR, LAST_YEAR = 1971, 9997
"""Years outside cannot be cut into days in every time zone."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:)(\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:?\d\d)", re.ASCII
)
_minutes: dict[str, int] = {}


def parse_instant(text: str) -> int | None:
    """The instant, µs UTC; None where the text is no RFC 3339 time with an offset.

    A leap second counts as the second that follows; digits beyond microseconds are cut.
    """
    if len(text) == 24 and text[19] == "." and text[23] == "Z":
        minute = _minutes.get(text[:17])
        rest = text[17:19] + text[20:23]
        if minute is not None and rest.isdecimal() and rest.isascii() and rest < "60":
            return minute + int(rest) * 1_000
    return _parse_any(text)


def _parse_any(text: str) -> int | None:
    """The general form; remembers canonical minutes, since lines come in bursts."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    day, minute, second, fraction, zone = match.groups()
    leap = second == "60"
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{'59' if leap else second}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError:
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    at = (moment - _EPOCH) // _MICROSECOND + leap * SECOND_US
    if zone == "Z" and text[10] == "T":
        _remember(text[:17], at - int(second) * SECOND_US)
    return at + int((fraction or "0").ljust(6, "0")[:6])


def _remember(prefix: str, at: int) -> None:
    """Keep a minute's instant; the table is emptied when it grows large."""
    if len(_minutes) > 20_000:
        _minutes.clear()
    _minutes[prefix] = at
