"""Opens the ledger, brings it up to date, and goes on with a copy where it cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from tokentide import locations
from tokentide.cli.options import asks_server
from tokentide.cli.progress import observer_for
from tokentide.cli.terminal import Terminal
from tokentide.clock import HOUR_US
from tokentide.errors import LedgerDamagedError, LedgerUnwritableError
from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings, load_settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced, Synchroniser

if TYPE_CHECKING:
    import argparse

    from tokentide.store.reading import UsageReading

T = TypeVar("T")
DETAILS = "details"
"""What is booked in the ledger, so that one process alone starts it."""
LAG_NS = 86_400 * 10**9
"""So far may the reading of details lag behind that of usage."""
BUSY_SECONDS = 0.05
"""No report waits longer for another process's write, only to have details read."""
Work = Callable[[Ledger, Synced], T]


class Workspace:
    """Settings, prices and the ledger of one call."""

    def __init__(self, terminal: Terminal) -> None:
        """Raises SettingsError."""
        self.terminal = terminal
        self.settings: Settings = load_settings(locations.settings_path(), terminal.environ)
        self.book = PriceBook(
            self.settings.prices, cache_path=locations.price_cache_path(), data_path=locations.price_data_path()
        )

    def with_ledger(self, work: Work[T], *, rebuild: bool = False, details: bool = False) -> T:
        """Do something with the ledger, brought up to date; with `details` also what happened around responses.

        A damaged ledger is set aside and made anew from what is there; one that cannot be written is copied into
        memory.
        Raises LedgerTooNewError.
        """
        try:
            return self._attempt(work, rebuild=rebuild, details=details)
        except LedgerDamagedError as error:
            self.terminal.say(str(error))
        try:
            self._recover()
            return self._attempt(work, rebuild=rebuild, details=details)
        except LedgerUnwritableError as error:
            return self._without_a_file(work, error, details=details)

    def with_usage(self, options: argparse.Namespace, work: Callable[[UsageReading, Synced | None], T]) -> T:
        """Do something with the usage of this machine, or of the team server that is asked for.

        Raises LedgerTooNewError, UsageError, ServerError.
        """
        if not asks_server(options, self.settings, self.terminal.environ):
            return self.with_ledger(work)
        from tokentide.cli.team_server import with_server

        return with_server(options, self.terminal, self.settings, work)

    def _attempt(self, work: Work[T], *, rebuild: bool, details: bool) -> T:
        ledger = self._open()
        with ledger:
            try:
                synced = self._sync(ledger, rebuild=rebuild, details=details)
            except LedgerUnwritableError as error:
                self._say_unkept(error)
                with ledger.in_memory() as copy:
                    return work(copy, self._sync(copy, rebuild=rebuild, details=details))
            done = work(ledger, synced)
            if not details and synced.found:
                self._catch_up(ledger)
            return done

    def _catch_up(self, ledger: Ledger) -> None:
        """Have what happened around responses read in the background, before the client deletes the transcripts.

        Once a day, where a person is at work: a script asks for it with `tokentide sync`.
        """
        if not self.terminal.err.isatty() or not ledger.is_kept or ledger.details.lag_ns() < LAG_NS:
            return
        from tokentide.cli.background import reap, start_sync

        now = self.terminal.now
        with suppress(OSError, LedgerUnwritableError), Ledger.open(ledger.path, busy_seconds=BUSY_SECONDS) as beside:
            if beside.limits.claim_poll(DETAILS, now, now + HOUR_US):
                reap(start_sync(self.terminal.environ))

    def _sync(self, ledger: Ledger, *, rebuild: bool, details: bool) -> Synced:
        """Usage, which is quick; what happened around it only for those who ask for it."""
        synced = self._synchroniser().sync(ledger, rebuild=rebuild)
        if details:
            from tokentide.sync.details import sync_details

            sync_details(ledger, synced.found, observer_for(self.terminal), rebuild=rebuild)
        return synced

    def _open(self) -> Ledger:
        path = locations.ledger_path()
        try:
            return Ledger.open(path)
        except LedgerUnwritableError as error:
            from tokentide.sync.recovery import open_copy

            self._say_unkept(error)
            return open_copy(path)

    def _say_unkept(self, error: LedgerUnwritableError) -> None:
        self.terminal.say(f"{error}; this report is complete, but nothing new was kept")

    def _recover(self) -> None:
        """Set the damaged ledger aside; a new one takes what is readable of it and of the transcripts."""
        from tokentide.sync.recovery import recover

        recovered = recover(locations.ledger_path(), self._synchroniser(), self.terminal.now)
        if recovered is not None:
            self.terminal.say(recovered.sentence())

    def _without_a_file(self, work: Work[T], error: LedgerUnwritableError, *, details: bool) -> T:
        """The damaged ledger can be neither set aside nor replaced: go on with what it and the transcripts give."""
        from tokentide.sync.recovery import recover_in_memory

        self._say_unkept(error)
        with recover_in_memory(locations.ledger_path(), self._synchroniser()) as ledger:
            return work(ledger, self._sync(ledger, rebuild=False, details=details))

    def _synchroniser(self) -> Synchroniser:
        return Synchroniser(self.settings, self.terminal.environ, self.book, observer_for(self.terminal))
