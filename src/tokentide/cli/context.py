"""context: what fills the context window of a session now."""

from __future__ import annotations

import argparse

from tokentide.cli import options as shared
from tokentide.cli.context_page import draw, read_context
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.errors import SessionError, UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of context."""
    parser.add_argument(
        "session",
        nargs="?",
        default="",
        metavar="SESSION",
        help="the session whose id begins so; else the latest of the project you stand in, else of all",
    )
    parser.add_argument("--watch", action="store_true", help="keep it on the screen, drawn anew at each change; q ends")
    parser.add_argument("--all", action="store_true", help="leave no part, item or sub-agent out")
    parser.add_argument("-z", "--timezone", metavar="ZONE", help="IANA zone of the times shown; or local")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_appearance(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the context, or keep it on the screen."""
    if options.watch and options.json:
        raise UsageError("--watch draws on a screen: use it without --json")
    workspace = Workspace(terminal)
    if options.watch:
        from tokentide.cli.context_watch import watch

        return watch(options, workspace)
    try:
        context = workspace.with_ledger(lambda ledger, synced: read_context(ledger, synced, options, workspace))
    except SessionError as error:
        if options.session:
            raise
        terminal.say(str(error))
        context = None
    calendar = shared.calendar_of(options, workspace.settings)
    if options.json:
        from tokentide.render.context_json import context_json

        terminal.write(context_json(context, timezone=calendar.name, now=terminal.now))
    elif context is not None:
        for line in draw(context, options, workspace, terminal.columns(options.width), terminal.now):
            terminal.write(line)
    return ExitCode.OK
