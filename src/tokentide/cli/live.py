"""live: a screen that stays open beside the work; with --once, --json or --compact the same figures for scripts."""

from __future__ import annotations

import argparse

from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.live_wishes import VIEW_NAMES
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.settings import (
    COST_MODES,
    FASTEST_REFRESH_SECONDS,
    SLOWEST_REFRESH_SECONDS,
    THEMES,
    TIME_FORMATS,
    WEEKDAYS,
)

INSTALL = "the live view needs Textual: pip install 'tokentide[live]'; --once and --compact work without it"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of live."""
    parser.add_argument("--view", choices=VIEW_NAMES, default="realtime", help="what to begin with (realtime)")
    parser.add_argument("--account", default="", metavar="NAME", help="only accounts whose name contains this")
    parser.add_argument("-m", "--mode", choices=COST_MODES, help="which cost: auto, calculate or display")
    parser.add_argument("-z", "--timezone", metavar="ZONE", help="IANA zone of days and times; or local")
    parser.add_argument(
        "-w", "--start-of-week", choices=WEEKDAYS, metavar="DAY", help="first day of a week: monday (default) to sunday"
    )
    group = parser.add_argument_group("for scripts and status bars")
    group.add_argument(
        "--once", action="store_true", help="print it once; exit code 10 near a limit, 11 at it, 5 if unknown"
    )
    group.add_argument("-j", "--json", action="store_true", help="the same as JSON; see docs/reference/json.md")
    group.add_argument("--compact", action="store_true", help="one line that stays up to date; with --once, once")
    group.add_argument(
        "--format",
        metavar="FORMAT",
        help="of that line: text, tmux, waybar, starship, swiftbar, json, or a template such as '{five_hour} {reset}'",
    )
    group = parser.add_argument_group("how the screen is")
    group.add_argument("--theme", choices=THEMES, help="its colours; auto asks the terminal")
    group.add_argument("--time-format", choices=TIME_FORMATS, help="of the time of day; auto asks the locale")
    group.add_argument(
        "--refresh-rate",
        type=_seconds,
        metavar="SECONDS",
        help="draw anew so often (3), beside whenever something is written; 0.5 to 60",
    )
    shared.add_plan(parser)
    shared.add_appearance(parser, offline="do not ask the account")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Show the live view until it is quit, or a snapshot."""
    workspace = Workspace(terminal)
    if options.view != "realtime" and (options.once or options.json or options.compact or options.format):
        raise UsageError(f"--view is for the screen; `tokentide {VIEW_NAMES[options.view]}` prints that table")
    if options.compact or options.format:
        from tokentide.cli.live_compact import run_compact

        return run_compact(options, workspace)
    if options.once or options.json:
        from tokentide.cli.live_once import run_once

        return run_once(options, workspace)
    return _show(options, workspace)


def _show(options: argparse.Namespace, workspace: Workspace) -> int:
    """The screen itself."""
    import sys

    terminal = workspace.terminal
    if not (terminal.out.isatty() and sys.stdin.isatty()) or terminal.environ.get("TERM") == "dumb":
        raise UsageError("the live view needs a terminal; `tokentide live --once` prints it once")
    try:
        import textual
    except ImportError:
        terminal.say(INSTALL)
        return ExitCode.ERROR
    del textual
    from tokentide.cli.live_app import show

    return show(options, workspace)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not FASTEST_REFRESH_SECONDS <= number <= SLOWEST_REFRESH_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of seconds from {FASTEST_REFRESH_SECONDS:g} to {SLOWEST_REFRESH_SECONDS:g}"
        )
    return number
