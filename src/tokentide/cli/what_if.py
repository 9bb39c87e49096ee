"""what-if: the same history at other prices, on other models, with another cache, under other plans."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.analytics.selection import select
from tokentide.analytics.what_if.model import (
    BATCH,
    BELOW_TOKENS,
    CACHE_1H,
    CACHE_5M,
    NO_CACHE,
    WhatIf,
    WhatIfWish,
)
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_dropped, say_problems, say_unmatched, why_empty
from tokentide.cli.patience import takes_long, waiting
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.cli.workspace import Workspace
from tokentide.render.words import clean

if TYPE_CHECKING:
    from tokentide.pricing.changed import Changes
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced

EXAMPLES = """examples:
  tokentide what-if                                   all that make sense for your last 30 days
  tokentide what-if --model sonnet --last 3m          everything on the newest Sonnet
  tokentide what-if --cheap haiku                     only the small mechanical steps
  tokentide what-if --no-cache --batch                what the cache saved, what batches would
  tokentide what-if --price opus-5:input=4,output=20  another price
  tokentide what-if --plans                           Pro, Max, Team and the API beside your use
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of what-if."""
    parser.epilog = EXAMPLES
    parser.formatter_class = help_with_examples
    group = parser.add_argument_group("scenarios; without any, all that make sense (repeatable)")
    group.add_argument(
        "--model", dest="on_models", action="append", default=[], metavar="MODEL", help="everything on this model"
    )
    group.add_argument(
        "--cheap", action="append", default=[], metavar="MODEL", help="only the small mechanical steps on this model"
    )
    group.add_argument(
        "--below-tokens",
        type=_count,
        default=BELOW_TOKENS,
        metavar="N",
        help=f"with --cheap: a small step writes at most so many tokens (default {BELOW_TOKENS})",
    )
    for flag, kind, help_text in (
        ("--batch", BATCH, "what programs asked for, as batches"),
        ("--no-cache", NO_CACHE, "without the prompt cache"),
        ("--cache-1h", CACHE_1H, "one-hour cache writes instead of five-minute ones"),
        ("--cache-5m", CACHE_5M, "five-minute cache writes instead of one-hour ones"),
    ):
        group.add_argument(flag, dest="flags", action="append_const", const=kind, default=[], help=help_text)
    group.add_argument(
        "--price",
        action="append",
        default=[],
        metavar="MODEL:NAME=USD",
        help="another price, USD a million tokens: input, output, cache_write_5m, cache_write_1h, cache_read",
    )
    group.add_argument("--residency", choices=("us", "global"), default="", help="computed there")
    group.add_argument("--speed", choices=("fast", "standard"), default="", help="all in fast mode, or none")
    group.add_argument("--plans", action="store_true", help="Pro, Max 5x, Max 20x, Team and the API beside your use")
    shared.add_range(parser)
    shared.add_filters(parser, model_option="--only-model", mode=False)
    shown = parser.add_argument_group("how it is shown")
    shown.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_appearance(shown)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Reckon the scenarios and print them."""
    workspace = Workspace(terminal)
    wish = _wish(options, workspace)
    report, synced = workspace.with_ledger(
        lambda ledger, synced: (_build(ledger, synced, options, wish, workspace), synced),
        details=wish.needs_details,
    )
    dropped = _show(report, options, workspace)
    _say_notes(report, synced, terminal)
    say_dropped(terminal, dropped, "--json")
    return ExitCode.OK


def _build(
    ledger: Ledger, synced: Synced, options: argparse.Namespace, wish: WhatIfWish, workspace: Workspace
) -> WhatIf:
    """Ask the ledger."""
    from tokentide.analytics.what_if.asking import changed_book
    from tokentide.analytics.what_if.report import WhatIfAsk, build_what_if

    terminal, settings = workspace.terminal, workspace.settings
    calendar = shared.calendar_of(options, settings)
    selection = select(shared.wishes_of(options, shared.RECENT), ledger, calendar, calendar.date_of(terminal.now))
    ask = WhatIfAsk(
        selection=selection,
        calendar=calendar,
        wish=wish,
        book=workspace.book,
        plan_wish=shared.plan_wish(options, settings, terminal.environ),
        changed_book=changed_book(wish.changes, settings, terminal.now),
    )
    with waiting(terminal, "Reckoning every response again …", is_shown=takes_long(ledger)):
        return build_what_if(ledger, ask, now=terminal.now, problems=synced.problems)


def _wish(options: argparse.Namespace, workspace: Workspace) -> WhatIfWish:
    changes: Changes = {}
    if options.price:
        from tokentide.analytics.what_if.asking import price_changes

        changes = price_changes(options.price, workspace.book, workspace.terminal.now)
    return WhatIfWish(
        tuple(options.on_models),
        tuple(options.cheap),
        options.below_tokens,
        frozenset(options.flags),
        changes,
        options.residency,
        options.speed,
        options.plans,
    )


def _show(report: WhatIf, options: argparse.Namespace, workspace: Workspace) -> tuple[str, ...]:
    """Print it; returns the columns that had no room."""
    terminal = workspace.terminal
    if options.json:
        from tokentide.render.what_if_json import what_if_json

        terminal.write(what_if_json(report))
        return ()
    if not report.responses:
        return ()
    from tokentide.render.what_if_screen import print_what_if

    width = terminal.columns(options.width)
    calendar = shared.calendar_of(options, workspace.settings)
    return print_what_if(terminal.console(width, no_color=options.no_color), report, calendar, width)


def _say_notes(report: WhatIf, synced: Synced, terminal: Terminal) -> None:
    """What the figures leave out, and what to do where there are none."""
    say_unmatched(terminal, report.selection.unmatched)
    if not report.responses and not report.unpriced_responses:
        terminal.say(why_empty(synced, "what-if"))
    if report.unpriced_responses:
        from tokentide.render.what_if_words import unpriced_note

        terminal.say(unpriced_note(report))
    for reason in report.skipped:
        terminal.say(clean(reason))
    say_problems(terminal, report.problems)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens from 1 on")
    return int(text)
