"""reconcile: the organisation's bill beside our records."""

from __future__ import annotations

import argparse

from tokentide.analytics.reconcile import Reconciliation, only_models, reconcile
from tokentide.cli import options as shared
from tokentide.cli.console_access import OFFLINE, add_days, bring_up_to_date, days_of
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_dropped
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import DAY_US
from tokentide.model.billing import COST, USAGE
from tokentide.render.words import ago, clean, plural
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.console_fetch import Wanted

USUAL_DAYS = 30


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of reconcile."""
    add_days(parser, f"the last {USUAL_DAYS} days")
    group = parser.add_argument_group("rows")
    group.add_argument("--by", choices=("model", "day"), default="model", help="a row for each model (default) or day")
    group.add_argument(
        "--model", action="append", default=[], metavar="MODEL", help="only models whose id contains this; repeatable"
    )
    shared.add_formats(parser, ccusage=False, offline=OFFLINE)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Fetch what is missing, compare, and print. Exit code 1 if something is missing still."""
    workspace = Workspace(terminal)
    return workspace.with_ledger(lambda ledger, _: _compare(ledger, options, workspace))


def _compare(ledger: Ledger, options: argparse.Namespace, workspace: Workspace) -> ExitCode:
    terminal = workspace.terminal
    start, end = days_of(options, ledger, terminal.now, lambda last_day: last_day - USUAL_DAYS * DAY_US)
    outcome = bring_up_to_date(ledger, workspace, Wanted(start, end, (USAGE, COST)), offline=options.offline)
    if not outcome.organization:
        if not outcome.faults:
            terminal.say("the ledger holds no bill of an organisation yet")
        return ExitCode.ERROR
    price = workspace.book.cost_nano_usd
    report = reconcile(ledger, outcome.organization, start, end, price=price, now=terminal.now)
    report = only_models(report, options.model)
    _print(report, options, terminal, outcome.faults)
    _say_notes(report, options, terminal)
    return ExitCode.ERROR if outcome.faults else ExitCode.OK


def _print(report: Reconciliation, options: argparse.Namespace, terminal: Terminal, faults: tuple[str, ...]) -> None:
    """Print in the format asked for."""
    from tokentide.render import console_reconcile as render

    if options.format == "json":
        terminal.write(render.reconciliation_json(report, faults))
    elif options.format == "csv":
        terminal.write(render.reconciliation_csv(report))
    elif options.format == "markdown":
        terminal.write(render.reconciliation_markdown(report, options.by))
    elif report.rows:
        width = terminal.width(options.width)
        console = terminal.console(width, no_color=options.no_color)
        dropped = render.print_reconciliation(console, report, options.by, width)
        say_dropped(terminal, dropped)


def _say_notes(report: Reconciliation, options: argparse.Namespace, terminal: Terminal) -> None:
    """What was compared, and how fresh the bill is."""
    if options.format == "json":
        return
    if not report.rows:
        terminal.say(f"{clean(report.organization)}: nothing to compare from {report.since} to {report.until}")
    if report.days_left_out:
        terminal.say(f"{plural(report.days_left_out, 'day')} left out: not over, or not told whole by the vendor yet")
    if options.model:
        terminal.say("costs that belong to no model, such as web searches, are left out with --model")
    if report.fetched_at:
        asked = ago(terminal.now - report.fetched_at)
        terminal.say(f"{plural(report.days, 'UTC day')} of {clean(report.organization)} compared, asked {asked}")
