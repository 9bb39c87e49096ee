"""Usage reports of a team server: who is asked, and what to say of the answer."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tokentide.render.words import ago, clean, plural

if TYPE_CHECKING:
    from tokentide.cli.terminal import Terminal
    from tokentide.settings import Settings
    from tokentide.store.reading import UsageReading
    from tokentide.store.remote.ledger import RemoteLedger
    from tokentide.store.remote.wire import About
    from tokentide.sync.engine import Synced
    from tokentide.sync.servers import ServerAccess

T = TypeVar("T")
TOKEN_VARIABLE = "TOKENTIDE_SERVER_TOKEN"  # noqa: S105 -- the name of the variable, not a token
MOST_NAMED = 3


def with_server(
    options: argparse.Namespace,
    terminal: Terminal,
    settings: Settings,
    work: Callable[[UsageReading, Synced | None], T],
) -> T:
    """Do something with the usage that the team server tells of, and say whose it is.

    Raises UsageError, ServerError.
    """
    server = _remote(options, terminal, settings)
    done = work(server, None)
    _say_whose(terminal, server)
    return done


def access_of(options: argparse.Namespace, terminal: Terminal, settings: Settings) -> ServerAccess:
    """The team server that options and settings name, and what it knows the viewer by.

    Raises UsageError for an address that is not allowed and a token file that holds none.
    """
    from tokentide.sync.servers import server_access

    return server_access(
        options.server or settings.server,
        terminal.environ,
        TOKEN_VARIABLE,
        options.server_token_file or settings.server_token_file,
        plain_http=options.plain_http or settings.plain_http,
    )


def _remote(options: argparse.Namespace, terminal: Terminal, settings: Settings) -> RemoteLedger:
    from tokentide.store.remote.ledger import RemoteLedger

    access = access_of(options, terminal, settings)
    return RemoteLedger(access.base, access.headers)


def _say_whose(terminal: Terminal, server: RemoteLedger) -> None:
    """Say whose figures these are, until when they are known, and what they lack."""
    about = server.about()
    newest = "no response yet" if about.newest_at is None else f"newest response {ago(terminal.now - about.newest_at)}"
    terminal.say(f"figures of {server.base}, {clean(_whose(about))}; {newest}")
    if server.missing:
        named = ", ".join(map(clean, server.missing))
        terminal.say(f"they are not whole: the server cannot reach {named} just now, and what is kept there is missing")


def _whose(about: About) -> str:
    parts = [f"tenant {about.tenant}"]
    for noun, names in (("team", about.teams), ("user", about.users)):
        if names is not None:
            shown = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
            parts.append(f"{plural(len(names), noun)} ({shown})" if names else f"no {noun}")
    return ", ".join(parts) if len(parts) > 1 else f"{parts[0]}, all users"
