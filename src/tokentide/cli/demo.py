"""demo: any report on sample data that is made up on the spot and gone afterwards."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from tokentide.cli.terminal import Terminal
from tokentide.errors import UsageError
from tokentide.locations import SAMPLE, alerts_path, settings_path

NOT_HERE = (
    *("demo", "sync", "doctor", "config", "completion", "prices", "statusline", "console", "reconcile", "watch"),
    *("push",),
)
CREDENTIALS = ("CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_SECURESTORAGE_CONFIG_DIR", "ANTHROPIC_ADMIN_API_KEY")
"""Variables that could lead to a real account."""
OF_TEAMS = "server"
"""Shows a made-up team; on any ports that are free."""
OF_A_YEAR = ("activity", "compare", "serve", "wrapped")
"""These look back a year or at the month before, and a month is enough of a sample for the others."""
PAGE = "tokentide-demo-wrapped.html"
"""Where the sample's year is written: never over a page of the person's own."""


def configure(parser: argparse.ArgumentParser) -> None:
    """What follows is another command line."""
    parser.add_argument(
        "rest", nargs=argparse.REMAINDER, metavar="...", help="a report and its options, such as `daily --by model`"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run the command line on sample data, with a ledger of its own."""
    from tokentide.cli.main import run as run_command
    from tokentide.cli.workspace import Workspace
    from tokentide.sample import DAYS, YEAR, write_sample
    from tokentide.sample_limits import fill_limits

    rest = options.rest[1:] if options.rest[:1] == ["--"] else options.rest
    if rest[:1] and rest[0] in NOT_HERE:
        raise UsageError(f"demo shows reports; {rest[0]} has nothing to show there")
    if rest[:1] == ["guard"] and rest[1:2] and not rest[1].startswith("-"):
        raise UsageError(f"demo shows reports; guard {rest[1]} is for your own machine")
    if rest[:1] == [OF_TEAMS] and rest[1:2] and not rest[1].startswith("-"):
        raise UsageError(f"demo shows pages; {OF_TEAMS} {rest[1]} is for a server of your own")
    if rest[:1] == [OF_TEAMS]:
        from tokentide.cli.server_run import check_packages

        check_packages()
    terminal.say("sample data, made up; nothing here is yours, and nothing is kept")
    with _ended_tidily(), tempfile.TemporaryDirectory(prefix="tokentide-demo-") as folder:
        if rest[:1] == [OF_TEAMS]:
            with _environment(folder) as environ:
                _fill_team(terminal)
                ports = ("--http-port", "0", "--grpc-port", "0")
                return run_command([*rest, *ports], replace(terminal, environ=environ))
        days = YEAR if rest[:1] and rest[0] in OF_A_YEAR else DAYS
        write_sample(os.path.join(folder, "home", ".claude"), terminal.now, days)
        with _environment(folder) as environ:
            there = replace(terminal, environ=environ)
            Workspace(there).with_ledger(lambda ledger, _synced: fill_limits(ledger, terminal.now), details=True)
            return run_command(_elsewhere(rest), there)


def _fill_team(terminal: Terminal) -> None:
    """A team of two dozen over a month, in the folder of the server that is about to start; takes seconds."""
    from tokentide.sample_team import fill_team
    from tokentide.server.folder import TeamFolder
    from tokentide.store.duckdb.engine import DuckEngine
    from tokentide.store.team.store import TeamStore

    terminal.say("making up a month of a team of two dozen, which takes a few seconds")
    terminal.err.flush()
    engine = DuckEngine(TeamFolder.usual().duckdb)
    engine.prepare()
    fill_team(TeamStore(engine), now=terminal.now, developers=24)
    engine.close()


def _elsewhere(rest: list[str]) -> list[str]:
    """The command line, with a place for the page of a year that names none."""
    is_placed = any(word.startswith(("--output", "--png", "--svg", "-h", "--help")) for word in rest)
    return [*rest, "--output", PAGE] if rest[:1] == ["wrapped"] and not is_placed else rest


@contextmanager
def _ended_tidily() -> Iterator[None]:
    """SIGTERM and SIGHUP end this as Ctrl+C does, so that the sample goes with it; a server listens to them itself."""
    import signal
    import threading

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one would come while the folder goes
        raise SystemExit(128 + number)

    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    found = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in found if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _environment(folder: str) -> Iterator[Mapping[str, str]]:
    """The process's environment with home and folders of the sample, put back afterwards."""
    before = dict(os.environ)
    moved = {"HOME": "home", "TOKENTIDE_DATA_DIR": "data", "TOKENTIDE_CONFIG_DIR": "config"}
    os.environ.update({name: os.path.join(folder, part) for name, part in moved.items()})
    os.environ[SAMPLE] = "1"
    os.mkdir(os.environ["TOKENTIDE_CONFIG_DIR"])
    with open(settings_path(), "w", encoding="utf-8") as file:
        file.write("account_poll = false\n")
    with open(alerts_path(), "w", encoding="utf-8") as file:
        file.write('[[channel]]\nkind = "desktop"\nenabled = false\n')
    for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME", *CREDENTIALS):
        os.environ.pop(name, None)
    try:
        yield os.environ
    finally:
        os.environ.clear()
        os.environ.update(before)
