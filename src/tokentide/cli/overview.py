"""overview: the main screen, what a bare `tokentide` shows."""

from __future__ import annotations

import argparse

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.overview import Overview, build_overview
from tokentide.analytics.reports import Ask
from tokentide.analytics.selection import Selection
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_problems
from tokentide.cli.terminal import FALLBACK_WIDTH, Terminal
from tokentide.cli.workspace import Workspace
from tokentide.render.words import ago, plural
from tokentide.settings import COST_MODES
from tokentide.store.query import CostMode, Filters
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced
from tokentide.sync.limits import has_login, refresh_limits


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the main screen."""
    shared.add_zone(parser)
    parser.add_argument("-m", "--mode", choices=COST_MODES, help="which cost: auto, calculate or display")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_appearance(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the main screen."""
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)
    overview, synced = workspace.with_ledger(
        lambda ledger, synced: (_overview(ledger, synced, workspace, calendar, options), synced)
    )
    if options.json:
        from tokentide.render.overview_json import overview_json

        terminal.write(overview_json(overview, workspace.settings.limit_thresholds))
    elif overview.newest_at is None and not overview.limits:
        _say_empty(terminal, synced)
    else:
        _show(overview, synced, options, workspace, calendar)
    return ExitCode.OK


def _overview(
    ledger: Ledger, synced: Synced, workspace: Workspace, calendar: Calendar, options: argparse.Namespace
) -> Overview:
    """The figures; nobody is asked for limits here."""
    terminal, settings = workspace.terminal, workspace.settings
    refresh_limits(ledger, settings, terminal.environ, now=terminal.now, poll=False)
    wanted = CostMode(options.mode or settings.cost_mode)
    wish = shared.plan_wish(options, settings, terminal.environ)
    ask = Ask(Selection(None, None, Filters()), calendar, wanted)
    return build_overview(ledger, ask, now=terminal.now, problems=synced.problems, wish=wish)


def _show(
    overview: Overview, synced: Synced, options: argparse.Namespace, workspace: Workspace, calendar: Calendar
) -> None:
    from tokentide.render.overview_screen import print_overview

    terminal = workspace.terminal
    width = terminal.columns(options.width)
    print_overview(
        terminal.console(width, no_color=options.no_color),
        overview,
        calendar,
        width,
        workspace.settings.limit_thresholds,
    )
    newest = (
        "No response" if overview.newest_at is None else f"Newest response {ago(terminal.now - overview.newest_at)}"
    )
    joint = "; " if width >= FALLBACK_WIDTH else "\n"
    terminal.write(f"{newest}{joint}{plural(synced.files, 'transcript')} on this machine.")
    if not any(_has_official(limits) for limits in overview.limits) and has_login(workspace.settings, terminal.environ):
        terminal.say("official limits are not known yet: `tokentide limits` asks the account")
    unpriced = overview.stretches[-1].row.sums.unpriced_responses
    if unpriced:
        terminal.say(f"{plural(unpriced, 'response')} this month without a price (shown as ?): see `tokentide prices`")
    say_problems(terminal, overview.problems)


def _has_official(limits: AccountLimits) -> bool:
    """True where the vendor has told of any window."""
    return any(not window.is_estimate for window in limits.windows)


def _say_empty(terminal: Terminal, synced: Synced) -> None:
    """What to do where nothing was found."""
    if synced.files:
        terminal.say(
            f"{plural(synced.files, 'transcript')} found, but no usage in them yet: "
            "work with Claude Code, then come back"
        )
    else:
        terminal.say("no Claude Code transcripts found here")
    terminal.say("`tokentide doctor` tells where it looked, `tokentide demo` shows this screen on sample data")
