"""The move from one engine to another, a little at a time between what the writer does; a file tells how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import groupby

import msgspec

from tokentide.clock import DAY_US
from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.private_files import write_private
from tokentide.server.moving import Difference, DoubleEngine, Portion, copy, differences, portions
from tokentide.store.team.engine import Engine, Quarter
from tokentide.store.team.rollups import days_of
from tokentide.store.team.store import TeamStore

COPYING, DONE, FAILED = "copying", "done", "failed"
CANCELLED = "cancelled"
"""The fault of a move that somebody ended."""


class MoveState(msgspec.Struct):
    """What the file of a move says."""

    target: str
    """The DSN of the engine that is moved to, with its password: the file is the owner's alone."""
    began_at: int
    """µs UTC."""
    stage: str = COPYING
    days: list[str] = []
    """UTC days that are copied whole."""
    copied: int = 0
    """Rows, those of this run included."""
    total: int = 0
    """Rows that there were when it began."""
    fault: str = ""
    """Why it waits, or why it failed."""


class MoveFile:
    """Where the state of a move is kept. Methods that write raise OSError."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self) -> MoveState | None:
        """The state; None where no move was ever asked for. Raises StoreError for a damaged file."""
        if not os.path.exists(self.path):
            return None
        try:
            with open(self.path, "rb") as file:
                return msgspec.json.decode(file.read(), type=MoveState)
        except msgspec.DecodeError as error:
            raise StoreError(
                f"{self.path}, which tells where the team has moved to, is damaged ({error}): remove it, and name the "
                "store with --store if it is another than the embedded one"
            ) from error

    def write(self, state: MoveState) -> None:
        """Replace it."""
        write_private(self.path, msgspec.json.encode(state), is_synced=True)

    def end(self, state: MoveState, reason: str) -> None:
        """The move is over, and everything stays where it is."""
        state.stage, state.fault = FAILED, reason
        self.write(state)

    def cancel(self) -> None:
        """Have the move end where it is; whoever makes it finds this beside its own file."""
        write_private(self._cancelled, b"")

    def take_cancellation(self) -> bool:
        """Whether somebody wants it to end; true once."""
        try:
            os.unlink(self._cancelled)
        except FileNotFoundError:
            return False
        return True

    @property
    def _cancelled(self) -> str:
        return f"{self.path}.cancel"


class Move:
    """One move; the writer's alone. From its beginning on, what comes is written into both engines."""

    def __init__(self, store: TeamStore, target: Engine, file: MoveFile, state: MoveState) -> None:
        """Raises StoreError."""
        self._store, self._source, self._target = store, store.engine, target
        self._file, self._state = file, state
        target.prepare()
        todo = [portion for portion in portions(self._source) if portion.day not in state.days]
        self._days = [(day, list(those)) for day, those in groupby(todo, key=lambda portion: portion.day)]
        state.total = state.copied + sum(portion.rows for portion in todo)
        store.engine = DoubleEngine(self._source, target)
        self._keep(COPYING, "")

    @property
    def waits(self) -> bool:
        """Whether the last step came to nothing, as an engine could not be reached."""
        return bool(self._state.fault)

    def step(self, now: int) -> bool:
        """Copy a day, or end the move; True when it is over, well or not. Raises OSError."""
        if self._file.take_cancellation():
            return self._give_up(CANCELLED)
        try:
            if self._days:
                self._copy_day(*self._days[0])
                del self._days[0]
            else:
                return self._end(now)
        except StoreUnreachableError as error:
            self._keep(COPYING, str(error))
        except StoreError as error:
            return self._give_up(str(error))
        return False

    def _copy_day(self, day: str, todo: list[Portion]) -> None:
        quarters: set[Quarter] = set()
        for portion in todo:
            quarters |= copy(portion, self._source, self._target, self._count)
        self._target.refresh(quarters)
        self._state.days.append(day)
        self._keep(COPYING, "")

    def _end(self, now: int) -> bool:
        """Compare the days that are over; the new engine takes the place of the old one where they are the same."""
        found = differences(self._source, self._target, days_of([now - DAY_US])[0])
        if found:
            return self._give_up(_difference_sentence(found))
        self._store.engine = self._target
        self._keep(DONE, "")
        return True

    def _give_up(self, reason: str) -> bool:
        self._store.engine = self._source
        self._keep(FAILED, reason)
        return True

    def _count(self, rows: int) -> None:
        self._state.copied += rows
        self._state.total = max(self._state.total, self._state.copied)  # a day may have got more rows meanwhile
        self._file.write(self._state)

    def _keep(self, stage: str, fault: str) -> None:
        self._state.stage, self._state.fault = stage, fault
        self._file.write(self._state)


OpenEngine = Callable[[str], Engine]
"""Opens the engine of a DSN. Raises StoreError."""


def _difference_sentence(found: list[Difference]) -> str:
    first = found[0]
    return (
        f"{len(found)} days differ, the first {first.day} of {first.tenant}: {first.here} here, {first.there} there "
        "(responses, output tokens, cost in nano-USD, records, amounts); nothing was switched. Totals whose rows were "
        "forgotten by age cannot be moved yet"
    )
