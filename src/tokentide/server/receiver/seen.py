"""Bodies that came a little while ago: a sender that heard no answer sends the same bytes again.

That two bodies are equal means that they hold the same records: log records and data points carry their instants and
their session, and a cumulative point that has not changed carries a new instant each time. Records are known by what
they are, wherever they are stored, so that leaving out an equal body leaves out nothing that would have been kept. A
body without records is no loss either.

Only a body that is on the disk counts as seen; who sends one that is still on its way waits for the same answer.
"""

from __future__ import annotations

from asyncio import Future
from collections import OrderedDict
from hashlib import blake2b
from typing import NamedTuple

from tokentide.server.log.entry import NewEntry, Position
from tokentide.server.receiver.answers import Answer

SEEN_SECONDS = 600
MOST_SEEN = 100_000
"""Of about 600 bytes each; the oldest is forgotten first."""


class Seen(NamedTuple):
    """A body that came before."""

    until: float
    """Seconds of the loop's clock."""
    done: Future[Position]
    answer: Answer
    """What its sender is told, if it is taken."""


class SeenBodies:
    """The bodies of the last ten minutes, by a hash of who sent them, as what, and all they hold."""

    def __init__(self, seconds: float = SEEN_SECONDS, most: int = MOST_SEEN) -> None:
        self._seconds, self._most = seconds, most
        self._known: OrderedDict[bytes, Seen] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, key: bytes, now: float) -> Seen | None:
        """The first copy, if it is taken or may still be."""
        found = self._known.get(key)
        if found is None:
            return None
        if found.until < now or found.done.cancelled() or (found.done.done() and found.done.exception()):
            del self._known[key]
            return None
        return found

    def add(self, key: bytes, done: Future[Position], answer: Answer, now: float) -> None:
        """Note a body that is on its way to the disk."""
        known = self._known
        known[key] = Seen(now + self._seconds, done, answer)
        known.move_to_end(key)
        while len(known) > self._most or next(iter(known.values())).until < now:
            known.popitem(last=False)


def key_of(entry: NewEntry) -> bytes:
    """What an equal entry has as well: all but the instant at which it came."""
    about = f"{entry.tenant}\0{entry.team}\0{entry.kind}\0{entry.content_type}\0{entry.encoding}\0"
    made = blake2b(about.encode("utf-8", "replace"), digest_size=16)
    made.update(entry.body)
    return made.digest()
