"""The context that is asked for, and its page, printed or kept on the screen."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from tokentide.cli import options as shared
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.repositories import project_of

if TYPE_CHECKING:
    from tokentide.analytics.context.model import Context
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced


def read_context(ledger: Ledger, synced: Synced, options: argparse.Namespace, workspace: Workspace) -> Context:
    """The context that is asked for. Raises SessionError."""
    from tokentide.analytics.context.load import Surroundings, load_context

    around = Surroundings(synced.found, workspace.book, workspace.terminal.environ, project_of(_here()))
    return load_context(ledger, options.session, around)


def _here() -> str:
    """The working folder; empty where it was removed under our feet."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def draw(
    context: Context, options: argparse.Namespace, workspace: Workspace, width: int, now: int, *, is_short: bool = False
) -> list[str]:
    """The page as it is written; a short one tells first what would help."""
    from tokentide.render.context_screen import ContextLook, context_lines

    terminal = workspace.terminal
    calendar = shared.calendar_of(options, workspace.settings)
    look = ContextLook(calendar, width, now, is_plain=_is_plain(terminal), is_whole=options.all, is_short=is_short)
    console = terminal.console(width, no_color=options.no_color)
    with console.capture() as captured:
        for line in context_lines(context, look):
            console.print(line, soft_wrap=True)
    return captured.get().splitlines()


def _is_plain(terminal: Terminal) -> bool:
    from tokentide.render.context_words import GLYPHS

    try:
        GLYPHS.encode(terminal.out.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
