"""Hands events to everyone who listens: from any thread, to many streams, of which none can hold up another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from starlette.responses import StreamingResponse

BEAT_SECONDS = 15.0
"""A silent stream says so often that it lives."""
MOST_WAITING = 32
"""Events that wait for one listener; the oldest goes when more come."""
MOST_LISTENERS = 200
BEAT = b": alive\n\n"


class Event(dict[str, "str | int | float | None"]):
    """What happened; `name` is its kind."""

    def __init__(self, name: str, **facts: str | float | None) -> None:
        super().__init__(facts)
        self.name = name

    def encoded(self) -> bytes:
        """As a server-sent event."""
        facts: Mapping[str, object] = self
        return f"event: {self.name}\ndata: {json.dumps(facts)}\n\n".encode()


class FullHouseError(Exception):
    """More listen than are served."""


class Hub:
    """Made on the loop that its streams run on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queues: set[asyncio.Queue[bytes | None]] = set()
        self._is_closed = False

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._queues)

    def publish(self, event: Event) -> None:
        """Tell everyone; from any thread. After the loop has ended nobody hears it."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._put, event.encoded())

    def close(self) -> None:
        """End all streams, also those that come later; on the loop."""
        self._is_closed = True
        self._put(None)

    def _put(self, told: bytes | None) -> None:
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(told)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """What is told while this lasts, with a beat where nothing is. Raises FullHouseError."""
        if len(self._queues) >= MOST_LISTENERS:
            raise FullHouseError
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)
        if self._is_closed:
            queue.put_nowait(None)
        self._queues.add(queue)
        try:
            yield _told(queue)
        finally:
            self._queues.discard(queue)


async def _told(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    yield BEAT
    while True:
        try:
            told = await asyncio.wait_for(queue.get(), BEAT_SECONDS)
        except TimeoutError:
            told = BEAT
        if told is None:
            return
        yield told


async def stream_of(hub: Hub, first: Event, holds: Callable[[], bool]) -> StreamingResponse:
    """What is told, behind a first event, for as long as who listens may. Raises FullHouseError."""
    listening = hub.listening()
    told = await listening.__aenter__()  # a full house is refused before the stream begins

    async def stream() -> AsyncIterator[bytes]:
        try:
            yield first.encoded()
            async for each in told:
                if not holds():  # logged out in another tab, or too long ago: what happens now is not for this one
                    return
                yield each
        finally:
            await listening.__aexit__(None, None, None)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})
