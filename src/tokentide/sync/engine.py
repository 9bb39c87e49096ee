"""One synchronisation: look what changed on disk, read only that, put it into the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentide.model.files import FileStamp
from tokentide.model.problems import Problem
from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings
from tokentide.sources.claude_code.paths import Discovery, FoundFile, Root, discover, home_of
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.roots import wanted_roots

if TYPE_CHECKING:
    from tokentide.model.batch import Batch
    from tokentide.model.files import FileState
    from tokentide.model.merging import Portion
    from tokentide.sources.claude_code.batches import Task

Stamps = Mapping[str, tuple[FileStamp, int]]
FLUSH_RECORDS = 100_000
"""So many responses are held in memory before they are written."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a synchronisation found and did."""

    roots: tuple[Root, ...]
    """The roots that exist."""
    found: tuple[FoundFile, ...]
    """The transcripts on disk."""
    known_files: int = 0
    """Those that the ledger has ever read, whether they are still there or not."""
    read_files: int = 0
    """Those that were new or had changed."""
    problems: int = 0
    """Lines of these transcripts that could not be read, and folders and files that refuse."""
    unreadable: tuple[Problem, ...] = ()
    """The folders and files among them."""
    repriced: bool = False
    """True if every cost was reckoned anew, because prices changed."""

    @property
    def files(self) -> int:
        """How many transcripts there are."""
        return len(self.found)


class Observer:
    """Is told how long work goes on, in bytes where files are read; this one does not care."""

    def begin(self, total: int) -> None:
        """It begins; of reading it is called only if there is anything to read."""

    def advance(self, done: int) -> None:
        """So much more was done."""

    def end(self) -> None:
        """It has ended, well or not."""


@dataclass(frozen=True, slots=True)
class Synchroniser:
    """Brings the transcripts of this machine into a ledger."""

    settings: Settings
    environ: Mapping[str, str]
    book: PriceBook
    observer: Observer = field(default_factory=Observer)

    def sync(self, ledger: Ledger, *, rebuild: bool = False) -> Synced:
        """Read what changed since the last time; with `rebuild`, everything, and reckon all derived columns anew.

        What the transcripts no longer hold stays. Safe beside other processes that do the same.
        Raises LedgerDamagedError, LedgerUnwritableError.
        """
        discovery = discover(wanted_roots(self.settings, self.environ))
        known = ledger.stamps()
        changed = [found for found in discovery.files if rebuild or _is_news(found, known)]
        repriced = rebuild or ledger.price_version() != self.book.version
        if repriced:
            ledger.reprice(self.book.cost_nano_usd, self.book.version)
        unreadable: list[Problem] = []
        if changed:
            unreadable = self._read(ledger, changed, rebuild=rebuild)
            known = ledger.stamps()
        return Synced(
            roots=discovery.roots,
            found=tuple(discovery.files),
            known_files=len(known),
            read_files=len(changed),
            problems=_problem_count(discovery, known) + len(unreadable),
            unreadable=(*discovery.problems, *unreadable),
            repriced=repriced,
        )

    def look(self, ledger: Ledger) -> Synced:
        """What is there, and what the ledger says of it; nothing is read. Raises LedgerDamagedError."""
        discovery = discover(wanted_roots(self.settings, self.environ))
        known = ledger.stamps()
        return Synced(
            roots=discovery.roots,
            found=tuple(discovery.files),
            known_files=len(known),
            problems=_problem_count(discovery, known),
            unreadable=tuple(discovery.problems),
        )

    def unread_bytes(self, ledger: Ledger) -> int:
        """About how much a synchronisation would read now. Raises LedgerDamagedError."""
        known = ledger.files()
        found = discover(wanted_roots(self.settings, self.environ)).files
        read = {key: state.position.offset for key, state in known.items()}
        return sum(max(each.stamp.size - read.get(each.key, 0), 0) for each in found)

    def _read(self, ledger: Ledger, changed: Sequence[FoundFile], *, rebuild: bool) -> list[Problem]:
        """Read the files and write what they say; returns those that cannot be opened."""
        from tokentide.sources.claude_code.batches import decode_batch, encode_batch, read_batch
        from tokentide.sync.workers import Reading, read_all

        tasks = self._tasks(changed, {} if rebuild else ledger.files())
        refused: list[Problem] = []
        limited: set[str] = set()
        self.observer.begin(sum(found.stamp.size for found in changed))
        try:
            with ledger.intake(self.book.cost_nano_usd, relocating=rebuild) as intake:
                reading = Reading(read_batch, encode_batch, decode_batch)
                for portion in _portions(read_all(tasks, reading, self.observer.advance, self.book.open)):
                    intake.take(portion)
                    refused += [Problem(note.path, 0, note.reason) for note in portion.problems if not note.line]
                    limited |= {reading.account for reading in portion.refusals}
        finally:
            self.observer.end()
        if limited:
            ledger.limits.take({task.account for task in tasks if task.account.key in limited}, [])
        return refused

    def _tasks(self, changed: Sequence[FoundFile], known: Mapping[str, FileState]) -> list[Task]:
        """What is to be read, with the account it belongs to."""
        from tokentide.sources.claude_code.account import account_of
        from tokentide.sources.claude_code.batches import Task

        roots, home = wanted_roots(self.settings, self.environ), home_of(self.environ)
        accounts = {(root.path, root.source): account_of(root, home) for root in roots}
        return [Task(found, accounts[found.root, found.source], known.get(found.key)) for found in changed]


def _is_news(found: FoundFile, known: Stamps) -> bool:
    """True for a file that is new or not as it was."""
    before = known.get(found.key)
    return before is None or before[0] != found.stamp


def _problem_count(discovery: Discovery, known: Stamps) -> int:
    """Bad lines of the files that are there, and folders that refuse."""
    lines = sum(known[found.key][1] for found in discovery.files if found.key in known)
    return lines + len(discovery.problems)


def _portions(batches: Iterator[Batch]) -> Iterator[Portion]:
    """Batches put together until they are worth a transaction."""
    from tokentide.model.merging import Portion

    portion = Portion()
    for batch in batches:
        portion.add(batch)
        if len(portion.records()) >= FLUSH_RECORDS:
            yield portion
            portion = Portion()
    yield portion
