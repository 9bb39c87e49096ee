"""alerts snooze: silence a kind of alert or all of them for a while."""

from __future__ import annotations

import argparse

from tokentide.alerts.spans import SNOOZE, span_us
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.model.alerts import RULE_KINDS, Snooze
from tokentide.render.alert_words import AlertLook
from tokentide.store.sqlite.ledger import Ledger


def snooze(options: argparse.Namespace, workspace: Workspace) -> int:
    """Silence a rule or all for a while, or end that."""
    terminal, words = workspace.terminal, list(options.words)
    span = "" if options.off or not words else words.pop(0)
    rule = words.pop(0) if words else ""
    if words or (rule and rule not in RULE_KINDS) or not (options.off or span):
        raise UsageError(
            "give a time and perhaps a kind of rule: `tokentide alerts snooze 2h`, `tokentide alerts snooze 2h odds`; "
            f"kinds are {', '.join(RULE_KINDS)}"
        )
    until = 0 if options.off else terminal.now + span_us(span, SNOOZE)
    look = AlertLook(shared.calendar_of(options, workspace.settings), terminal.now)

    def change(ledger: Ledger, _synced: object) -> tuple[bool, int, list[Snooze]]:
        ended = ledger.alerts.wake(rule) if options.off else 0
        if until:
            ledger.alerts.snooze(Snooze(rule, until, terminal.now))
        return ledger.is_kept, ended, ledger.alerts.snoozes(terminal.now)

    is_kept, ended, snoozes = workspace.with_ledger(change)
    if not is_kept:
        terminal.say("nothing was changed: a snooze is kept in the ledger")
        return ExitCode.ERROR
    if until:
        said = f"snoozed until {look.clock(until)}; what is still so then is told then"
    else:
        said = "no longer snoozed" if ended else "not snoozed, nothing was changed"
    terminal.write(f"{rule or 'all alerts'}: {said}")
    if options.off and any(not each.rule for each in snoozes):
        terminal.say("all alerts are snoozed: `tokentide alerts snooze --off` ends that")
    return ExitCode.OK
