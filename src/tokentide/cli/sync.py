"""sync: bring the ledger up to date without a report."""

from __future__ import annotations

import argparse

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.latest import latest_forecasts
from tokentide.analytics.limits import read_limits
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_problems
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.render.words import plural
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of sync."""
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="read every transcript again and reckon all costs anew; what transcripts no longer hold is kept",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Read what is new; say what was done. Exit code 1 if nothing could be kept."""
    workspace = Workspace(terminal)
    settings = workspace.settings
    calendar = Calendar(settings.timezone, settings.start_of_week, settings.reset_hour)

    def work(ledger: Ledger, synced: Synced) -> tuple[Synced, int, bool]:
        """The forecasts are for the status line, which started this."""
        latest_forecasts(ledger, read_limits(ledger, now=terminal.now), calendar, now=terminal.now)
        if settings.push_server and ledger.is_kept:
            from tokentide.cli.pushing import push_beside

            push_beside(workspace, ledger)
        return synced, ledger.row_counts()["records"], ledger.is_kept

    synced, responses, kept = workspace.with_ledger(work, rebuild=options.rebuild, details=True)
    read = (
        f"read {plural(synced.read_files, 'file')} of {synced.files:,}"
        if synced.read_files
        else f"nothing new in {plural(synced.files, 'file')}"
    )
    terminal.write(f"{read}; the ledger holds {plural(responses, 'response')}")
    if synced.repriced:
        terminal.write("all costs were reckoned anew")
    say_problems(terminal, synced.problems)
    return ExitCode.OK if kept else ExitCode.ERROR
