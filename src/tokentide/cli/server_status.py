"""server status: what the server on this machine tells of itself."""

from __future__ import annotations

import argparse

from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.server.board import posted_in
from tokentide.server.folder import TeamFolder


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of server status."""
    parser.add_argument("--data", metavar="DIR", help="the server's folder, if it is not the usual one")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Tell. Exit code 3 where something needs a person, or no server runs."""
    from tokentide.server.telling import status_json, status_lines

    folder = TeamFolder(options.data) if options.data else TeamFolder.usual()
    posted = posted_in(folder)
    if options.json:
        terminal.write(status_json(posted, terminal.now))
    elif posted is None:
        terminal.say(f"no server runs on {folder.path}: `tokentide server` starts one")
    else:
        for line in status_lines(posted, terminal.now):
            terminal.write(line)
    return ExitCode.OK if posted is not None and posted.status.is_well else ExitCode.UNHEALTHY
