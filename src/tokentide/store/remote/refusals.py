"""What a team server says when it refuses."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tokentide.transport import Answer

LONGEST = 300
"""Characters of a sentence that are shown."""
_OURS = (401, 403, 404)
"""Statuses whose meaning we know better: others may answer at that address."""


class _Fault(msgspec.Struct):
    """A body that says why; the receiver's has `message`, as OTLP wants it."""

    error: str = ""
    message: str = ""


def refusal(found: Answer, meanings: Mapping[int, str]) -> str:
    """Why a server refused: by its status where `meanings` has it, else in its own words."""
    try:
        fault = msgspec.json.decode(found.body, type=_Fault)
        told = (fault.error or fault.message)[:LONGEST]
    except (ValueError, RecursionError):
        told = ""
    meaning = meanings.get(found.status, "")
    if told and found.status not in _OURS:
        return f"{told} (HTTP {found.status})"
    return meaning or told or f"it answered with HTTP {found.status}"
