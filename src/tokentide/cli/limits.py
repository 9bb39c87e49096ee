"""limits: the official windows, how they went, and an exit code for scripts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.latest import latest_forecasts
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limit_history import limit_histories
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.official import ask_accounts, say_faults, say_unknown
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import DAY_US
from tokentide.model.limits import Account
from tokentide.store.sqlite.ledger import Ledger

HISTORY_DAYS = 7
NOTHING_KNOWN = "no official limits are known here yet; subscriptions have them, API keys do not"
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
        ask_accounts(ledger, workspace, offline=options.offline, is_told=options.watch is None)
        wish = shared.plan_wish(options, workspace.settings, terminal.environ)
        every = read_limits(ledger, now=terminal.now, wish=wish)
        found = [limits for limits in every if limits.account.matches(options.account)]
        if options.history:
            known = [account for account in ledger.limits.accounts() if account.matches(options.account)]
            _show_history(ledger, known, options, workspace, calendar)
        else:
            forecasts = latest_forecasts(ledger, found, calendar, now=terminal.now)
            _show(found, forecasts, options, workspace, calendar)
        say_faults(found, terminal)
        return _verdict(found, options.fail_above, terminal)

    return workspace.with_ledger(work)


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

    width = terminal.columns(options.width)
    console = terminal.console(width, no_color=options.no_color)
    look = LimitsLook(calendar, thresholds, width, terminal.now)
    for index, limits in enumerate(found):
        if index:
            terminal.write("")
        for line in account_lines(limits, look, forecasts.get(limits.account.key)):
            console.print(line, soft_wrap=True)
    if not any(limits.windows for limits in found):
        say_unknown(terminal, options.account, NOTHING_KNOWN)
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

    width = terminal.columns(options.width)
    console = terminal.console(width, no_color=options.no_color)
    look = LimitsLook(calendar, workspace.settings.limit_thresholds, width, terminal.now)
    for history in histories:
        for line in history_lines(history, look, since):
            console.print(line, soft_wrap=True)
        terminal.write("")
    if not histories:
        say_unknown(terminal, options.account, NOTHING_KNOWN)


def _say_unmeasured(terminal: Terminal, plan: str) -> None:
    """What to do where all that is known is that a window is open."""
    if plan.startswith("custom"):
        terminal.say(f"`--plan {plan}` needs three of your own blocks, of the last 30 days and ended")
    terminal.say("how full it is nobody tells: `tokentide statusline install` brings it, `--plan max5` estimates it")


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
