"""What the guard has told which session, and until when it is silent: one small file beside the ledger.

It holds session ids, instants and percentages; two sessions that write at once may tell something twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import cast

from tokentide import locations
from tokentide.private_files import write_private

MOST_SESSIONS = 50
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Told:
    """What a session was last warned of about a window."""

    resets_at: int
    percent: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionNote:
    """One session."""

    at: int
    """Its last prompt, or its start, µs UTC."""
    told: Mapping[str, Told] = field(default_factory=dict)
    """By window."""


@dataclass(frozen=True, slots=True)
class GuardState:
    """The whole file."""

    silent_until: int = 0
    """µs UTC."""
    sessions: Mapping[str, SessionNote] = field(default_factory=dict)

    @property
    def last_at(self) -> int:
        """When any session was last told what there was to tell; 0 if none ever was."""
        return max((note.at for note in self.sessions.values()), default=0)

    def with_session(self, session_id: str, note: SessionNote) -> GuardState:
        """With this note, without those of sessions that have been silent longest."""
        every = {**self.sessions, session_id: note}
        newest = sorted(every, key=lambda each: every[each].at, reverse=True)[:MOST_SESSIONS]
        return replace(self, sessions={each: every[each] for each in newest})


def state_path() -> str:
    """The file; absent until the guard has spoken."""
    return os.path.join(locations.data_dir(), "guard.json")


def read_state() -> GuardState:
    """What is noted; a file that is absent or no longer readable holds nothing."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        with open(state_path(), "rb") as file:
            top = json.loads(file.read(MOST_BYTES))
        return GuardState(int(top["silent_until"]), {key: _note(each) for key, each in top["sessions"].items()})
    return GuardState()


def write_state(state: GuardState) -> None:
    """Replace the file. Raises OSError."""
    sessions = {
        key: {
            "at": note.at,
            "told": {name: [each.resets_at, each.percent, each.reasons] for name, each in note.told.items()},
        }
        for key, note in state.sessions.items()
    }
    write_private(state_path(), json.dumps({"silent_until": state.silent_until, "sessions": sessions}).encode())


def _note(value: object) -> SessionNote:
    """Raises KeyError, TypeError, ValueError, AttributeError for another shape."""
    entry = cast("dict[str, object]", value)
    told = cast("dict[str, list[object]]", entry["told"])
    return SessionNote(int(str(entry["at"])), {name: _told(each) for name, each in told.items()})


def _told(value: list[object]) -> Told:
    resets_at, percent, reasons = value
    return Told(int(str(resets_at)), float(str(percent)), tuple(map(str, cast("list[object]", reasons))))
