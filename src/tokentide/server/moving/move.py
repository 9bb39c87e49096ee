"""The move from one engine to another, a little at a time between what the writer does; a file tells how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import groupby

import msgspec

from tokentide.clock import DAY_US
from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.private_files import write_private
from tokentide.render.words import plural
from tokentide.server.moving.carrying import Load, carry, loads, near_forgotten
from tokentide.server.moving.copying import Difference, DoubleEngine, Portion, copy, differences, portions
from tokentide.store.team.engine import Engine, Quarter
from tokentide.store.team.rollups import days_of
from tokentide.store.team.store import TeamStore

COPYING, DONE, FAILED = "copying", "done", "failed"
CANCELLED = "cancelled"
"""The fault of a move that somebody ended."""
MOST_LOOKS = 20
"""So often are totals that differ looked at again: those of what has just come are reckoned within moments."""


class MoveState(msgspec.Struct):
    """What the file of a move says."""

    target: str
    """The DSN of the engine that is moved to, with its password: the file is the owner's alone."""
    began_at: int
    """µs UTC."""
    stage: str = COPYING
    source: str = ""
    """The DSN of the engine that is left, likewise; empty for the one that the server was started with."""
    days: list[str] = []
    """UTC days whose rows are copied."""
    carried: list[str] = []
    """UTC days of which totals without rows are carried over."""
    to_carry: int = 0
    """So many days have such totals."""
    copied: int = 0
    """Rows, those of this run included."""
    total: int = 0
    """Rows that there were when it began."""
    fault: str = ""
    """Why it waits, or why it failed."""

    @property
    def has_begun(self) -> bool:
        """Whether anything was copied, so that both engines have to get what comes."""
        return bool(self.days or self.carried)

    @property
    def home(self) -> str:
        """The DSN of the engine that the team is in by now; empty for the one that the server was started with."""
        return self.target if self.stage == DONE else self.source


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
        """Raises StoreError; StoreUnreachableError where a part of either engine is away."""
        self._store, self._source, self._target = store, store.engine, target
        self._file, self._state = file, state
        self._looks = 0
        target.prepare()
        self._near = near_forgotten(self._source)
        self._loads: list[tuple[str, list[Load]]] | None = None
        todo = [portion for portion in portions(self._source) if portion.day not in state.days]
        self._days = [(day, list(those)) for day, those in groupby(todo, key=lambda portion: portion.day)]
        self._check_whole()
        state.total = state.copied + sum(portion.rows for portion in todo)
        store.engine = DoubleEngine(self._source, target)
        self._keep(COPYING, "")

    @property
    def waits(self) -> bool:
        """Whether the last step came to nothing, as an engine could not be reached."""
        return bool(self._state.fault)

    @property
    def home(self) -> str:
        """The DSN of the engine that the team is in by now."""
        return self._state.home

    def step(self, now: int) -> bool:
        """Copy a day, carry one, or end the move; True when it is over, well or not. Raises OSError."""
        if self._file.take_cancellation():
            return self._give_up(CANCELLED)
        try:
            self._check_whole()
            if self._days:
                self._copy_day(*self._days[0])
                del self._days[0]
            elif self._loads is None:
                self._plan_loads()
            elif self._loads:
                self._carry_day(*self._loads[0])
                del self._loads[0]
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
        self._target.refresh(quarter for quarter in quarters if _day_of(quarter) not in self._near)
        self._check_whole()
        self._state.days.append(day)
        self._keep(COPYING, "")

    def _plan_loads(self) -> None:
        """What is carried is settled when all rows are copied: some may have been forgotten meanwhile."""
        todo = [load for load in loads(self._source) if load.date not in self._state.carried]
        self._check_whole()
        self._loads = [(date, list(those)) for date, those in groupby(todo, key=lambda load: load.date)]
        self._state.to_carry = len(self._state.carried) + len(self._loads)
        self._keep(COPYING, "")

    def _carry_day(self, date: str, todo: list[Load]) -> None:
        for load in todo:
            carry(load, self._source, self._target)
        self._check_whole()
        self._state.carried.append(date)
        self._keep(COPYING, "")

    def _check_whole(self) -> None:
        """Raises StoreUnreachableError where a shard of either engine is away: its rows would not be copied."""
        missing = *self._source.missing, *self._target.missing
        if missing:
            raise StoreUnreachableError(f"{', '.join(missing)}: out of reach")

    def _end(self, now: int) -> bool:
        """Compare the days that are over; the new engine takes the place of the old one where they are the same."""
        found = differences(self._source, self._target, days_of([now - DAY_US])[0])
        self._check_whole()
        if found and self._looks == MOST_LOOKS:
            return self._give_up(_difference_sentence(found))
        if found:
            self._looks += 1
            self._keep(COPYING, f"{plural(len(found), 'day')} of totals differ; they are compared again")
            return False
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
        f"{plural(len(found), 'day')} of totals differ, the first in {first.cube}, {first.day}, tenant {first.tenant}: "
        f"{first.measure} is {first.here} here, {first.there} there; nothing was switched"
    )


def _day_of(quarter: Quarter) -> tuple[str, int]:
    return quarter[0], quarter[1] // DAY_US
