"""What console and reconcile share: days in UTC, the fetch with its progress, and what to say of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.selection import Wishes, select
from tokentide.cli.terminal import FALLBACK_WIDTH, Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import DAY_US
from tokentide.errors import UsageError
from tokentide.model.billing import FIRST_DAY, day_start
from tokentide.render.words import clean
from tokentide.sources.admin_api.client import AdminClient
from tokentide.sources.admin_api.keys import AdminKey, NoKey
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.console import admin_client, admin_key, remembered_organization
from tokentide.sync.console_fetch import ConsoleFetcher, Wanted

OFFLINE = "only what the ledger holds; ask nobody"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to report on, after a fetch or without one."""

    organization: str
    """Its id; empty where none is known."""
    faults: tuple[str, ...] = ()
    """What is missing, why, and how to go on."""


def add_days(parser: argparse.ArgumentParser, default: str) -> None:
    """Which days; all in UTC, as the vendor cuts them."""
    group = parser.add_argument_group("which days (UTC, as the vendor cuts them)")
    group.add_argument("-s", "--since", default="", metavar="DAY", help=f"from this day on; without it {default}")
    group.add_argument("-u", "--until", default="", metavar="DAY", help="up to this day, inclusive; without it today")
    group.add_argument(
        "--last", default="", metavar="N[d|w|m]", help="the last days, weeks or months with today: 7d, 4w, 3m"
    )


def days_of(options: argparse.Namespace, ledger: Ledger, now: int, first: Callable[[int], int]) -> tuple[int, int]:
    """The first midnight and the one after the last; `first` gives the first where none was asked for.

    Raises UsageError.
    """
    calendar = Calendar("UTC")
    wishes = Wishes(since=options.since, until=options.until, last=options.last)
    selection = select(wishes, ledger, calendar, calendar.date_of(now))
    end = day_start(selection.until or calendar.date_of(now)) + DAY_US
    start = day_start(selection.since) if selection.since else first(end - DAY_US)
    start = max(start, FIRST_DAY)
    return start, max(end, start + DAY_US)


def bring_up_to_date(ledger: Ledger, workspace: Workspace, wanted: Wanted, *, offline: bool) -> Outcome:
    """Fetch what is wanted and not there, or say why not. Raises UsageError for a key that is none."""
    terminal = workspace.terminal
    if offline:
        own = remembered_organization(ledger, _key_if_any(workspace))
        return Outcome(own or remembered_organization(ledger, NoKey(has_keyring=True)))
    key = admin_key(terminal.environ, workspace.settings)
    if isinstance(key, NoKey):
        known = remembered_organization(ledger, key)
        terminal.say(key.advice())
        if known:
            terminal.say("this is what the ledger holds from before")
        return Outcome(known)
    client = admin_client(key, terminal.environ, now=terminal.now)
    with _progress(client, terminal):
        fetched = ConsoleFetcher(ledger, client, now=terminal.now).fetch(wanted)
    for fault in fetched.faults:
        terminal.say(clean(fault))
    return Outcome(fetched.organization or remembered_organization(ledger, key), fetched.faults)


def _key_if_any(workspace: Workspace) -> AdminKey | NoKey:
    """The key, to know whose buckets are meant; a wrong one does not matter without a request."""
    try:
        return admin_key(workspace.terminal.environ, workspace.settings)
    except UsageError:
        return NoKey(has_keyring=True)


@contextmanager
def _progress(client: AdminClient, terminal: Terminal) -> Iterator[None]:
    """A line on standard error that says what is asked for; nothing where nobody looks."""
    if not terminal.err.isatty() or terminal.environ.get("TERM") == "dumb":
        yield
        return

    room = (os.get_terminal_size(terminal.err.fileno()).columns or FALLBACK_WIDTH) - 1

    def tell(what: str) -> None:
        line = f"asking the Admin API, {client.requests}: {clean(what)}"
        terminal.err.write(f"\r\x1b[K{line[:room]}")
        terminal.err.flush()

    client.told = tell
    try:
        yield
    finally:
        terminal.err.write("\r\x1b[K")
        terminal.err.flush()
