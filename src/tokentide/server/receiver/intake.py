"""What becomes of a body, whichever way it came: looked at, written, acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import NamedTuple

from tokentide.errors import TokentideError
from tokentide.model.telemetry import Entrance
from tokentide.server.log.entry import CannotLogError, NewEntry, Position
from tokentide.server.log.errors import LogFullError
from tokentide.server.log.writer import LogWriter
from tokentide.server.pushed import pushed_records
from tokentide.server.receiver.access import Access, Refused, token_in
from tokentide.server.receiver.answers import TAKEN, Answer
from tokentide.server.receiver.numbers import Tally
from tokentide.server.receiver.room import Room
from tokentide.server.receiver.seen import SeenBodies, key_of
from tokentide.sources.otlp.faults import BadBodyError, TooLongError
from tokentide.sources.otlp.inspecting import Inspected, inspect
from tokentide.sources.otlp.unpacking import unpacked

MOST_BODY_BYTES = 64 << 20
"""As it comes, and unpacked as well."""
ROOM_BYTES = 256 << 20
_QUICK_BYTES = 256 << 10
"""What is longer, as it comes or unpacked, is looked at beside the event loop."""
_BUSY_SECONDS = 2
PUSH = "push"
UNKNOWN_SENDER = (
    "a token is needed that this server knows: `Authorization: Bearer ttide_…`; see `tokentide server token`"
)


class Post(NamedTuple):
    """A body and what its head says."""

    entrance: Entrance
    kind: str
    """`logs`, `metrics`, `traces` or `push`."""
    content_type: str
    encoding: str
    """Empty where the body is as it is."""
    body: bytes


class Intake:
    """For the event loop on which it was made."""

    def __init__(self, log: LogWriter, access: Access, clock: Callable[[], int], room: Room, tally: Tally) -> None:
        self._log, self._access, self._clock = log, access, clock
        self.room, self.tally = room, tally
        self._seen = SeenBodies()
        self._loop = asyncio.get_running_loop()
        self._aside = ThreadPoolExecutor(2, "inspecting")
        self._random = Random()  # noqa: S311 -- spreads those who come again

    def entrance(self, headers: dict[bytes, bytes]) -> Entrance | Answer:
        """As whom the sender of these headers may send, or what to answer."""
        try:
            found = self._access.entrance(token_in(headers))
        except TokentideError as error:
            return self.later(str(error))
        if found is None:
            return Answer(401, UNKNOWN_SENDER)
        return Answer(403, found.reason) if isinstance(found, Refused) else found

    def later(self, reason: str, seconds: int = _BUSY_SECONDS) -> Answer:
        """To be sent again, at a moment that is not everybody's."""
        return Answer(503, reason, retry_after=seconds + self._random.randint(0, seconds))

    def crowded(self) -> Answer:
        """There is no room in memory."""
        return self.later(f"{self.room.used_bytes >> 20} MiB of bodies are held already: send it again a little later")

    async def take(self, post: Post) -> Answer:
        """Have the body in the log, on the disk; the answer tells what else there is to say.

        Who may be cancelled shields this: another sender may wait for the same body.
        """
        try:
            return await self._taken(post)
        except (BadBodyError, CannotLogError) as error:
            return Answer(400, str(error))
        except TooLongError as error:
            return Answer(413, str(error))
        except LogFullError as error:
            return self.later(error.reason, error.retry_after)

    async def guarded(self, work: Awaitable[Answer]) -> Answer:
        """The answer that the work comes to, or, where it fails by a fault of ours, that it is to be sent again."""
        try:
            return await work
        except Exception as error:  # noqa: BLE001 -- who is told 500 throws the body away, whosever fault it was
            self.tally.failed(error)
            return self.later("the server has failed: send it again a little later")

    async def _taken(self, post: Post) -> Answer:
        tenant, team = post.entrance.tenant, post.entrance.team
        entry = NewEntry(self._clock(), tenant, team, post.kind, post.content_type, post.encoding, post.body)
        key = key_of(entry)
        found = self._seen.find(key, self._loop.time())
        if found:
            self.tally.duplicates += 1
            done, answer = found.done, found.answer
        else:
            done, answer = await self._begin(entry, key)
        if not done.done():
            await done
        return answer

    def close(self) -> None:
        """Nothing more comes."""
        self._aside.shutdown(wait=False, cancel_futures=True)

    async def _begin(self, entry: NewEntry, key: bytes) -> tuple[asyncio.Future[Position], Answer]:
        """On its way to the disk, and what is to be said when it is there."""
        inspected = await self._inspected(entry)
        done = self._loop.create_future()
        self._log.append_into(entry, done)
        answer = Answer(200, inspected.message, inspected.rejected) if inspected.message else TAKEN
        self._seen.add(key, done, answer, self._loop.time())
        tally = self.tally
        tally.received_bytes += len(entry.body)
        tally.records += inspected.records
        tally.rejected_records += inspected.rejected
        return done, answer

    async def _inspected(self, entry: NewEntry) -> Inspected:
        """Short bodies are looked at here, long ones beside the loop, two at a time."""
        try:
            if len(entry.body) <= _QUICK_BYTES:
                with suppress(TooLongError):
                    return _look(entry, _QUICK_BYTES)
            return await self._loop.run_in_executor(self._aside, _look, entry, MOST_BODY_BYTES)
        except (BadBodyError, TooLongError):
            raise
        except Exception as error:  # noqa: BLE001 -- it is kept as it is: the writer sets aside what cannot be read
            self.tally.failed(error)
            return Inspected(0, 0, "")


def _look(entry: NewEntry, most_bytes: int) -> Inspected:
    body = unpacked(entry.body, entry.encoding, most_bytes)
    if entry.kind != PUSH:
        return inspect(entry.kind, entry.content_type, body)
    return Inspected(pushed_records(body), 0, "")
