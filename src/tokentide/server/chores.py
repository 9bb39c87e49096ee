"""What is to be done now and then beside taking telemetry in: forgetting what is old, moving to another engine."""

from __future__ import annotations

from tokentide.clock import HOUR_US
from tokentide.server.keeping import Keeping
from tokentide.server.move import COPYING, Move, MoveFile, OpenEngine
from tokentide.store.team.store import TeamStore

FORGET_EVERY_US = HOUR_US


class Chores:
    """The writer's alone."""

    def __init__(self, store: TeamStore, keeping: Keeping, move_file: MoveFile, open_engine: OpenEngine) -> None:
        self._store, self._keeping = store, keeping
        self._move_file, self._open = move_file, open_engine
        self._move: Move | None = None
        self._forgot_at = 0

    def do(self, now: int) -> bool:
        """Do a little; False where nothing was to be done. `now` is µs UTC. Raises StoreError, OSError."""
        if now - self._forgot_at >= FORGET_EVERY_US:
            self._forgot_at = now
            self._keeping.forget(self._store, now)
        return self._go_on_moving(now)

    def _go_on_moving(self, now: int) -> bool:
        """A step of the move that the file asks for; a move that was cut off by the end of a server goes on."""
        if self._move is None:
            state = self._move_file.read()
            if state is None or state.stage != COPYING:
                return False
            self._move = Move(self._store, self._open(state.target), self._move_file, state)
        if self._move.step(now):
            self._move = None
        return True
