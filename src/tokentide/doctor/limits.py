"""What is known of official limits: where they come from, which logins there are, how asking stands."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.model.limits import LimitReading
from tokentide.render.words import duration
from tokentide.settings import Settings
from tokentide.sources.claude_account.credentials import Login
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.limits import logins

OTHERS = 0o077
"""Rights of anybody but the owner."""


@dataclass(frozen=True, slots=True)
class LimitFindings:
    """What is known of limits, and by whom."""

    accounts: tuple[AccountLimits, ...]
    newest: dict[str, LimitReading]
    """The newest reading of each source."""
    readings: int
    logins: tuple[Login, ...]


def examine_limits(ledger: Ledger, settings: Settings, environ: Mapping[str, str], *, now: int) -> LimitFindings:
    """Gather the facts; nobody is asked."""
    readings = ledger.limits.readings()
    newest = {reading.source: reading for reading in sorted(readings, key=lambda each: each.last_at)}
    found = logins(settings, environ)
    return LimitFindings(read_limits(ledger, now=now), newest, len(readings), tuple(found))


def login_words(login: Login, now: int) -> str:
    """Whether a login is still good."""
    if login.expires_at is None:
        return "does not say when it ends"
    return "expired, run `claude` once" if login.is_expired(now) else f"good for {duration(login.expires_at - now)}"


def is_open_to_others(login: Login) -> bool:
    """True for a credentials file that others may read."""
    return sys.platform != "win32" and os.path.isfile(login.origin) and bool(os.stat(login.origin).st_mode & OTHERS)
