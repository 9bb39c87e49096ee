"""The transcripts of one session on disk, and what happened in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokentide.errors import SessionError
from tokentide.model.activity import Event
from tokentide.sources.claude_code.details import read_events
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.sources.claude_code.reader import session_of

_AGENT = "agent-"
"""How the files of sub-agents begin; old clients put them beside the session's own."""


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """The transcripts of a session; at least one."""

    session_id: str
    own: tuple[FoundFile, ...]
    """Its own conversation, nearly always one file; a copy below another root is another one. The latest first."""
    agents: tuple[FoundFile, ...]
    """Of its sub-agents, by path."""


def find_session(found: Sequence[FoundFile], wish: str = "") -> SessionFiles:
    """The session whose id begins so; without a wish the one that was written last.

    Raises SessionError where no transcript is of it any more, or where several sessions begin so.
    """
    sessions: dict[str, list[FoundFile]] = {}
    for each in found:
        session = session_of(each.key)
        if session.startswith(wish) and (wish or not session.startswith(_AGENT)):
            sessions.setdefault(session, []).append(each)
    if not sessions:
        raise SessionError.unknown(wish)
    if wish and wish not in sessions and len(sessions) > 1:
        raise SessionError.ambiguous(wish, sorted(sessions))
    name = wish if wish in sessions else max(sessions, key=lambda name: max(_written(f) for f in sessions[name]))
    return _files(name, sessions[name])


def events_of_file(found: FoundFile) -> Iterator[Event]:
    """What happened in one transcript, in the order of the file. Raises OSError if it cannot be read."""
    return read_events(found.path)


def _files(session: str, found: Sequence[FoundFile]) -> SessionFiles:
    own = [each for each in found if each.key.replace("\\", "/").rpartition("/")[2] == f"{session}.jsonl"]
    agents = [each for each in found if each not in own]
    return SessionFiles(session, tuple(sorted(own, key=_written, reverse=True)), tuple(sorted(agents)))


def _written(found: FoundFile) -> int:
    return found.stamp.mtime_ns
