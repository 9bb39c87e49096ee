"""The loop of the background runner: when it looks again, and what signals, sleep and updates do to it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide import clock
from tokentide.cli.lasting import stay
from tokentide.cli.runner import Runner
from tokentide.clock import SECOND_US
from tokentide.errors import TokentideError
from tokentide.following.runner_lock import RunnerLock
from tokentide.render.words import clean, duration

if TYPE_CHECKING:
    from tokentide.sync.watching import Watcher

TICK_SECONDS = 60.0
"""How often it is looked for readings of others, and whether an account's turn has come."""
SPACING_SECONDS = 10.0
"""Transcripts that grow all the time are read so often."""
SLICE_SECONDS = 1.0
"""How soon a signal is heeded."""
SLEPT_US = 90 * SECOND_US
"""A clock that went so much further than the pause was long: the machine slept, or the clock was set."""


@dataclass(slots=True)
class Flags:
    """What signals have said."""

    ends: bool = False
    reloads: bool = False
    """Also set where a file has changed that a signal could have told of."""


class Program:
    """The files of this program, to see that they have been replaced by another version."""

    def __init__(self) -> None:
        self._begun = self._last = _stamps()

    def was_updated(self) -> bool:
        """True once they are other files than at the beginning, and the same as at the last look."""
        before, self._last = self._last, _stamps()
        return self._last != self._begun and self._last == before


def _stamps() -> tuple[object, ...]:
    """What tells these files from others, without a look into them; None for one that is gone."""
    from importlib.util import find_spec

    found: list[object] = []
    for package in ("tokentide", "genai_prices"):
        spec = find_spec(package)
        try:
            status = os.stat((spec and spec.origin) or "")
            found.append((status.st_mtime_ns, status.st_ino, status.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


def run_on(runner: Runner, flags: Flags, lock: RunnerLock) -> bool:
    """Do rounds until a signal says to end; at once when transcripts change or the machine wakes, else every minute.

    True where it ends because the program was updated: its old version would undo what the new one reckons.
    Raises AnotherRunsError where the lock's file was deleted and another runner was quicker to make it anew.
    """
    from tokentide.sync.watching import Watcher

    stay()
    program = Program()
    while not flags.ends:
        with Watcher(runner.workspace.settings, runner.workspace.terminal.environ) as watcher:
            for now in _turns(runner, watcher, flags):
                if program.was_updated():
                    return True
                lock.renew()
                runner.round(now)
        if flags.reloads and not flags.ends:
            flags.reloads = False  # before: a signal that comes while it is read asks for another reading
            _reload(runner)
    return False


def _turns(runner: Runner, watcher: Watcher, flags: Flags) -> Iterator[int]:
    """The instants to look at, µs UTC, until a signal comes."""
    while not (flags.ends or flags.reloads):
        if runner.is_outdated:
            flags.reloads = True
            return
        began, wall = time.monotonic(), clock.now_us()
        yield wall
        failed = runner.state.faults > 0
        limit = runner.pause_seconds() if failed else TICK_SECONDS
        has_changed = False
        while not (flags.ends or flags.reloads):
            elapsed = time.monotonic() - began
            drift = round((clock.now_us() - wall) / SECOND_US - elapsed) * SECOND_US
            if abs(drift) > SLEPT_US:
                runner.log(
                    f"the clock went {duration(abs(drift))} {'further' if drift > 0 else 'back'}", clock.now_us()
                )
                break
            if elapsed >= limit or (has_changed and not failed and elapsed >= SPACING_SECONDS):
                break
            if has_changed:
                time.sleep(SLICE_SECONDS)
            else:
                has_changed = watcher.changes(SLICE_SECONDS)


def _reload(runner: Runner) -> None:
    """Read settings and rules anew; wrong ones are told, and the former ones go on."""
    now = clock.now_us()
    try:
        runner.reload()
    except TokentideError as error:
        runner.log(f"{clean(str(error))}; what held before goes on", now)
    else:
        runner.log("settings and rules were read anew", now)
