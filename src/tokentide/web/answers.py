"""Keeps answers for as long as they are true, so that many readers cost as much as one."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import blake2b

HOLDS_SECONDS = 30.0
"""So long an answer is true though nothing was written: rates fall, and resets come near."""
MOST_BYTES = 32 << 20
"""Of all that is kept, what it is found by included."""
OVERHEAD_BYTES = 1_024
"""About what an answer takes beside its body and its key."""
MOST_AWAITED = 128
"""Questions that are being answered or wait for it; who asks more is told to come back."""
JSON = "application/json"
CSV = "text/csv; charset=utf-8"
HTML = "text/html; charset=utf-8"
PART = "x-tokentide-part"
"""A header of a page that wants only what changes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent."""

    body: bytes
    media_type: str = JSON
    filename: str = ""
    """What a browser calls the file that it keeps; empty for what is shown."""
    tag: str = field(default="", compare=False)
    """Of the body, in quotes: HTTP's entity tag."""

    @classmethod
    def of(cls, text: str, media_type: str = JSON, filename: str = "") -> Answer:
        """An answer in UTF-8; a lone surrogate out of data becomes a question mark."""
        body = text.encode("utf-8", "replace")
        return cls(body, media_type, filename, f'"{blake2b(body, digest_size=12).hexdigest()}"')


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int
    made_at: float
    answer: Answer


class TooBusyError(Exception):
    """More is asked at once than can be answered soon."""


class Answers:
    """Answers by what was asked; on one loop. The same question at once is answered once."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._awaited: dict[tuple[str, int], asyncio.Future[Answer]] = {}
        self._bytes = 0
        self._most_bytes = most_bytes
        self.given = self.made = 0
        """Answers since the start: all, and those that were not kept already."""

    @property
    def kept_bytes(self) -> int:
        """Of what is kept."""
        return self._bytes

    async def get(self, key: str, version: int, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of this version, made if it is not there or too old.

        Raises TooBusyError, and what `make` raises.
        """
        self.given += 1
        kept = self._kept.get(key)
        if kept is not None and kept.version == version and time.monotonic() - kept.made_at < HOLDS_SECONDS:
            self._kept.move_to_end(key)
            return kept.answer
        awaited = self._awaited.get((key, version))
        if awaited is None:
            if len(self._awaited) >= MOST_AWAITED:
                raise TooBusyError
            awaited = asyncio.ensure_future(self._made(key, version, make))
            self._awaited[key, version] = awaited
            awaited.add_done_callback(lambda done: self._end(key, version, done))
        return await asyncio.shield(awaited)

    def _end(self, key: str, version: int, done: asyncio.Future[Answer]) -> None:
        """Nobody may be there any more to take the error of an answer: it is looked at here."""
        self._awaited.pop((key, version), None)
        if not done.cancelled():
            done.exception()

    async def _made(self, key: str, version: int, make: Callable[[], Awaitable[Answer]]) -> Answer:
        begun = time.monotonic()
        answer = await make()
        self.made += 1
        self._drop(key)
        self._kept[key] = _Kept(version, begun, answer)
        self._bytes += _weight(key, answer)
        while self._bytes > self._most_bytes and self._kept:
            self._drop(next(iter(self._kept)))
        return answer

    def _drop(self, key: str) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= _weight(key, old.answer)


def _weight(key: str, answer: Answer) -> int:
    return len(answer.body) + len(key) + OVERHEAD_BYTES
