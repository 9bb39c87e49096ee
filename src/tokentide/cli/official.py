"""What the commands that show official limits share: asking the accounts, and saying what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tokentide.cli.patience import waiting
from tokentide.render.words import clean, duration

if TYPE_CHECKING:
    from tokentide.analytics.limits import AccountLimits
    from tokentide.cli.terminal import Terminal
    from tokentide.cli.workspace import Workspace
    from tokentide.store.sqlite.ledger import Ledger


def ask_accounts(ledger: Ledger, workspace: Workspace, *, offline: bool, is_told: bool = True) -> None:
    """Bring in what is new of the limits, asking the accounts whose turn it is unless that is switched off.

    Raises LedgerError, UsageError.
    """
    from tokentide.sync.limits import refresh_limits

    terminal, settings = workspace.terminal, workspace.settings
    poll = settings.account_poll and not offline
    with waiting(terminal, "asking the account …", is_shown=poll and is_told):
        refresh_limits(ledger, settings, terminal.environ, now=terminal.now, poll=poll)


def say_unknown(terminal: Terminal, wish: str, nothing: str) -> None:
    """What to do where no window is known; `nothing` says so of an account that nobody named."""
    if wish:
        terminal.say(f"no limits are known of an account that matches {clean(wish)}")
        return
    terminal.say(nothing)
    terminal.say("`tokentide statusline install` gets them from Claude Code as you work, without asking anybody;")
    terminal.say("logged in with `claude`, this command asks the account itself")


def say_faults(found: Iterable[AccountLimits], terminal: Terminal) -> None:
    """Why an account was not asked, or did not answer."""
    for limits in found:
        polled = limits.polled
        if polled.fault:
            wait = f"; next try in {duration(polled.next_at - terminal.now)}" if polled.next_at > terminal.now else ""
            terminal.say(f"{clean(limits.account.name)}: {polled.fault}{wait}")
