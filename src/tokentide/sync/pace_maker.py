"""Brings the answers of the account that Claude Pace Maker kept into the ledger: limits that nobody need ask for."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tokentide.clock import DAY_US
from tokentide.model.limits import PACE_MAKER, Account
from tokentide.sources.claude_account.credentials import has_credentials
from tokentide.sources.claude_code.account import account_in
from tokentide.sources.claude_code.paths import home_of
from tokentide.sources.pace_maker.paths import folder_of, is_installed
from tokentide.store.sqlite.ledger import Ledger

KEPT_US = 62 * DAY_US
"""Pace Maker itself keeps 60 days."""


def paced_account(environ: Mapping[str, str]) -> Account:
    """The account that Pace Maker asks with: that of the default folder."""
    home = home_of(environ)
    return account_in(os.path.join(home, ".claude"), home)


def take_pace_maker(ledger: Ledger, environ: Mapping[str, str], *, now: int) -> int:
    """Take the answers that are newer than those taken before; returns how many readings they gave.

    None are taken beside a login that does not say whose it is: Pace Maker may have asked with another.
    Raises LedgerDamagedError, LedgerUnwritableError.
    """
    if not is_installed(folder_of(home_of(environ))):
        return 0
    from tokentide.sources.pace_maker.reader import read_readings

    account = paced_account(environ)
    if account.key == account.name and has_credentials(os.path.join(home_of(environ), ".claude")):
        return 0
    known = [reading for reading in ledger.limits.readings(now - KEPT_US, account.key) if reading.source == PACE_MAKER]
    since = max((reading.last_at for reading in known), default=now - KEPT_US - 1) + 1
    found = read_readings(home_of(environ), account.key, since=since, now=now)
    if found:
        ledger.limits.take([account], found)
    return len(found)
