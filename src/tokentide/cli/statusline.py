"""statusline: one line below Claude Code's prompt; and its installation there."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.analytics.status_line import Spending, StatusLine, odds_now, spending, status_line
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.errors import (
    LedgerDamagedError,
    LedgerTooNewError,
    LedgerUnwritableError,
    SettingsError,
    TokentideError,
    UsageError,
)
from tokentide.render.status_line import Look, format_line
from tokentide.settings import Settings, load_settings
from tokentide.sources.statusline.parser import MOST_BYTES, Push, parse
from tokentide.store.sqlite.glance import Glance
from tokentide.sync.statusline import claim_background_sync, readings_of, take_push

if TYPE_CHECKING:
    import argparse

BUSY_SECONDS = 0.05
"""Longer than another process's usual write, shorter than a person notices."""
CLIENT_MARGIN = 4
"""Columns that the client keeps for itself: 2.1.197 cuts a line that is longer than COLUMNS less these."""
ACTIONS = ("install", "uninstall", "status")
_NOTICES: tuple[tuple[type[TokentideError], str], ...] = (
    (SettingsError, "the settings are wrong: see `tokentide config`"),
    (LedgerTooNewError, "the ledger is of a newer tokentide: update"),
    (LedgerDamagedError, "the ledger is damaged: run `tokentide sync`"),
    (LedgerUnwritableError, "the ledger cannot be used: see `tokentide doctor`"),
)
_OTHER_NOTICE = "something failed: see errors.log beside the ledger"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of statusline."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        metavar="install|uninstall|status",
        help="put it into Claude Code's settings.json, take it out again, or tell how it stands; "
        "without one, read Claude Code's JSON from standard input and print the line",
    )
    parser.add_argument(
        "--wrap",
        nargs="?",
        const="",
        metavar="COMMAND",
        help="with install: keep the status line that is there, above ours; else: the command to run and show first",
    )
    parser.add_argument("--replace", action="store_true", help="with install: replace the status line that is there")
    parser.add_argument(
        "--dir", metavar="FOLDER", help="the folder of settings.json, if not $CLAUDE_CONFIG_DIR or ~/.claude"
    )
    parser.add_argument("--no-color", "--no-colour", action="store_true", help="no colour; NO_COLOR does the same")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the line, or do what is asked about it. The line alone never fails: it ends with exit code 0."""
    if options.action:
        from tokentide.cli.statusline_install import act

        return act(options, terminal)
    _check(options)
    data = _input()
    if options.wrap:
        terminal.write(_both(data, options.wrap, terminal, no_color=options.no_color))
    else:
        terminal.write(own_line(data, terminal, no_color=options.no_color))
    return ExitCode.OK


def run_plain(terminal: Terminal) -> int:
    """Print the line; what `run` does without any option."""
    terminal.write(own_line(_input(), terminal, no_color=False))
    return ExitCode.OK


def _check(options: argparse.Namespace) -> None:
    """Raises UsageError for options that belong to an action."""
    if options.replace or options.dir is not None:
        raise UsageError("--replace and --dir belong to `statusline install`")
    if options.wrap is not None and options.wrap in ("", *ACTIONS):
        raise UsageError("--wrap takes the command to run first; to install, say `tokentide statusline install --wrap`")


def _input() -> bytes:
    """What the client says; nothing where a person has called the command by hand."""
    if sys.stdin is None or sys.stdin.isatty():
        return b""
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def _both(data: bytes, command: str, terminal: Terminal, *, no_color: bool) -> str:
    """Our line, below the output of the command that was there before; that may fail as it likes."""
    from tokentide.cli.wrapped_line import Wrapped

    try:
        with Wrapped(command, data) as other:
            own = own_line(data, terminal, no_color=no_color)
            return "\n".join(filter(None, (other.output(), own)))
    except (OSError, ValueError) as error:
        _log(error, terminal.now)
        return own_line(data, terminal, no_color=no_color)


def own_line(data: bytes, terminal: Terminal, *, no_color: bool) -> str:
    """The line for what the client says, whatever happens."""
    try:
        return _line(data, terminal, no_color=no_color)
    except Exception as error:  # noqa: BLE001 -- the outermost border: the client would show an error for ever
        _log(error, terminal.now)
        return f"tokentide: {_OTHER_NOTICE}"


def _line(data: bytes, terminal: Terminal, *, no_color: bool) -> str:
    """The line from the input and the ledger; from the input alone where settings or ledger cannot be used."""
    push, notice, settings = parse(data, terminal.now), "", Settings()
    line = None
    try:
        settings = load_settings(locations.settings_path(), terminal.environ)
        line = _with_ledger(push, settings, terminal)
    except (TokentideError, OSError) as error:
        notice = _notice(error, terminal.now)
    line = line or status_line(push, readings_of(push, "", terminal.now), terminal.now)
    is_plain = no_color or "NO_COLOR" in terminal.environ or terminal.environ.get("TERM") == "dumb"
    look = Look(settings.statusline_segments, settings.limit_thresholds, _width(terminal), has_colour=not is_plain)
    return format_line(line, look, terminal.now, notice)


def _notice(error: TokentideError | OSError, now: int) -> str:
    """Few words for an error, which goes into the log; nothing for a lock, which will be gone by the next call."""
    if isinstance(error, LedgerUnwritableError) and "locked" in str(error):
        return ""
    _log(error, now)
    return next((words for kind, words in _NOTICES if isinstance(error, kind)), _OTHER_NOTICE)


def _log(error: BaseException, now: int) -> None:
    from tokentide.cli.error_log import log_error

    log_error(error, now)


def _with_ledger(push: Push, settings: Settings, terminal: Terminal) -> StatusLine:
    """Put the push into the ledger, and read from it what the line shows. Raises LedgerError."""
    now = terminal.now
    with Glance.open(locations.ledger_path(), busy_seconds=BUSY_SECONDS) as glance:
        taken = take_push(glance, push, terminal.environ, now)
        if taken.fault is not None:
            _notice(taken.fault, now)
        if settings.statusline_sync and claim_background_sync(glance, taken.changed_at, now):
            from tokentide.cli.background import start_sync

            start_sync(terminal.environ)
        has_odds = "odds" in settings.statusline_segments
        odds = odds_now(glance, taken.account, now, taken.readings) if has_odds else None
        return status_line(push, taken.readings, now, _spending(glance, settings, now), odds)


def _spending(glance: Glance, settings: Settings, now: int) -> Spending | None:
    """What the ledger says of today; nothing is asked that the line does not show."""
    if not {"today_cost", "burn_rate"} & {*settings.statusline_segments}:
        return None
    from tokentide.analytics.calendar import Calendar

    return spending(glance, Calendar(settings.timezone, reset_hour=settings.reset_hour), settings.cost_mode, now)


def _width(terminal: Terminal) -> int | None:
    """Columns that the line may fill: as the client says, else those of the terminal, else no limit."""
    named = terminal.environ.get("COLUMNS", "")
    if named.isascii() and named.isdecimal() and int(named[:6]) > 0:
        return max(int(named[:6]) - CLIENT_MARGIN, 1)
    with suppress(OSError, AttributeError):  # Windows has no such name, nor O_NOCTTY
        handle = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
        try:
            return max(os.get_terminal_size(handle).columns - CLIENT_MARGIN, 1) or None
        finally:
            os.close(handle)
    return None
