"""limits: the official windows, how they went, and an exit code for scripts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.latest import latest_forecasts
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limit_history import limit_histories
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import DAY_US
from tokentide.model.limits import Account
from tokentide.render.words import clean, duration
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.limits import refresh_limits

PIPED_WIDTH = 80
HISTORY_DAYS = 7
MOST_DAYS = 3660


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of limits."""
    parser.add_argument("--account", default="", metavar="NAME", help="only accounts whose name contains this")
    parser.add_argument("--history", action="store_true", help="charts of how the windows went")
    parser.add_argument(
        "--days", type=_days, default=HISTORY_DAYS, metavar="N", help=f"days of the history (default {HISTORY_DAYS})"
    )
    parser.add_argument(
        "--fail-above",
        type=_percentage,
        metavar="PERCENT",
        help="exit code 4 if any window is used beyond this, 5 if nothing is known",
    )
    parser.add_argument(
        "--watch",
        nargs="?",
        type=_seconds,
        const=30.0,
        metavar="SECONDS",
        help="redraw until Ctrl+C, every 30 seconds unless told otherwise; the account is asked every 5 minutes",
    )
    parser.add_argument("-z", "--timezone", metavar="ZONE", help="IANA zone that resets are shown in; or local")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_plan(parser)
    shared.add_appearance(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the windows; exit code 4 or 5 with --fail-above, as documented."""
    if options.watch is None:
        return _once(options, terminal)
    from tokentide.cli.redraw import redraw

    return redraw(terminal, options.watch, lambda then: _once(options, then))


def _once(options: argparse.Namespace, terminal: Terminal) -> int:
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)

    def work(ledger: Ledger, _synced: object) -> ExitCode:
        poll = workspace.settings.account_poll and not options.offline
        with _patience(terminal, is_shown=poll and options.watch is None):
            refresh_limits(ledger, workspace.settings, terminal.environ, now=terminal.now, poll=poll)
        wish = shared.plan_wish(options, workspace.settings, terminal.environ)
        every = read_limits(ledger, now=terminal.now, wish=wish)
        found = [limits for limits in every if _is_wanted(limits.account, options)]
        if options.history:
            known = [account for account in ledger.limits.accounts() if _is_wanted(account, options)]
            _show_history(ledger, known, options, workspace, calendar)
        else:
            forecasts = latest_forecasts(ledger, found, calendar, now=terminal.now)
            _show(found, forecasts, options, workspace, calendar)
        _say_faults(found, terminal)
        return _verdict(found, options.fail_above, terminal)

    return workspace.with_ledger(work)


@contextmanager
def _patience(terminal: Terminal, *, is_shown: bool) -> Iterator[None]:
    """Say on the terminal what takes its time, for as long as it does."""
    is_shown = is_shown and terminal.err.isatty() and terminal.environ.get("TERM") != "dumb"
    terminal.err.write("asking the account …" if is_shown else "")
    terminal.err.flush()
    try:
        yield
    finally:
        terminal.err.write("\r\x1b[K" if is_shown else "")


def _is_wanted(account: Account, options: argparse.Namespace) -> bool:
    """True where the account's name, organisation or key contains what was asked for."""
    wish: str = options.account
    return wish.lower() in " ".join(account).lower()


def _show(
    found: list[AccountLimits],
    forecasts: Mapping[str, Forecast],
    options: argparse.Namespace,
    workspace: Workspace,
    calendar: Calendar,
) -> None:
    terminal, thresholds = workspace.terminal, workspace.settings.limit_thresholds
    if options.json:
        from tokentide.render.limits_json import limits_json

        terminal.write(limits_json(found, thresholds, timezone=calendar.name, now=terminal.now))
        return
    from tokentide.render.limits_screen import LimitsLook, account_lines

    width = terminal.width(options.width) or PIPED_WIDTH
    console = terminal.console(width, no_color=options.no_color)
    look = LimitsLook(calendar, thresholds, width, terminal.now)
    for index, limits in enumerate(found):
        if index:
            terminal.write("")
        for line in account_lines(limits, look, forecasts.get(limits.account.key)):
            console.print(line, soft_wrap=True)
    if not any(limits.windows for limits in found):
        _say_empty(terminal, options.account)
    elif all(window.is_estimate and window.percent is None for limits in found for window in limits.windows):
        _say_unmeasured(terminal, options.plan or workspace.settings.plan)


def _show_history(
    ledger: Ledger, accounts: list[Account], options: argparse.Namespace, workspace: Workspace, calendar: Calendar
) -> None:
    terminal, since = workspace.terminal, workspace.terminal.now - options.days * DAY_US
    histories = limit_histories(ledger, accounts, since=since, now=terminal.now)
    if options.json:
        from tokentide.render.limits_json import history_json

        terminal.write(history_json(histories, timezone=calendar.name, now=terminal.now))
        return
    from tokentide.render.limits_chart import history_lines
    from tokentide.render.limits_screen import LimitsLook

    width = terminal.width(options.width) or PIPED_WIDTH
    console = terminal.console(width, no_color=options.no_color)
    look = LimitsLook(calendar, workspace.settings.limit_thresholds, width, terminal.now)
    for history in histories:
        for line in history_lines(history, look, since):
            console.print(line, soft_wrap=True)
        terminal.write("")
    if not histories:
        _say_empty(terminal, options.account)


def _say_empty(terminal: Terminal, wish: str) -> None:
    """What to do where no window is known."""
    if wish:
        terminal.say(f"no limits are known of an account that matches {clean(wish)}")
        return
    terminal.say("no official limits are known here yet; subscriptions have them, API keys do not")
    terminal.say("`tokentide statusline install` gets them from Claude Code as you work, without asking anybody;")
    terminal.say("logged in with `claude`, this command asks the account itself")


def _say_unmeasured(terminal: Terminal, plan: str) -> None:
    """What to do where all that is known is that a window is open."""
    if plan.startswith("custom"):
        terminal.say(f"`--plan {plan}` needs three of your own blocks, of the last 30 days and ended")
    terminal.say("how full it is nobody tells: `tokentide statusline install` brings it, `--plan max5` estimates it")


def _say_faults(found: list[AccountLimits], terminal: Terminal) -> None:
    """Why an account was not asked, or did not answer."""
    for limits in found:
        polled = limits.polled
        if polled.fault:
            wait = f"; next try in {duration(polled.next_at - terminal.now)}" if polled.next_at > terminal.now else ""
            terminal.say(f"{clean(limits.account.name)}: {polled.fault}{wait}")


def _verdict(found: list[AccountLimits], bound: float | None, terminal: Terminal) -> ExitCode:
    """What --fail-above decides; estimates and windows that have reset since do not count."""
    if bound is None:
        return ExitCode.OK
    windows = [window for limits in found for window in limits.windows]
    official = [window for window in windows if not (window.is_estimate or window.is_over(terminal.now))]
    known = [window.percent for window in official if window.percent is not None]
    if not known:
        terminal.say("--fail-above: no percentage is known")
        return ExitCode.NO_DATA
    return ExitCode.ABOVE if max(known) > bound else ExitCode.OK


def _percentage(text: str) -> float:
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage")
    return number


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 1 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 on")
    return number


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {MOST_DAYS}")
    return int(text)
