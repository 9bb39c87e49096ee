"""live --compact: one line for a status bar, once or for as long as somebody reads it."""

from __future__ import annotations

import argparse
import signal
from types import FrameType

from tokentide import clock, locations
from tokentide.analytics.live_brief import Brief
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.lasting import stay
from tokentide.cli.live_wishes import ask_of, time_of_day
from tokentide.cli.terminal import FALLBACK_WIDTH, Terminal
from tokentide.cli.workspace import Workspace
from tokentide.errors import TokentideError
from tokentide.render.compact_line import Line, LineLook, checked, compact
from tokentide.store.sqlite.ledger import Ledger

_CLEAR = "\r\x1b[K"


def run_compact(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the line; the exit code is 0, since a bar hides what fails. Raises UsageError for a wrong format.

    Once, nobody is asked for limits: a bar calls this every few seconds, and does not wait for a network.
    """
    wish = checked(options.format or ("json" if options.json else "text"))
    terminal = workspace.terminal
    first = workspace.with_ledger(lambda ledger, _synced: _line(ledger, wish, options, workspace, terminal.now))
    if options.once or not options.compact:
        terminal.write(first)
        return ExitCode.OK
    signal.signal(signal.SIGTERM, _end)
    stay()
    shown = _Shown(terminal)
    try:
        shown.show(first)
        _keep(shown, wish, options, workspace)
    except KeyboardInterrupt:
        pass
    finally:
        shown.end()
    return ExitCode.OK


class _Shown:
    """The line where it is read: redrawn in its place on a terminal, else a line whenever it is another."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._is_screen = terminal.out.isatty() and terminal.environ.get("TERM") != "dumb"
        self._line = ""

    def show(self, line: str) -> None:
        """Put it there, if it is news."""
        if line == self._line:
            return
        self._line = line
        if self._is_screen:
            from tokentide.render.status_line import cut

            width = self._terminal.width(None) or FALLBACK_WIDTH
            self._terminal.out.write(_CLEAR + cut(line.replace("\n", " "), width - 1))
        else:
            self._terminal.write(line)
        self._terminal.out.flush()

    def end(self) -> None:
        """Leave the last one, and the cursor below it."""
        if self._is_screen:
            self._terminal.write("")


def _keep(shown: _Shown, wish: str, options: argparse.Namespace, workspace: Workspace) -> None:
    """Show the line anew whenever something is written, and as time goes by; ends by an exception alone."""
    from tokentide.sync.engine import Synchroniser
    from tokentide.sync.limits import refresh_limits
    from tokentide.sync.watching import Watcher

    settings, environ = workspace.settings, workspace.terminal.environ
    synchroniser = Synchroniser(settings, environ, workspace.book)
    pause = options.refresh_rate or settings.live_refresh_seconds
    poll = settings.account_poll and not options.offline
    said = ""
    with Watcher(settings, environ) as watcher:
        has_changed = True  # since the first line, before anybody watched
        while True:
            now = clock.now_us()
            try:
                with Ledger.open(locations.ledger_path()) as ledger:
                    if has_changed:
                        synchroniser.sync(ledger)
                    refresh_limits(ledger, settings, environ, now=now, poll=poll)
                    shown.show(_line(ledger, wish, options, workspace, now))
            except TokentideError as error:
                if str(error) != said:
                    said = str(error)
                    workspace.terminal.say(said)
            has_changed = watcher.changes(pause)


def _line(ledger: Ledger, wish: str, options: argparse.Namespace, workspace: Workspace, now: int) -> str:
    """The line as it is now."""
    look = LineLook(time_of_day(options, workspace), workspace.settings.limit_thresholds)
    return compact(Line(Brief(ledger, ask_of(options, workspace, ledger), now=now), look), wish)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)
