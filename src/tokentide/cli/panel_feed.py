"""What the panel is made from: read once, or kept fresh by a worker while the panel is on the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from tokentide import locations
from tokentide.analytics.console_costs import month_cost
from tokentide.analytics.limits import read_limits
from tokentide.analytics.panel import CODE, CONSOLE, Panel, build_code_panel, build_console_panel
from tokentide.cli.workspace import Workspace
from tokentide.errors import TokentideError, UsageError
from tokentide.sources.admin_api.keys import AdminKey
from tokentide.sources.claude_code.paths import home_of
from tokentide.sources.pace_maker.reader import read_pacing
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.console import ConsoleIdentity, admin_key, person_of, refresh_month, remembered_organization
from tokentide.sync.engine import Synchroniser
from tokentide.sync.limits import logins, refresh_limits
from tokentide.sync.pace_maker import paced_account


@dataclass(frozen=True, slots=True)
class PanelWishes:
    """What the command line asks for."""

    mode: str = ""
    """Empty for the one that fits what is found."""
    account: str = ""
    """Part of an account's name; empty for all."""
    person: str = ""
    """Whose month; empty for who is logged in."""
    may_ask: bool = True
    """Whether the account and the organisation may be asked."""


@dataclass(frozen=True, slots=True)
class PanelSource:
    """Reads a panel from a ledger, which it brings up to date first."""

    workspace: Workspace
    wishes: PanelWishes

    def first(self, *, ask: bool) -> Panel:
        """The panel as it is when the command begins."""
        now = self.workspace.terminal.now
        return self.workspace.with_ledger(lambda ledger, _synced: self.read(ledger, now, ask=ask))

    def next(self, now: int) -> Panel:
        """The panel as it is later; opens the ledger for itself, so that any thread may call it.

        Raises LedgerError, TokentideError.
        """
        with Ledger.open(locations.ledger_path()) as ledger:
            Synchroniser(self.workspace.settings, self.workspace.terminal.environ, self.workspace.book).sync(ledger)
            return self.read(ledger, now, ask=True)

    def read(self, ledger: Ledger, now: int, *, ask: bool) -> Panel:
        """One panel; with `ask` whoever's turn it is by the manners is asked."""
        ask = ask and self.wishes.may_ask
        if self._mode() == CONSOLE:
            who = self._identity(ledger, now, ask=ask)
            month = month_cost(ledger, now=now, organization=who.organization, person=who.person)
            return build_console_panel(replace(month, fault=who.fault or month.fault))
        return self._code(ledger, now, ask=ask)

    def _mode(self) -> str:
        """Claude Code's login comes before an Admin key; without either the ledger may know limits all the same."""
        if self.wishes.mode:
            return self.wishes.mode
        settings, environ = self.workspace.settings, self.workspace.terminal.environ
        if logins(settings, environ):
            return CODE
        try:
            return CONSOLE if isinstance(admin_key(environ, settings), AdminKey) else CODE
        except UsageError:
            return CODE

    def _code(self, ledger: Ledger, now: int, *, ask: bool) -> Panel:
        settings, environ = self.workspace.settings, self.workspace.terminal.environ
        refresh_limits(ledger, settings, environ, now=now, poll=ask and settings.account_poll)
        pacing = read_pacing(home_of(environ), now=now)
        panel = build_code_panel(read_limits(ledger, now=now), pacing, paced_account(environ).key, now=now)
        wanted = tuple(part for part in panel.accounts if part.limits.account.matches(self.wishes.account))
        fault = f"no account matches {self.wishes.account}" if self.wishes.account and not wanted else ""
        if not panel.accounts and not self.wishes.mode:
            fault = fault or self._key_fault()
        return replace(panel, accounts=wanted, fault=fault)

    def _key_fault(self) -> str:
        """What is wrong with the Admin key, which may be why there is nothing to show; empty if nothing is."""
        try:
            admin_key(self.workspace.terminal.environ, self.workspace.settings)
        except UsageError as error:
            return str(error)
        return ""

    def _identity(self, ledger: Ledger, now: int, *, ask: bool) -> ConsoleIdentity:
        settings, environ = self.workspace.settings, self.workspace.terminal.environ
        if ask:
            return refresh_month(ledger, environ, settings, now=now, person=self.wishes.person or None)
        organization = remembered_organization(ledger, admin_key(environ, settings))
        person = person_of(ledger, environ, settings, organization, self.wishes.person or None)
        return ConsoleIdentity(organization, person, "")


class PanelFeed:
    """Hands out the newest panel; a worker makes the next one, so that the screen never waits for a network."""

    def __init__(self, first: Panel, load: Callable[[int], Panel], interval_us: int) -> None:
        self._panel = first
        self._load = load
        self._interval_us = interval_us
        self._due = 0
        self._worker: threading.Thread | None = None
        self._error: Exception | None = None

    def newest(self, now: int) -> Panel:
        """The panel to show; starts the worker where it is time. Raises what the worker did not expect."""
        if self._error is not None:
            raise self._error
        if now >= self._due and (self._worker is None or not self._worker.is_alive()):
            self._due = now + self._interval_us
            self._worker = threading.Thread(target=self._work, args=(now,), daemon=True)
            self._worker.start()
        return self._panel

    def _work(self, now: int) -> None:
        """Make the next panel; an expected error is shown in it, any other is handed to the main thread."""
        try:
            self._panel = self._load(now)
        except TokentideError as error:
            self._panel = replace(self._panel, fault=str(error))
        except Exception as error:  # noqa: BLE001 - the main thread raises it
            self._error = error
