"""What is to be done now and then beside taking telemetry in: forgetting what is old, moving to another engine."""

from __future__ import annotations

from tokentide.clock import HOUR_US, SECOND_US
from tokentide.errors import StoreError, StoreUnreachableError, UsageError
from tokentide.server.keeping import Keeping
from tokentide.server.moving.move import CANCELLED, COPYING, Move, MoveFile, OpenEngine
from tokentide.store.team.store import TeamStore

FORGET_EVERY_US = HOUR_US
RETRY_US = 2 * SECOND_US
"""After so long an engine to move to that could not be reached is tried again."""


class Chores:
    """The writer's alone."""

    def __init__(
        self, store: TeamStore, keeping: Keeping, move_file: MoveFile, open_engine: OpenEngine, home: str = ""
    ) -> None:
        """`home` is the DSN of the store; empty where no restart has to find it again."""
        self._home = home
        self._store, self._keeping = store, keeping
        self._move_file, self._open = move_file, open_engine
        self._move: Move | None = None
        self._forgot_at, self._tried_at = 0, 0

    def do(self, now: int) -> bool:
        """Do a little; False where nothing was to be done. `now` is µs UTC. Raises StoreError, OSError."""
        if now - self._forgot_at >= FORGET_EVERY_US:
            self._forgot_at = now
            self._keeping.forget(self._store, now)
        return self._go_on_moving(now)

    def _go_on_moving(self, now: int) -> bool:
        """A step of the move that the file asks for; a move that was cut off by the end of a server goes on."""
        if abs(now - self._tried_at) < RETRY_US:
            return False
        self._move = self._move or self._begun(now)
        if self._move is None:
            return False
        if self._move.step(now):
            self._home = self._move.home
            self._move = None
        elif self._move.waits:
            self._tried_at = now
            return False
        return True

    def _begun(self, now: int) -> Move | None:
        """The move that is asked for, if there is one and it can begin; why it cannot stands in the file.

        Raises StoreUnreachableError where days are copied already: what were taken now would be missing there.
        """
        state, file = self._move_file.read(), self._move_file
        if state is None or state.stage != COPYING:
            return None
        if file.take_cancellation():
            file.end(state, CANCELLED)
            return None
        state.source = self._home or state.source
        try:
            return Move(self._store, self._open(state.target), file, state)
        except StoreUnreachableError as error:
            state.fault = str(error)
            file.write(state)
            if state.has_begun:
                raise
            self._tried_at = now
        except (StoreError, UsageError) as error:
            file.end(state, str(error))
        return None
