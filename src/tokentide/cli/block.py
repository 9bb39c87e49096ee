"""block: five-hour blocks, the current one with burn rate, time left and projection."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import TYPE_CHECKING

from tokentide.analytics.block_report import BlockReport, BlockWishes, build_blocks
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import Ask
from tokentide.analytics.selection import select
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_notes
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.render import block_views
from tokentide.store.query import CostMode
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced

if TYPE_CHECKING:
    from tokentide.store.reading import UsageReading


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the report of blocks."""
    group = parser.add_argument_group("which blocks")
    group.add_argument("-a", "--active", action="store_true", help="only the block that is open")
    group.add_argument("-r", "--recent", action="store_true", help="only the last three days, and the open one")
    group.add_argument(
        "-t",
        "--token-limit",
        type=_limit,
        metavar="N|max",
        help="compare with so many tokens, or with the largest block",
    )
    group.add_argument(
        "-n", "--session-length", default=Fraction(5), type=_hours, metavar="HOURS", help="length of a block (5)"
    )
    shared.add_range(parser)
    shared.add_filters(parser)
    shared.add_server(parser)
    shared.add_formats(parser, ccusage=True)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Reckon the blocks and print them."""
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)
    report, synced = workspace.with_usage(
        options, lambda ledger, synced: (_build(ledger, synced, options, calendar, workspace), synced)
    )
    dropped = _print(report, options, terminal, calendar)
    say_notes(terminal, block_views.as_report(report), synced, dropped)
    return ExitCode.OK


def _build(
    ledger: UsageReading, synced: Synced | None, options: argparse.Namespace, calendar: Calendar, workspace: Workspace
) -> BlockReport:
    now = workspace.terminal.now
    selection = select(shared.wishes_of(options), ledger, calendar, calendar.date_of(now))
    ask = Ask(selection, calendar, CostMode(options.mode or workspace.settings.cost_mode))
    windows = () if options.format == "ccusage_json" else _windows(ledger, now)
    wishes = BlockWishes(options.active, options.recent, options.token_limit or "", options.session_length, windows)
    return build_blocks(ledger, ask, wishes, now=now, problems=synced.problems if synced else 0)


def _windows(ledger: UsageReading, now: int) -> tuple[tuple[int, int], ...]:
    """The vendor's own windows, which only this machine's ledger knows."""
    from tokentide.analytics.official_windows import official_windows

    return tuple(official_windows(ledger, now)) if isinstance(ledger, Ledger) else ()


def _print(report: BlockReport, options: argparse.Namespace, terminal: Terminal, calendar: Calendar) -> tuple[str, ...]:
    if options.format == "json":
        terminal.write(block_views.blocks_json(report))
        return ()
    if options.format == "ccusage_json":
        from tokentide.render.ccusage_json import ccusage_blocks_json

        terminal.write(ccusage_blocks_json(report))
        return ()
    return _print_rows(report, options, terminal, calendar)


def _print_rows(
    report: BlockReport, options: argparse.Namespace, terminal: Terminal, calendar: Calendar
) -> tuple[str, ...]:
    flat, columns = block_views.as_report(report), block_views.block_columns(report, calendar)
    if options.format == "csv":
        from tokentide.render.csv_text import report_csv

        terminal.write(report_csv(flat))
    elif options.format == "markdown":
        from tokentide.render.markdown import report_markdown

        terminal.write(report_markdown(flat, columns))
    elif flat.rows:
        from tokentide.render.block_lines import open_block_lines
        from tokentide.render.table import print_table

        width = terminal.width(options.width)
        dropped = print_table(terminal.console(width, no_color=options.no_color), flat, columns, width)
        for line in open_block_lines(report, calendar):
            terminal.write(line)
        return dropped
    return ()


def _limit(text: str) -> str:
    if text.lower() != "max" and not (text.isdecimal() and text.isascii()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens and not max")
    return text.lower()


def _hours(text: str) -> Fraction:
    try:
        hours = Fraction(text)
    except (ValueError, ZeroDivisionError):
        hours = Fraction(0)
    if not 0 < hours <= 24 * 7:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours above 0")
    return hours
