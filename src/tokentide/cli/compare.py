"""compare: two periods, projects, models, sessions or branches side by side, and why their costs differ."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.analytics.compare.operands import KINDS, PERIODS, USUAL, Reader
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_dropped, say_problems
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.compare.report import Comparison
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced

EXAMPLES = """examples:
  tokentide compare                                  the last seven days and the seven before
  tokentide compare this-month                       with the same part of last month
  tokentide compare 2026-09 2026-10                  two months
  tokentide compare 2026-W41 2026-W42 --project shop two weeks of one project
  tokentide compare project:shop project:app --last 30d
  tokentide compare model:opus model:sonnet
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of compare."""
    parser.epilog = EXAMPLES
    parser.formatter_class = help_with_examples
    parser.add_argument(
        "operands",
        nargs="*",
        metavar="A B",
        help=f"a period ({PERIODS}), or {', '.join(f'{kind}:NAME' for kind in KINDS)}; one period is compared with the "
        f"one before it; without any, {USUAL}",
    )
    parser.add_argument(
        "--whole", action="store_true", help="do not cut a period that is over to what has passed of one that is not"
    )
    shared.add_range(parser)
    shared.add_filters(parser, mode=False)
    group = parser.add_argument_group("how it is shown")
    formats = group.add_mutually_exclusive_group()
    formats.add_argument(
        "-j", "--json", dest="format", action="store_const", const="json", help="JSON; see docs/reference/json.md"
    )
    formats.add_argument("--csv", dest="format", action="store_const", const="csv", help="CSV")
    shared.add_appearance(group)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Compare and print."""
    if len(options.operands) > 2:
        raise UsageError(f"compare takes two operands, not {len(options.operands)}: quote names with spaces")
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)
    report = workspace.with_ledger(lambda ledger, synced: _build(ledger, synced, options, calendar, workspace))
    dropped = _show(report, options, calendar, terminal)
    _say_notes(report, terminal)
    say_dropped(terminal, dropped)
    return ExitCode.OK


def _build(
    ledger: Ledger, synced: Synced, options: argparse.Namespace, calendar: Calendar, workspace: Workspace
) -> Comparison:
    """Ask the ledger."""
    from tokentide.analytics.compare.report import build_comparison

    now = workspace.terminal.now
    reader = Reader(ledger, calendar, shared.wishes_of(options), now)
    pair = reader.pair(tuple(options.operands), whole=options.whole)
    return build_comparison(ledger, pair, workspace.book, calendar, now=now, problems=synced.problems)


def _show(report: Comparison, options: argparse.Namespace, calendar: Calendar, terminal: Terminal) -> tuple[str, ...]:
    """Print it; returns the columns that had no room."""
    if options.format == "json":
        from tokentide.render.compare_json import comparison_json

        terminal.write(comparison_json(report))
    elif options.format == "csv":
        from tokentide.render.compare_json import comparison_csv

        terminal.write(comparison_csv(report))
    elif report.one.sums.responses or report.other.sums.responses:
        from tokentide.render.compare_screen import print_comparison

        width = terminal.columns(options.width)
        return print_comparison(terminal.console(width, no_color=options.no_color), report, calendar, width)
    return ()


def _say_notes(report: Comparison, terminal: Terminal) -> None:
    """What the figures leave out, and what to do where a side is empty."""
    from tokentide.render.compare_words import notes

    for note in notes(report):
        terminal.say(note)
    say_problems(terminal, report.problems)
