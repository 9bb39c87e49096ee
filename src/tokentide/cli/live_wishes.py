"""What the options of live and the settings mean together."""

from __future__ import annotations

import argparse

from tokentide.analytics.live import LiveAsk
from tokentide.analytics.selection import Wishes, select
from tokentide.cli import options as shared
from tokentide.cli.workspace import Workspace
from tokentide.render.time_of_day import TimeOfDay, has_am_pm
from tokentide.store.query import CostMode, Filters
from tokentide.store.sqlite.ledger import Ledger

VIEW_NAMES = {
    "realtime": "realtime",
    "daily": "daily",
    "weekly": "weekly",
    "monthly": "monthly",
    "session": "session",
    "sessions": "session",
    "project": "project",
    "projects": "project",
}
"""What --view takes, and the view that is meant."""


def ask_of(options: argparse.Namespace, workspace: Workspace, ledger: Ledger) -> LiveAsk:
    """What the options and settings ask for; an account that there is not leaves nothing."""
    calendar = shared.calendar_of(options, workspace.settings)
    filters = Filters()
    if options.account:
        wishes = Wishes(accounts=(options.account,))
        today = calendar.date_of(workspace.terminal.now)
        filters = select(wishes, ledger, calendar, today).filters
    return LiveAsk(
        calendar,
        CostMode(options.mode or workspace.settings.cost_mode),
        filters,
        options.account,
        shared.plan_wish(options, workspace.settings, workspace.terminal.environ),
    )


def time_of_day(options: argparse.Namespace, workspace: Workspace) -> TimeOfDay:
    """How instants are written; flag, else settings, else the locale."""
    is_am_pm = has_am_pm(options.time_format or workspace.settings.time_format, workspace.terminal.environ)
    return TimeOfDay(shared.calendar_of(options, workspace.settings), is_am_pm)
