"""The guard's verdict on one account, as the command and the hook ask for it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokentide.analytics.guard import Guarded, Wish, guard_account, recent_forecast
from tokentide.cli import options as shared
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace

if TYPE_CHECKING:
    from tokentide.analytics.limits import AccountLimits
    from tokentide.store.sqlite.ledger import Ledger

HOOK_ODDS = 0.8
"""A prompt is warned of later than a script: it is one step, not a whole job."""


def judge(
    ledger: Ledger, workspace: Workspace, options: argparse.Namespace, wish: Wish, *, folder: str, is_quick: bool
) -> Guarded | None:
    """The verdict on an account: the one named, else the one logged in to a folder, the usual one if that is empty.

    A quick one may rest on a forecast that is some minutes old.
    """
    from tokentide.analytics.forecasting.latest import latest_forecast
    from tokentide.analytics.limits import read_limits

    terminal, settings = workspace.terminal, workspace.settings
    plan = shared.plan_wish(options, settings, terminal.environ)
    limits = account_meant(read_limits(ledger, now=terminal.now, wish=plan), options.account, folder, terminal)
    if limits is None:
        return None
    foresee = recent_forecast if is_quick else latest_forecast
    forecast = foresee(ledger, limits, shared.calendar_of(options, settings), now=terminal.now)
    return guard_account(ledger, limits, forecast, wish, now=terminal.now)


def account_meant(found: Sequence[AccountLimits], name: str, folder: str, terminal: Terminal) -> AccountLimits | None:
    """The account meant; without a name, and with nobody logged in, the one seen last."""
    from tokentide.sources.claude_code.account import account_in
    from tokentide.sources.claude_code.paths import find_roots, home_of

    if name:
        return next((each for each in found if each.account.matches(name)), None)
    present = account_in(folder or find_roots(terminal.environ)[0].path, home_of(terminal.environ))
    known = next((each for each in found if each.account.key == present.key), None)
    return known or next(iter(found), None)
