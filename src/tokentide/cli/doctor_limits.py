"""What doctor tells of official limits: where they come from, which logins there are, how asking stands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.model.limits import LimitReading
from tokentide.render.json_text import Json
from tokentide.render.limit_words import SOURCE_WORDS
from tokentide.render.report_json import instant
from tokentide.render.words import ago, clean, duration, plural
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


def examine_limits(ledger: Ledger, workspace: Workspace) -> LimitFindings:
    """Gather the facts; nobody is asked."""
    now = workspace.terminal.now
    readings = ledger.limits.readings()
    newest = {reading.source: reading for reading in sorted(readings, key=lambda each: each.last_at)}
    found = logins(workspace.settings, workspace.terminal.environ)
    return LimitFindings(read_limits(ledger, now=now), newest, len(readings), tuple(found))


def tell_limits(findings: LimitFindings, terminal: Terminal) -> None:
    """In words."""
    say, now = terminal.write, terminal.now
    say(f"\nLimits: {plural(findings.readings, 'reading')} of {plural(len(findings.accounts), 'account')}")
    for source, reading in findings.newest.items():
        say(f"  newest by {SOURCE_WORDS[source]}: {ago(now - reading.last_at)}")
    for limits in findings.accounts:
        if limits.polled.fault:
            say(f"  {clean(limits.account.name)}: {limits.polled.fault}")
    for login in findings.logins:
        say(f"  login in {clean(login.origin)}: {_state_of(login, now)}")
        _tell_rights(login, say)
    if not findings.logins:
        say("  no login of Claude Code found; its status line can tell limits without one")


def limits_json(findings: LimitFindings, now: int) -> dict[str, Json]:
    """As an object; of a login nothing but where it is and whether it is still good."""
    return {
        "readings": findings.readings,
        "newest": {source: instant(reading.last_at) for source, reading in findings.newest.items()},
        "accounts": [
            {"account": limits.account.key, "name": limits.account.name, "fault": limits.polled.fault or None}
            for limits in findings.accounts
        ],
        "logins": [{"origin": login.origin, "is_expired": login.is_expired(now)} for login in findings.logins],
    }


def _state_of(login: Login, now: int) -> str:
    if login.expires_at is None:
        return "does not say when it ends"
    return "expired, run `claude` once" if login.is_expired(now) else f"good for {duration(login.expires_at - now)}"


def _tell_rights(login: Login, say: Callable[[str], None]) -> None:
    """Warn of a credentials file that others may read."""
    if sys.platform != "win32" and os.path.isfile(login.origin) and os.stat(login.origin).st_mode & OTHERS:
        say(f"    others may read this file: `chmod 600 {clean(login.origin)}`")
