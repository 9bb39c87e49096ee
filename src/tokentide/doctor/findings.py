"""Gathers how it stands with transcripts, ledger, limits and the background; nobody is asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tokentide import locations
from tokentide.doctor.limits import LimitFindings, examine_limits
from tokentide.doctor.watch import WatchFindings, examine_watch
from tokentide.model.problems import Problem
from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings
from tokentide.sources.claude_code.lines import half_written
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced
from tokentide.sync.roots import wanted_roots

SOUND = "ok"
"""What the engine says of a ledger that it finds nothing wrong with."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a ledger."""

    settings: Settings
    environ: Mapping[str, str]
    book: PriceBook
    now: int
    """µs UTC."""


@dataclass(frozen=True, slots=True)
class RootFinding:
    """One place that was looked at."""

    path: str
    origin: str
    exists: bool
    files: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the doctor tells."""

    roots: tuple[RootFinding, ...]
    lines: int
    usage_lines: int
    waiting_bytes: int
    """Half-written last lines that wait for their rest."""
    vanished: int
    """Files that were read once and are gone; what they said is kept."""
    problems: tuple[Problem, ...]
    problem_count: int
    ledger_bytes: int
    health: str
    """What the engine says of the ledger; empty where it was not asked."""
    is_kept: bool
    counts: dict[str, int]
    limits: LimitFindings
    watch: WatchFindings
    around: Surroundings
    log_changed_at: int
    """When an error was noted last that nobody could be told of, µs UTC; 0 for never."""

    @property
    def is_well(self) -> bool:
        """False where something needs a person."""
        is_sound = self.health in (SOUND, "") and self.is_kept
        return is_sound and not self.problem_count and not self.watch.fault


def examine(ledger: Ledger, synced: Synced, around: Surroundings, *, check: bool = True) -> Findings:
    """Gather the facts; with `check` the engine looks at every page of the ledger, which takes its time."""
    states = ledger.files()
    here = [found for found in synced.found if found.key in states]
    return Findings(
        roots=_roots(synced, around),
        lines=sum(states[found.key].position.lines for found in here),
        usage_lines=sum(states[found.key].usage_lines for found in here),
        waiting_bytes=sum(_waiting(found, states[found.key].position.offset) for found in here),
        vanished=len(states) - len(here),
        problems=problems_of(ledger, synced),
        problem_count=synced.problems,
        ledger_bytes=ledger_bytes(ledger),
        health=ledger.health() if check else "",
        is_kept=ledger.is_kept,
        counts=ledger.row_counts(),
        limits=examine_limits(ledger, around.settings, around.environ, now=around.now),
        watch=examine_watch(around.environ),
        around=around,
        log_changed_at=_changed_at(locations.error_log_path()),
    )


def problems_of(ledger: Ledger, synced: Synced) -> tuple[Problem, ...]:
    """What cannot be read now: folders and files first, then lines; at most a hundred of a file."""
    here = {found.key for found in synced.found}
    return (*synced.unreadable, *(problem for problem in ledger.problems() if problem.path in here))


def ledger_bytes(ledger: Ledger) -> int:
    """Of the ledger with its log, which holds what was written last; 0 for one that is kept nowhere."""
    if not ledger.is_kept:
        return 0
    return sum(os.path.getsize(part) for part in (ledger.path, f"{ledger.path}-wal") if os.path.exists(part))


def _waiting(found: FoundFile, offset: int) -> int:
    """Bytes of a half-written last line; a file that was read to its end is not opened."""
    return half_written(found.path, offset) if found.stamp.size > offset else 0


def _roots(synced: Synced, around: Surroundings) -> tuple[RootFinding, ...]:
    existing = {root.path for root in synced.roots}
    roots = wanted_roots(around.settings, around.environ)
    return tuple(
        RootFinding(
            root.path, root.origin, root.path in existing, sum(found.root == root.path for found in synced.found)
        )
        for root in roots
    )


def _changed_at(path: str) -> int:
    """When a file was written last, µs UTC; 0 where it is not there."""
    try:
        return os.stat(path).st_mtime_ns // 1000
    except OSError:
        return 0
