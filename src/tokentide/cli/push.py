"""push: send what is new in this machine's ledger to a team server, look at it first, or see how it stands."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.options import calendar_of
from tokentide.cli.progress import observer_for
from tokentide.cli.pushing import NO_SERVER, pusher, server_of
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import SECOND_US
from tokentide.errors import UsageError
from tokentide.render import push_views
from tokentide.render.words import clean, duration, plural

if TYPE_CHECKING:
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced
    from tokentide.sync.push import Pusher


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of push."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="tell what would be sent; with --json a body as sent")
    what.add_argument("--status", action="store_true", help="what was sent, when, and why not")
    what.add_argument("--forget", action="store_true", help="remember nothing of what was sent; the server keeps it")
    parser.add_argument("--all", action="store_true", help="send everything again, not only what is new")
    parser.add_argument("--now", action="store_true", help="send although the last push is less than five minutes ago")
    group = parser.add_argument_group("where to")
    group.add_argument(
        "--server", metavar="URL", help="the receiver of the server ($TOKENTIDE_PUSH_SERVER, setting push_server)"
    )
    group.add_argument("--token-file", metavar="FILE", help="holds the token for sending; else $TOKENTIDE_PUSH_TOKEN")
    group.add_argument("--plain-http", action="store_true", help="allow http:// beyond this machine")
    group.add_argument("--full-paths", action="store_true", help="name projects by their whole folder")
    parser.add_argument("-j", "--json", action="store_true", help="JSON")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Send, or tell. Exit code 1 where something could not be sent."""
    workspace = Workspace(terminal)
    access = server_of(workspace, options)
    if access is None:
        raise UsageError(NO_SERVER)

    def work(ledger: Ledger, _synced: Synced) -> int:
        sender = pusher(workspace, ledger, access, options, observer_for(terminal, "responses"))
        if options.status:
            return _status(sender, options, terminal)
        if options.forget:
            return _forget(sender, terminal)
        return _dry_run(sender, options, workspace) if options.dry_run else _push(sender, options, terminal)

    return workspace.with_ledger(work, details=not (options.status or options.forget))


def _push(sender: Pusher, options: argparse.Namespace, terminal: Terminal) -> int:
    """Send, and say what came of it."""
    outcome, base = sender.push(everything=options.all, at_once=options.now), sender.access.base
    if options.json:
        terminal.write(push_views.outcome_json(outcome, base, now=terminal.now))
    elif not outcome.is_early:
        terminal.write(push_views.outcome_words(outcome, base))
    if outcome.is_early:
        wait = duration(max(outcome.next_at - terminal.now, SECOND_US))
        terminal.say(
            f"nothing was sent: the next push is due in {wait}; --now sends at once, unless the server said when"
        )
    if outcome.rejected:
        terminal.say(f"the server could not take {plural(outcome.rejected, 'response')}: its log says why")
    if outcome.fault:
        terminal.say(f"{base}: {clean(outcome.fault)}; what was sent stays sent, the rest follows next time")
    return ExitCode.ERROR if outcome.fault else ExitCode.OK


def _dry_run(sender: Pusher, options: argparse.Namespace, workspace: Workspace) -> int:
    """Tell what would be sent."""
    news, base, terminal = sender.news(everything=options.all), sender.access.base, workspace.terminal
    if options.json:
        terminal.write(push_views.news_json(news, base, now=terminal.now))
        return ExitCode.OK
    for line in push_views.news_words(news, base, calendar_of(options, workspace.settings)):
        terminal.write(line)
    return ExitCode.OK


def _status(sender: Pusher, options: argparse.Namespace, terminal: Terminal) -> int:
    """Tell how it stands."""
    poll, state = sender.standing()
    waiting, base = sender.news().records, sender.access.base
    if options.json:
        terminal.write(push_views.standing_json(poll, state, waiting, base, now=terminal.now))
        return ExitCode.OK
    for line in push_views.standing_words(poll, state, waiting, base, now=terminal.now):
        terminal.write(line)
    return ExitCode.OK


def _forget(sender: Pusher, terminal: Terminal) -> int:
    sender.forget()
    terminal.write(f"forgot what was sent to {sender.access.base}; the next push sends everything")
    return ExitCode.OK
