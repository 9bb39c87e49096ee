"""What a push is made with: by the command, and by those that push beside their work."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.errors import LedgerError, UsageError
from tokentide.render.words import clean
from tokentide.sync.engine import Observer
from tokentide.sync.push import Outcome, Pusher
from tokentide.sync.push_resource import resources
from tokentide.sync.servers import ServerAccess, server_access

if TYPE_CHECKING:
    from tokentide.cli.workspace import Workspace
    from tokentide.store.sqlite.ledger import Ledger

TOKEN_VARIABLE = "TOKENTIDE_PUSH_TOKEN"  # noqa: S105 -- the name of the variable, not a token
NO_SERVER = (
    "no team server to send to: name one with --server URL, $TOKENTIDE_PUSH_SERVER or the setting push_server "
    "(its receiver, such as https://team.example.org:4318)"
)


def server_of(workspace: Workspace, options: argparse.Namespace | None = None) -> ServerAccess | None:
    """The receiver that options, environment and settings name; None where none of them does. Raises UsageError."""
    wish, settings = vars(options) if options else {}, workspace.settings
    address = wish.get("server") or settings.push_server
    if not address:
        return None
    token_file = wish.get("token_file") or settings.push_token_file
    plain = bool(wish.get("plain_http")) or settings.plain_http
    return server_access(address, workspace.terminal.environ, TOKEN_VARIABLE, token_file, plain_http=plain)


def pusher(
    workspace: Workspace,
    ledger: Ledger,
    access: ServerAccess,
    options: argparse.Namespace | None = None,
    observer: Observer | None = None,
) -> Pusher:
    """What sends to that server."""
    terminal, settings = workspace.terminal, workspace.settings
    full_paths = settings.push_full_paths or bool(options and options.full_paths)
    known = resources(settings, terminal.environ)
    return Pusher(ledger, access, known, terminal.now, full_paths, observer or Observer())


def push_beside(workspace: Workspace, ledger: Ledger) -> Outcome | None:
    """Push where the settings name a server and it is time; None where they name none.

    What goes wrong is said, and spoils nothing else.
    """
    terminal = workspace.terminal
    try:
        access = server_of(workspace)
        if access is None:
            return None
        outcome = pusher(workspace, ledger, access).push()
    except (UsageError, LedgerError) as error:
        terminal.say(f"push: {clean(str(error))}")
        return None
    if outcome.fault:
        terminal.say(f"push to {access.base}: {clean(outcome.fault)}")
    return outcome
