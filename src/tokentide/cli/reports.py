"""daily, weekly, monthly, session, project, model, branch: the same options, the same formats."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import BREAKDOWNS, KINDS, SORT_KEYS, Ask, Kind, Order, Report, build_report
from tokentide.analytics.selection import select
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_notes
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.store.query import TEAM_DIMENSIONS, CostMode
from tokentide.sync.engine import Synced

if TYPE_CHECKING:
    from tokentide.store.reading import UsageReading

CCUSAGE_KINDS = ("daily", "weekly", "monthly", "session")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of a report."""
    kind = KINDS[parser.get_default("command")]
    if kind.name == "session":
        from tokentide.cli.timeline import configure_timeline

        configure_timeline(parser)
    shared.add_range(parser)
    shared.add_filters(parser)
    group = parser.add_argument_group("rows")
    group.add_argument(
        "--by",
        choices=(*BREAKDOWNS, *TEAM_DIMENSIONS),
        metavar="WHAT",
        help=f"break each row down by {', '.join(BREAKDOWNS)}; of a team server also by {', '.join(TEAM_DIMENSIONS)}",
    )
    group.add_argument(
        "-b", "--breakdown", dest="by", action="store_const", const="model", help="the same as --by model"
    )
    group.add_argument(
        "--sort", choices=SORT_KEYS, metavar="KEY", help=f"sort by {', '.join(SORT_KEYS)}; key is the first column"
    )
    group.add_argument("-o", "--order", choices=("asc", "desc"), help="upwards or downwards")
    shared.add_server(parser)
    shared.add_formats(parser, ccusage=kind.name in CCUSAGE_KINDS)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Build the report and print it; with a session's id its timeline."""
    kind = KINDS[options.command]
    if kind.name == "session":
        from tokentide.cli.timeline import run_timeline, wants_timeline

        if wants_timeline(options):
            return run_timeline(options, terminal)
    workspace = Workspace(terminal)
    if options.by in TEAM_DIMENSIONS and not shared.asks_server(options, workspace.settings, terminal.environ):
        raise UsageError(f"--by {options.by}: this machine's ledger knows one person; with --server a team's are known")
    calendar = shared.calendar_of(options, workspace.settings)
    report, synced = workspace.with_usage(
        options, lambda ledger, synced: (_build(ledger, synced, options, kind, calendar, workspace), synced)
    )
    dropped = _print(report, options, terminal, calendar)
    say_notes(terminal, report, synced, dropped)
    return ExitCode.OK


def _build(
    ledger: UsageReading,
    synced: Synced | None,
    options: argparse.Namespace,
    kind: Kind,
    calendar: Calendar,
    workspace: Workspace,
) -> Report:
    """Ask the ledger."""
    now = workspace.terminal.now
    selection = select(shared.wishes_of(options), ledger, calendar, calendar.date_of(now), kind.grain or "day")
    ask = Ask(
        selection=selection,
        calendar=calendar,
        mode=CostMode(options.mode or workspace.settings.cost_mode),
        by="served_model" if options.format == "ccusage_json" else options.by or "",
        order=Order(options.sort or "", None if options.order is None else options.order == "desc"),
    )
    return build_report(ledger, kind, ask, now=now, problems=synced.problems if synced else 0)


def _print(report: Report, options: argparse.Namespace, terminal: Terminal, calendar: Calendar) -> tuple[str, ...]:
    """Print in the format asked for; returns the columns that had no room."""
    if options.format == "json":
        from tokentide.render.report_json import report_json

        terminal.write(report_json(report))
    elif options.format == "ccusage_json":
        from tokentide.render.ccusage_json import ccusage_json

        terminal.write(ccusage_json(report))
    elif options.format == "csv":
        from tokentide.render.csv_text import report_csv

        terminal.write(report_csv(report))
    else:
        return _print_columns(report, options, terminal, calendar)
    return ()


def _print_columns(
    report: Report, options: argparse.Namespace, terminal: Terminal, calendar: Calendar
) -> tuple[str, ...]:
    """Markdown, or a table."""
    from tokentide.render.columns import columns

    if options.format == "markdown":
        from tokentide.render.markdown import report_markdown

        terminal.write(report_markdown(report, columns(report, calendar)))
        return ()
    if not report.rows:
        return ()
    from tokentide.render.table import print_table

    width = terminal.width(options.width)
    return print_table(terminal.console(width, no_color=options.no_color), report, columns(report, calendar), width)
