"""What doctor tells of official limits: where they come from, which logins there are, how asking stands."""

from __future__ import annotations

from tokentide.cli.terminal import Terminal
from tokentide.doctor.limits import LimitFindings, is_open_to_others, login_words
from tokentide.render.limit_words import SOURCE_WORDS
from tokentide.render.words import ago, clean, plural


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
        say(f"  login in {clean(login.origin)}: {login_words(login, now)}")
        if is_open_to_others(login):
            say(f"    others may read this file: `chmod 600 {clean(login.origin)}`")
    if not findings.logins:
        say("  no login of Claude Code found; its status line can tell limits without one")
