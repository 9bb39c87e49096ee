"""breakdown: what usage goes back to: tools, skills, commands, prompts, agents, hours, and more."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.analytics.attribution import SORT_KEYS, Ask, Breakdown, break_down
from tokentide.analytics.dimensions import DIMENSIONS, TELLING, Dimension, dimensions_of
from tokentide.analytics.selection import select
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import About, say_about
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.render.breakdown_columns import untold
from tokentide.render.words import plural
from tokentide.store.query import CostMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentide.analytics.calendar import Calendar
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced

ROWS, PARTS = 30, 6
"""Rows, and parts of a row, that a table shows unless told otherwise."""
MOST_ROWS = 10**6
EXAMPLES = """examples:
  tokentide breakdown                                the most telling of all, on a page
  tokentide breakdown --by tool --last 30d           which tools the money goes through
  tokentide breakdown --by skill,model               each skill, by the models that worked for it
  tokentide breakdown --by prompt --session 4f2c     what each prompt of a session cost
  tokentide breakdown --by mcp-server --json         for a script
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of breakdown."""
    parser.epilog = EXAMPLES
    parser.formatter_class = help_with_examples
    names = ", ".join(DIMENSIONS)
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="WHAT[,WHAT]",
        help=f"share usage out by {names}; two, with a comma or by repeating the option, for parts of each row",
    )
    group = parser.add_argument_group("rows")
    group.add_argument("--top", type=_rows, metavar="N", help=f"so many rows, the rest in one (default {ROWS}; 0: all)")
    group.add_argument("--sort", choices=SORT_KEYS, default="", metavar="KEY", help=f"sort by {', '.join(SORT_KEYS)}")
    shared.add_range(parser)
    shared.add_filters(parser)
    shared.add_formats(parser, ccusage=False)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Share the usage out and print it."""
    by = dimensions_of(options.by)
    if not by and options.format in ("csv", "markdown"):
        raise UsageError(f"--{options.format} holds one table: say which with --by, such as --by tool")
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)

    def work(ledger: Ledger, synced: Synced) -> tuple[list[Breakdown], Synced]:
        return _build(ledger, synced, options, by, calendar, workspace), synced

    found, synced = workspace.with_ledger(work, details=True)
    dropped, hidden = _print(found, options, terminal)
    first = found[0]
    say_about(terminal, About(first.ask.selection.unmatched, first.totals, first.problems), synced, dropped)
    if untold(found):
        terminal.say(untold(found))
    if hidden:
        terminal.say(f"{plural(hidden, 'row')} in one: --top 0 shows them, so do --json and --csv")
    return ExitCode.OK


def _build(
    ledger: Ledger,
    synced: Synced,
    options: argparse.Namespace,
    by: tuple[Dimension, ...],
    calendar: Calendar,
    workspace: Workspace,
) -> list[Breakdown]:
    """One breakdown, or those of the page."""
    now = workspace.terminal.now
    selection = select(shared.wishes_of(options), ledger, calendar, calendar.date_of(now))
    ask = Ask(selection, calendar, CostMode(options.mode or workspace.settings.cost_mode), options.sort)
    wanted = [by] if by else [(DIMENSIONS[name],) for name in TELLING]
    return [break_down(ledger, ask, each, now=now, problems=synced.problems) for each in wanted]


def _print(found: Sequence[Breakdown], options: argparse.Namespace, terminal: Terminal) -> tuple[tuple[str, ...], int]:
    """Print in the format asked for; returns the columns that had no room, and how many rows stand in one."""
    if options.format == "json":
        from tokentide.render.breakdown_json import breakdowns_json

        terminal.write(breakdowns_json(found))
    elif options.format == "csv":
        from tokentide.render.breakdown_json import breakdown_csv

        terminal.write(breakdown_csv(found[0]))
    elif found[0].totals.responses:
        return _print_lines(found, options, terminal)
    return (), 0


def _print_lines(
    found: Sequence[Breakdown], options: argparse.Namespace, terminal: Terminal
) -> tuple[tuple[str, ...], int]:
    """For people: Markdown, the page, or a table."""
    from tokentide.render.breakdown_screen import breakdown_markdown, folded, print_breakdown, print_page

    if not options.by:
        console = terminal.console(terminal.columns(options.width), no_color=options.no_color)
        print_page(console, found, terminal.columns(options.width))
        return (), 0
    top = ROWS if options.top is None else options.top or MOST_ROWS
    shown, hidden = folded(found[0], top, PARTS if options.top is None else top)
    if options.format == "markdown":
        terminal.write(breakdown_markdown(shown))
        return (), hidden
    width = terminal.width(options.width)
    return print_breakdown(terminal.console(width, no_color=options.no_color), shown, width), hidden


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) > MOST_ROWS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows; 0 stands for all")
    return int(text)
