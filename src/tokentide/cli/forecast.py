"""forecast: the odds of each window, when it would be full, what it comes to; and how right that was before."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.patience import waiting
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.render.words import clean, duration

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.model import Forecast
    from tokentide.analytics.limits import AccountLimits
    from tokentide.model.limits import Account
    from tokentide.store.sqlite.ledger import Ledger

PIPED_WIDTH = 80
BACKTEST_DAYS = 60
MOST_DAYS = 3660


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of forecast."""
    parser.add_argument("--account", default="", metavar="NAME", help="only accounts whose name contains this")
    parser.add_argument(
        "--backtest",
        action="store_true",
        help="replay your own history, each forecast by what was known then, and score it beside simple methods",
    )
    parser.add_argument(
        "--days",
        type=_days,
        default=BACKTEST_DAYS,
        metavar="N",
        help=f"how many days of history to replay (default {BACKTEST_DAYS})",
    )
    parser.add_argument("-z", "--timezone", metavar="ZONE", help="IANA zone that instants are shown in; or local")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_plan(parser)
    shared.add_appearance(parser, offline="do not ask the account; use what is known")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the forecast, or how right earlier ones were; exit code 5 where nothing is known."""
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)

    def work(ledger: Ledger, _synced: object) -> ExitCode:
        if options.backtest:
            from tokentide.cli.backtest import backtest

            return backtest(ledger, options, workspace, calendar)
        return _forecast(ledger, options, workspace, calendar)

    return workspace.with_ledger(work)


def is_wanted(account: Account, wish: str) -> bool:
    """True where the account's name, organisation or key contains what was asked for."""
    return wish.lower() in " ".join(account).lower()


def _forecast(ledger: Ledger, options: argparse.Namespace, workspace: Workspace, calendar: Calendar) -> ExitCode:
    from tokentide.analytics.forecasting.latest import latest_forecast
    from tokentide.analytics.limits import read_limits
    from tokentide.sync.limits import refresh_limits

    terminal, settings = workspace.terminal, workspace.settings
    poll = settings.account_poll and not options.offline
    with waiting(terminal, "asking the account …", is_shown=poll):
        refresh_limits(ledger, settings, terminal.environ, now=terminal.now, poll=poll)
    wish = shared.plan_wish(options, settings, terminal.environ)
    every = read_limits(ledger, now=terminal.now, wish=wish)
    found = [limits for limits in every if limits.windows and is_wanted(limits.account, options.account)]
    forecasts = [latest_forecast(ledger, limits, calendar, now=terminal.now) for limits in found]
    _show(forecasts, options, workspace, calendar)
    _say_faults(every, options, terminal)
    if forecasts:
        return ExitCode.OK
    say_nothing_known(terminal, options.account)
    return ExitCode.NO_DATA


def _show(forecasts: list[Forecast], options: argparse.Namespace, workspace: Workspace, calendar: Calendar) -> None:
    terminal = workspace.terminal
    if options.json:
        from tokentide.render.forecast_json import forecasts_json

        terminal.write(forecasts_json(forecasts, timezone=calendar.name, now=terminal.now))
        return
    from tokentide.render.forecast_screen import forecast_lines
    from tokentide.render.limits_screen import LimitsLook

    width = terminal.width(options.width) or PIPED_WIDTH
    console = terminal.console(width, no_color=options.no_color)
    look = LimitsLook(calendar, workspace.settings.limit_thresholds, width, terminal.now)
    for index, forecast in enumerate(forecasts):
        if index:
            terminal.write("")
        for line in forecast_lines(forecast, look):
            console.print(line, soft_wrap=True)


def say_nothing_known(terminal: Terminal, wish: str) -> None:
    """What to do where no window is known."""
    if wish:
        terminal.say(f"no limits are known of an account that matches {clean(wish)}")
        return
    terminal.say("no limits are known here yet, so there is nothing to forecast; API keys have none")
    terminal.say("`tokentide statusline install` gets them from Claude Code as you work, without asking anybody;")
    terminal.say("logged in with `claude`, this command asks the account itself")


def _say_faults(found: tuple[AccountLimits, ...], options: argparse.Namespace, terminal: Terminal) -> None:
    """Why an account was not asked, or did not answer."""
    for limits in found:
        polled = limits.polled
        if polled.fault and is_wanted(limits.account, options.account):
            wait = f"; next try in {duration(polled.next_at - terminal.now)}" if polled.next_at > terminal.now else ""
            terminal.say(f"{clean(limits.account.name)}: {polled.fault}{wait}")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {MOST_DAYS}")
    return int(text)
