"""server token: who may send telemetry, and who may look at what of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.errors import UsageError
from tokentide.render.words import clean

if TYPE_CHECKING:
    from tokentide.server.folder import TeamFolder
    from tokentide.server.tenants.directory import Directory
    from tokentide.server.tenants.tokens import Grant, Token

ACTIONS = ("create", "list", "revoke")
INGEST = "ingest"
EXAMPLES = """\
examples:
  tokentide server token create --team core         what the machines of a team send with
  tokentide server token create --kind viewer --role admin --label ada
                                                    sees the tenant, and the server
  tokentide server token create --kind viewer --role lead --team web --team data --expires 90d
  tokentide server token create --kind viewer --role member --user bo@example.org
  tokentide server token list
  tokentide server token revoke ada

A token is shown once, when it is made: only a digest of it is kept.
"""
_OF_CREATE = ("kind", "team", "role", "user", "tenant", "label", "expires")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of server token."""
    parser.formatter_class = help_with_examples
    parser.epilog = EXAMPLES
    # Words may stand before and behind options: `server token --team core create`.
    parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="what to do (default list)")
    parser.add_argument("words", nargs="*", metavar="ID", help="with revoke: an id, its beginning, or a label")
    group = parser.add_argument_group("with create")
    group.add_argument(
        "--kind", choices=(INGEST, "viewer"), help=f"ingest sends telemetry (default {INGEST}), viewer looks at it"
    )
    group.add_argument("--role", choices=("admin", "lead", "member"), help="what a viewer sees: all, teams, oneself")
    group.add_argument(
        "--team",
        action="append",
        metavar="NAME",
        help="ingest: the team of those whose telemetry tells none; lead: a team to look at (repeatable)",
    )
    group.add_argument("--user", metavar="NAME", help="member: the person, as telemetry names them")
    group.add_argument("--tenant", metavar="NAME", help="the organisation; tenants never see one another")
    group.add_argument("--label", metavar="TEXT", help="what you call it")
    group.add_argument("--expires", metavar="N[h|d|w]", help="when it ends: 90d; without it, never")
    parser.add_argument("--data", metavar="DIR", help="the server's folder, if it is not the usual one")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_appearance(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Do what is asked."""
    _check(options.action, options.words, options)
    from tokentide.server.tenants.directory import Directory

    directory = Directory(_folder(options).directory, lambda: terminal.now)
    try:
        return {"create": _create, "list": _list, "revoke": _revoke}[options.action](options, terminal, directory)
    finally:
        directory.close()


def _check(action: str, words: list[str], options: argparse.Namespace) -> None:
    """Raises UsageError for what the action has no use for, or lacks."""
    here = f"`tokentide server token {action}`"
    wanted = action == "revoke"
    if len(words) > wanted:
        raise UsageError(f"{here} takes no {clean(words[wanted])[:40]!r}: see --help")
    if wanted and not words:
        raise UsageError(f"{here} needs an id or a label: `tokentide server token list` tells them")
    for name in _OF_CREATE:
        if action != "create" and getattr(options, name) is not None:
            raise UsageError(f"{here} takes no --{name}: it belongs to create")


def _create(options: argparse.Namespace, terminal: Terminal, directory: Directory) -> int:
    """Make one; the text goes to standard output alone, so that it can be piped to where it is kept."""
    from tokentide.server.tenants.shown import created_json, expiry, whose

    text, token = directory.create(_grant(options, terminal.now))
    if options.json:
        terminal.write(created_json(text, token, now=terminal.now))
        return ExitCode.OK
    terminal.write(text)
    terminal.say(f"token {token.id}: {whose(token)}, of tenant {token.tenant}; ends {expiry(token, terminal.now)}")
    terminal.say("it is not shown again: only its digest is kept")
    if token.kind == INGEST:
        _say_where(options, terminal)
    return ExitCode.OK


def _say_where(options: argparse.Namespace, terminal: Terminal) -> None:
    """Where machines send with it, if the server runs."""
    from tokentide.server.board import posted_in

    posted = posted_in(_folder(options))
    if posted is not None:
        address = clean(posted.addresses["http"])
        terminal.say(
            f"machines send to {address}: `tokentide doctor telemetry --sample-settings {address}` prints the settings"
        )


def _folder(options: argparse.Namespace) -> TeamFolder:
    from tokentide.server.folder import TeamFolder

    return TeamFolder(options.data) if options.data else TeamFolder.usual()


def _grant(options: argparse.Namespace, now: int) -> Grant:
    from tokentide.alerts.spans import span_us
    from tokentide.server.tenants.tokens import DEFAULT_TENANT, Grant

    ends = now + span_us(options.expires, "--expires") if options.expires is not None else 0
    teams = tuple(dict.fromkeys(options.team or ()))
    tenant = DEFAULT_TENANT if options.tenant is None else options.tenant
    return Grant(
        options.kind or INGEST, tenant, teams, options.user or "", options.role or "", options.label or "", ends
    )


def _list(options: argparse.Namespace, terminal: Terminal, directory: Directory) -> int:
    """All of them, the newest first."""
    tokens = directory.tokens()
    if options.json:
        from tokentide.server.tenants.shown import tokens_json

        terminal.write(tokens_json(tokens, now=terminal.now))
        return ExitCode.OK
    if tokens:
        _table(tokens, options, terminal)
    else:
        terminal.say("there are no tokens yet: `tokentide server token create --team NAME` makes one for machines,")
        terminal.say("`tokentide server token create --kind viewer --role admin` one for you")
    return ExitCode.OK


def _table(tokens: list[Token], options: argparse.Namespace, terminal: Terminal) -> None:
    from tokentide.render.columns import Title
    from tokentide.render.table import plain_strip, print_strips
    from tokentide.render.words import ago
    from tokentide.server.tenants.shown import expiry, last_used, whose

    now, width = terminal.now, terminal.width(options.width)
    columns = (
        (Title("Id", 9, is_number=False), [token.id for token in tokens]),
        (Title("Label", 6, is_number=False, shrinks=True), [clean(token.label) for token in tokens]),
        (Title("Kind", 8, is_number=False), [token.role or token.kind for token in tokens]),
        (Title("For", 7, is_number=False, shrinks=True), [whose(token) for token in tokens]),
        (Title("Tenant", 3, is_number=False), [token.tenant for token in tokens]),
        (Title("Made", 2, is_number=False), [ago(now - token.created_at) for token in tokens]),
        (Title("Used", 4, is_number=False), [last_used(token, now) for token in tokens]),
        (Title("Ends", 5, is_number=False), [expiry(token, now) for token in tokens]),
    )
    strips = [plain_strip(title, cells, "") for title, cells in columns]
    styles = ["" if token.is_good(now) else "dim" for token in tokens]
    console = terminal.console(width, no_color=options.no_color)
    left_out = print_strips(console, strips, styles, width, totals=False)
    if left_out:
        terminal.say(f"left out for want of room: {', '.join(left_out)}")


def _revoke(options: argparse.Namespace, terminal: Terminal, directory: Directory) -> int:
    """End one."""
    from tokentide.server.tenants.shown import revoked_json, whose

    token = directory.revoke(options.words[0])
    if options.json:
        terminal.write(revoked_json(token, now=terminal.now))
        return ExitCode.OK
    terminal.say(f"revoked {token.id}, which {whose(token)}: within two seconds it lets nobody in any more")
    return ExitCode.OK
