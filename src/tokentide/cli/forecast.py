"""forecast: the odds of each window, when it would be full, what it comes to; and how right that was before."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.official import ask_accounts, say_faults, say_unknown
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.model import Forecast
    from tokentide.store.sqlite.ledger import Ledger

BACKTEST_DAYS = 60
NOTHING_KNOWN = "no limits are known here yet, so there is nothing to forecast; API keys have none"
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
        help=f"with --backtest: how many days of history to replay (default {BACKTEST_DAYS})",
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


def _forecast(ledger: Ledger, options: argparse.Namespace, workspace: Workspace, calendar: Calendar) -> ExitCode:
    from tokentide.analytics.forecasting.latest import latest_forecast
    from tokentide.analytics.limits import read_limits

    terminal = workspace.terminal
    ask_accounts(ledger, workspace, offline=options.offline)
    wish = shared.plan_wish(options, workspace.settings, terminal.environ)
    every = [each for each in read_limits(ledger, now=terminal.now, wish=wish) if each.account.matches(options.account)]
    found = [limits for limits in every if limits.windows]
    forecasts = [latest_forecast(ledger, limits, calendar, now=terminal.now) for limits in found]
    _show(forecasts, options, workspace, calendar)
    say_faults(every, terminal)
    if forecasts:
        return ExitCode.OK
    say_unknown(terminal, options.account, NOTHING_KNOWN)
    return ExitCode.NO_DATA


def _show(forecasts: list[Forecast], options: argparse.Namespace, workspace: Workspace, calendar: Calendar) -> None:
    terminal = workspace.terminal
    if options.json:
        from tokentide.render.forecast_json import forecasts_json

        terminal.write(forecasts_json(forecasts, timezone=calendar.name, now=terminal.now))
        return
    from tokentide.render.forecast_screen import forecast_lines
    from tokentide.render.limits_screen import LimitsLook

    width = terminal.columns(options.width)
    console = terminal.console(width, no_color=options.no_color)
    look = LimitsLook(calendar, workspace.settings.limit_thresholds, width, terminal.now)
    for index, forecast in enumerate(forecasts):
        if index:
            terminal.write("")
        for line in forecast_lines(forecast, look):
            console.print(line, soft_wrap=True)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to {MOST_DAYS}")
    return int(text)
