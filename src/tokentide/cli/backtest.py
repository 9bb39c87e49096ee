"""forecast --backtest: the replay of each account, with progress, as tables or JSON."""

from __future__ import annotations

import argparse

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.backtest_report import Backtest, known_accounts, run_backtest
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.official import say_unknown
from tokentide.cli.patience import waiting
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.model.limits import Account
from tokentide.render.words import clean
from tokentide.store.sqlite.ledger import Ledger

NOTHING_KNOWN = "no limits and no usage are known here yet, so there is nothing to replay"
EVERY = 10
"""After so many instants the progress is shown anew."""


def backtest(ledger: Ledger, options: argparse.Namespace, workspace: Workspace, calendar: Calendar) -> ExitCode:
    """Replay every account that is wanted; exit code 5 where none has anything to replay."""
    terminal = workspace.terminal
    accounts = [account for account in known_accounts(ledger) if account.matches(options.account)]
    found = [_replayed(ledger, account, options.days, terminal, calendar) for account in accounts]
    if options.json:
        from tokentide.render.backtest_json import backtests_json

        terminal.write(backtests_json(found, timezone=calendar.name, now=terminal.now))
    else:
        _show(found, options, terminal)
    if not found:
        say_unknown(terminal, options.account, NOTHING_KNOWN)
    return ExitCode.OK if any(each.windows for each in found) else ExitCode.NO_DATA


def _replayed(ledger: Ledger, account: Account, days: int, terminal: Terminal, calendar: Calendar) -> Backtest:
    with waiting(terminal, "replaying …") as show:

        def progress(done: int, total: int) -> None:
            if done % EVERY == 0:
                show(f"replaying {clean(account.name)}: {done} of {total} instants")

        return run_backtest(ledger, account, calendar, days=days, now=terminal.now, progress=progress)


def _show(found: list[Backtest], options: argparse.Namespace, terminal: Terminal) -> None:
    from tokentide.render.backtest_screen import backtest_lines

    width = terminal.columns(options.width)
    console = terminal.console(width, no_color=options.no_color)
    for index, each in enumerate(found):
        if index:
            terminal.write("")
        for line in backtest_lines(each, width):
            console.print(line, soft_wrap=True)
