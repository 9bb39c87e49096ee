"""watch: the background runner, how it stands, and its start at login."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tokentide import clock
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.login_items.item import KEPT_VARIABLES
from tokentide.cli.runner import Runner, Wishes
from tokentide.cli.runner_loop import Flags, run_on
from tokentide.cli.terminal import Terminal
from tokentide.errors import LedgerUnwritableError, UsageError
from tokentide.following.runner_lock import RunnerLock

ACTIONS = ("status", "install", "uninstall")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of watch."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        metavar="status|install|uninstall",
        help="tell whether it runs and what it last did, start it at every login, or no more; "
        "without one, run until Ctrl+C",
    )
    parser.add_argument("--once", action="store_true", help="look once, tell what there is to tell, and end; for cron")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but what goes wrong")
    parser.add_argument("-O", "--offline", action="store_true", help="ask no account; read what lies on this machine")
    parser.add_argument("-j", "--json", action="store_true", help="with status: JSON; see docs/reference/json.md")
    parser.add_argument(
        "--print", action="store_true", dest="only_print", help="with install: print what would be written, and end"
    )
    parser.add_argument(
        "--kind",
        choices=("systemd", "launchd", "task-scheduler"),
        help="with install --print: for another system than this one",
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        type=_variable,
        metavar="NAME=VALUE",
        help="as if this variable were set; for schedulers that can set none",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run until a signal, or do what is asked."""
    _check(options)
    if options.action == "status":
        from tokentide.cli.watch_status import show_status

        return show_status(terminal, is_json=options.json)
    if options.action:
        from tokentide.cli.watch_install import act

        return act(options, terminal)
    os.environ.update(dict(options.env))
    return _run(options, terminal)


def _check(options: argparse.Namespace) -> None:
    """Raises UsageError for what does not go together."""
    if options.json and options.action != "status":
        raise UsageError("--json belongs to `tokentide watch status`")
    if (options.only_print or options.kind) and options.action != "install":
        raise UsageError("--print and --kind belong to `tokentide watch install`")
    if options.kind and not options.only_print:
        raise UsageError("--kind goes with `--print`: only this system's own start can be installed")
    if options.action and (options.once or options.quiet or options.env):
        raise UsageError(f"`tokentide watch {options.action}` takes neither --once nor --quiet nor --env")
    if options.action in ("status", "uninstall") and options.offline:
        raise UsageError(f"`tokentide watch {options.action}` takes no --offline")


def _run(options: argparse.Namespace, terminal: Terminal) -> int:
    """One round, or rounds until a signal. Raises AnotherRunsError, SettingsError, LedgerUnwritableError."""
    has_times = "JOURNAL_STREAM" not in terminal.environ and not options.once
    runner = Runner(terminal, Wishes(not options.offline, is_quiet=options.quiet, has_times=has_times))
    try:
        with RunnerLock(terminal.now) as lock:
            if options.once:
                return ExitCode.OK if runner.round(terminal.now) else ExitCode.ERROR
            runner.begin(os.getpid(), terminal.now)
            with _signals(terminal) as flags:
                was_updated = run_on(runner, flags, lock)
            runner.log("tokentide was updated: begun anew" if was_updated else "ended", clock.now_us())
        if was_updated:
            _begin_anew(options)
    except OSError as error:
        raise LedgerUnwritableError(error.filename or "", error.strerror or str(error)) from error
    return ExitCode.OK


def _begin_anew(options: argparse.Namespace) -> None:
    """Become the version that is installed now. Raises OSError where it cannot be run."""
    from tokentide.cli.program import lasting_command

    flags = [*(["--quiet"] if options.quiet else []), *(["--offline"] if options.offline else [])]
    command = lasting_command("watch", *flags)
    os.execv(command[0], command)  # noqa: S606 -- our own program


@contextmanager
def _signals(terminal: Terminal) -> Iterator[Flags]:
    """What signals say from now on: to end, or to read the settings anew."""
    flags, has_terminal = Flags(), terminal.err.isatty()

    def end(_number: int, _frame: FrameType | None) -> None:
        flags.ends = True

    def reload(_number: int, _frame: FrameType | None) -> None:
        # The same signal tells that the terminal was closed, which nobody would see any more.
        if has_terminal and not terminal.err.isatty():
            flags.ends = True
        flags.reloads = True

    handlers = {signal.SIGINT: end, signal.SIGTERM: end}
    if sys.platform != "win32":
        handlers[signal.SIGHUP] = reload
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield flags
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in KEPT_VARIABLES or "\0" in value:
        raise argparse.ArgumentTypeError(f"{text!r} sets none of {', '.join(KEPT_VARIABLES)}")
    return name, value
