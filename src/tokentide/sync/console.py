"""The organisation's console: finds the key and the person, and keeps the month of the panel fresh."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from tokentide.clock import DAY_US, SECOND_US
from tokentide.errors import UsageError
from tokentide.model.billing import CODE, USER, CostSnapshot, month_bounds, month_cost_of, month_of
from tokentide.model.limits import Poll
from tokentide.settings import Settings
from tokentide.sources.admin_api.client import ONE_TRY, AdminClient
from tokentide.sources.admin_api.keys import AdminKey, NoKey, find_key
from tokentide.sources.claude_code.account import account_in
from tokentide.sources.claude_code.paths import home_of
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.console_fetch import ConsoleFetcher, Fetched, Wanted, missing_days
from tokentide.sync.roots import config_folders
from tokentide.transport import PAUSE_US, api_base, pause_after

KEPT_US = 62 * DAY_US
"""Snapshots are dropped when they are older."""
_USER_VARIABLES = ("USER", "LOGNAME", "USERNAME")


@dataclass(frozen=True, slots=True)
class ConsoleIdentity:
    """Whose month it is."""

    organization: str
    """Its id, as the ledger has it; empty where it is not known."""
    person: str
    """E-mail address, or the name of a key; empty where it is not known."""
    fault: str
    """Why the figures are not fresh; empty if they are."""


def admin_key(environ: Mapping[str, str], settings: Settings) -> AdminKey | NoKey:
    """The Admin key of this machine. Raises UsageError for one that is none."""
    return find_key(environ, config_folders(settings, environ))


def admin_client(key: AdminKey, environ: Mapping[str, str], *, now: int) -> AdminClient:
    """Access with a key, which waits where it must. Raises UsageError for an address that is not allowed."""
    return AdminClient(key, api_base(environ), now=now, sleep=time.sleep)


def remembered_organization(ledger: Ledger, key: AdminKey | NoKey) -> str:
    """The organisation's id without asking: the key's, without a key the one last asked; empty where none is known."""
    if isinstance(key, AdminKey):
        return ledger.limits.poll(f"organization {key.secret.fingerprint}").answer
    return next(iter(ledger.buckets.organizations()), "")


def person_of(
    ledger: Ledger, environ: Mapping[str, str], settings: Settings, organization: str, asked: str | None = None
) -> str:
    """Who sits here: the one asked for, else the address logged in to Claude Code, else the user of this machine.

    The last is looked for among the local parts of the addresses in the directory; two that fit are nobody.
    The name of a key may be asked for too, and has capitals of its own.
    """
    if asked:
        return asked.lower() if "@" in asked else asked
    home = home_of(environ)
    for folder in config_folders(settings, environ):
        name = account_in(folder, home).name
        if "@" in name:
            return name.lower()
    user = next((environ[name] for name in _USER_VARIABLES if environ.get(name)), "").lower()
    addresses = {entry.details.get("email", "") for entry in ledger.buckets.directory(organization, USER)}
    fitting = [address for address in addresses if user and address.partition("@")[0] == user]
    return fitting[0] if len(fitting) == 1 else ""


def refresh_month(
    ledger: Ledger, environ: Mapping[str, str], settings: Settings, *, now: int, person: str | None = None
) -> ConsoleIdentity:
    """Bring Claude Code's rows of this UTC month up to date, and note what the person's month has cost.

    Asks at most once per 300 s over all processes, later after a failure or where the server says so.
    Raises LedgerDamagedError, LedgerUnwritableError.
    """
    try:
        key = admin_key(environ, settings)
        if isinstance(key, NoKey):
            known = remembered_organization(ledger, key)
            return ConsoleIdentity(known, person_of(ledger, environ, settings, known, person), key.advice())
        client = AdminClient(key, api_base(environ), now=now, sleep=time.sleep, patience=ONE_TRY)
    except UsageError as error:
        return ConsoleIdentity("", person or "", str(error))
    subject = f"console {key.secret.fingerprint}"
    if ledger.is_kept and ledger.limits.claim_poll(subject, now, now + PAUSE_US):
        _look(ledger, client, subject, now)
    organization = remembered_organization(ledger, key)
    who = person_of(ledger, environ, settings, organization, person)
    fault = ledger.limits.poll(subject).fault
    if not fault:
        _snapshot(ledger, organization, who, now)
    return ConsoleIdentity(organization, who, fault)


def _look(ledger: Ledger, client: AdminClient, subject: str, now: int) -> None:
    """Ask for what is missing of the month, and book when to ask again."""
    before = ledger.limits.poll(subject)
    start, end = month_bounds(now)
    wanted = Wanted(start, end, (CODE,), (USER,))
    fetched = ConsoleFetcher(ledger, client, now=now).fetch(wanted)
    fault = "; ".join(fetched.faults)
    failures = before.failures + 1 if fault else 0
    after = Poll(subject, now + _pause(fetched, failures), failures, fault, before.good_at if fault else now, "")
    ledger.limits.finish_poll(after)
    ledger.limits.finish_poll(Poll(f"month {fetched.organization}", fault=fault, good_at=after.good_at))


def _pause(fetched: Fetched, failures: int) -> int:
    """How long to leave the server alone, µs: what it asks for, and longer with each failure in a row."""
    return max(pause_after(max(failures - 1, 0)), fetched.retry_seconds * SECOND_US)


def _snapshot(ledger: Ledger, organization: str, person: str, now: int) -> None:
    """Note the person's cost so far, once for each fetch, if every day of the month is there."""
    start, end = month_bounds(now)
    if not person or missing_days(ledger, organization, CODE, Wanted(start, end), now):
        return
    at = max(fetch.fetched_at for fetch in ledger.buckets.fetches(organization, CODE, start, end))
    cost = month_cost_of(ledger.buckets.select(organization, CODE, start, end), person)
    taken = ledger.buckets.snapshots(organization, person, month_of(now))
    if cost is not None and (not taken or taken[-1].at < at):
        ledger.buckets.take_snapshot(organization, CostSnapshot(person, at, month_of(now), cost), at - KEPT_US)
