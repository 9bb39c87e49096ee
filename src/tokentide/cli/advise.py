"""advise: what to do otherwise, what it would save, how sure that is, and what it rests on."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.analytics.selection import select
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_problems, say_unmatched, why_empty
from tokentide.cli.patience import takes_long, waiting
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace

if TYPE_CHECKING:
    from tokentide.analytics.advice.model import AdviceReport
    from tokentide.analytics.calendar import Calendar
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of advise."""
    group = parser.add_argument_group("which rules")
    group.add_argument("--rule", action="append", default=[], metavar="NAME", help="only this rule (repeatable)")
    group.add_argument("--without", action="append", default=[], metavar="NAME", help="not this rule (repeatable)")
    group.add_argument("--rules", action="store_true", help="list the rules, and which are switched off")
    shared.add_range(parser)
    shared.add_filters(parser, mode=False)
    group = parser.add_argument_group("how it is shown")
    group.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_appearance(group)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the advice, or the list of rules."""
    from tokentide.analytics.advice.rules import check_names

    workspace = Workspace(terminal)
    switched_off = workspace.settings.advice_off
    without = frozenset((*options.without, *(name for name in switched_off if name not in options.rule)))
    check_names((*options.rule, *options.without))
    check_names(switched_off, where=f"{locations.settings_path()}, key advice_off: ")
    if options.rules:
        return _list_rules(options, without, workspace)
    calendar = shared.calendar_of(options, workspace.settings)
    report, synced = workspace.with_ledger(
        lambda ledger, synced: (_build(ledger, synced, options, without, workspace), synced), details=True
    )
    _show(report, options, workspace, calendar)
    _say_notes(report, synced, terminal)
    return ExitCode.OK


def _build(
    ledger: Ledger, synced: Synced, options: argparse.Namespace, without: Collection[str], workspace: Workspace
) -> AdviceReport:
    """Ask the ledger."""
    from tokentide.analytics.advice.engine import AdviceAsk, build_advice
    from tokentide.analytics.advice.surroundings import Place, surroundings_of

    terminal, settings = workspace.terminal, workspace.settings
    calendar = shared.calendar_of(options, settings)
    selection = select(shared.wishes_of(options, shared.RECENT), ledger, calendar, calendar.date_of(terminal.now))
    place = Place(workspace.book, settings, terminal.environ, shared.plan_wish(options, settings, terminal.environ))
    with waiting(terminal, "Looking for what could be done otherwise …", is_shown=takes_long(ledger)):
        around = surroundings_of(ledger, selection, calendar, place, now=terminal.now)
        ask = AdviceAsk(selection, calendar, around, frozenset(options.rule), without)
        return build_advice(ledger, ask, now=terminal.now, problems=synced.problems)


def _list_rules(options: argparse.Namespace, without: Collection[str], workspace: Workspace) -> ExitCode:
    terminal = workspace.terminal
    if options.json:
        from tokentide.render.advice_json import rules_json

        terminal.write(rules_json(without))
        return ExitCode.OK
    from tokentide.render.advice_screen import print_rules

    width = terminal.columns(options.width)
    print_rules(terminal.console(width, no_color=options.no_color), without, width)
    return ExitCode.OK


def _show(report: AdviceReport, options: argparse.Namespace, workspace: Workspace, calendar: Calendar) -> None:
    terminal = workspace.terminal
    if options.json:
        from tokentide.render.advice_json import advice_json

        terminal.write(advice_json(report))
        return
    if not report.responses:
        return
    from tokentide.render.advice_screen import print_advice

    width = terminal.columns(options.width)
    print_advice(terminal.console(width, no_color=options.no_color), report, calendar, width)


def _say_notes(report: AdviceReport, synced: Synced, terminal: Terminal) -> None:
    """What is left out, and what to do where there is nothing."""
    say_unmatched(terminal, report.selection.unmatched)
    if not report.responses and not report.unpriced_responses:
        terminal.say(why_empty(synced, "advise"))
    if report.unpriced_responses:
        from tokentide.render.advice_words import unpriced_note

        terminal.say(unpriced_note(report))
    say_problems(terminal, report.problems)
