"""live --once: the page of now, printed or as JSON, with an exit code that says how near a limit is."""

from __future__ import annotations

import argparse

from tokentide.analytics.live import LiveState, Status, build_live, status_of
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.live_wishes import ask_of, time_of_day
from tokentide.cli.official import say_faults
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.render.words import clean
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced
from tokentide.sync.limits import refresh_limits

EXIT_CODES = {status: ExitCode(status.code) for status in Status}


def run_once(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the snapshot; the exit code is documented in docs/reference/exit-codes.md."""
    terminal = workspace.terminal
    poll = workspace.settings.account_poll and not options.offline

    def work(ledger: Ledger, synced: Synced) -> LiveState:
        refresh_limits(ledger, workspace.settings, terminal.environ, now=terminal.now, poll=poll)
        return build_live(ledger, ask_of(options, workspace, ledger), now=terminal.now, problems=synced.problems)

    state = workspace.with_ledger(work)
    status = status_of(state.accounts, terminal.now)
    if options.json:
        from tokentide.render.live_json import live_json

        terminal.write(live_json(state, status, EXIT_CODES[status], workspace.settings.limit_thresholds))
    else:
        _print(state, options, workspace)
    _say_faults(state, options, terminal)
    return EXIT_CODES[status]


def _print(state: LiveState, options: argparse.Namespace, workspace: Workspace) -> None:
    """The page, in the terminal's own colours unless a theme is asked for."""
    from tokentide.render.live_look import PALETTES, LiveLook
    from tokentide.render.live_page import live_page
    from tokentide.render.live_sections import idle_note

    terminal, settings = workspace.terminal, workspace.settings
    width = terminal.columns(options.width)
    theme = options.theme if options.theme in PALETTES else "classic"
    console = terminal.console(width, no_color=options.no_color or theme == "none")
    has_colors = not console.no_color and console.color_system is not None
    look = LiveLook(
        time_of_day(options, workspace),
        settings.limit_thresholds,
        width,
        terminal.now,
        PALETTES[theme if has_colors else "none"],
    )
    for line in live_page(state, look):
        line.rstrip()
        console.print(line, soft_wrap=True)
    terminal.write("")
    terminal.write(f"{look.when(state.at)}, {idle_note(state, look)}")


def _say_faults(state: LiveState, options: argparse.Namespace, terminal: Terminal) -> None:
    """Why something is missing."""
    if options.account and not state.accounts:
        terminal.say(f"no limits are known of an account that matches {clean(options.account)}")
    say_faults((account.limits for account in state.accounts), terminal)
